// SPDX-License-Identifier: Apache-2.0
// That somebody has seen a finding: nobody is told of it again until it gets worse, comes back, or the time is over.
import { useState } from 'preact/hooks';
import { send } from '../api/client';
import type { Finding } from '../api/types';
import { parseTime, spanText } from '../format/time';
import { mayWrite } from '../state/store';
import { Panel, Time } from './basic';

/** 0: until it changes. */
const SPANS_S = [0, 3600, 28_800, 86_400];

export function Acknowledge({ finding }: { finding: Finding }) {
  const [words, setWords] = useState('');
  const [spanS, setSpanS] = useState(0);
  const [error, setError] = useState('');
  const [isBusy, setBusy] = useState(false);
  const known = finding.acknowledged;
  const path = `/api/v1/findings/${encodeURIComponent(finding.id)}/acknowledge`;
  // The stream tells of what has become of it.
  const ask = (done: () => Promise<unknown>): void => {
    if (isBusy) return;
    setBusy(true);
    setError('');
    done().catch((reason: Error) => setError(reason.message)).finally(() => setBusy(false));
  };
  const take = (): void => ask(() => send('POST', path, { text: words.trim(), apply: true, ...(spanS > 0 ? { for_s: spanS } : {}) }));
  const drop = (): void => ask(() => send('DELETE', `${path}?apply=true`));
  if (finding.phase === 'closed' && !known) return null;
  return (
    <Panel title="Who has seen it" id="seen">
      {known ? (
        <div class="mark-form">
          <p class="said" role="status">Acknowledged by {known.by} <Time at={parseTime(known.at)} />
            {known.until && <>, until <Time at={parseTime(known.until)} isAbsolute /></>}{known.text && `: ${known.text}`}.</p>
          <button type="button" disabled={!mayWrite.value} onClick={drop}>Take it back</button>
        </div>
      ) : (
        <form class="mark-form" onSubmit={(event) => { event.preventDefault(); take(); }}>
          <label>in words <input size={24} value={words} placeholder="who, what is planned" onInput={(event) => setWords(event.currentTarget.value)} /></label>
          <label>for <select value={String(spanS)} onChange={(event) => setSpanS(Number(event.currentTarget.value))}>
            {SPANS_S.map((each) => <option key={each} value={String(each)}>{each === 0 ? 'as long as it stays as it is' : spanText(each * 1000)}</option>)}
          </select></label>
          <button disabled={!mayWrite.value}>I have seen it</button>
          <p class="quiet">{mayWrite.value ? 'Nobody is told of it again until it gets worse or comes back.' : 'Who only views cannot acknowledge; an operator\'s token can.'}</p>
        </form>
      )}
      {error && <p class="failed" role="alert">{error}</p>}
    </Panel>
  );
}
