// SPDX-License-Identifier: Apache-2.0
// What can be done to a link, and what was done. The server first says what an action would write and whom it
// disturbs; only then can it be done. Viewers, and who looks at a server that allows nothing, see why they cannot.
import { useEffect, useRef, useState } from 'preact/hooks';
import { send } from '../api/client';
import type { ActAnswer, ActionKind, ActionRow, ActionsAnswer, Link, UndoAnswer } from '../api/types';
import { parseTime } from '../format/time';
import { doneTo, kindsOf, needsLanes, targetsOf, undoText, type Target } from '../model/actions';
import { actionNews, fabric, mayWrite } from '../state/store';
import { useAnswer } from '../state/use_answer';
import { Failed, Loading, Name, Panel, Time } from './basic';

const EVERY_MS = 30_000;
const ROWS_MOST = 200;
const STATE_WORD: Record<ActionRow['state'], string> = {
  done: 'done', failed: 'failed', open: 'changed until it is undone', undone: 'undone',
};

/** Two presses: what would be, then it is. Anything that changes between takes the first one back. */
function useTwoSteps(ask: (apply: boolean) => Promise<string>, done: () => void): {
  said: { text: string; isOk: boolean } | undefined; isTried: boolean; press: () => void; forget: () => void;
} {
  const [state, setState] = useState<{ said?: { text: string; isOk: boolean }; isTried: boolean; isBusy: boolean }>({ isTried: false, isBusy: false });
  const round = useRef(0);
  const press = (): void => {
    // Not by switching the button off: it would lose the keyboard.
    if (state.isBusy) return;
    const apply = state.isTried;
    const mine = ++round.current;
    setState((before) => ({ ...before, isBusy: true }));
    ask(apply).then(
      (text) => {
        if (mine === round.current) setState({ said: { text, isOk: true }, isTried: !apply, isBusy: false });
        if (apply) done();
      },
      (error: Error) => {
        if (mine === round.current) setState({ said: { text: error.message, isOk: false }, isTried: false, isBusy: false });
        if (apply) done();
      });
  };
  const forget = (): void => {
    round.current++;
    setState({ isTried: false, isBusy: false });
  };
  return { said: state.said, isTried: state.isTried, press, forget };
}

function SaidText({ said }: { said: { text: string; isOk: boolean } | undefined }) {
  if (!said) return null;
  return said.isOk ? <pre class="said" role="status">{said.text}</pre> : <p class="failed" role="alert">{said.text}</p>;
}

function Form({ targets, kinds, done }: { targets: readonly Target[]; kinds: readonly ActionKind[]; done: () => void }) {
  const [at, setAt] = useState(0);
  const [name, setName] = useState('');
  const [value, setValue] = useState('');
  const [lanes, setLanes] = useState('');
  const target = targets[Math.min(at, targets.length - 1)]!;
  const fitting = kindsOf(target, kinds);
  const kind = fitting.find((each) => each.action === name) ?? fitting[0];
  const steps = useTwoSteps(
    (apply) => send<ActAnswer>('POST', '/api/v1/actions', {
      action: kind!.action, target: target.name, apply,
      ...(kind!.value ? { value: value.trim() } : {}), ...(kind!.lanes && lanes.trim() ? { lanes: lanes.trim() } : {}),
    }).then(({ text, applied }) => (applied ? `Done.\n${text}` : text)),
    done);
  if (!kind) return <p class="quiet pad">No action is known for <Name text={target.name} />.</p>;
  const changed = <T,>(set: (value: T) => void, to: T): void => {
    set(to);
    steps.forget();
  };
  const isWhole = (!kind.value || value.trim() !== '') && (!needsLanes(kind) || lanes.trim() !== '');
  return (
    <form class="mark-form action-form" onSubmit={(event) => { event.preventDefault(); if (isWhole) steps.press(); }}>
      {targets.length > 1 && (
        <label>to <select value={String(at)} onChange={(event) => changed(setAt, Number(event.currentTarget.value))}>
          {targets.map((each, index) => <option key={each.name} value={String(index)}>{each.kind === 'link' ? 'the link' : `${each.kind} ${each.name}`}</option>)}
        </select></label>
      )}
      <label>do <select value={kind.action} onChange={(event) => changed(setName, event.currentTarget.value)}>
        {fitting.map((each) => <option key={each.action} value={each.action}>{each.action.replace(/^(link|device) /, '').replaceAll('-', ' ')}</option>)}
      </select></label>
      {kind.value && <label>{kind.value} <input size={12} value={value} onInput={(event) => changed(setValue, event.currentTarget.value)} /></label>}
      {kind.lanes && <label>lanes {kind.lanes} <input size={12} value={lanes} placeholder="0,2" onInput={(event) => changed(setLanes, event.currentTarget.value)} /></label>}
      <button disabled={!isWhole} class={steps.isTried ? 'main' : ''}>{steps.isTried ? 'Do it' : 'Say what it would do'}</button>
      <p class="quiet">Disturbs: {kind.disturbs}. {kind.undo && <>Undo: {kind.undo}.</>}</p>
      <SaidText said={steps.said} />
    </form>
  );
}

function Done({ row, mayUndo, done }: { row: ActionRow; mayUndo: boolean; done: () => void }) {
  const steps = useTwoSteps(
    (apply) => send<UndoAnswer>('POST', `/api/v1/actions/${encodeURIComponent(row.id)}/undo`, { apply }).then(undoText), done);
  return (
    <li>
      <span><b>{row.action}</b> of <Name text={row.target} />, by {row.by}, <Time at={parseTime(row.at)} />: {STATE_WORD[row.state]}
        {row.undone_by && <>, by {row.undone_by} <Time at={parseTime(row.undone_at)} /></>}{row.error && <span class="quiet">: {row.error}</span>}</span>
      {row.state === 'open' && mayUndo && (
        <button type="button" class={steps.isTried ? 'main' : ''} onClick={steps.press} aria-label={`${steps.isTried ? 'Put back' : 'Undo'} ${row.action} of ${row.target}`}>
          {steps.isTried ? 'Put it back' : 'Undo'}
        </button>
      )}
      <SaidText said={steps.said} />
    </li>
  );
}

export function ActionPanel({ link }: { link: Link }) {
  const answer = useAnswer<ActionsAnswer>(`/api/v1/actions?count=${ROWS_MOST}`, EVERY_MS);
  const news = actionNews.value;
  useEffect(() => {
    if (news > 0) answer.again();
  }, [news]);
  const { data, error } = answer;
  const targets = targetsOf(link, fabric.value?.deviceByName ?? new Map());
  const rows = data ? doneTo(targets, data.actions) : [];
  return (
    <Panel title="Actions" id="actions" more={rows.length > 0 ? `${rows.length} done` : undefined}>
      {!data ? (error ? <Failed error={error} what="What can be done" /> : <Loading what="what can be done" />)
        : !data.allowed ? <p class="quiet pad">Nothing can be done from here: {data.refusal}.</p>
        : targets.length === 0 ? <p class="quiet pad">Nothing of this link can be acted on: it has neither registers of PCIe nor modules or retimers.</p>
        : !mayWrite.value ? <p class="quiet pad">Who only views cannot act; an operator's token can.</p>
        : <Form key={link.id} targets={targets} kinds={data.kinds} done={answer.again} />}
      {rows.length > 0 && <ul class="done-list" aria-label="What was done">{rows.map((each) => <Done key={each.id} row={each} mayUndo={mayWrite.value && data!.allowed} done={answer.again} />)}</ul>}
    </Panel>
  );
}
