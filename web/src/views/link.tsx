// SPDX-License-Identifier: Apache-2.0
// One link: its way, both ends side by side with every sample, and any metric's history at both ends.
import { useMemo } from 'preact/hooks';
import { query as address } from '../api/client';
import type { LastAnswer, LastValue, Link, LinkAnswer, SeriesAnswer, WhyAnswer } from '../api/types';
import { functionOf, metricText } from '../format/metric';
import { minuteText, parseTime } from '../format/time';
import { countText, unitText } from '../format/units';
import { badLanes, lanesText, pathOf } from '../model/path';
import { metricsOf, type MetricChoice } from '../model/samples';
import { ActionPanel } from '../parts/action_panel';
import { Badge, Failed, Heading, Loading, Name, Panel } from '../parts/basic';
import { FindingList } from '../parts/finding_list';
import { HistoryPlot, WINDOWS } from '../parts/history';
import { PathPicture } from '../parts/path_picture';
import { SampleTables } from '../parts/sample_tables';
import { href, routes, type ViewProps } from '../route';
import { deviceOfPort } from '../state/fabric';
import { setQuery } from '../state/location';
import { fabric, linkLevels, openFindings } from '../state/store';
import { useAnswer } from '../state/use_answer';

const EVERY_MS = 15_000;
const AGE_S = 86_400;
/** What people look at first, where it is there. */
const FIRST = ['module_pre_fec_ber', 'port_pre_fec_ber', 'lane_bit_errors', 'fec_corrected_bits', 'lane_figure_of_merit', 'aer_correctable'];

interface End {
  title: string;
  subject: string;
  values: LastValue[] | undefined;
  series: SeriesAnswer | undefined;
  error: Error | undefined;
}

function useEnd(title: string, subject: string): End {
  const last = useAnswer<LastAnswer>(address('/api/v1/last', { subject, since_s: AGE_S, count: 5000 }), EVERY_MS);
  const series = useAnswer<SeriesAnswer>(address('/api/v1/series', { subject, count: 5000 }));
  return { title, subject, values: last.data?.values, series: series.data, error: last.error ?? series.error };
}

/** The same link in the dense views that this page has. */
function elsewhere(link: Link, toward: string | undefined): [string, string][] {
  const all: [string, string, string][] = [
    ['/fec', 'FEC histogram', address('/fec', { port: toward ?? link.b })],
    ['/eye', 'Eye', address('/eye', { link: link.id })],
    ['/topology', 'Topology', address('/topology', { at: link.id })],
  ];
  return all.filter(([path]) => routes.some((each) => each.path === path)
    && (path !== '/fec' || link.protocol.startsWith('eth'))).map(([, name, to]) => [name, to]);
}

function EndPanel({ end, module, lanes, metric }: { end: End; module: { part_number: string; serial: string } | undefined; lanes: number[]; metric: string }) {
  const device = fabric.value?.deviceByName.get(deviceOfPort(end.subject)) ?? fabric.value?.deviceByName.get(end.subject);
  return (
    <Panel title={end.title} more={end.values && countText(end.values.length, 'value')}>
      <p>
        {device ? <a href={href.device(device.id)}><Name text={end.subject} /></a> : <Name text={end.subject} />}
        {module && <> · module {module.part_number} <a href={href.part(module.serial)}>{module.serial}</a></>}
      </p>
      {end.values && end.series ? <SampleTables values={end.values} series={end.series.series} lanes={lanes} metric={metric} />
        : end.error ? <Failed error={end.error} what="Its values" /> : <Loading what="its values" />}
    </Panel>
  );
}

function Histories({ ends, choice, sides, query, marks, lanesAt }: {
  ends: End[]; choice: MetricChoice; sides: string[]; query: URLSearchParams; marks: { at: number; text: string }[]; lanesAt: (subject: string) => number[];
}) {
  const seconds = Number(query.get('window') ?? 10_800);
  const side = sides.includes(query.get('side') ?? '') ? query.get('side')! : sides[0];
  const label = sides.length > 1 && side ? `${side} *${choice.hasStatistics ? ' current' : ''}` : undefined;
  const having = ends.filter((each) => each.series?.series.some((row) => row.metric === choice.metric));
  return (
    <div class={`histories is-${Math.min(2, having.length)}`}>
      {having.map((each) => (
        <div key={each.subject}>
          <h3>{each.title}: <Name text={each.subject} /></h3>
          <HistoryPlot subject={each.subject} choice={choice} sinceSeconds={seconds} marks={marks} strongLanes={lanesAt(each.subject)} sync="link" {...(label ? { label } : {})} />
        </div>
      ))}
    </div>
  );
}

