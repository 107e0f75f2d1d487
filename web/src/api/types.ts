// SPDX-License-Identifier: Apache-2.0
// The API's answers, as docs/formats describe them. Fields may come without notice; what is optional there is
// optional here.

export interface About {
  schema: string;
  simulated?: boolean;
  now: string;
  version: string;
  fabric: string;
  routes: { path: string; method?: string; summary: string }[];
  role?: 'viewer' | 'operator' | 'admin';
  /** Of a twin: world seconds in a second (0: as fast as it goes), what is still to be skipped, how much of its history is made. */
  world?: { speed: number; skipping_s: number; prepared?: number };
}

export interface Position {
  row?: number;
  rack?: string;
  unit?: number;
  tray?: string | number;
  slot?: string;
}

export interface Part {
  vendor?: string;
  number?: string;
  serial?: string;
  slot?: string;
  firmware?: string;
}

export interface Port {
  id: string;
  name: string;
  protocol: string;
  lanes: number;
}

export interface Device {
  id: string;
  name: string;
  kind: string;
  parent?: string;
  lanes?: number;
  part?: Part;
  position?: Position;
  ports: Port[];
  match?: { host?: string };
}

export interface Segment {
  medium: string;
  length_mm?: number;
  part?: string;
  retimer?: string;
}

export interface Link {
  id: string;
  name: string;
  a: string;
  b: string;
  protocol: string;
  lanes: number;
  segments: Segment[];
  expect?: unknown;
}

export interface FabricAnswer {
  schema: string;
  name: string;
  description?: string;
  devices: Device[];
  links: Link[];
  totals: { protocol: string; links: number; lanes: number; raw_bits_per_s: number; payload_bits_per_s: number }[];
}

export type Level = 'ok' | 'note' | 'unknown' | 'warning' | 'critical';
export type Phase = 'open' | 'quiet' | 'closed';

/** A finding as lists and the stream have it. */
export interface Finding {
  id: string;
  phase: Phase;
  level: Level;
  code: string;
  place: string;
  sentence: string;
  cause?: string;
  next_step?: string;
  opened: string;
  updated: string;
  since?: string;
  closed?: string;
  recurrences: number;
  subject?: string;
  victims: string[];
  /** Somebody has seen it: nobody is told of it again for now. */
  acknowledged?: { by: string; text?: string; at: string; until?: string };
}

export interface Hypothesis {
  cause: string;
  words: string;
  probability: number;
  segment: string;
  direction?: 'toward_a' | 'toward_b';
  toward?: string;
  lanes?: number[];
  part?: Part & { kind: string; place?: string; device?: string };
}

export interface Evidence {
  text: string;
  subject?: string;
  metric?: string;
  at?: string;
  speaks_against: boolean;
}

/** A finding in full, as `weft why --json` tells it. */
export interface FullFinding extends Finding {
  link?: { id: string; name: string; a: string; b?: string };
  hypotheses: Hypothesis[];
  unknown: number;
  evidence: Evidence[];
  victim_names: string[];
  tests: { action: string; disturbs: string; decides: string }[];
  earlier_serials?: string[];
}

export interface WhyAnswer {
  verdict: Level;
  watched: {
    source: string;
    machines: number;
    links: number;
    looks: number;
    from?: string;
    until?: string;
    not_measured: { what: string; count: number }[];
    notes: string[];
  };
  findings: FullFinding[];
}

export interface FindingsAnswer {
  now: string;
  findings: Finding[];
  is_more: boolean;
}

export interface Subject {
  subject: string;
  of?: string;
  host?: string;
  name?: string;
  planned?: string;
  serial?: string;
}

export interface LastValue extends Subject {
  metric: string;
  label: string;
  at: number;
  value?: number | string | number[];
  not_measured?: string;
}

export interface LastAnswer {
  now: string;
  count: number;
  values: LastValue[];
  is_more: boolean;
}

export interface SeriesRow extends Subject {
  metric: string;
  label: string;
  unit: string;
  kind: string;
}

export interface SeriesAnswer {
  now: string;
  count: number;
  series: SeriesRow[];
  is_more: boolean;
}

export interface Point {
  at: number;
  value?: number | string | number[];
  not_measured?: string;
  low?: number;
  high?: number;
  events?: number;
  covered_s?: number;
  min?: number;
  max?: number;
  count?: number;
}

export interface History extends Subject {
  label: string;
  points: Point[];
  spans: { from: number; until: number; why: string; detail?: string }[];
}

export interface SamplesAnswer {
  now: string;
  metric: string;
  unit: string;
  kind: string;
  function: string;
  from: string;
  until: string;
  step_s: number;
  series: History[];
  notes?: string[];
}

