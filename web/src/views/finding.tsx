// SPDX-License-Identifier: Apache-2.0
// One finding: the sentence, the bad lane, the way of the signal with each stretch's verdict, the evidence line by
// line, who merely suffers, the next step and what would settle it.
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { Evidence, FullFinding, Hypothesis, WhyAnswer } from '../api/types';
import { query as address } from '../api/client';
import { minuteText, parseTime } from '../format/time';
import { countText, percentText } from '../format/units';
import { badLanes, lanesText, pathOf } from '../model/path';
import { Acknowledge } from '../parts/acknowledge';
import { ActionPanel } from '../parts/action_panel';
import { Badge, Failed, Heading, Loading, Mark, Name, Panel, Said, Time } from '../parts/basic';
import { PathPicture } from '../parts/path_picture';
import { href, type ViewProps } from '../route';
import { fabric, findings, isSimulated } from '../state/store';
import { useAnswer } from '../state/use_answer';

const EVERY_MS = 10_000;
const EVIDENCE_SHOWN = 8;
const VICTIMS_SHOWN = 16;

interface Cause {
  words: string;
  probability: number;
  places: { text: string; probability: number }[];
  part: Hypothesis['part'];
}

const SEGMENT_WORD: Record<string, string> = {
  serdes_a: 'SerDes of a', board_a: 'board of a', module_a: 'module at a', retimer: 'retimer', connector: 'contacts', cable: 'cable',
  fibre: 'fibre', module_b: 'module at b', board_b: 'board of b', serdes_b: 'SerDes of b', shared: 'shared', unknown: 'place not known',
};

/** One row a cause, its places in it. */
function causesOf(finding: FullFinding): Cause[] {
  const out = new Map<string, Cause>();
  for (const each of finding.hypotheses) {
    const cause = out.get(each.cause) ?? { words: each.words, probability: 0, places: [], part: each.part };
    cause.probability += each.probability;
    cause.places.push({ text: SEGMENT_WORD[each.segment] ?? each.segment, probability: each.probability });
    out.set(each.cause, cause);
  }
  return [...out.values()].sort((a, b) => b.probability - a.probability);
}

/** The first of a long list; the others when asked for. */
function Few<T>({ of, most, what, list }: { of: readonly T[]; most: number; what: string; list: (some: readonly T[]) => ComponentChildren }) {
  const [isWhole, setWhole] = useState(false);
  return (
    <>
      {list(isWhole ? of : of.slice(0, most))}
      {of.length > most && <p><button type="button" onClick={() => setWhole(!isWhole)}>{isWhole ? 'Show fewer' : `Show ${countText(of.length - most, `more ${what}`)}`}</button></p>}
    </>
  );
}

function Victim({ name }: { name: string }) {
  const link = fabric.value?.linkByName.get(name);
  const device = fabric.value?.deviceByName.get(name);
  const words = <><Mark level="note" title="" /> <Name text={name} /></>;
  return link ? <a href={href.link(link.id)}>{words}</a> : device ? <a href={href.device(device.id)}>{words}</a> : words;
}

function Bar({ share }: { share: number }) {
  return <span class="bar" aria-hidden="true"><i style={{ width: `${Math.max(1, share * 100)}%` }} /></span>;
}

function Causes({ finding }: { finding: FullFinding }) {
  return (
    <div class="scroll" tabIndex={0}><table class="plain causes">
      <thead><tr><th scope="col">cause</th><th scope="col">where</th><th scope="col">part to replace</th><th scope="col" class="number">belief</th><th scope="col"><span class="unseen">as a bar</span></th></tr></thead>
      <tbody>
        {causesOf(finding).map((each) => (
          <tr key={each.words}>
            <th scope="row">{each.words}</th>
            <td>{each.places.map((one) => one.text).join(', ')}</td>
            <td>{each.part ? <PartLine part={each.part} /> : <span class="missing">no data name a part</span>}</td>
            <td class="number">{percentText(each.probability)}</td>
            <td><Bar share={each.probability} /></td>
          </tr>
        ))}
        <tr class="is-grey"><th scope="row">something else</th><td /><td /><td class="number">{percentText(finding.unknown)}</td><td><Bar share={finding.unknown} /></td></tr>
      </tbody>
    </table></div>
  );
}

function PartLine({ part }: { part: NonNullable<Hypothesis['part']> }) {
  return <>{part.kind} {part.number ?? ''} {part.serial ? <a href={href.part(part.serial)}>{part.serial}</a> : <span class="missing">serial not known</span>}</>;
}

function EvidenceLine({ evidence, link }: { evidence: Evidence; link: string | undefined }) {
  const to = evidence.metric && link ? `${href.link(link)}?metric=${encodeURIComponent(evidence.metric)}` : undefined;
  return (
    <li class={evidence.speaks_against ? 'is-against' : 'is-for'}>
      <span class="sign">{evidence.speaks_against ? 'against' : 'for'}</span>
      <span><Said text={evidence.text} />{evidence.at && !evidence.text.includes(evidence.at) && <span class="quiet"> (seen <Time at={parseTime(evidence.at)} />)</span>}</span>
      {to && <a href={to}>history</a>}
    </li>
  );
}

