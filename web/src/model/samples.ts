// SPDX-License-Identifier: Apache-2.0
// Last values of one place in the order in which people read them: what is of the whole, then lane by lane. Pure.
import type { LastValue, SeriesRow } from '../api/types';
import { labelOf } from '../format/metric';

export interface Cell {
  value: LastValue;
  unit: string;
  kind: string;
}

export interface LaneColumn {
  metric: string;
  unit: string;
  kind: string;
  byLane: ReadonlyMap<number, LastValue>;
}

export interface LaneTable {
  side: string;
  lanes: number[];
  columns: LaneColumn[];
}

export interface Samples {
  plain: Cell[];
  lanes: LaneTable[];
  count: number;
}

export function unitsOf(series: readonly SeriesRow[]): Map<string, { unit: string; kind: string }> {
  return new Map(series.map((each) => [each.metric, { unit: each.unit, kind: each.kind }]));
}

export function samplesOf(values: readonly LastValue[], units: ReadonlyMap<string, { unit: string; kind: string }>): Samples {
  const plain: Cell[] = [];
  const tables = new Map<string, Map<string, Map<number, LastValue>>>();
  for (const value of values) {
    const label = labelOf(value.label);
    const about = units.get(value.metric) ?? { unit: '1', kind: 'gauge' };
    if (label.lane === undefined || Array.isArray(value.value)) {
      if (label.lane === undefined && !Array.isArray(value.value)) plain.push({ value, ...about });
      continue;
    }
    if (label.statistic !== '' && label.statistic !== 'current') continue;
    const table = tables.get(label.side) ?? new Map<string, Map<number, LastValue>>();
    tables.set(label.side, table);
    const column = table.get(value.metric) ?? new Map<number, LastValue>();
    table.set(value.metric, column);
    column.set(label.lane, value);
  }
  const rank = (side: string): number => ['', 'media', 'host', 'upstream', 'downstream'].indexOf(side);
  const lanes = [...tables.entries()]
    .sort(([a], [b]) => rank(a) - rank(b))
    .map(([side, table]) => ({
      side,
      lanes: [...new Set([...table.values()].flatMap((column) => [...column.keys()]))].sort((a, b) => a - b),
      columns: [...table.entries()].map(([metric, byLane]) => ({ metric, byLane, ...(units.get(metric) ?? { unit: '1', kind: 'gauge' }) })),
    }));
  return { plain, lanes, count: values.length };
}

export interface MetricChoice {
  metric: string;
  unit: string;
  kind: string;
  /** Labels are lanes with statistics: ask for the current ones. */
  hasStatistics: boolean;
}

/** Metrics that can be plotted, each once, in the order of the catalogue. */
export function metricsOf(series: readonly SeriesRow[]): MetricChoice[] {
  const out = new Map<string, MetricChoice>();
  for (const row of series) {
    if (row.kind === 'histogram') continue;
    const hasStatistics = labelOf(row.label).statistic !== '';
    const known = out.get(row.metric);
    if (known) known.hasStatistics ||= hasStatistics;
    else out.set(row.metric, { metric: row.metric, unit: row.unit, kind: row.kind, hasStatistics });
  }
  return [...out.values()];
}
