// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SamplesAnswer, TimelineAnswer } from '../api/types';
import { rowsOf, spotsOf, wordsOf } from './timeline';

const answer: TimelineAnswer = {
  now: '1970-01-01T01:00:00Z', from: '1970-01-01T00:00:00Z', until: '1970-01-01T01:00:00Z',
  events: [
    { sequence: 1, at: '1970-01-01T00:10:00Z', kind: 'link_down', severity: 'warning', text: 'eth0 down' },
    { sequence: 2, at: '1970-01-01T00:10:01Z', kind: 'link_up', severity: 'info', text: 'eth0 up' },
    { sequence: 3, at: '1970-01-01T00:30:00Z', kind: 'clock_set', severity: 'info', text: 'moved' },
    { sequence: 4, kind: 'aer_fatal', severity: 'critical', text: 'no time was told' },
  ],
  states: [{ subject: 'l', planned: 'a--b', host: 'h', metric: 'link_up', label: '', runs: [
    { from: 0, until: 600, value: 1 }, { from: 660, until: 660, value: 0 }, { from: 720, until: 3600, not_measured: 'needs_root' }] }],
  marks: [{ mark: 'job', from: '1970-01-01T00:20:00Z', text: 'training' }],
  findings: [
    { id: 'f1', level: 'warning', phase: 'open', sentence: 'worse', opened: '1970-01-01T00:12:00Z', updated: '1970-01-01T00:12:00Z' },
    { id: 'f2', level: 'critical', phase: 'closed', sentence: 'down', opened: '1970-01-01T00:15:00Z', updated: '1970-01-01T00:16:00Z', closed: '1970-01-01T00:16:00Z' },
  ],
};

test('each kind has its row, findings that overlap stand below each other', () => {
  const rows = rowsOf(answer, 600);
  const row = (name: string) => rows.find((each) => each.name === name)!;
  assert.equal(row('findings').spans[0]?.finding, 'f1');
  assert.equal(row('findings').spans[0]?.isOpen, true);
  assert.equal(row('findings (2)').spans[0]?.finding, 'f2');
  assert.equal(row('jobs').spans[0]?.text, 'job: training');
  assert.deepEqual(row('flaps, up and down').spots.map((each) => [each.texts.length, each.tone]), [[2, 'warning']]);
  assert.ok(rows.every((each) => each.spots.every((spot) => !spot.texts.some((text) => text.includes('moved')))));
});

test('a state lasts until the next one, and not measured is a state of its own', () => {
  const up = rowsOf(answer, 600).find((each) => each.name === 'up: h')!;
  assert.deepEqual(up.spans.map((each) => [each.until / 1000, each.tone]), [[660, 'ok'], [720, 'critical'], [3600, 'gap']]);
});

test('spots far apart stay apart', () => {
  const spots = spotsOf([{ at: 0, text: 'a', tone: 'note' }, { at: 1000, text: 'b', tone: 'note' }], 10);
  assert.equal(spots.length, 2);
});

test('what a counter counted stands beside what a log told', () => {
  const counts = [{
    now: '', metric: 'carrier_down', unit: '1', kind: 'counter', function: 'increase', from: '', until: '', step_s: 60,
    series: [{ subject: 'p', planned: 'a/eth0', label: '', spans: [], points: [{ at: 2400, value: 2, events: 2 }, { at: 2460, value: 0, events: 0 }] }],
  }];
  const row = rowsOf(answer, 600, counts).find((each) => each.name === 'flaps, up and down')!;
  assert.deepEqual(row.spots.map((each) => each.at / 1000), [600, 2400]);
  assert.equal(row.spots[1]?.texts[0], '2 more: carrier down at a/eth0, counted');
});

test('what was logged, told and counted stands in words, newest first', () => {
  const counts: SamplesAnswer[] = [{ now: '', metric: 'carrier_down', unit: '', kind: '', function: '', from: '', until: '', step_s: 60,
    series: [{ subject: 'l', planned: 'a--b', label: '', points: [{ at: 3000, value: 1 }, { at: 3060, value: 0 }], spans: [] }] }];
  const words = wordsOf(answer, counts);
  assert.deepEqual(words.map((each) => each.what), ['flaps, up and down', 'job', 'link up', 'link down', 'aer fatal']);
  assert.match(words[0]!.text, /1 more.*a--b, counted/);
});
