// SPDX-License-Identifier: Apache-2.0
// The lanes of a fabric as columns of numbers, from /api/v1/lane-table. NaN is "not measured". Pure.
import { NOT_MEASURED, indexOf } from './colour';
import { quantityOf, type QuantityKey } from './quantity';

export interface LaneTableAnswer {
  now: string;
  count: number;
  links: {
    id: string;
    name: string;
    protocol: string;
    limit: number | null;
    lanes: number;
    sections: number;
    medium?: string | null;
    temperature: number | null;
  }[];
  columns: { key: string; unit: string; values: (number | null)[] }[];
}

export interface LaneLink {
  id: string;
  name: string;
  protocol: string;
  limit: number;
  lanes: number;
  sections: number;
  /** Index of its first receiver. */
  first: number;
  group: number;
}

/** Links that are alike: drawn as one block, and each other's peers. */
export interface LaneGroup {
  title: string;
  links: number[];
  lanes: number;
  sections: number;
}

export interface LaneTable {
  now: string;
  links: readonly LaneLink[];
  groups: readonly LaneGroup[];
  /** Receivers. */
  count: number;
  columns: ReadonlyMap<QuantityKey | 'error_ratio_high', Float32Array>;
}

export interface Receiver {
  link: LaneLink;
  section: number;
  isTowardDevice: boolean;
  lane: number;
  index: number;
}

export function receiverAt(table: LaneTable, link: number, offset: number): Receiver | undefined {
  const of = table.links[link];
  if (!of || offset < 0 || offset >= of.lanes * 2 * of.sections) return undefined;
  const block = Math.floor(offset / of.lanes);
  return {
    link: of,
    section: block >> 1,
    isTowardDevice: block % 2 === 0,
    lane: offset % of.lanes,
    index: of.first + offset,
  };
}

/** The link whose receiver this is. */
export function linkOfReceiver(table: LaneTable, index: number): number {
  let low = 0;
  let high = table.links.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (table.links[middle]!.first <= index) low = middle;
    else high = middle - 1;
  }
  return low;
}

function median(values: Float64Array): number {
  values.sort();
  return values.length === 0 ? NaN : values[(values.length - 1) >> 1]!;
}

/** log10 of each receiver's error ratio over the median of its group in its section and direction. */
export function againstPeers(
  links: readonly LaneLink[], groups: readonly LaneGroup[], ratio: Float32Array, high: Float32Array,
): Float32Array {
  const out = new Float32Array(ratio.length).fill(NaN);
  // Without an error only the bound is known; it stands for the ratio, so that a short watch proves nothing.
  const proven = (i: number): number => (ratio[i]! > 0 ? ratio[i]! : high[i]! > 0 ? high[i]! : 0);
  const floor = 1e-18;
  for (const group of groups) {
    for (let block = 0; block < group.sections * 2; block++) {
      const seen = new Float64Array(group.links.length * group.lanes);
      let count = 0;
      for (const link of group.links) {
        const first = links[link]!.first + block * group.lanes;
        for (let i = first; i < first + group.lanes; i++) {
          if (!Number.isNaN(ratio[i]!)) seen[count++] = Math.max(floor, proven(i));
        }
      }
      const usual = Math.max(floor, median(seen.subarray(0, count)));
      for (const link of group.links) {
        const first = links[link]!.first + block * group.lanes;
        for (let i = first; i < first + group.lanes; i++) {
          if (Number.isNaN(ratio[i]!)) continue;
          const own = Math.log10(Math.max(floor, proven(i)) / usual);
          out[i] = ratio[i]! > 0 ? own : Math.min(0, own);
        }
      }
    }
  }
  return out;
}

function groupTitle(link: { protocol: string; lanes: number; sections: number; medium?: string | null }): string {
  const parts = link.sections > 1 ? `, ${link.sections} sections` : '';
  return `${link.protocol} ×${link.lanes}${link.medium ? ` ${link.medium}` : ''}${parts}`;
}

