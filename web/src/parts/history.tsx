// SPDX-License-Identifier: Apache-2.0
// One metric of one place over time: asks for it, names its lines by their labels, plots it.
import { signal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { query as address } from '../api/client';
import type { History, SamplesAnswer } from '../api/types';
import { functionOf, labelOf, metricText } from '../format/metric';
import { parseTime } from '../format/time';
import { unitText } from '../format/units';
import { extentOf, noExtent, plotOf, union, type Extent } from '../model/plot';
import type { MetricChoice } from '../model/samples';
import { useAnswer } from '../state/use_answer';
import { Failed, Loading } from './basic';
import { Plot, type Mark } from './plot';

export const WINDOWS: { seconds: number; name: string }[] = [
  { seconds: 900, name: '15 min' }, { seconds: 3600, name: '1 h' }, { seconds: 10_800, name: '3 h' }, { seconds: 43_200, name: '12 h' },
  { seconds: 86_400, name: '1 d' }, { seconds: 604_800, name: '7 d' },
];

/** Whole minutes, about 120 of them. */
export function stepOf(seconds: number): number {
  return Math.max(60, Math.ceil(seconds / 120 / 60) * 60);
}

export function nameOf(history: History): string {
  const label = labelOf(history.label);
  if (label.lane === undefined) return history.label || 'value';
  return `${label.side ? `${label.side} ` : ''}lane ${label.lane}`;
}

/** What plots that stand side by side span, by their common key and then by place. */
const extents = signal<Readonly<Record<string, Readonly<Record<string, Extent>>>>>({});

function useBeside(key: string, place: string, own: Extent): Extent {
  useEffect(() => {
    const all = extents.value;
    extents.value = { ...all, [key]: { ...all[key], [place]: own } };
    return () => {
      const { [place]: _, ...others } = extents.value[key] ?? {};
      extents.value = { ...extents.value, [key]: others };
    };
  }, [key, place, own.least, own.most, own.leastPositive]);
  const all = Object.values(extents.value[key] ?? {}).reduce(union, noExtent);
  return useMemo(() => all, [all.least, all.most, all.leastPositive]);
}

interface Props {
  subject: string;
  choice: MetricChoice;
  /** Only labels that fit, as "media *". */
  label?: string;
  since?: string;
  until?: string;
  sinceSeconds?: number;
  height?: number;
  marks?: readonly Mark[];
  strongLanes?: readonly number[];
  sync?: string;
  everyMs?: number;
}

export function HistoryPlot({ subject, choice, label, since, until, sinceSeconds, height, marks, strongLanes, sync, everyMs = 15_000 }: Props) {
  const how = functionOf(choice.kind);
  const span = sinceSeconds ?? (since && until ? (parseTime(until)! - parseTime(since)!) / 1000 : 3600);
  const path = address('/api/v1/samples', {
    metric: choice.metric, subject, label: label ?? (choice.hasStatistics ? '* current' : undefined),
    ...(since ? { since } : {}), ...(until ? { until } : {}), ...(sinceSeconds ? { since_s: sinceSeconds } : {}),
    ...(how === 'raw' ? { function: 'raw' } : { step_s: stepOf(span), function: how }),
  });
  const answer = useAnswer<SamplesAnswer>(path, until ? 0 : everyMs);
  const { data } = answer;
  const plot = useMemo(() => (data ? plotOf(data.series.filter((each) => each.points.some((point) => typeof point.value === 'number')), nameOf, data.step_s) : undefined), [data]);
  const own = useMemo(() => (plot ? extentOf(plot.lines) : noExtent), [plot]);
  const beside = useBeside(`${sync ?? subject}/${choice.metric}`, subject, own);
  if (!data || !plot) return answer.error ? <Failed error={answer.error} what={metricText(choice.metric)} /> : <Loading what={metricText(choice.metric)} />;
  const from = parseTime(data.from)! / 1000;
  const to = parseTime(data.until)! / 1000;
  if (plot.lines.length === 0) {
    return <p class="quiet">No value in this time. {data.notes?.join(' ')}</p>;
  }
  const strong = new Set(plot.lines.filter((line) => strongLanes?.some((lane) => line.name.endsWith(`lane ${lane}`))).map((line) => line.name));
  const unit = how === 'rate' ? '1/s' : data.unit;
  return (
    <figure class="history">
      <figcaption>
        {metricText(choice.metric)}{how === 'rate' ? ', a second' : ''} {unitText(unit) && <span class="quiet">{unitText(unit)}</span>}
        {plot.lines.some((line) => line.low) && <span class="quiet"> · band: {how === 'rate' ? '95 % bounds' : 'least to greatest of each step'}</span>}
      </figcaption>
      <Plot data={plot} metric={choice.metric} unit={unit} from={from} until={to} label={`${metricText(choice.metric)} at ${subject}`}
        strong={strong} beside={beside} {...(marks ? { marks } : {})} {...(height ? { height } : {})} {...(sync ? { sync } : {})} />
    </figure>
  );
}