export interface WeftEvent {
  sequence: number;
  at?: string;
  kind: string;
  severity: 'info' | 'warning' | 'critical';
  subject?: string;
  host?: string;
  address?: string;
  text: string;
  fields?: Record<string, string>;
}

export interface EventsAnswer {
  now: string;
  from: string;
  until: string;
  events: WeftEvent[];
  is_more: boolean;
}

export interface LinkAnswer {
  now: string;
  link: Link;
  ends: { id?: string; port: string | null; module?: { part_number: string; serial: string } }[];
  findings: { id: string; level: Level; sentence: string }[];
}

export interface DeviceAnswer {
  now: string;
  device: Device;
  links: { id: string; name: string }[];
  findings: { id: string; level: Level; sentence: string }[];
}

export interface LaneRow {
  link: string;
  name: string;
  section: number;
  direction: 'toward_device' | 'toward_host';
  lane: number;
  values: { metric: string; subject: string; label: string; at: number; value?: number; not_measured?: string }[];
}

export interface LanesAnswer {
  now: string;
  count: number;
  lanes: LaneRow[];
  is_more: boolean;
}

/** RFC 9457, as every mistake is told. */
export interface Problem {
  title: string;
  status: number;
  detail: string;
  code?: string;
  where?: string;
  hint?: string;
}

/** A finding as pages of one thing have it. */
export interface FindingShort {
  id: string;
  level: Level;
  phase: Phase;
  sentence: string;
  opened: string;
  updated: string;
  since?: string;
  closed?: string;
}

export interface Mark {
  mark: 'maintenance' | 'job' | 'reboot' | 'repair';
  subject?: string;
  from: string;
  until?: string;
  text?: string;
}

export interface TimelineAnswer {
  now: string;
  from: string;
  until: string;
  events: WeftEvent[];
  states: (Subject & { metric: string; label: string; runs: { from: number; until: number; value?: number | string; not_measured?: string }[] })[];
  marks: Mark[];
  findings: FindingShort[];
}

export interface PartRow {
  serial: string;
  vendor: string;
  part_number: string;
  of: string;
  place: string;
  is_there: boolean;
}

export interface PartAnswer {
  now: string;
  part: PartRow;
  places: { subject: string; of?: string; host?: string; name?: string; planned?: string; since: string; until?: string }[];
  findings: FindingShort[];
}

export interface Seen {
  count: number;
  not_measured: number;
  events?: number;
  covered_s?: number;
  per_s?: number;
  mean?: number;
  low?: number;
  high?: number;
}

export interface CompareAnswer {
  now: string;
  metric: string;
  unit: string;
  bounds: string;
  at: string;
  window_s: number;
  series: (Subject & { label: string; before: Seen; after: Seen; told: 'less' | 'more' | 'not_told_apart' | 'not_measured' })[];
}

export type TargetKind = 'link' | 'retimer' | 'module';

export interface ActionKind {
  action: string;
  targets: TargetKind[];
  /** What value it takes, in words; without it none. */
  value?: string;
  /** Which lanes it takes, in words. */
  lanes?: string;
  disturbs: string;
  undo: string;
  lasting: boolean;
}

export interface ActionRow {
  id: string;
  at: string;
  by: string;
  action: string;
  target: string;
  subject?: string;
  state: 'done' | 'failed' | 'open' | 'undone';
  error?: string;
  undone_at?: string;
  undone_by?: string;
}

export interface ActionsAnswer {
  now: string;
  allowed: boolean;
  refusal?: string;
  kinds: ActionKind[];
  count: number;
  actions: ActionRow[];
  is_more: boolean;
}

/** A trial, or what was done. */
export interface ActAnswer {
  applied: boolean;
  id?: string;
  text: string;
}

export interface UndoAnswer {
  applied: boolean;
  undo: { journals: { registers: { device: string; place: string; old: string }[] }[]; put_back?: number };
}

export interface WorldFault {
  id: number;
  fault: string;
  target: string;
  amplitude: number;
  unit: string;
  shape: string;
  phase: 'waiting' | 'active';
  level: number;
  begin_seconds: number;
  end_seconds?: number;
  label?: string;
}

export interface WorldAnswer {
  now: string;
  speed: number;
  skipping_s: number;
  rack: string;
  seed: number;
  world_seconds: number;
  machines: number;
  links: number;
  links_up: number;
  faults: WorldFault[];
}

export interface CatalogueAnswer {
  faults: {
    key: string;
    of: 'lanes' | 'link' | 'device' | 'host';
    family?: string;
    help: string;
    source: string;
    amplitude: { standard: number; min: number; max: number; unit: string; is_factor: boolean };
    shape: string;
    quantities: string[];
  }[];
}

export interface DoneAnswer {
  applied: boolean;
  id?: number;
  cleared?: number;
}
