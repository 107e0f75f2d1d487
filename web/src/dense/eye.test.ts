// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bathtubOf, masksOf, openingAt, shadesOf, type Eye } from './eye';

const eye: Eye = {
  setup: 'x', levels: 2, baud_hz: 1, error_ratio: 0, target: { ber: 1e-12, height_v: 0.02, width_ui: 0.2 },
  phase_ui: [-0.5, 0], threshold_v: [0], density: { rows: 2, low_v: -1, step_v: 1, values: [1, 0, 1e-7, 1e-30] },
  bathtub: [], contours: [],
  openings: [{ ber: 1e-12, eye: 0, height_v: 0.03, width_ui: 0.4, low_v: 0, high_v: 0, left_ui: 0, right_ui: 0 },
    { ber: 1e-12, eye: 1, height_v: 0.01, width_ui: 0.5, low_v: 0, high_v: 0, left_ui: 0, right_ui: 0 }],
};

test('density is shaded by decade, row 0 on top, and nothing is not little', () => {
  assert.deepEqual([...shadesOf(eye)].map((each) => Number(each.toFixed(3))), [-1, -1, 1, 0.5]);
});

test('the bathtub is cut where counting ends', () => {
  const tub = bathtubOf([[-0.5, 1e-2], [0, 1e-14], [0.5, 1e-2]], 1e-8);
  assert.equal(tub.seen.length, 2);
  assert.equal(tub.beyond.length, 1);
  assert.deepEqual(tub.beyond[0]!.map((each) => [Number(each.x.toFixed(3)), each.y]), [[-0.25, -8], [0, -14], [0.25, -8]]);
  assert.equal(bathtubOf([[0, 1e-3], [0.1, 1e-4]], undefined).seen.length, 0, 'without counts all is model');
});

test('mask and openings', () => {
  assert.equal(masksOf(eye)[0]!.length, 6);
  assert.deepEqual(masksOf({ ...eye, target: { ber: 1e-6 } }), []);
  assert.deepEqual(openingAt(eye, 1e-12), { height_v: 0.01, width_ui: 0.4 });
  assert.equal(openingAt(eye, 1e-3), undefined);
});
