// SPDX-License-Identifier: Apache-2.0
// Server-sent events: bytes to events, and what to do when the connection ends. Pure; stream.ts does the rest.
// EventSource is not used because it can send no token.

export interface ServerEvent {
  event: string;
  id: string;
  data: string;
}

/** Takes text as it comes; gives whole events (WHATWG HTML, 9.2.6). */
export class EventParser {
  private rest = '';
  private event = '';
  private id = '';
  private data: string[] = [];
  /** What the server asked to wait before coming back. */
  retryMs: number | undefined;

  push(text: string): ServerEvent[] {
    const out: ServerEvent[] = [];
    const all = this.rest + text;
    const end = all.endsWith('\r') ? all.length - 1 : all.length;  // its \n may come with the next bytes
    const lines = all.slice(0, end).split(/\r\n|\n|\r/);
    this.rest = (lines.pop() ?? '') + all.slice(end);
    for (const line of lines) {
      if (line === '') {
        if (this.data.length > 0) out.push({ event: this.event || 'message', id: this.id, data: this.data.join('\n') });
        this.event = '';
        this.data = [];
        continue;
      }
      if (line.startsWith(':')) continue;
      const colon = line.indexOf(':');
      const field = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
      if (field === 'event') this.event = value;
      else if (field === 'data') this.data.push(value);
      else if (field === 'id' && !value.includes('\0')) this.id = value;
      else if (field === 'retry' && /^\d+$/.test(value)) this.retryMs = Number(value);
    }
    return out;
  }
}

export type ConnectionPhase = 'connecting' | 'live' | 'lost';

export interface Connection {
  phase: ConnectionPhase;
  /** When the server was last heard, by this machine's clock; undefined: never. */
  heardAt: number | undefined;
  /** How often in a row it could not be reached. */
  failures: number;
  /** Where the stream goes on. */
  lastId: string;
}

export type ConnectionStep =
  | { kind: 'opened'; at: number }
  | { kind: 'heard'; at: number; id?: string }
  | { kind: 'ended' };

export const startOfConnection: Connection = { phase: 'connecting', heardAt: undefined, failures: 0, lastId: '' };

export function connectionAfter(before: Connection, step: ConnectionStep): Connection {
  switch (step.kind) {
    case 'opened':
      return { ...before, phase: 'live', heardAt: step.at, failures: 0 };
    case 'heard':
      return { ...before, phase: 'live', heardAt: step.at, lastId: step.id || before.lastId };
    case 'ended':
      return { ...before, phase: 'lost', failures: before.failures + 1 };
  }
}

const DELAY_MS_FIRST = 500;
const DELAY_MS_MOST = 10_000;

/** How long to wait before the next try: doubles, never below what the server asks for after a first failure. */
export function delayMs(failures: number, retryMs = DELAY_MS_FIRST): number {
  return Math.min(DELAY_MS_MOST, Math.max(DELAY_MS_FIRST, Math.min(retryMs, 2000)) * 2 ** Math.max(0, failures - 1));
}
