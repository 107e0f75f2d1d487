// SPDX-License-Identifier: Apache-2.0
// Asks the API. Keeps the last body of each address with its ETag, so that an unchanged answer costs a header.
// A token, where the server wants one, is kept for this tab only and sent as a header, never in an address.
import { signal } from '@preact/signals';
import type { Problem } from './types';

export class ApiError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail);
  }
}

interface Kept {
  etag: string;
  body: unknown;
}
const KEPT_MOST = 200;
const TOKEN_KEY = 'weft.token';
const kept = new Map<string, Kept>();

/** True once an answer was 401: the shell asks for the token. */
export const needsToken = signal(false);

function token(): string | null {
  return sessionStorage.getItem(TOKEN_KEY);
}

export function setToken(text: string): void {
  sessionStorage.setItem(TOKEN_KEY, text.trim());
  needsToken.value = false;
}

export function headers(): Record<string, string> {
  const own = token();
  return own ? { Authorization: `Bearer ${own}` } : {};
}

async function problemOf(answer: Response): Promise<ApiError> {
  let problem: Problem = { title: answer.statusText, status: answer.status, detail: `the server says ${answer.status}` };
  try {
    problem = { ...problem, ...(await answer.json()) };
  } catch {
    // a proxy's own page: its status says enough
  }
  if (answer.status === 401) needsToken.value = true;
  return new ApiError(problem);
}

export async function get<T>(path: string, abort?: AbortSignal): Promise<T> {
  const before = kept.get(path);
  const answer = await fetch(path, {
    headers: { ...headers(), ...(before ? { 'If-None-Match': before.etag } : {}) },
    cache: 'no-store',
    ...(abort ? { signal: abort } : {}),
  });
  if (answer.status === 304 && before) return before.body as T;
  if (!answer.ok) throw await problemOf(answer);
  const body = (await answer.json()) as T;
  const etag = answer.headers.get('ETag');
  if (etag) {
    kept.delete(path);
    kept.set(path, { etag, body });
    const oldest = kept.keys().next();
    if (kept.size > KEPT_MOST && !oldest.done) kept.delete(oldest.value);
  }
  return body;
}

/** Every page of a list, in order. `name` is the member that holds the items. */
export async function getAll<T>(path: string, name: string, most: number, abort?: AbortSignal): Promise<T[]> {
  const out: T[] = [];
  const count = 1000;
  for (;;) {
    const join = path.includes('?') ? '&' : '?';
    const page = await get<Record<string, unknown>>(`${path}${join}offset=${out.length}&count=${count}`, abort);
    const items = page[name] as T[];
    out.push(...items);
    if (page['is_more'] !== true || items.length === 0 || out.length >= most) return out;
  }
}

/** A write: JSON in, JSON out. Only what people pressed a button for comes here. */
export async function send<T>(method: 'POST' | 'DELETE', path: string, body?: unknown): Promise<T> {
  const answer = await fetch(path, {
    method,
    headers: { ...headers(), 'Content-Type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw await problemOf(answer);
  const text = await answer.text();
  return (text === '' ? {} : JSON.parse(text)) as T;
}

export function query(path: string, values: Record<string, string | number | undefined>): string {
  const out = Object.entries(values)
    .filter((each): each is [string, string | number] => each[1] !== undefined && each[1] !== '')
    .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
  return out.length === 0 ? path : `${path}?${out.join('&')}`;
}
