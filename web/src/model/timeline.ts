// SPDX-License-Identifier: Apache-2.0
// A timeline's rows: what kinds of things happened, as spans and spots; spots that would cover each other are one
// spot with a number. Pure.
import type { Level, SamplesAnswer, TimelineAnswer, WeftEvent } from '../api/types';
import { metricText } from '../format/metric';
import { parseTime } from '../format/time';

export type Tone = Level | 'mark' | 'gap';

export interface Span {
  from: number;
  until: number;
  isOpen: boolean;
  text: string;
  tone: Tone;
  finding?: string;
}

export interface Spot {
  at: number;
  texts: string[];
  tone: Level;
}

export interface Row {
  name: string;
  spans: Span[];
  spots: Spot[];
}

/** Which events stand in which row; the first row that knows a kind has it. */
const KINDS: { name: string; fits: RegExp }[] = [
  { name: 'flaps, up and down', fits: /link_(up|down|ignored)|_link_(up|down)|slot_no_link|dpc|gpu_lost|nvlink_down|nvme_(down|removed)/ },
  { name: 'retrains, recoveries', fits: /retrain|recover|link_reset|bandwidth/ },
  { name: 'errors', fits: /aer|xid|error|inaccessible|timeout|cxl|not_ready|health|power/ },
  { name: 'parts, plugged', fits: /part_replaced|card|module_event|appeared|gone|button/ },
  { name: 'maintenance, repairs', fits: /maintenance|repair|reboot|note/ },
  { name: 'jobs', fits: /job/ },
];
/** Closer spots than this become one. */
const SPOT_PIXELS = 14;

const TONE: Record<WeftEvent['severity'], Level> = { info: 'note', warning: 'warning', critical: 'critical' };
const RANK: Level[] = ['ok', 'note', 'unknown', 'warning', 'critical'];

function rowFor(kind: string): string {
  return KINDS.find((each) => each.fits.test(kind))?.name ?? 'others';
}

/** Events in order of time; those that fall together carry the worst tone. */
export function spotsOf(events: readonly { at: number; text: string; tone: Level }[], msPerPixel: number): Spot[] {
  const out: Spot[] = [];
  for (const event of [...events].sort((a, b) => a.at - b.at)) {
    const before = out.at(-1);
    if (before && event.at - before.at < SPOT_PIXELS * msPerPixel) {
      before.texts.push(event.text);
      if (RANK.indexOf(event.tone) > RANK.indexOf(before.tone)) before.tone = event.tone;
    } else {
      out.push({ at: event.at, texts: [event.text], tone: event.tone });
    }
  }
  return out;
}

function stateRows(answer: TimelineAnswer): Row[] {
  const rows: Row[] = [];
  for (const state of answer.states) {
    if (state.metric !== 'link_up') continue;
    // Both ends of a link tell its state; who tells it is what differs.
    const where = state.host ?? state.planned ?? state.name ?? state.subject;
    const runs = state.runs;
    rows.push({
      name: `up: ${where}`,
      spots: [],
      spans: runs.map((run, at) => {
        const until = runs[at + 1]?.from ?? run.until;
        const base = { from: run.from * 1000, until: until * 1000, isOpen: at === runs.length - 1 };
        if (run.not_measured !== undefined) return { ...base, text: `not measured: ${run.not_measured.replaceAll('_', ' ')}`, tone: 'gap' as Tone };
        return Number(run.value) === 1 ? { ...base, text: 'up', tone: 'ok' as Tone } : { ...base, text: 'down', tone: 'critical' as Tone };
      }),
    });
  }
  return rows.slice(0, 8);
}

/** Counters that tell what no log tells, and their row. */
export const COUNTED: Readonly<Record<string, string>> = {
  carrier_down: 'flaps, up and down', port_link_downs: 'flaps, up and down', port_recoveries: 'retrains, recoveries', l0_to_recovery: 'retrains, recoveries',
};

/** Steps in which a counter rose. */
export function countedIn(counts: readonly SamplesAnswer[]): { row: string; at: number; text: string; tone: Level }[] {
  const out: { row: string; at: number; text: string; tone: Level }[] = [];
  for (const answer of counts) {
    const row = COUNTED[answer.metric];
    if (row === undefined) continue;
    for (const series of answer.series) {
      for (const point of series.points) {
        const events = point.events ?? (typeof point.value === 'number' ? point.value : 0);
        if (events <= 0) continue;
        const where = series.planned ?? series.name ?? series.subject;
        out.push({ row, at: point.at * 1000, text: `${events} more: ${metricText(answer.metric)} at ${where}, counted`, tone: row.startsWith('flaps') ? 'warning' : 'note' });
      }
    }
  }
  return out;
}

