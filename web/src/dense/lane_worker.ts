// SPDX-License-Identifier: Apache-2.0
// Asks for the lanes and reads them, away from the thread that draws. A chunk of its own: the page imports it for
// `url` alone and starts it from there as a worker, where it listens.
import type { Problem } from '../api/types';
import { LaneReader, buffersOf, type Read } from './lane_reader';
import type { LaneTableAnswer } from './lane_table';
import type { QuantityKey } from './quantity';

export const url = import.meta.url;

export interface Ask {
  path: string;
  headers: Record<string, string>;
  key: QuantityKey;
}

/** Without any: the answer is the one before. */
export interface Told {
  read?: Read;
  problem?: Problem;
  /** The server could not be reached. */
  lost?: string;
}

const reader = new LaneReader();
let etag: string | null = null;
let pathBefore = '';

async function answerTo({ path, headers, key }: Ask): Promise<Told> {
  const answer = await fetch(path, {
    headers: { ...headers, ...(etag && path === pathBefore ? { 'If-None-Match': etag } : {}) }, cache: 'no-store',
  });
  if (answer.status === 304) return {};
  if (!answer.ok) {
    const problem = { title: answer.statusText, status: answer.status, detail: `the server says ${answer.status}` };
    return { problem: { ...problem, ...(await answer.json().catch(() => ({}))) } };
  }
  const read = reader.read((await answer.json()) as LaneTableAnswer, key);
  etag = answer.headers.get('ETag');
  pathBefore = path;
  return { read };
}

interface Scope {
  onmessage: ((event: MessageEvent<Ask>) => void) | null;
  postMessage(told: Told, transfer: ArrayBuffer[]): void;
}

if (typeof document === 'undefined' && typeof self !== 'undefined') {
  const scope = self as unknown as Scope;
  scope.onmessage = (event) => {
    answerTo(event.data).then(
      (told) => scope.postMessage(told, told.read ? buffersOf(told.read) : []),
      (error) => scope.postMessage({ lost: error instanceof Error ? error.message : String(error) }, []),
    );
  };
}
