// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { History, LastValue, SeriesRow } from '../api/types';
import { labelOf } from '../format/metric';
import { asksForLog, extentOf, floorOf, noExtent, plotOf, union } from './plot';
import { metricsOf, samplesOf, unitsOf } from './samples';

const last = (metric: string, label: string, value: number | number[]): LastValue => ({ subject: 's', metric, label, at: 1, value });
const row = (metric: string, label: string, unit: string, kind: string): SeriesRow => ({ subject: 's', metric, label, unit, kind });

test('labels name a lane, or none', () => {
  assert.deepEqual(labelOf('media 5 current'), { side: 'media', lane: 5, statistic: 'current', text: 'media 5 current' });
  assert.deepEqual(labelOf('upstream.12'), { side: 'upstream', lane: 12, statistic: '', text: 'upstream.12' });
  assert.equal(labelOf('3').lane, 3);
  assert.equal(labelOf('total').lane, undefined);
  assert.equal(labelOf('pt5161l temp1').lane, undefined);
});

test('values are parted into those of the whole and those of lanes', () => {
  const series = [row('module_snr', 'media 0 current', 'dB', 'gauge'), row('module_voltage', '', 'V', 'gauge'), row('fec_codewords', '0', '1', 'histogram')];
  const samples = samplesOf(
    [last('module_snr', 'media 1 current', 15), last('module_snr', 'media 0 current', 14), last('module_snr', 'media 0 average', 13),
      last('module_voltage', '', 3.3), last('fec_codewords', '0', [1, 2])],
    unitsOf(series),
  );
  assert.deepEqual(samples.plain.map((each) => [each.value.metric, each.unit]), [['module_voltage', 'V']]);
  assert.equal(samples.lanes.length, 1);
  assert.deepEqual(samples.lanes[0]?.lanes, [0, 1]);
  assert.equal(samples.lanes[0]?.columns[0]?.byLane.get(0)?.value, 14);
  assert.deepEqual(metricsOf(series).map((each) => [each.metric, each.hasStatistics]), [['module_snr', true], ['module_voltage', false]]);
});

const history = (label: string, points: History['points'], spans: History['spans'] = []): History => ({ subject: 's', label, points, spans });

test('a gap is a gap, and one line\'s times do not cut another', () => {
  const data = plotOf(
    [
      history('a', [{ at: 0, value: 1 }, { at: 60, value: 2 }, { at: 240, value: 3 }], [{ from: 120, until: 240, why: 'gap' }]),
      history('b', [{ at: 0, value: 5 }, { at: 60, value: 5 }, { at: 120, value: 5 }, { at: 180, value: 6 }, { at: 240, value: 7 }]),
    ],
    (each) => each.label,
    60,
  );
  assert.deepEqual(data.times, [0, 60, 120, 180, 240]);
  assert.deepEqual(data.lines[0]?.values, [1, 2, null, null, 3]);
  assert.deepEqual(data.lines[1]?.values, [5, 5, 5, 6, 7]);
  assert.deepEqual(data.holes, []);
});

test('not measured is never a value, and bounds stand beside it', () => {
  const data = plotOf([history('a', [{ at: 0, value: 2, low: 1, high: 4 }, { at: 60, not_measured: 'needs_root' }])], () => 'a', 60);
  assert.deepEqual(data.lines[0], { name: 'a', values: [2, null], low: [1, null], high: [4, null] });
});

test('axes are logarithmic where decades matter, and zero has a place below', () => {
  const of = (...values: (number | null)[]) => extentOf([{ name: '', values }]);
  assert.ok(asksForLog(noExtent, true));
  assert.ok(asksForLog(of(1, 2000), false));
  assert.ok(!asksForLog(of(-1, 2000), false));
  assert.ok(!asksForLog(of(0, 0), false));
  assert.ok(!asksForLog(noExtent, false));
  assert.ok(Math.abs(floorOf(of(0, 3e-7)) / 1e-8 - 1) < 1e-9);
  assert.equal(floorOf(noExtent), 1e-15);
  assert.deepEqual(union(of(1, null, 5), of(0, 2)), { least: 0, most: 5, leastPositive: 1 });
});