function Whole({ answer, query }: { answer: LinkAnswer; query: URLSearchParams }) {
  const link: Link = answer.link;
  const a = useEnd('End a', link.a);
  const b = useEnd('End b', link.b);
  const repeaters = [...new Set(link.segments.flatMap((each) => (each.retimer ? [each.retimer] : [])))];
  const first = useEnd('Repeater', repeaters[0] ?? link.a);
  const second = useEnd('Repeater', repeaters[1] ?? link.a);
  const between = [first, second].slice(0, repeaters.length).filter((each) => (each.values?.length ?? 0) > 0);
  const findings = openFindings.value.filter((each) => each.subject === link.id || each.place === link.name);
  const why = useAnswer<WhyAnswer>(findings[0] ? address('/api/v1/why', { subject: findings[0].id }) : undefined, EVERY_MS);
  const full = why.data?.findings[0];
  const lanes = full ? badLanes(full) : [];
  const toward = full?.hypotheses.find((each) => each.toward)?.toward;
  /** Bad lanes are told where the signal arrives. */
  const lanesAt = (subject: string): number[] => (toward === undefined || toward === subject ? lanes : []);
  const names = useMemo(() => new Map([...(fabric.value?.deviceById ?? [])].map(([id, device]) => [id, device.name])), [fabric.value]);
  const ends = [a, ...between, b];
  const choices = metricsOf(ends.flatMap((each) => each.series?.series ?? []));
  const choice = choices.find((each) => each.metric === query.get('metric'))
    ?? FIRST.map((key) => choices.find((each) => each.metric === key)).find((each) => each !== undefined) ?? choices[0];
  const sides = ['media', 'host'].filter((side) =>
    ends.some((each) => each.series?.series.some((row) => row.metric === choice?.metric && row.label.startsWith(`${side} `))));
  const marks = findings.flatMap((each) => {
    const at = parseTime(each.since ?? each.opened);
    return at === undefined ? [] : [{ at: at / 1000, text: each.code.replaceAll('_', ' ') }];
  });
  const began = parseTime(findings[0]?.since ?? findings[0]?.opened);
  const level = linkLevels.value.get(link.id) ?? 'ok';
  return (
    <>
      <Heading over={<><a href="/links">Links</a> · {link.protocol}, {countText(link.lanes, 'lane')}</>}><Name text={link.name} /></Heading>
      <p class="under">
        <Badge level={level} />
        {lanes.length > 0 && <strong class="bad-lane" data-lanes={lanes.join(',')}>{lanesText(lanes)}{toward ? <> toward <Name text={toward} /></> : ''}</strong>}
        <a href={address('/timeline', { subject: link.id })}>Timeline</a>
        {elsewhere(link, toward).map(([name, to]) => <a key={to} href={to}>{name}</a>)}
        <a href={address('/compare', { subject: link.id, at: began === undefined ? undefined : minuteText(began) })}>Before and after</a>
      </p>
      {findings.length > 0 && <Panel title="Findings"><FindingList findings={findings} none="" /></Panel>}
      <Panel title="The way of the signal"><PathPicture path={pathOf(link, full, names)} /></Panel>
      <Panel
        title="History"
        more={choice && (
          <span class="controls is-tight">
            <label class="field">metric <select value={choice.metric} onChange={(event) => setQuery({ metric: event.currentTarget.value })}>
              {choices.map((each) => <option key={each.metric} value={each.metric}>{metricText(each.metric)}{functionOf(each.kind) === 'rate' ? ', a second' : ''} {unitText(each.unit) && `(${unitText(each.unit)})`}</option>)}
            </select></label>
            {sides.length > 1 && <label class="field">side <select value={query.get('side') ?? sides[0]} onChange={(event) => setQuery({ side: event.currentTarget.value })}>
              {sides.map((each) => <option key={each} value={each}>{each}</option>)}
            </select></label>}
            <label class="field">last <select value={query.get('window') ?? '10800'} onChange={(event) => setQuery({ window: event.currentTarget.value })}>
              {WINDOWS.map((each) => <option key={each.seconds} value={each.seconds}>{each.name}</option>)}
            </select></label>
          </span>
        )}
      >
        {choice ? <Histories ends={ends} choice={choice} sides={sides} query={query} marks={marks} lanesAt={lanesAt} /> : <Loading what="its series" />}
      </Panel>
      <ActionPanel link={link} />
      <div class={`ends is-${Math.min(2, ends.length)}`}>
        <EndPanel end={a} module={answer.ends[0]?.module} lanes={lanesAt(link.a)} metric={choice?.metric ?? ''} />
        <EndPanel end={b} module={answer.ends[1]?.module} lanes={lanesAt(link.b)} metric={choice?.metric ?? ''} />
        {between.map((each) => <EndPanel key={each.subject} end={each} module={undefined} lanes={lanesAt(each.subject)} metric={choice?.metric ?? ''} />)}
      </div>
    </>
  );
}

export default function LinkView({ params, query }: ViewProps) {
  const id = params['id'] ?? '';
  const answer = useAnswer<LinkAnswer>(`/api/v1/links/${encodeURIComponent(id)}`, EVERY_MS);
  if (answer.data) return <Whole key={answer.data.link.id} answer={answer.data} query={query} />;
  return (
    <>
      <Heading over={<a href="/links">Links</a>}>Link {id}</Heading>
      {answer.error ? <Failed error={answer.error} what="This link" /> : <Loading what="the link" />}
    </>
  );
}