export function laneTableOf(answer: LaneTableAnswer): LaneTable {
  const groups: LaneGroup[] = [];
  const byTitle = new Map<string, number>();
  let first = 0;
  const links = answer.links.map((each, i): LaneLink => {
    const title = groupTitle(each);
    let group = byTitle.get(title);
    if (group === undefined) {
      group = groups.length;
      byTitle.set(title, group);
      groups.push({ title, links: [], lanes: each.lanes, sections: each.sections });
    }
    groups[group]!.links.push(i);
    const link: LaneLink = {
      id: each.id, name: each.name, protocol: each.protocol, limit: each.limit ?? NaN,
      lanes: each.lanes, sections: each.sections, first, group,
    };
    first += each.lanes * 2 * each.sections;
    return link;
  });
  const columns = new Map<QuantityKey | 'error_ratio_high', Float32Array>();
  for (const column of answer.columns) {
    const values = new Float32Array(first).fill(NaN);
    for (let i = 0; i < Math.min(first, column.values.length); i++) values[i] = column.values[i] ?? NaN;
    columns.set(column.key as QuantityKey, values);
  }
  const heat = new Float32Array(first).fill(NaN);
  answer.links.forEach((each, i) => {
    const link = links[i]!;
    if (each.temperature !== null) heat.fill(each.temperature, link.first, link.first + link.lanes * 2 * link.sections);
  });
  columns.set('temperature', heat);
  const empty = new Float32Array(first).fill(NaN);
  columns.set('peers', againstPeers(links, groups, columns.get('error_ratio') ?? empty,
    columns.get('error_ratio_high') ?? empty));
  return { now: answer.now, links, groups, count: first, columns };
}

export function column(table: LaneTable, key: QuantityKey | 'error_ratio_high'): Float32Array {
  return table.columns.get(key) ?? new Float32Array(table.count).fill(NaN);
}

/** Indices of the worst receivers, worst first; of equals the first ones. */
export function worst(table: LaneTable, key: QuantityKey, most: number): number[] {
  const values = column(table, key);
  const { worse } = quantityOf(key);
  const out: number[] = [];
  for (let i = 0; i < values.length; i++) {
    const value = values[i]! * worse;
    if (Number.isNaN(value)) continue;
    if (out.length === most && value <= values[out[most - 1]!]! * worse) continue;
    let at = out.length;
    while (at > 0 && values[out[at - 1]!]! * worse < value) at--;
    out.splice(at, 0, i);
    if (out.length > most) out.pop();
  }
  return out;
}

export interface Summary {
  measured: number;
  notMeasured: number;
  bad: number;
  median: number;
}

export function summaryOf(table: LaneTable, key: QuantityKey): Summary {
  const values = column(table, key);
  const { isBad } = quantityOf(key);
  const seen = new Float64Array(values.length);
  let measured = 0;
  let bad = 0;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    seen[measured++] = value;
    if (isBad(value)) bad++;
  }
  return { measured, notMeasured: values.length - measured, bad, median: median(seen.subarray(0, measured)) };
}

/** What a picture and its words need of one quantity: made where the answer is read, not where it is drawn. */
export interface Digest {
  /** Colour index of each receiver. */
  shades: Uint8Array;
  summary: Summary;
  /** Indices, worst first. */
  worst: readonly number[];
  /** Indices of receivers beyond their limit, at most BAD_MOST. */
  bad: readonly number[];
}

export const BAD_MOST = 300;
const WORST_MOST = 20;

export function digestOf(table: LaneTable, key: QuantityKey): Digest {
  const values = column(table, key);
  const quantity = quantityOf(key);
  const shades = new Uint8Array(values.length);
  const bad: number[] = [];
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (Number.isNaN(value)) {
      shades[i] = NOT_MEASURED;
      continue;
    }
    shades[i] = indexOf(quantity.shade(value));
    if (bad.length < BAD_MOST && quantity.isBad(value)) bad.push(i);
  }
  return { shades, summary: summaryOf(table, key), worst: worst(table, key, WORST_MOST), bad };
}
