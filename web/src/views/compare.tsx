// SPDX-License-Identifier: Apache-2.0
// Before and after a moment, most often a repair: the same series in two windows with their bounds, and whether the
// data tell them apart.
import { query as address } from '../api/client';
import type { CompareAnswer, SeriesAnswer, TimelineAnswer } from '../api/types';
import { labelOf, metricText } from '../format/metric';
import { absoluteText, minuteText, parseTime, spanText } from '../format/time';
import { unitText } from '../format/units';
import { byVerdict, seenText, verdictOf, type Verdict } from '../model/compare';
import { metricsOf, type MetricChoice } from '../model/samples';
import { Failed, Heading, Loading, Mark, Name, NotMeasured, Panel } from '../parts/basic';
import { HistoryPlot } from '../parts/history';
import { href, type ViewProps } from '../route';
import { setQuery } from '../state/location';
import { fabric, now } from '../state/store';
import { useAnswer } from '../state/use_answer';

const ROWS_MOST = 24;
const TABLES_MOST = 8;
const WEEK_S = 604_800;
const FIRST = ['module_pre_fec_ber', 'port_pre_fec_ber', 'lane_bit_errors', 'fec_corrected_bits', 'module_snr', 'port_figure_of_merit', 'lane_figure_of_merit',
  'port_recoveries', 'l0_to_recovery', 'carrier_changes', 'aer_correctable', 'module_temperature', 'temperature'];
const SPANS = [{ s: 900, name: '15 min' }, { s: 3600, name: '1 h' }, { s: 21_600, name: '6 h' }, { s: 86_400, name: '1 d' }];
const LEVEL: Record<Verdict, 'ok' | 'note' | 'unknown' | 'critical'> = {
  better: 'ok', worse: 'critical', less: 'note', more: 'note', 'not told apart': 'note', 'not measured': 'unknown',
};

function Side({ text }: { text: string | undefined }) {
  return text === undefined ? <NotMeasured why="no value in this window" /> : <>{text}</>;
}

