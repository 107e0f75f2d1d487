// SPDX-License-Identifier: Apache-2.0
// The heat map of lanes as a bitmap of one pixel a cell: where each link's row of receivers stands, which pixels
// change with new values, and what is under a point. Like links form a block; a block's rows wrap into columns so
// that the whole has the shape of the window. Pure; heat_view.tsx scales the bitmap into sight.
import { NOT_MEASURED, NOTHING } from './colour';
import { receiverAt, type LaneTable, type Receiver } from './lane_table';
import type { Rect } from './viewport';

const COLUMN_GAP = 2;
const GROUP_GAP = 5;

export interface HeatBlock extends Rect {
  title: string;
  group: number;
  /** Rows in a column, and cells of a row with the gaps between directions. */
  rows: number;
  rowWidth: number;
}

export interface HeatLayout {
  width: number;
  height: number;
  blocks: readonly HeatBlock[];
  /** Of each link's first cell. */
  x: Int32Array;
  y: Int32Array;
}

function rowWidth(lanes: number, sections: number): number {
  return sections * 2 * (lanes + 1) - 1;
}

interface Placed {
  x: number;
  y: number;
  columns: number;
  /** Rows of a column. */
  rows: number;
}

/** Where each group stands when no column is longer than `rows`; a short one goes below the one before it. */
function place(table: LaneTable, rows: number): { groups: Placed[]; width: number; height: number } {
  const titleRows = 2 + Math.ceil(rows * 0.07);
  const groups: Placed[] = [];
  let shelf = { x: 0, width: 0, bottom: 0 };
  let height = 1;
  for (const group of table.groups) {
    const columns = Math.max(1, Math.ceil(group.links.length / rows));
    // Columns of equal length: no ragged last one.
    const own = Math.max(1, Math.ceil(group.links.length / columns));
    const width = columns * (rowWidth(group.lanes, group.sections) + COLUMN_GAP) - COLUMN_GAP;
    const isBelow = shelf.bottom > 0 && width <= shelf.width && shelf.bottom + titleRows + own <= rows;
    if (isBelow) shelf.bottom += titleRows;
    else if (shelf.width > 0) shelf = { x: shelf.x + shelf.width + GROUP_GAP, width: 0, bottom: 0 };
    groups.push({ x: shelf.x, y: shelf.bottom, columns, rows: own });
    shelf.bottom += own;
    shelf.width = Math.max(shelf.width, width);
    height = Math.max(height, shelf.bottom);
  }
  return { groups, width: Math.max(1, shelf.x + shelf.width), height };
}

/** `aspect` is width over height of the window. */
export function layOut(table: LaneTable, aspect: number): HeatLayout {
  let low = 1;
  let high = Math.max(1, table.links.length);
  while (low < high) {
    const middle = (low + high) >> 1;
    const { width, height } = place(table, middle);
    if (width / Math.max(height, middle * 0.9) > aspect) low = middle + 1;
    else high = middle;
  }
  const placed = place(table, low);
  const x = new Int32Array(table.links.length);
  const y = new Int32Array(table.links.length);
  const blocks = table.groups.map((group, at): HeatBlock => {
    const width = rowWidth(group.lanes, group.sections);
    const own = placed.groups[at]!;
    group.links.forEach((link, i) => {
      x[link] = own.x + Math.floor(i / own.rows) * (width + COLUMN_GAP);
      y[link] = own.y + (i % own.rows);
    });
    const span = own.columns * (width + COLUMN_GAP) - COLUMN_GAP;
    return { title: group.title, group: at, x: own.x, y: own.y, width: span, height: own.rows, rows: own.rows, rowWidth: width };
  });
  return { width: placed.width, height: placed.height, blocks, x, y };
}

/** Cells of a link's row that its receiver at `offset` is away from its first. */
export function cellOf(lanes: number, offset: number): number {
  return offset + Math.floor(offset / lanes);
}

export function cellAt(table: LaneTable, layout: HeatLayout, x: number, y: number): Receiver | undefined {
  const column = Math.floor(x);
  const row = Math.floor(y);
  const block = layout.blocks.find((each) =>
    column >= each.x && column < each.x + each.width && row >= each.y && row < each.y + each.rows);
  if (!block) return undefined;
  const within = column - block.x;
  const wrap = Math.floor(within / (block.rowWidth + COLUMN_GAP));
  const cell = within - wrap * (block.rowWidth + COLUMN_GAP);
  const group = table.groups[block.group]!;
  const link = group.links[wrap * block.rows + row - block.y];
  const lane = cell % (group.lanes + 1);
  if (link === undefined || cell >= block.rowWidth || lane === group.lanes) return undefined;
  return receiverAt(table, link, cell - Math.floor(cell / (group.lanes + 1)));
}

export function rectOf(table: LaneTable, layout: HeatLayout, link: number, index: number): Rect {
  const of = table.links[link]!;
  return { x: layout.x[link]! + cellOf(of.lanes, index - of.first), y: layout.y[link]!, width: 1, height: 1 };
}

export interface HeatBitmap {
  width: number;
  height: number;
  pixels: Uint32Array;
  /** 1 where a receiver has no value: what is hatched. */
  mask: Uint8Array;
  /** Colour index of each receiver as it stands in `pixels`. */
  shades: Uint8Array;
}

export function emptyBitmap(table: LaneTable, layout: HeatLayout): HeatBitmap {
  const size = layout.width * layout.height;
  return {
    width: layout.width,
    height: layout.height,
    pixels: new Uint32Array(size),
    mask: new Uint8Array(size),
    shades: new Uint8Array(table.count).fill(NOTHING),
  };
}

/** Repaints the cells whose colour is another now; returns what they span, undefined where none is. */
export function paint(
  bitmap: HeatBitmap, table: LaneTable, layout: HeatLayout, next: Uint8Array, colours: Uint32Array,
): Rect | undefined {
  let left = Infinity, top = Infinity, right = -1, bottom = -1;
  const { shades, pixels, mask, width } = bitmap;
  for (let link = 0; link < table.links.length; link++) {
    const { first, lanes, sections } = table.links[link]!;
    const end = first + lanes * 2 * sections;
    const y = layout.y[link]!;
    for (let index = first; index < end; index++) {
      const shade = next[index]!;
      if (shades[index] === shade) continue;
      shades[index] = shade;
      const x = layout.x[link]! + cellOf(lanes, index - first);
      pixels[y * width + x] = colours[shade]!;
      mask[y * width + x] = shade === NOT_MEASURED ? 1 : 0;
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < top) top = y;
      if (y > bottom) bottom = y;
    }
  }
  return right < 0 ? undefined : { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
}

/** Upright runs of cells without a value within `seen`, as x, y, height in turn; undefined where there are more than `most`. */
export function unmeasuredIn(bitmap: HeatBitmap, seen: Rect, most: number): number[] | undefined {
  const { mask, width } = bitmap;
  const right = seen.x + seen.width;
  const bottom = seen.y + seen.height;
  const out: number[] = [];
  for (let x = seen.x; x < right; x++) {
    let from = -1;
    for (let y = seen.y; y <= bottom; y++) {
      const isHere = y < bottom && mask[y * width + x] === 1;
      if (isHere === from >= 0) continue;
      if (isHere) from = y;
      else {
        out.push(x, from, y - from);
        from = -1;
      }
    }
    if (out.length > most * 3) return undefined;
  }
  return out;
}
