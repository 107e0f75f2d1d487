// SPDX-License-Identifier: Apache-2.0
// Keeps the stream of changes open: resumes with Last-Event-ID, waits between tries, and says when it was last
// heard. The server sends a comment every 15 s; silence for three of them counts as lost.
import { signal } from '@preact/signals';
import { headers, needsToken } from './client';
import { EventParser, connectionAfter, delayMs, startOfConnection, type ConnectionStep, type ServerEvent } from './sse';

const SILENCE_MS_MAX = 50_000;

export const connection = signal(startOfConnection);

function step(next: ConnectionStep): void {
  connection.value = connectionAfter(connection.value, next);
}

async function once(parser: EventParser, onEvent: (event: ServerEvent) => void, onOpen: () => void): Promise<void> {
  const abort = new AbortController();
  let silence = window.setTimeout(() => abort.abort(), SILENCE_MS_MAX);
  try {
    const { lastId } = connection.value;
    const answer = await fetch('/api/v1/stream', {
      headers: { ...headers(), Accept: 'text/event-stream', ...(lastId ? { 'Last-Event-ID': lastId } : {}) },
      cache: 'no-store',
      signal: abort.signal,
    });
    if (answer.status === 401) needsToken.value = true;
    if (!answer.ok || !answer.body) throw new Error(String(answer.status));
    step({ kind: 'opened', at: Date.now() });
    onOpen();
    const reader = answer.body.getReader();
    const decoder = new TextDecoder();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(silence);
      silence = window.setTimeout(() => abort.abort(), SILENCE_MS_MAX);
      step({ kind: 'heard', at: Date.now() });
      for (const event of parser.push(decoder.decode(value, { stream: true }))) {
        step({ kind: 'heard', at: Date.now(), id: event.id });
        onEvent(event);
      }
    }
  } finally {
    clearTimeout(silence);
  }
}

let wake: (() => void) | undefined;

/** Tries at once: somebody pressed a button, or the machine is on the network again. */
export function tryNow(): void {
  wake?.();
}

export async function run(onEvent: (event: ServerEvent) => void, onOpen: () => void): Promise<never> {
  window.addEventListener('online', tryNow);
  let retryMs: number | undefined;
  for (;;) {
    const parser = new EventParser();
    try {
      await once(parser, onEvent, onOpen);
    } catch {
      // told by the phase below
    }
    retryMs = parser.retryMs ?? retryMs;
    step({ kind: 'ended' });
    await new Promise<void>((resolve) => {
      const timer = window.setTimeout(resolve, delayMs(connection.value.failures, retryMs));
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    wake = undefined;
  }
}
