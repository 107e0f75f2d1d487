// SPDX-License-Identifier: Apache-2.0
// Times: absolute ones in UTC, spans in words. A world's clock is not this machine's clock, so "ago" is always
// against the `now` of an answer. Pure.

export type Milliseconds = number;

export function parseTime(iso: string | undefined): Milliseconds | undefined {
  if (iso === undefined || iso === '') return undefined;
  const at = Date.parse(iso);
  return Number.isNaN(at) ? undefined : at;
}

const two = (value: number): string => String(value).padStart(2, '0');

/** "2026-11-23 17:03:17 UTC" */
export function absoluteText(at: Milliseconds): string {
  const date = new Date(at);
  return `${date.getUTCFullYear()}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())} ${clockText(at)} UTC`;
}

/** "17:03:17" */
export function clockText(at: Milliseconds): string {
  const date = new Date(at);
  return `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
}

/** The beginning of its minute, in ISO 8601: what is kept by the minute and began then counts as after. */
export function minuteText(at: Milliseconds): string {
  return new Date(Math.floor(at / 60_000) * 60_000).toISOString().replace('.000Z', 'Z');
}

/** The two largest parts: "2 h 3 min", "45 s", "3 d 4 h". */
export function spanText(ms: Milliseconds): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const parts: [number, string][] = [[86400, 'd'], [3600, 'h'], [60, 'min'], [1, 's']];
  const first = parts.findIndex(([size]) => seconds >= size);
  if (first < 0) return '0 s';
  const [size, name] = parts[first]!;
  const next = parts[first + 1];
  const rest = next ? Math.floor((seconds % size) / next[0]) : 0;
  return `${Math.floor(seconds / size)} ${name}${next && rest > 0 && name !== 'min' ? ` ${rest} ${next[1]}` : ''}`;
}

/** "3 min ago", "in 5 s", "now". */
export function agoText(at: Milliseconds, now: Milliseconds): string {
  const ms = now - at;
  if (Math.abs(ms) < 1500) return 'now';
  return ms > 0 ? `${spanText(ms)} ago` : `in ${spanText(-ms)}`;
}

/** Ticks of an axis that fit so many marks: steps that people count in. */
export function timeTicks(from: Milliseconds, until: Milliseconds, most: number): Milliseconds[] {
  const steps = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800];
  const step = (steps.find((each) => (until - from) / (each * 1000) <= most) ?? 2592000) * 1000;
  const out: Milliseconds[] = [];
  for (let at = Math.ceil(from / step) * step; at <= until; at += step) out.push(at);
  return out;
}

/** A tick's words: the day at midnight, else the clock, with seconds only where ticks are that close. */
export function tickText(at: Milliseconds, spanMs: Milliseconds): string {
  const date = new Date(at);
  if (at % 86_400_000 === 0) return `${date.getUTCFullYear()}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`;
  return spanMs < 300_000 ? clockText(at) : clockText(at).slice(0, 5);
}

/** ISO 8601 in the text of a sentence, as the API writes it, split off so that it can be shown as a time. */
export function splitTimes(text: string): (string | Milliseconds)[] {
  const out: (string | Milliseconds)[] = [];
  let rest = 0;
  for (const found of text.matchAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g)) {
    const at = parseTime(found[0]);
    if (at === undefined) continue;
    if (found.index > rest) out.push(text.slice(rest, found.index));
    out.push(at);
    rest = found.index + found[0].length;
  }
  if (rest < text.length) out.push(text.slice(rest));
  return out;
}
