// SPDX-License-Identifier: Apache-2.0
// Histories as columns for a plot: one time axis for all series, gaps as gaps, bounds beside the values. Pure.
import type { History } from '../api/types';

export interface Line {
  name: string;
  values: (number | null)[];
  /** Exact 95 % bounds of rates; minimum and maximum of levels. Absent where the answer has none. */
  low?: (number | null)[];
  high?: (number | null)[];
}

export interface Hole {
  from: number;
  until: number;
  /** "gap" or a reason's key. */
  why: string;
}

export interface PlotData {
  times: number[];
  lines: Line[];
  /** Only where every line has one: nothing was measured then. */
  holes: Hole[];
}

export function plotOf(histories: readonly History[], nameOf: (history: History) => string, stepS: number): PlotData {
  const all = new Set<number>();
  for (const history of histories) {
    for (const point of history.points) all.add(point.at);
    // A line must end where its gap begins.
    for (const span of history.spans) all.add(span.from);
  }
  const times = [...all].sort((a, b) => a - b);
  const at = new Map(times.map((time, index) => [time, index]));
  const lines = histories.map((history) => {
    const line: Line = { name: nameOf(history), values: Array<number | null>(times.length).fill(null) };
    for (const point of history.points) {
      const index = at.get(point.at)!;
      line.values[index] = typeof point.value === 'number' ? point.value : null;
      const low = point.low ?? point.min;
      const high = point.high ?? point.max;
      if (low === undefined || high === undefined) continue;
      line.low ??= Array<number | null>(times.length).fill(null);
      line.high ??= Array<number | null>(times.length).fill(null);
      line.low[index] = low;
      line.high[index] = high;
    }
    return fillShared(line, history, times, stepS);
  });
  return { times, lines, holes: sharedHoles(histories) };
}

/** Another line's time inside this line's coverage is no gap of this line: it is drawn through. */
function fillShared(line: Line, history: History, times: number[], stepS: number): Line {
  const isInGap = (time: number): boolean => history.spans.some((span) => time >= span.from && time < span.until);
  let before = -1;
  for (let index = 0; index < times.length; index++) {
    if (line.values[index] === null) continue;
    if (before >= 0 && index > before + 1) {
      const between = times.slice(before + 1, index);
      const near = times[index]! - times[before]! <= Math.max(stepS, 1) * 1.5;
      if (near && !between.some(isInGap)) {
        for (let i = before + 1; i < index; i++) line.values[i] = line.values[before]!;
      }
    }
    before = index;
  }
  return line;
}

function sharedHoles(histories: readonly History[]): Hole[] {
  const [first, ...others] = histories;
  if (!first) return [];
  return first.spans
    .filter((span) => others.every((other) => other.spans.some((each) => each.from <= span.from && each.until >= span.until)))
    .map((span) => ({ from: span.from, until: span.until, why: span.why }));
}

/** What a plot's values span; plots side by side take the union, so that heights can be compared. */
export interface Extent {
  least: number;
  most: number;
  leastPositive: number;
}

export const noExtent: Extent = { least: Infinity, most: -Infinity, leastPositive: Infinity };

export function extentOf(lines: readonly Line[]): Extent {
  const out = { ...noExtent };
  for (const line of lines) {
    for (const values of [line.values, line.low ?? [], line.high ?? []]) {
      for (const value of values) {
        if (value === null) continue;
        out.least = Math.min(out.least, value);
        out.most = Math.max(out.most, value);
        if (value > 0) out.leastPositive = Math.min(out.leastPositive, value);
      }
    }
  }
  return out;
}

export function union(a: Extent, b: Extent): Extent {
  return { least: Math.min(a.least, b.least), most: Math.max(a.most, b.most), leastPositive: Math.min(a.leastPositive, b.leastPositive) };
}

/** Whether the values ask for a logarithmic axis: an error ratio, or positive values over more than three decades. */
export function asksForLog(extent: Extent, isRatio: boolean): boolean {
  if (isRatio) return true;
  return extent.least >= 0 && extent.most / extent.leastPositive > 1000;
}

/** What lies below is drawn as zero: no link of a day tells such ratios apart. */
const FLOOR_LEAST = 1e-18;

/** Where zero is drawn on a logarithmic axis: a decade below the least positive value. */
export function floorOf(extent: Extent): number {
  const { leastPositive } = extent;
  return leastPositive === Infinity ? 1e-15 : Math.max(FLOOR_LEAST, 10 ** (Math.floor(Math.log10(leastPositive)) - 1));
}
