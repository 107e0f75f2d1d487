// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NOT_MEASURED, indexOf, table as colours } from './colour';
import { cellAt, emptyBitmap, layOut, paint, rectOf, unmeasuredIn } from './heat';
import { LaneReader, buffersOf, tableAfter } from './lane_reader';
import {
  column, digestOf, laneTableOf, linkOfReceiver, receiverAt, summaryOf, worst, type LaneTable, type LaneTableAnswer,
} from './lane_table';
import { quantityOf } from './quantity';
import { sampleLanes } from './sample_lanes';

/** Two links of two lanes: the last lane toward the host of the second has a thousand times the errors. */
function small(): LaneTableAnswer {
  const ratio = [1e-12, 1e-12, 1e-12, 0, 1e-12, null, 1e-12, 1e-9];
  const link = { protocol: 'pcie6', limit: 1e-6, lanes: 2, sections: 1, temperature: null };
  return {
    now: '2026-01-01T00:00:00Z', count: 8,
    links: [{ ...link, id: 'lnk-1', name: 'one' }, { ...link, id: 'lnk-2', name: 'two', temperature: 51 }],
    columns: [
      { key: 'error_ratio', unit: '1', values: ratio },
      { key: 'error_ratio_high', unit: '1', values: ratio.map((each) => (each === null ? null : Math.max(3e-12, each * 2))) },
    ],
  };
}

test('what was not measured is no number anywhere, and zero is not that', () => {
  const table = laneTableOf(small());
  assert(Number.isNaN(column(table, 'error_ratio')[5]!));
  assert.equal(column(table, 'error_ratio')[3], 0);
  assert(Number.isNaN(column(table, 'signal')[0]!));
  assert(Number.isNaN(column(table, 'temperature')[0]!));
  assert.equal(column(table, 'temperature')[4], 51);
  assert.equal(indexOf(quantityOf('error_ratio').shade(NaN)), NOT_MEASURED);
  assert.deepEqual({ ...summaryOf(table, 'error_ratio'), median: 0 }, { measured: 7, notMeasured: 1, bad: 0, median: 0 });
});

test('a lane is compared with its like in the same direction', () => {
  const table = laneTableOf(small());
  const peers = column(table, 'peers');
  assert.equal(worst(table, 'peers', 3)[0], 7);
  assert(peers[7]! > 2.9 && peers[7]! < 3.1, String(peers[7]));
  assert.equal(peers[0], 0);
  assert(peers[3]! <= 0, 'no errors seen is never worse than peers');
  assert.equal(linkOfReceiver(table, 3), 0);
  assert.equal(linkOfReceiver(table, 4), 1);
  assert.deepEqual(receiverAt(table, 1, 3)?.isTowardDevice, false);
  assert.equal(receiverAt(table, 1, 4), undefined);
});

test('every receiver has one cell and the cell has that receiver', () => {
  for (const aspect of [0.3, 1, 2.6]) {
    const table = laneTableOf(sampleLanes(300, 5));
    const layout = layOut(table, aspect);
    const seen = new Set<string>();
    for (let i = 0; i < table.count; i++) {
      const link = linkOfReceiver(table, i);
      const rect = rectOf(table, layout, link, i);
      assert(rect.x >= 0 && rect.y >= 0 && rect.x < layout.width && rect.y < layout.height);
      seen.add(`${rect.x} ${rect.y}`);
      assert.equal(cellAt(table, layout, rect.x + 0.5, rect.y + 0.5)?.index, i);
    }
    assert.equal(seen.size, table.count);
  }
});

test('only what changed is painted', () => {
  const table = laneTableOf(small());
  const layout = layOut(table, 2);
  const bitmap = emptyBitmap(table, layout);
  const quantity = quantityOf('error_ratio');
  const ramp = colours(quantity.ramp, 'dark');
  const shades = (of: LaneTable): Uint8Array => digestOf(of, 'error_ratio').shades;
  assert.deepEqual(paint(bitmap, table, layout, shades(table), ramp),
    { x: 0, y: 0, width: layout.width, height: layout.height });
  assert.equal(paint(bitmap, table, layout, shades(table), ramp), undefined);
  const next = small();
  next.columns[0]!.values[6] = 1e-5;
  const after = laneTableOf(next);
  const rect = rectOf(after, layout, 1, 6);
  assert.deepEqual(paint(bitmap, after, layout, shades(after), ramp), rect);
  assert.equal(bitmap.mask.filter((each) => each !== 0).length, 1, 'one receiver is hatched');
  const whole = { x: 0, y: 0, width: layout.width, height: layout.height };
  const hatched = rectOf(after, layout, 1, 5);
  assert.deepEqual(unmeasuredIn(bitmap, whole, 9), [hatched.x, hatched.y, 1]);
  assert.equal(unmeasuredIn(bitmap, whole, 0), undefined, 'too many to be hatched');
});

test('links are told once, numbers each time', () => {
  const reader = new LaneReader();
  const first = reader.read(small(), 'peers');
  const table = tableAfter(undefined, first)!;
  assert.equal(table.links.length, 2);
  assert.deepEqual(first.digest.bad, [7]);
  const again = small();
  again.columns[0]!.values[7] = 1e-12;
  const second = reader.read(again, 'peers');
  assert.equal(second.names, undefined);
  assert.equal(tableAfter(undefined, second), undefined, 'numbers alone speak of no link');
  assert.equal(tableAfter(table, second)!.links, table.links);
  assert.deepEqual(second.digest.bad, []);
  assert.equal(new Set(buffersOf(second)).size, buffersOf(second).length, 'nothing is given away twice');
  const renamed = small();
  renamed.links[1]!.name = 'other';
  assert.equal(reader.read(renamed, 'peers').names?.links[1]!.name, 'other');
});

test('ten thousand links with a hundred thousand receivers', () => {
  const answer = sampleLanes(10_000, 1);
  assert.equal(answer.count, 100_000);
  assert.deepEqual(sampleLanes(50, 3), sampleLanes(50, 3));
  const table = laneTableOf(answer);
  const layout = layOut(table, 2);
  assert(layout.width * layout.height < 200_000, 'little of the picture is empty');
  assert.equal(worst(table, 'peers', 20).length, 20);
});

test('a limit stands where the colour leaps', () => {
  const margin = quantityOf('margin');
  assert(margin.shade(0.001) < 0.7 && margin.shade(0) >= 0.7);
  assert.equal(margin.isBad(0), true);
  assert.equal(margin.text(3.25), '+3.3 decades to the limit');
  assert.equal(quantityOf('error_ratio').shade(0), 0);
});
