// SPDX-License-Identifier: Apache-2.0
// The lanes of the whole fabric inside a view, asked again at a pace. A worker asks and reads; a browser that does not
// start one reads here, slower and with the same result. The old table stays until the new one is there.
import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, get, headers, needsToken } from '../api/client';
import { connection } from '../api/stream';
import { sawNow } from '../state/store';
import { LaneReader, tableAfter, type Read } from './lane_reader';
import { digestOf, type Digest, type LaneTable, type LaneTableAnswer } from './lane_table';
import type { Ask, Told } from './lane_worker';
import type { QuantityKey } from './quantity';

const PATH = '/api/v1/lane-table';

/** Asks one thing at a time. */
class Source {
  private worker: Worker | undefined;
  private reader: LaneReader | undefined;
  private pending: { done: (told: Told) => void; failed: () => void } | undefined;
  private last: LaneTableAnswer | undefined;
  private turn: Promise<unknown> = this.start();

  private async start(): Promise<void> {
    try {
      const { url } = await import('./lane_worker');
      const worker = new Worker(url, { type: 'module' });
      worker.onmessage = (event: MessageEvent<Told>) => this.pending?.done(event.data);
      worker.onerror = () => this.pending?.failed();
      this.worker = worker;
    } catch {
      this.worker = undefined;
    }
  }

  ask(key: QuantityKey): Promise<Told> {
    const next = this.turn.then(() => this.askNow(key));
    this.turn = next;
    return next;
  }

  private async askNow(key: QuantityKey): Promise<Told> {
    if (!this.worker) return this.readHere(key);
    const ask: Ask = { path: PATH, headers: headers(), key };
    try {
      return await new Promise<Told>((done, failed) => {
        this.pending = { done, failed: () => failed(new Error('no worker')) };
        this.worker!.postMessage(ask);
      });
    } catch {
      this.stop();
      return this.readHere(key);
    }
  }

  private async readHere(key: QuantityKey): Promise<Told> {
    try {
      const answer = await get<LaneTableAnswer>(PATH);
      if (answer === this.last) return {};
      this.last = answer;
      this.reader ??= new LaneReader();
      return { read: this.reader.read(answer, key) };
    } catch (error) {
      if (error instanceof ApiError) return { problem: error.problem };
      return { lost: error instanceof Error ? error.message : String(error) };
    }
  }

  stop(): void {
    this.worker?.terminate();
    this.worker = undefined;
  }
}

export interface Lanes {
  table?: LaneTable;
  digest?: Digest;
  error?: Error;
}

interface Known {
  table: LaneTable;
  digests: Map<QuantityKey, Digest>;
}

function after(before: Known | undefined, read: Read): Known | undefined {
  const table = tableAfter(before?.table, read);
  return table && { table, digests: new Map([[read.key, read.digest]]) };
}

export function useLanes(key: QuantityKey, everyMs: number): Lanes {
  const [state, setState] = useState<{ known?: Known | undefined; error?: Error }>({});
  const wanted = useRef(key);
  wanted.current = key;
  const isBack = connection.value.phase === 'live';
  const source = useRef<Source | undefined>(undefined);
  useEffect(() => () => source.current?.stop(), []);
  useEffect(() => {
    let isOver = false;
    let timer: number | undefined;
    const round = async (): Promise<void> => {
      source.current ??= new Source();
      if (document.visibilityState === 'visible') {
        const { read, problem, lost } = await source.current.ask(wanted.current);
        // Taken also when this round is over: the next answer tells only what is new since.
        if (problem?.status === 401) needsToken.value = true;
        const error = problem ? new ApiError(problem) : lost === undefined ? undefined : new Error(lost);
        if (read) {
          sawNow(read.now);
          setState((before) => ({ known: after(before.known, read) }));
        } else if (error) setState((before) => ({ known: before.known, error }));
        else setState((before) => (before.error ? { known: before.known } : before));
      }
      if (!isOver) timer = window.setTimeout(() => void round(), everyMs);
    };
    void round();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [everyMs, isBack]);
  const { known, error } = state;
  if (known && !known.digests.has(key)) known.digests.set(key, digestOf(known.table, key));
  return { ...(known ? { table: known.table, digest: known.digests.get(key)! } : {}), ...(error ? { error } : {}) };
}