export function rowsOf(answer: TimelineAnswer, width: number, counts: readonly SamplesAnswer[] = []): Row[] {
  const from = parseTime(answer.from)!;
  const until = parseTime(answer.until)!;
  const msPerPixel = (until - from) / Math.max(1, width);
  const findings: Row = {
    name: 'findings',
    spots: [],
    spans: answer.findings.map((each) => ({
      from: parseTime(each.since ?? each.opened) ?? from,
      until: parseTime(each.closed) ?? until,
      isOpen: each.closed === undefined,
      text: each.sentence,
      tone: each.level,
      finding: each.id,
    })),
  };
  const rows = new Map<string, Row>(KINDS.map((each) => [each.name, { name: each.name, spans: [], spots: [] }]));
  const spots = new Map<string, { at: number; text: string; tone: Level }[]>();
  for (const event of answer.events) {
    const at = parseTime(event.at);
    // Clocks that were set are many and tell nothing of links.
    if (at === undefined || event.kind === 'clock_set') continue;
    const name = rowFor(event.kind);
    const list = spots.get(name) ?? [];
    list.push({ at, text: `${event.kind.replaceAll('_', ' ')}${event.host ? ` at ${event.host}` : ''}: ${event.text}`, tone: TONE[event.severity] });
    spots.set(name, list);
  }
  for (const { row, ...spot } of countedIn(counts)) spots.set(row, [...(spots.get(row) ?? []), spot]);
  for (const mark of answer.marks) {
    const name = rowFor(mark.mark);
    rows.get(name)?.spans.push({
      from: parseTime(mark.from) ?? from,
      until: parseTime(mark.until) ?? until,
      isOpen: mark.until === undefined,
      text: [mark.mark, mark.subject, mark.text].filter(Boolean).join(': '),
      tone: 'mark',
    });
  }
  for (const [name, list] of spots) {
    const row = rows.get(name) ?? { name, spans: [], spots: [] };
    row.spots = spotsOf(list, msPerPixel);
    rows.set(name, row);
  }
  return [...inLanes(findings), ...stateRows(answer), ...rows.values()];
}

/** Spans that overlap stand in rows of their own, up to a bound. */
function inLanes(row: Row): Row[] {
  const LANES_MOST = 6;
  const lanes: Span[][] = [];
  for (const span of [...row.spans].sort((a, b) => a.from - b.from)) {
    const lane = lanes.find((each) => each.at(-1)!.until <= span.from) ?? (lanes.length < LANES_MOST ? undefined : lanes.at(-1));
    if (lane) lane.push(span);
    else lanes.push([span]);
  }
  if (lanes.length === 0) return [row];
  return lanes.map((spans, at) => ({ name: at === 0 ? row.name : `${row.name} (${at + 1})`, spans, spots: [] }));
}

/** A thing that happened, for the table below the axis. */
export interface Told {
  key: string;
  at: number | undefined;
  what: string;
  where: string;
  text: string;
}

/** What was logged, told by people and counted, newest first. */
export function wordsOf(answer: TimelineAnswer, counts: readonly SamplesAnswer[]): Told[] {
  const logged = answer.events.filter((each) => each.kind !== 'clock_set').map((each): Told => ({
    key: String(each.sequence), at: parseTime(each.at), what: each.kind.replaceAll('_', ' '),
    where: [each.host, each.address !== each.host && each.address].filter(Boolean).join(' '), text: each.text,
  }));
  const marks = answer.marks.map((each): Told => ({
    key: `${each.mark}${each.subject}${each.from}`, at: parseTime(each.from), what: each.mark, where: each.subject ?? 'everything',
    text: [each.text, each.until && `until ${each.until}`].filter(Boolean).join(', '),
  }));
  const counted = countedIn(counts).map((each, i): Told => ({ key: `c${i}`, at: each.at, what: each.row, where: '', text: each.text }));
  return [...logged, ...marks, ...counted].sort((a, b) => (b.at ?? 0) - (a.at ?? 0));
}
