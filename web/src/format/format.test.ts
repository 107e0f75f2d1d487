// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { absoluteText, agoText, minuteText, parseTime, spanText, splitTimes, tickText, timeTicks } from './time';
import { bitRateText, countText, grouped, isErrorRatio, lengthText, numberText, percentText, valueText } from './units';

test('an error ratio is a power of ten, and none is 0', () => {
  assert.equal(valueText(6.36e-7, '1', 'module_pre_fec_ber'), '6.4×10⁻⁷');
  assert.equal(valueText(0, '1', 'module_pre_fec_ber'), '0');
  assert.ok(isErrorRatio('port_post_fec_ber'));
  assert.ok(!isErrorRatio('number'));
});

test('every unit stands behind its number', () => {
  assert.equal(valueText(45, 'Cel'), '45\u00a0°C');
  assert.equal(valueText(-2.5, 'dB[mW]'), '\u22122.5\u00a0dBm');
  assert.equal(valueText(3.284, 'V'), '3.28\u00a0V');
  assert.equal(valueText(12.5, '%'), '12.5\u202f%');
});

test('counts are grouped', () => {
  assert.equal(grouped(181100613), '181\u202f100\u202f613');
  assert.equal(numberText(999), '999');
  assert.equal(numberText(-1234), '\u22121\u202f234');
  assert.equal(numberText(0.0125), '0.0125');
  assert.equal(numberText(1e-9), '1.0×10⁻⁹');
  assert.equal(numberText(Number.NaN), 'no number');
  assert.equal(countText(1, 'link'), '1 link');
  assert.equal(countText(0, 'link'), '0 links');
});

test('shares, lengths and rates', () => {
  assert.equal(percentText(0.004), '<1\u202f%');
  assert.equal(percentText(0.43), '43\u202f%');
  assert.equal(lengthText(2500), '2.5\u00a0m');
  assert.equal(lengthText(20_000_000), '20\u00a0km');
  assert.equal(lengthText(80), '80\u00a0mm');
  assert.equal(bitRateText(8e11), '800\u00a0Gbit/s');
});

test('times are UTC', () => {
  const at = parseTime('2026-11-23T17:03:17.607Z');
  assert.ok(at !== undefined);
  assert.equal(absoluteText(at), '2026-11-23 17:03:17 UTC');
  assert.equal(minuteText(at), '2026-11-23T17:03:00Z');
  assert.equal(parseTime('nonsense'), undefined);
  assert.equal(parseTime(undefined), undefined);
});

test('spans say their two largest parts', () => {
  assert.equal(spanText(0), '0 s');
  assert.equal(spanText(45_000), '45 s');
  assert.equal(spanText(7_380_000), '2 h 3 min');
  assert.equal(spanText(3 * 86_400_000 + 4 * 3_600_000), '3 d 4 h');
  assert.equal(agoText(1000, 61_000), '1 min ago');
  assert.equal(agoText(61_000, 1000), 'in 1 min');
  assert.equal(agoText(1000, 1100), 'now');
});

test('ticks are steps that people count in, and within', () => {
  const ticks = timeTicks(1_000, 3_601_000, 8);
  assert.deepEqual(ticks.map((each) => each / 1000), [600, 1200, 1800, 2400, 3000, 3600]);
  assert.equal(tickText(86_400_000, 3_600_000), '1970-01-02');
  assert.equal(tickText(600_000, 3_600_000), '00:10');
});

test('times in sentences are found', () => {
  const parts = splitTimes('down since 2026-11-23T17:08:40.282Z, says a');
  assert.deepEqual(parts, ['down since ', Date.parse('2026-11-23T17:08:40.282Z'), ', says a']);
  assert.deepEqual(splitTimes('no time'), ['no time']);
});
