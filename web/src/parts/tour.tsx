// SPDX-License-Identifier: Apache-2.0
// The guided tour: find it, explain it, see what fixing would do. Each step points at what is on the page by itself;
// nothing in it is canned, so that it works for whatever is wrong now.
import { signal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import { href } from '../route';
import { go, place } from '../state/location';
import { openFindings } from '../state/store';

export const isTouring = signal(false);

interface Step {
  title: string;
  text: string;
  /** What is pointed at. */
  at: string;
  to: () => string | undefined;
}

/** A finding of one link draws a way of the signal; one that several links share does not. */
const first = () => openFindings.value.find((each) => each.phase === 'open' && each.subject?.startsWith('lnk-')) ?? openFindings.value[0];
const STEPS: readonly Step[] = [
  {
    title: '1 of 3: find it',
    text: 'This is the rack as it stands. A machine that something is wrong with has a mark of another shape and colour, and so has the part '
      + 'on its front. The list beside it names each finding in a sentence, worst first. A hatched machine was not heard: that is not the same as well.',
    at: '.rack, .summary-list',
    to: () => '/',
  },
  {
    title: '2 of 3: explain it',
    text: 'The finding says which lane, in which direction, and draws the way of the signal from one SerDes to the other. Each stretch carries '
      + 'how much of the belief lies there. Below stand the measurements that speak for it, and those against.',
    at: '.path-panel',
    to: () => (first() ? href.finding(first()!.id) : undefined),
  },
  {
    title: '3 of 3: see what fixing would do',
    text: 'The next step is the cheapest that helps, and beside it stands what it disturbs and what its outcome would decide. In a twin you can '
      + 'clear the fault on the World page and watch; before and after lays both windows side by side with their bounds.',
    at: '.next-panel',
    to: () => (first() ? href.finding(first()!.id) : undefined),
  },
];

export function Tour() {
  const [at, setAt] = useState(0);
  const step = STEPS[at]!;
  const to = step.to();
  const here = place.value.path;
  useEffect(() => {
    if (to && here !== to) go(to);
  }, [at, to]);
  useEffect(() => {
    const marked: Element[] = [];
    const timer = window.setInterval(() => {
      const found = [...document.querySelectorAll(step.at)];
      if (found.length === 0) return;
      clearInterval(timer);
      found.forEach((each) => each.classList.add('is-pointed-at'));
      found[0]!.scrollIntoView({ block: 'center', behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth' });
      marked.push(...found);
    }, 150);
    return () => {
      clearInterval(timer);
      marked.forEach((each) => each.classList.remove('is-pointed-at'));
    };
  }, [at]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === 'Escape') isTouring.value = false;
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
  return (
    <div class="tour" role="dialog" aria-label="Guided tour">
      <h2>{step.title}</h2>
      <p aria-live="polite">{to ? step.text : 'Nothing is wrong at the moment, so there is nothing to explain. In a twin, inject a fault on the World page.'}</p>
      <div class="buttons">
        <button type="button" disabled={at === 0} onClick={() => setAt(at - 1)}>Back</button>
        {at < STEPS.length - 1
          ? <button type="button" class="main" onClick={() => setAt(at + 1)}>Next</button>
          : <button type="button" class="main" onClick={() => (isTouring.value = false)}>Done</button>}
        <button type="button" onClick={() => (isTouring.value = false)}>Close</button>
      </div>
    </div>
  );
}
