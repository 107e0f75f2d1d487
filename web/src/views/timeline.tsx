// SPDX-License-Identifier: Apache-2.0
// What happened on one axis of time: findings, link states, flaps, retrains, errors, temperature, maintenance, jobs.
import { useEffect, useState } from 'preact/hooks';
import { get, query as address } from '../api/client';
import type { Device, Level, Link, SamplesAnswer, SeriesAnswer, TimelineAnswer } from '../api/types';
import { absoluteText, parseTime, spanText, tickText, timeTicks } from '../format/time';
import { countText, valueText } from '../format/units';
import { COUNTED, rowsOf, wordsOf, type Row, type Span, type Spot } from '../model/timeline';
import { Failed, Heading, Loading, Name, Panel, Said } from '../parts/basic';
import { WINDOWS, stepOf } from '../parts/history';
import { MarkForm } from '../parts/mark_form';
import { href, type ViewProps } from '../route';
import { go, setQuery } from '../state/location';
import { machineOf } from '../state/fabric';
import { fabric } from '../state/store';
import { useAnswer } from '../state/use_answer';
import { useWidth } from '../parts/use_width';

const EVERY_MS = 15_000;
const LABEL = 150;
const ROW = 30;
const TEMPERATURE = 90;
const ROWS_MOST = 200;

interface Scale {
  from: number;
  until: number;
  x: (at: number) => number;
  width: number;
}

function SpanBox({ span, y, scale }: { span: Span; y: number; scale: Scale }) {
  const left = scale.x(Math.max(span.from, scale.from));
  const right = scale.x(Math.min(span.until, scale.until));
  const title = `${span.text}\n${absoluteText(span.from)} to ${span.isOpen ? 'now' : absoluteText(span.until)} (${spanText(span.until - span.from)})`;
  const box = (
    <>
      <title>{title}</title>
      <rect class={`span is-${span.tone}`} x={left} y={y + 6} width={Math.max(3, right - left)} height={ROW - 12} rx={2} />
      {right - left > 60 && ( // an inner svg cuts off what does not fit; the text itself stays whole, as in the label
        <svg x={left} y={y} width={right - left - 4} height={ROW}><text class="span-text" x={5} y={ROW / 2 + 4}>{span.text}</text></svg>
      )}
    </>
  );
  return span.finding === undefined ? <g>{box}</g>
    : <a href={href.finding(span.finding)} aria-label={title} onClick={(event) => { event.preventDefault(); go(href.finding(span.finding!)); }}>{box}</a>;
}

function clip(text: string, width: number): string {
  const most = Math.floor(width / 6.6);
  return text.length <= most ? text : `${text.slice(0, Math.max(1, most - 1))}…`;
}

/** A shape for each tone, so that it does not hang on colour. */
const SPOT: Record<Level, string> = {
  ok: 'M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0', note: 'M-1.5-7h3v14h-3z', unknown: 'M0-6 6 0 0 6-6 0z', warning: 'M0-6 6 5-6 5z',
  critical: 'M-5-2-2-5 0-3 2-5 5-2 3 0 5 2 2 5 0 3-2 5-5 2-3 0z',
};

function SpotMark({ spot, y, scale }: { spot: Spot; y: number; scale: Scale }) {
  return (
    <g transform={`translate(${scale.x(spot.at)} ${y + ROW / 2})`}>
      <title>{`${spot.texts.slice(0, 6).join('\n')}${spot.texts.length > 6 ? `\nand ${spot.texts.length - 6} more` : ''}\n${absoluteText(spot.at)}`}</title>
      <path class={`spot is-${spot.tone}`} d={SPOT[spot.tone]} />
      {spot.texts.length > 1 && <text class="spot-count" y={-7}>{spot.texts.length}</text>}
    </g>
  );
}

function Rows({ rows, scale }: { rows: readonly Row[]; scale: Scale }) {
  return (
    <>
      {rows.map((row, at) => {
        const y = 24 + at * ROW;
        return (
          <g key={row.name}>
            <line class="row-line" x1={0} x2={LABEL + scale.width} y1={y} y2={y} />
            <text class="row-name" x={0} y={y + ROW / 2 + 4}><title>{row.name}</title>{clip(row.name, LABEL - 6)}</text>
            {row.spans.map((each, index) => <SpanBox key={index} span={each} y={y} scale={scale} />)}
            {row.spots.map((each) => <SpotMark key={each.at} spot={each} y={y} scale={scale} />)}
            {row.spans.length === 0 && row.spots.length === 0 && <text class="row-none" x={LABEL + 6} y={y + ROW / 2 + 4}>none</text>}
          </g>
        );
      })}
    </>
  );
}

