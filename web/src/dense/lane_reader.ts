// SPDX-License-Identifier: Apache-2.0
// Reads an answer of /api/v1/lane-table into columns, with what one quantity's picture needs of them. A worker does
// this (lane_worker.ts), so that 100,000 receivers cost the page no frame; links are told again only when they are
// others. Where there is no worker the page does it itself. Pure.
import { digestOf, laneTableOf, type Digest, type LaneTable, type LaneTableAnswer } from './lane_table';
import type { QuantityKey } from './quantity';

/** What the worker tells; without links and groups they are as before. */
export interface Read {
  now: string;
  count: number;
  names?: Pick<LaneTable, 'links' | 'groups'>;
  columns: LaneTable['columns'];
  key: QuantityKey;
  digest: Digest;
}

function areSame(a: LaneTableAnswer['links'], b: LaneTableAnswer['links']): boolean {
  return a.length === b.length && a.every((each, i) => {
    const other = b[i]!;
    return each.id === other.id && each.name === other.name && each.protocol === other.protocol && each.limit === other.limit &&
      each.lanes === other.lanes && each.sections === other.sections && each.medium === other.medium;
  });
}

export class LaneReader {
  private before: LaneTableAnswer['links'] | undefined;

  read(answer: LaneTableAnswer, key: QuantityKey): Read {
    const table = laneTableOf(answer);
    const isSame = this.before !== undefined && areSame(this.before, answer.links);
    this.before = answer.links;
    return {
      now: table.now, count: table.count, columns: table.columns, key, digest: digestOf(table, key),
      ...(isSame ? {} : { names: { links: table.links, groups: table.groups } }),
    };
  }
}

/** The table after what was read; undefined where it speaks of links that were never told. */
export function tableAfter(before: LaneTable | undefined, read: Read): LaneTable | undefined {
  const names = read.names ?? before;
  if (!names) return undefined;
  return { now: read.now, count: read.count, columns: read.columns, links: names.links, groups: names.groups };
}

/** What may be given away instead of copied. */
export function buffersOf(read: Read): ArrayBuffer[] {
  return [...read.columns.values(), read.digest.shades].map((each) => each.buffer as ArrayBuffer);
}
