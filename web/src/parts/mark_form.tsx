// SPDX-License-Identifier: Apache-2.0
// Tells that people, jobs or repairs were at work, so that what happens meanwhile is judged by it. The server first says what
// it would keep; only then can it be kept. Viewers see why they cannot.
import { useState } from 'preact/hooks';
import { send } from '../api/client';
import type { Mark } from '../api/types';
import { absoluteText, parseTime, spanText } from '../format/time';
import { mayWrite } from '../state/store';
import { Panel } from './basic';

const KINDS: readonly Mark['mark'][] = ['maintenance', 'repair', 'job', 'reboot'];
const SPANS_S = [900, 3600, 7200, 28_800];

interface MarkAnswer {
  applied: boolean;
  mark: Mark;
}

function markText({ mark, subject, from, until, text }: Mark): string {
  const end = parseTime(until);
  return `${mark} of ${subject || 'everything'} from ${absoluteText(parseTime(from) ?? 0)}${end === undefined ? ', open' : ` until ${absoluteText(end)}`}`
    + `${text ? `: ${text}` : ''}`;
}

export function MarkForm({ about, done }: { about: string; done: () => void }) {
  const [kind, setKind] = useState<Mark['mark']>('maintenance');
  const [subject, setSubject] = useState(about);
  const [spanS, setSpanS] = useState(SPANS_S[1]!);
  const [words, setWords] = useState('');
  const [tried, setTried] = useState<{ text: string; isOk: boolean; mark?: Mark }>();
  const body = { mark: kind, subject: subject.trim(), for_s: spanS, text: words.trim() };
  const post = (apply: boolean): void => {
    // What is kept begins when it was shown to begin.
    const from = apply && tried?.mark ? { from: tried.mark.from } : {};
    send<MarkAnswer>('POST', '/api/v1/marks', { ...body, ...from, apply }).then(
      ({ mark }) => {
        setTried(apply ? { text: `Kept: ${markText(mark)}.`, isOk: true } : { text: `It would be kept: ${markText(mark)}.`, isOk: true, mark });
        if (apply) done();
      },
      (error: Error) => setTried({ text: error.message, isOk: false }));
  };
  const changed = <T,>(set: (value: T) => void, value: T): void => {
    set(value);
    setTried(undefined);
  };
  return (
    <Panel title="Tell of work" id="tell">
      <form class="mark-form" onSubmit={(event) => { event.preventDefault(); post(tried?.mark !== undefined); }}>
        <label>what <select value={kind} onChange={(event) => changed(setKind, event.currentTarget.value as Mark['mark'])}>
          {KINDS.map((each) => <option key={each} value={each}>{each}</option>)}
        </select></label>
        <label>of <input size={28} value={subject} placeholder="everything" onInput={(event) => changed(setSubject, event.currentTarget.value)} /></label>
        <label>from now for <select value={String(spanS)} onChange={(event) => changed(setSpanS, Number(event.currentTarget.value))}>
          {SPANS_S.map((each) => <option key={each} value={String(each)}>{spanText(each * 1000)}</option>)}
        </select></label>
        <label>in words <input size={30} value={words} placeholder="who, why" onInput={(event) => changed(setWords, event.currentTarget.value)} /></label>
        <button disabled={!mayWrite.value} class={tried?.mark ? 'main' : ''}>{tried?.mark ? 'Keep it' : 'Say what it would do'}</button>
        {!mayWrite.value && <p class="quiet">Who only views cannot tell marks; an operator's token can.</p>}
        {tried && <p class={tried.isOk ? 'said' : 'failed'} role="status">{tried.text}</p>}
      </form>
    </Panel>
  );
}
