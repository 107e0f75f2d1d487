// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { binNames, highestBin, shadeOfShare, waterfallOf } from './waterfall';

test('counters become shares of each slot', () => {
  const all = waterfallOf([{ at: 0, value: [0, 0] }, { at: 10, value: [90, 10] }, { at: 20, value: [190, 10] }], 'total', 0, 20, 2);
  assert.deepEqual([...all.count], [90, 10, 100, 0]);
  assert.equal(all.share[3], 0);
  assert(Math.abs(all.share[1]! - 0.1) < 1e-6);
  assert.deepEqual([...all.total], [190, 10]);
  assert.equal(highestBin(all.total), 1);
});

test('a restart, a missing point and the time outside are gaps, not zeros', () => {
  const all = waterfallOf(
    [{ at: 10, value: [50] }, { at: 20, value: [7] }, { at: 30, not_measured: 'unreadable' }, { at: 40, value: [20] }, { at: 50, value: [30] }],
    'total', 0, 60, 6);
  assert.deepEqual([...all.share].map((each) => Number.isNaN(each)), [true, true, true, true, false, true]);
  assert.equal(all.total[0], 10);
});

test('one interval over several slots is divided by time', () => {
  const all = waterfallOf([{ at: 0, value: [0] }, { at: 40, value: [400] }], '0', 0, 40, 4);
  assert.deepEqual([...all.count], [100, 100, 100, 100]);
});

test('bins have names', () => {
  assert.deepEqual(binNames('total 0,1-3', 2), ['0', '1-3']);
  assert.deepEqual(binNames('3', 3), ['0', '1', '2']);
  assert(Number.isNaN(shadeOfShare(NaN)) && shadeOfShare(0) < 0 && shadeOfShare(1) === 1);
});