/** The hottest sensor of each step; a step in which nobody looked has no point. */
function Temperature({ samples, y, scale }: { samples: SamplesAnswer | undefined; y: number; scale: Scale }) {
  const steps = new Map<number, number>();
  for (const series of samples?.series ?? []) {
    for (const point of series.points) {
      if (typeof point.value === 'number') steps.set(point.at, Math.max(steps.get(point.at) ?? -Infinity, point.value));
    }
  }
  const points = [...steps.entries()].sort((a, b) => a[0] - b[0]);
  const values = points.map((each) => each[1]);
  const least = Math.floor(Math.min(...values, 1e9) / 5) * 5 - 5;
  const most = Math.ceil(Math.max(...values, -1e9) / 5) * 5 + 5;
  const place = (value: number): number => y + 8 + (TEMPERATURE - 16) * (1 - (value - least) / (most - least));
  const gap = (samples?.step_s ?? 60) * 2.5;
  const path = points.map(([at, value], index) => `${index === 0 || at - points[index - 1]![0] > gap ? 'M' : 'L'}${scale.x(at * 1000).toFixed(1)} ${place(value).toFixed(1)}`).join('');
  return (
    <g>
      <line class="row-line" x1={0} x2={LABEL + scale.width} y1={y} y2={y} />
      <text class="row-name" x={0} y={y + TEMPERATURE / 2}>hottest sensor</text>
      {points.length === 0 ? <text class="row-none" x={LABEL + 6} y={y + TEMPERATURE / 2}>{samples ? 'not measured in this time: no sensor of it is read' : 'asking'}</text> : (
        <>
          {[least + 5, most - 5].map((each) => (
            <g key={each}>
              <line class="grid-line" x1={LABEL} x2={LABEL + scale.width} y1={place(each)} y2={place(each)} />
              <text class="row-none" x={LABEL - 6} y={place(each) + 4} text-anchor="end">{valueText(each, 'Cel')}</text>
            </g>
          ))}
          <path class="line" d={path} />
          {points.map(([at, value]) => (
            <circle key={at} class="point" cx={scale.x(at * 1000)} cy={place(value)} r={points.length < 60 ? 2 : 5} style={points.length < 60 ? {} : { opacity: 0 }}>
              <title>{`${valueText(value, 'Cel')}\n${absoluteText(at * 1000)}`}</title>
            </circle>
          ))}
        </>
      )}
    </g>
  );
}

function Chart({ answer, temperature, counts }: { answer: TimelineAnswer; temperature: SamplesAnswer | undefined; counts: readonly SamplesAnswer[] }) {
  const [box, width] = useWidth();
  const from = parseTime(answer.from)!;
  const until = parseTime(answer.until)!;
  const room = Math.max(200, width - LABEL - 14);
  const scale: Scale = { from, until, width: room, x: (at) => LABEL + (room * (at - from)) / Math.max(1, until - from) };
  const rows = rowsOf(answer, room, counts);
  const height = 24 + rows.length * ROW + TEMPERATURE + 24;
  const ticks = timeTicks(from, until, Math.max(2, Math.floor(room / 80)));
  return (
    <div ref={box} class="timeline">
      <svg width={Math.max(10, width)} height={height} role="group" aria-label={`What happened from ${absoluteText(from)} to ${absoluteText(until)}`}>
        {ticks.map((each) => (
          <g key={each}>
            <line class="grid-line" x1={scale.x(each)} x2={scale.x(each)} y1={20} y2={height - 22} />
            <text class="tick" x={scale.x(each)} y={14}>{tickText(each, until - from)}<title>{absoluteText(each)}</title></text>
          </g>
        ))}
        <Rows rows={rows} scale={scale} />
        <Temperature samples={temperature} y={24 + rows.length * ROW} scale={scale} />
        <line class="row-line" x1={0} x2={LABEL + room} y1={height - 24} y2={height - 24} />
      </svg>
    </div>
  );
}

