// SPDX-License-Identifier: Apache-2.0
// A part's passport: where it was from when to when, what was found of it, what it measures now.
import { query as address } from '../api/client';
import type { FindingShort, LastAnswer, PartAnswer, SeriesAnswer } from '../api/types';
import { parseTime } from '../format/time';
import { metricsOf } from '../model/samples';
import { Failed, Heading, Loading, Mark, Name, Panel, PHASE_WORD, Time } from '../parts/basic';
import { HistoryPlot } from '../parts/history';
import { SampleTables } from '../parts/sample_tables';
import { href, type ViewProps } from '../route';
import { fabric } from '../state/store';
import { useAnswer } from '../state/use_answer';

const DAY_S = 86_400;

function Findings({ findings }: { findings: readonly FindingShort[] }) {
  if (findings.length === 0) return <p class="none"><Mark level="ok" title="" /> Nothing was ever found of it.</p>;
  return (
    <ul class="finding-list">
      {findings.map((each) => (
        <li key={each.id} class={each.phase === 'open' ? '' : 'is-grey'}>
          <a class="finding-row" href={href.finding(each.id)}>
            <Mark level={each.level} /><span class="what">{each.sentence}</span>
            <span class="when"><Time at={parseTime(each.since ?? each.opened)} /><span class="quiet">{PHASE_WORD[each.phase]}</span></span>
          </a>
        </li>
      ))}
    </ul>
  );
}

function Now({ subject }: { subject: string }) {
  const last = useAnswer<LastAnswer>(address('/api/v1/last', { subject, since_s: DAY_S, count: 5000 }), 15_000);
  const series = useAnswer<SeriesAnswer>(address('/api/v1/series', { subject, count: 5000 }));
  const choices = metricsOf(series.data?.series ?? []);
  const shown = ['module_temperature', 'temperature', 'module_voltage', 'module_snr', 'lane_figure_of_merit', 'l0_to_recovery']
    .flatMap((key) => choices.filter((each) => each.metric === key)).slice(0, 2);
  return (
    <>
      {shown.length > 0 && <Panel title="The last day"><div class="histories is-2">{shown.map((each) => <HistoryPlot key={each.metric} subject={subject} choice={each} sinceSeconds={DAY_S} height={170} />)}</div></Panel>}
      <Panel title="What it says now">
        {last.data && series.data ? <SampleTables values={last.data.values} series={series.data.series} lanes={[]} metric="" /> : last.error ? <Failed error={last.error} what="Its values" /> : <Loading what="its values" />}
      </Panel>
    </>
  );
}

export default function PartView({ params }: ViewProps) {
  const serial = params['serial'] ?? '';
  const answer = useAnswer<PartAnswer>(`/api/v1/parts/${encodeURIComponent(serial)}`, 30_000);
  const { data } = answer;
  if (!data) {
    return (
      <>
        <Heading over={<a href="/parts">Parts</a>}>{serial}</Heading>
        {answer.error ? <Failed error={answer.error} what="This part" /> : <Loading what="the part" />}
      </>
    );
  }
  const model = fabric.value;
  const { part, places, findings } = data;
  const current = [...places].reverse().find((each) => each.until === undefined);
  const link = current?.planned ? model?.linkByPort.get(current.planned) : undefined;
  return (
    <>
      <Heading over={<><a href="/parts">Parts</a> · {part.of}</>}>{part.serial}</Heading>
      <p class="under">
        <span>{[part.vendor, part.part_number].filter(Boolean).join(' ') || 'vendor and part number not told'}</span>
        <b>{part.is_there ? <>at <Name text={part.place} /></> : <>not there any more; last at <Name text={part.place} /></>}</b>
        {link && <a href={href.link(link.id)}>its link</a>}
      </p>
      <div class="split">
        <Panel title="Where it was">
          <table class="plain">
            <thead><tr><th scope="col">place</th><th scope="col">from</th><th scope="col">until</th></tr></thead>
            <tbody>
              {[...places].reverse().map((each) => {
                const device = model?.deviceByName.get(each.planned ?? '');
                const there = model?.linkByPort.get(each.planned ?? '');
                const name = <Name text={each.planned || `${each.host ?? ''} ${each.name ?? each.subject}`} />;
                return (
                  <tr key={`${each.subject}${each.since}`}>
                    <th scope="row">{device ? <a href={href.device(device.id)}>{name}</a> : there ? <a href={href.link(there.id)}>{name}</a> : name}</th>
                    <td><Time at={parseTime(each.since)} isAbsolute /></td>
                    <td>{each.until ? <Time at={parseTime(each.until)} isAbsolute /> : 'still there'}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </Panel>
        <Panel title="What was found of it"><Findings findings={findings} /></Panel>
      </div>
      {current && <Now subject={current.subject} />}
    </>
  );
}
