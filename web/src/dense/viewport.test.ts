// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clamp, fit, panBy, reveal, ticks, toPixel, toWorld, zoomAt } from './viewport';

const canvas = { width: 800, height: 400 };
const none = { x: 0, y: 0, width: 0, height: 0 };

test('the whole world fits, in one scale', () => {
  const view = fit({ width: 100, height: 100 }, canvas, none);
  assert.deepEqual([view.sx, view.sy], [4, 4]);
  assert.deepEqual(toPixel(view, 50, 50), { x: 400, y: 200 });
  assert.deepEqual(fit({ width: 100, height: 100 }, canvas, none, true), { x: 0, y: 0, sx: 8, sy: 4 });
});

test('zooming keeps the point under the pointer', () => {
  const view = fit({ width: 100, height: 100 }, canvas, none);
  const before = toWorld(view, 123, 77);
  const after = toWorld(zoomAt(view, 123, 77, 3, 0.1, 100), 123, 77);
  assert(Math.abs(before.x - after.x) < 1e-9 && Math.abs(before.y - after.y) < 1e-9);
  assert.equal(zoomAt(view, 0, 0, 1e9, 0.1, 60).sx, 60);
  const along = zoomAt(view, 100, 0, 2, 0.1, 100, 'x');
  assert.deepEqual([along.sy, along.y], [view.sy, view.y]);
});

test('the picture cannot be lost from sight, and a far cell can be brought in', () => {
  const world = { width: 100, height: 50 };
  const view = fit(world, canvas, none);
  const lost = clamp(panBy(view, 99999, -99999), world, canvas);
  assert(toPixel(lost, 0, 0).x < canvas.width && toPixel(lost, 0, 50).y > 0);
  const near = zoomAt(view, 0, 0, 10, 0.1, 100);
  const at = toPixel(reveal(near, { x: 99, y: 49, width: 1, height: 1 }, canvas), 99, 49);
  assert(at.x > 0 && at.x < 800 && at.y > 0 && at.y < 400);
});

test('ticks are numbers that people count in', () => {
  assert.deepEqual(ticks(0, 10, 5), [0, 2, 4, 6, 8, 10]);
  assert.deepEqual(ticks(3, 3, 5), []);
});