function Table({ answer, counts }: { answer: TimelineAnswer; counts: readonly SamplesAnswer[] }) {
  const all = wordsOf(answer, counts);
  const rows = all.slice(0, ROWS_MOST);
  return (
    <Panel title="In words" more={all.length > rows.length ? `the last ${rows.length} of ${all.length}` : countText(rows.length, 'event')}>
      {rows.length === 0 ? <p class="quiet">No event in this time but clocks that were set.</p> : (
        <div class="scroll tall" tabIndex={0}>
          <table class="plain">
            <thead><tr><th scope="col">time</th><th scope="col">what</th><th scope="col">where</th><th scope="col">the source's words</th></tr></thead>
            <tbody>
              {rows.map((each) => (
                <tr key={each.key}>
                  <td>{each.at === undefined ? <span class="missing">no time told</span> : absoluteText(each.at)}</td>
                  <td>{each.what}</td><td>{each.where}</td><td><Said text={each.text} /></td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}

type Series = ReadonlyMap<string, ReadonlySet<string>>;

/** Which metrics each place has, so that nothing is asked that is not there. */
function useMetrics(places: readonly string[]): Series | undefined {
  const [metrics, setMetrics] = useState<Series | undefined>();
  const key = places.join(' ');
  useEffect(() => {
    setMetrics(undefined);
    const abort = new AbortController();
    const asks = places.map(async (subject) => {
      const answer = await get<SeriesAnswer>(address('/api/v1/series', { subject, count: 20_000 }), abort.signal);
      return [subject, new Set(answer.series.map((each) => each.metric))] as const;
    });
    void Promise.all(asks).then((all) => setMetrics(new Map(all)), () => undefined);
    return () => abort.abort();
  }, [key]);
  return metrics;
}

/** Increases of the counters that tell of flaps and recoveries; of everything at once they would be too many. */
function useCounts(metrics: Series | undefined, seconds: number): SamplesAnswer[] {
  const [counts, setCounts] = useState<SamplesAnswer[]>([]);
  useEffect(() => {
    setCounts([]);
    if (!metrics) return undefined;
    const abort = new AbortController();
    const asks = [...metrics].flatMap(([subject, has]) => Object.keys(COUNTED).filter((metric) => has.has(metric)).map((metric) =>
      get<SamplesAnswer>(address('/api/v1/samples', { metric, subject, since_s: seconds, step_s: stepOf(seconds), function: 'increase' }), abort.signal).catch(() => undefined)));
    void Promise.all(asks).then((all) => abort.signal.aborted || setCounts(all.filter((each): each is SamplesAnswer => each !== undefined)));
    return () => abort.abort();
  }, [metrics, seconds]);
  return counts;
}

/** Whose sensors tell how warm it is: of a link its modules', else temperature of what is meant. */
function sensorsOf(link: Link | undefined, device: Device | undefined, metrics: Series | undefined): { metric: string; subject: string } | undefined {
  if (!link && !device) return { metric: 'temperature', subject: '' };
  for (const metric of ['temperature', 'module_temperature']) {
    const subject = [...(metrics ?? [])].find(([, has]) => has.has(metric))?.[0];
    if (subject !== undefined) return { metric, subject };
  }
  return undefined;
}

export default function TimelineView({ query }: ViewProps) {
  const subject = query.get('subject') ?? '';
  const seconds = Number(query.get('window') ?? 10_800);
  const answer = useAnswer<TimelineAnswer>(address('/api/v1/timeline', { subject, since_s: seconds }), EVERY_MS);
  const model = fabric.value;
  const link = model?.linkById.get(subject) ?? model?.linkByName.get(subject);
  const device = model?.deviceById.get(subject) ?? model?.deviceByName.get(subject);
  const metrics = useMetrics(link ? [link.a, link.b] : device ? [`${device.name}*`] : []);
  const sensors = sensorsOf(link, device, metrics);
  const temperature = useAnswer<SamplesAnswer>(sensors && address('/api/v1/samples', { ...sensors, since_s: seconds, step_s: stepOf(seconds), function: 'max' }), EVERY_MS * 4);
  const isColdKnown = temperature.error !== undefined || (metrics !== undefined && !sensors);
  const name = link?.name ?? device?.name ?? subject;
  const counts = useCounts(metrics, seconds);
  return (
    <>
      <Heading over={subject === '' ? 'everything' : link ? <a href={href.link(link.id)}>the link</a> : device ? <a href={href.device(device.id)}>the device</a> : undefined}>
        Timeline{name && <> of <Name text={name} /></>}
      </Heading>
      <div class="controls">
        <div class="segments" role="group" aria-label="How far back">
          {WINDOWS.map((each) => <button key={each.seconds} type="button" aria-pressed={each.seconds === seconds} onClick={() => setQuery({ window: String(each.seconds) })}>{each.name}</button>)}
        </div>
        <label class="field">of <input type="search" size={36} list="machines" placeholder="everything; or a machine or link" value={name}
          onChange={(event) => setQuery({ subject: event.currentTarget.value.trim() })} /></label>
        <datalist id="machines">{model?.devices.filter((each) => each.parent === undefined).map((each) => <option key={each.id} value={each.name} />)}</datalist>
      </div>
      <Panel title="On one axis" more="UTC">
        {answer.data ? <Chart answer={answer.data} counts={counts} temperature={temperature.data ?? (isColdKnown ? EMPTY : undefined)} />
          : answer.error ? <Failed error={answer.error} what="The timeline" /> : <Loading what="what happened" />}
        <p class="quiet">A dashed box: not measured, the reason on hover. {subject === '' && 'States of links are shown for one link or machine.'}</p>
      </Panel>
      {answer.data && <Table answer={answer.data} counts={counts} />}
      {model && <MarkForm key={name} about={link ? machineOf(link.a) : device?.name ?? ''} done={answer.again} />}
    </>
  );
}

const EMPTY: SamplesAnswer = { now: '', metric: 'temperature', unit: 'Cel', kind: 'gauge', function: 'max', from: '', until: '', step_s: 60, series: [] };
