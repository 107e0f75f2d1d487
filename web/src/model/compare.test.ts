// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byVerdict, seenText, verdictOf } from './compare';

test('less of an error is better, more of a margin too, and of the rest nobody says', () => {
  assert.equal(verdictOf('lane_bit_errors', 'less'), 'better');
  assert.equal(verdictOf('lane_bit_errors', 'more'), 'worse');
  assert.equal(verdictOf('module_snr', 'less'), 'worse');
  assert.equal(verdictOf('utilization', 'more'), 'more');
  assert.equal(verdictOf('module_snr', 'not_told_apart'), 'not told apart');
  assert.equal(verdictOf('module_snr', 'not_measured'), 'not measured');
});

test('a window says its value with its bounds, or nothing', () => {
  assert.equal(seenText({ count: 2, not_measured: 0, per_s: 0.2, low: 0.1, high: 0.4 }, 'x', '1/s'), '0.2\u00a0per s (0.1 to 0.4)');
  assert.equal(seenText({ count: 1, not_measured: 0, mean: 45, low: 45, high: 45 }, 'temperature', 'Cel'), '45\u00a0°C');
  assert.equal(seenText({ count: 0, not_measured: 3 }, 'temperature', 'Cel'), undefined);
  assert.equal(seenText({ count: 1, not_measured: 0, per_s: 0, low: 0, high: 0.01 }, 'x', '1/s'), '0\u00a0per s (0 to 0.01)');
});

test('what changed stands first, then what moved most', () => {
  const row = (label: string, told: 'more' | 'not_told_apart', before: number, after: number) => ({
    subject: 's', label, told, before: { count: 1, not_measured: 0, mean: before }, after: { count: 1, not_measured: 0, mean: after },
  });
  const rows = [row('0', 'not_told_apart', 1, 1), row('1', 'not_told_apart', 0, 1e-12), row('2', 'more', 1, 2), row('3', 'not_told_apart', 1, 3)];
  assert.deepEqual(rows.sort(byVerdict('module_pre_fec_ber')).map((each) => each.label), ['2', '1', '3', '0']);
});