function Story({ finding }: { finding: FullFinding }) {
  const subject = finding.link?.id ?? finding.subject;
  const since = parseTime(finding.since ?? finding.opened);
  return (
    <p class="actions">
      {finding.link && <a class="button" href={href.link(finding.link.id)}>Every sample of the link</a>}
      <a class="button" href={address('/timeline', { subject })}>Timeline of it</a>
      {finding.link && <a class="button" href={address('/compare', { subject: finding.link.id, at: since === undefined ? undefined : minuteText(since) })}>Before and after</a>}
      {isSimulated.value && <a class="button" href="/world">The world's faults</a>}
    </p>
  );
}

function Whole({ finding }: { finding: FullFinding }) {
  const model = fabric.value;
  const link = finding.link ? model?.linkById.get(finding.link.id) : undefined;
  const names = new Map([...(model?.deviceById ?? [])].map(([id, device]) => [id, device.name]));
  const lanes = badLanes(finding);
  const toward = finding.hypotheses.find((each) => each.toward)?.toward;
  const closed = parseTime(finding.closed);
  const listed = findings.value.get(finding.id);
  return (
    <>
      <Heading over={<><a href="/findings">Findings</a> · {finding.code.replaceAll('_', ' ')}</>}>
        <Name text={finding.place} />: {finding.sentence}
      </Heading>
      <p class="under">
        <Badge level={finding.level} phase={finding.phase} />
        {link && <strong class="bad-lane" data-lanes={lanes.join(',')}>{lanesText(lanes)}{toward ? <> toward <Name text={toward} /></> : ''}</strong>}
        <span>since <Time at={parseTime(finding.since ?? finding.opened)} isAbsolute /></span>
        <span class="quiet">found <Time at={parseTime(finding.opened)} />{closed !== undefined && <>, closed <Time at={closed} /></>}{finding.recurrences > 0 && `, came back ${countText(finding.recurrences, 'time')}`}</span>
      </p>
      {link && (
        <section class="panel path-panel" aria-label="The way of the signal">
          <header><h2>The way of the signal</h2></header>
          <PathPicture path={pathOf(link, finding, names)} />
        </section>
      )}
      <div class="split">
        <div>
          <Panel title="Evidence">
            {finding.evidence.length === 0 ? <p class="quiet">None is kept with it.</p>
              : <Few most={EVIDENCE_SHOWN} what="line" of={finding.evidence} list={(some) => (
                <ul class="evidence">{some.map((each, at) => <EvidenceLine key={at} evidence={each} link={finding.link?.id} />)}</ul>)} />}
          </Panel>
          <Panel title="What it may be"><Causes finding={finding} /></Panel>
        </div>
        <div>
          <section class="panel next-panel" aria-label="Next step">
            <header><h2>Next step</h2></header>
            <p class="next">{finding.next_step || 'Nothing is asked of you yet: it is watched.'}</p>
            <Story finding={finding} />
          </section>
          {listed && <Acknowledge finding={listed} />}
          {link && <ActionPanel link={link} />}
          <Panel title="What would settle it">
            {finding.tests.length === 0 ? <p class="quiet">No test would tell more.</p> : (
              <ol class="tests">
                {finding.tests.map((each) => (
                  <li key={each.action}><b>{each.action}</b><p>{each.decides}</p><p class="quiet">Disturbs {each.disturbs}.</p></li>
                ))}
              </ol>
            )}
          </Panel>
          <Panel title="Who merely suffers">
            {finding.victim_names.length === 0 ? <p class="quiet">Nobody that is known.</p>
              : <Few most={VICTIMS_SHOWN} what="victim" of={finding.victim_names} list={(some) => (
                <ul class="victims">{some.map((each) => <li key={each}><Victim name={each} /></li>)}</ul>)} />}
          </Panel>
          {finding.earlier_serials && finding.earlier_serials.length > 0 && (
            <Panel title="Parts that were here before">
              <ul>{finding.earlier_serials.map((each) => <li key={each}><a href={href.part(each)}>{each}</a></li>)}</ul>
            </Panel>
          )}
        </div>
      </div>
    </>
  );
}

export default function FindingView({ params }: ViewProps) {
  const id = params['id'] ?? '';
  const answer = useAnswer<WhyAnswer>(address('/api/v1/why', { subject: id }), EVERY_MS);
  const finding = answer.data?.findings.find((each) => each.id === id) ?? answer.data?.findings[0];
  if (finding) return <Whole finding={finding} />;
  return (
    <>
      <Heading over={<a href="/findings">Findings</a>}>Finding {id}</Heading>
      {answer.error ? <Failed error={answer.error} what="This finding" /> : answer.isLoading ? <Loading what="the finding" /> : <p>There is no such finding, or it is closed and no longer kept. <a href="/findings?phase=all">All findings</a></p>}
    </>
  );
}