function Comparison({ subject, at, windowS, choice }: { subject: string; at: string; windowS: number; choice: MetricChoice }) {
  const answer = useAnswer<CompareAnswer>(address('/api/v1/compare', { metric: choice.metric, subject, at, window_s: windowS }));
  const { data } = answer;
  // Of labels with statistics the current one is told; the others say the same of longer times.
  const rows = data?.series.filter((each) => ['', 'current'].includes(labelOf(each.label).statistic)).sort(byVerdict(choice.metric)) ?? [];
  const changed = rows.filter((each) => each.told === 'less' || each.told === 'more');
  const shown = changed.length > 0 ? changed.slice(0, ROWS_MOST) : rows.slice(0, 4);
  return (
    <Panel title={metricText(choice.metric)} more={data && <>{unitText(data.unit) || 'a number'} · {data.bounds}</>}>
      {!data ? (answer.error ? <Failed error={answer.error} what={metricText(choice.metric)} /> : <Loading what={metricText(choice.metric)} />) : rows.length === 0 ? <p class="quiet">No series of it in either window.</p> : (
        <div class="scroll" tabIndex={0}>
          <table class="plain">
            <thead><tr><th scope="col">where</th><th scope="col" class="number">before</th><th scope="col" class="number">after</th><th scope="col">told</th></tr></thead>
            <tbody>
              {shown.map((each) => {
                const verdict = verdictOf(choice.metric, each.told);
                return (
                  <tr key={`${each.subject}${each.label}`}>
                    <th scope="row"><Name text={each.planned ?? each.name ?? each.subject} /> <span class="quiet">{each.label}</span></th>
                    <td class="number"><Side text={seenText(each.before, choice.metric, data.unit)} /></td>
                    <td class="number"><Side text={seenText(each.after, choice.metric, data.unit)} /></td>
                    <td class="told"><Mark level={LEVEL[verdict]} title="" /> {verdict}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
          {rows.length > shown.length && <p class="quiet">{rows.length - shown.length} more that {changed.length > 0 ? 'are not told apart' : 'say the same'}.</p>}
        </div>
      )}
    </Panel>
  );
}

/** Moments that are worth comparing around: repairs, maintenance, parts that changed, and when findings began. */
function momentsOf(timeline: TimelineAnswer | undefined): { at: string; text: string }[] {
  if (!timeline) return [];
  const marks = timeline.marks.flatMap((each) => [{ at: each.until ?? each.from, text: `${each.mark}${each.text ? `: ${each.text}` : ''}` }]);
  const events = timeline.events.filter((each) => each.at && /repair|maintenance|part_replaced|reboot|link_up/.test(each.kind)).map((each) => ({ at: each.at!, text: each.kind.replaceAll('_', ' ') }));
  const findings = timeline.findings.flatMap((each) => [{ at: minuteText(parseTime(each.since ?? each.opened) ?? 0), text: `it began: ${each.sentence}` }, ...(each.closed ? [{ at: each.closed, text: `it closed: ${each.sentence}` }] : [])]);
  return [...marks, ...events, ...findings].sort((a, b) => b.at.localeCompare(a.at)).slice(0, 40);
}

function Pick({ subject, at, windowS, moments }: { subject: string; at: string; windowS: number; moments: { at: string; text: string }[] }) {
  const model = fabric.value;
  const name = model?.linkById.get(subject)?.name ?? model?.deviceById.get(subject)?.name ?? subject;
  return (
    <div class="controls">
      <label class="field">of <input type="search" size={36} list="things" placeholder="a link, machine or port by its name" value={name}
        onChange={(event) => setQuery({ subject: model?.linkByName.get(event.currentTarget.value)?.id ?? event.currentTarget.value.trim() })} /></label>
      <datalist id="things">{model?.devices.filter((each) => each.parent === undefined).map((each) => <option key={each.id} value={each.name} />)}</datalist>
      <label class="field">moment <input type="text" size={22} placeholder="2026-11-22T19:14:23Z" value={at} onChange={(event) => setQuery({ at: event.currentTarget.value.trim() })} /></label>
      {moments.length > 0 && (
        <label class="field">or <select value={moments.some((each) => each.at === at) ? at : ''} onChange={(event) => setQuery({ at: event.currentTarget.value })}>
          <option value="">one of {moments.length} known moments</option>
          {moments.map((each) => <option key={`${each.at}${each.text}`} value={each.at}>{absoluteText(parseTime(each.at) ?? 0)}, {each.text}</option>)}
        </select></label>
      )}
      <div class="segments" role="group" aria-label="Length of each window">
        {SPANS.map((each) => <button key={each.s} type="button" aria-pressed={each.s === windowS} onClick={() => setQuery({ window: String(each.s) })}>{each.name}</button>)}
      </div>
    </div>
  );
}

export default function CompareView({ query }: ViewProps) {
  const subject = query.get('subject') ?? '';
  const at = query.get('at') ?? '';
  const windowS = Number(query.get('window') ?? 3600);
  const moment = parseTime(at);
  const model = fabric.value;
  const link = model?.linkById.get(subject) ?? model?.linkByName.get(subject);
  const device = model?.deviceById.get(subject) ?? model?.deviceByName.get(subject);
  const timeline = useAnswer<TimelineAnswer>(subject === '' ? undefined : address('/api/v1/timeline', { subject, since_s: WEEK_S }));
  const first = useAnswer<SeriesAnswer>(subject === '' ? undefined : address('/api/v1/series', { subject: link?.a ?? (device ? `${device.name}*` : subject), count: 5000 }));
  const second = useAnswer<SeriesAnswer>(link ? address('/api/v1/series', { subject: link.b, count: 5000 }) : undefined);
  const choices = metricsOf([...(first.data?.series ?? []), ...(second.data?.series ?? [])]);
  const ordered = [...FIRST.flatMap((key) => choices.filter((each) => each.metric === key)), ...choices.filter((each) => !FIRST.includes(each.metric))];
  const isReady = subject !== '' && moment !== undefined;
  const plotted = ordered[0];
  return (
    <>
      <Heading over={link ? <a href={href.link(link.id)}>{link.name}</a> : device ? <a href={href.device(device.id)}>{device.name}</a> : subject}>Before and after</Heading>
      <Pick subject={subject} at={at} windowS={windowS} moments={momentsOf(timeline.data)} />
      {!isReady ? (
        <Panel title="What to compare">
          <p>Name a link, machine or port and a moment: when somebody repaired it, when a part changed, when it got worse. The same series are
            then told for as long before as after, each with its bounds.</p>
          {at !== '' && moment === undefined && <p class="failed">"{at}" is no time; write it as 2026-11-22T19:14:23Z.</p>}
        </Panel>
      ) : (
        <>
          <p class="under">
            <span>{spanText(windowS * 1000)} before and after <b>{absoluteText(moment)}</b></span>
            {now.value < moment + windowS * 1000 && <span class="quiet">the window after is not over yet: {spanText(Math.max(0, now.value - moment))} of it are told</span>}
          </p>
          {plotted && (
            <Panel title="Both windows on one axis" more="UTC">
              <div class={`histories is-${link ? 2 : 1}`}>
                {[link?.a ?? (device ? `${device.name}*` : subject), ...(link ? [link.b] : [])].map((each) => (
                  <div key={each}><h3><Name text={each} /></h3>
                    <HistoryPlot subject={each} choice={plotted} since={new Date(moment - windowS * 1000).toISOString()} until={new Date(Math.min(now.value, moment + windowS * 1000)).toISOString()}
                      marks={[{ at: moment / 1000, text: 'the moment' }]} sync="compare" height={200} {...(plotted.hasStatistics ? { label: 'media * current' } : {})} />
                  </div>
                ))}
              </div>
            </Panel>
          )}
          {first.isLoading ? <Loading what="its series" /> : ordered.length === 0 ? <p><NotMeasured why="no series of it is kept" /></p>
            : <div class="tables">{ordered.slice(0, TABLES_MOST).map((each) => <Comparison key={each.metric} subject={subject} at={at} windowS={windowS} choice={each} />)}</div>}
        </>
      )}
    </>
  );
}
