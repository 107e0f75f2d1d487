// SPDX-License-Identifier: Apache-2.0
// Small things that every view uses: states with shape and word, times, values, panels, what is missing.
import type { ComponentChildren } from 'preact';
import type { Level, Phase } from '../api/types';
import { ApiError } from '../api/client';
import { absoluteText, agoText, splitTimes } from '../format/time';
import { now } from '../state/store';

/** A state's shape: a reader who sees no colour sees this. */
const SHAPE: Record<Level, string> = {
  ok: 'M4.5 8.3 7 10.8 11.7 5.6',
  note: 'M8 4.5v.1M8 7.2v4.3',
  unknown: 'M5.9 6.1c.2-2.6 4.4-2.4 4.2.1-.1 1.5-2.1 1.6-2.1 3.1M8 11.6v.1',
  warning: 'M8 5.6v3.6M8 11.6v.1',
  critical: 'M5.4 5.4l5.2 5.2M10.6 5.4l-5.2 5.2',
};
const OUTLINE: Record<Level, string> = {
  ok: 'M8 1.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 0 1 0-13z',
  note: 'M8 1.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 0 1 0-13z',
  unknown: 'M8 1 15 8 8 15 1 8z',
  warning: 'M8 1.4 15.2 14.2H.8z',
  critical: 'M5.1 1h5.8L15 5.1v5.8L10.9 15H5.1L1 10.9V5.1z',
};
export const LEVEL_WORD: Record<Level, string> = {
  ok: 'nothing found', note: 'note', unknown: 'undecided', warning: 'up but wrong', critical: 'critical',
};
export const PHASE_WORD: Record<Phase, string> = { open: 'open', quiet: 'quiet: not seen lately', closed: 'closed' };

export function Mark({ level, title }: { level: Level; title?: string }) {
  // An empty title: the words stand beside it already.
  const said = title === '' ? { 'aria-hidden': true as const } : { role: 'img' as const, 'aria-label': title ?? LEVEL_WORD[level] };
  return (
    <svg class={`mark is-${level}`} viewBox="0 0 16 16" {...said}>
      <path class="outline" d={OUTLINE[level]} />
      <path class="shape" d={SHAPE[level]} />
    </svg>
  );
}

export function Badge({ level, phase }: { level: Level; phase?: Phase }) {
  return (
    <span class={`badge is-${level}`}>
      <Mark level={level} title="" />
      {LEVEL_WORD[level]}
      {phase && phase !== 'open' ? `, ${phase}` : ''}
    </span>
  );
}

/** How long ago, absolute on hover; `isAbsolute` turns it round. */
export function Time({ at, isAbsolute = false }: { at: number | undefined; isAbsolute?: boolean }) {
  if (at === undefined) return <span class="missing">not told</span>;
  const absolute = absoluteText(at);
  const ago = agoText(at, now.value);
  return (
    <time dateTime={new Date(at).toISOString()} title={isAbsolute ? ago : absolute}>
      {isAbsolute ? absolute : ago}
    </time>
  );
}

/** A sentence of the API with its times made readable. */
export function Said({ text }: { text: string }) {
  return <>{splitTimes(text).map((each) => (typeof each === 'string' ? each : <Time key={each} at={each} isAbsolute />))}</>;
}

export const REASON_WORD: Record<string, string> = {
  needs_root: 'needs root', not_provided: 'not given by this source', not_supported: 'not supported by the device',
  unreadable: 'could not be read', garbled: 'garbled', not_applicable: 'does not apply', not_modelled: 'not modelled yet',
  asleep: 'asleep; reading it would wake it', gap: 'nobody looked',
};

/** Never an empty cell and never 0: that it was not measured, and why. */
export function NotMeasured({ why }: { why: string }) {
  const words = REASON_WORD[why] ?? why.replaceAll('_', ' ');
  return (
    <span class="not-measured" title={`not measured: ${words}`}>
      <span class="hatch" aria-hidden="true" /> not measured: {words}
    </span>
  );
}

export function Panel({ title, more, children, id }: { title: string; more?: ComponentChildren; children: ComponentChildren; id?: string }) {
  return (
    <section class="panel" aria-label={title} {...(id ? { id } : {})}>
      <header>
        <h2>{title}</h2>
        {more !== undefined && <div class="more">{more}</div>}
      </header>
      {children}
    </section>
  );
}

export function Heading({ children, over }: { children: ComponentChildren; over?: ComponentChildren }) {
  return (
    <div class="heading">
      {over !== undefined && <p class="over">{over}</p>}
      <h1 tabIndex={-1}>{children}</h1>
    </div>
  );
}

export function Loading({ what }: { what: string }) {
  return <p class="quiet" role="status">Asking for {what}.</p>;
}

export function Failed({ error, what }: { error: Error; what: string }) {
  const hint = error instanceof ApiError ? error.problem.hint : undefined;
  return (
    <p class="failed" role="alert">
      {what} could not be had: {error.message}. {hint}
    </p>
  );
}

/** Names long enough to need it may break at their slashes and dashes. */
export function Name({ text }: { text: string }) {
  return <span class="name">{text.split(/(?<=\/|--)/).flatMap((each, at) => (at === 0 ? [each] : [<wbr key={at} />, each]))}</span>;
}
