// SPDX-License-Identifier: Apache-2.0
// All findings, by phase of life and by words. j and k go from row to row.
import { useEffect } from 'preact/hooks';
import type { Phase } from '../api/types';
import { countText } from '../format/units';
import { Heading, Loading, Panel } from '../parts/basic';
import { FindingList } from '../parts/finding_list';
import type { ViewProps } from '../route';
import { inOrder } from '../state/findings';
import { setQuery } from '../state/location';
import { findings, hasFindings } from '../state/store';

const SHOWN_MOST = 500;
const CHOICES: { key: string; name: string; phases: readonly Phase[] }[] = [
  { key: '', name: 'Not closed', phases: ['open', 'quiet'] },
  { key: 'open', name: 'Open', phases: ['open'] },
  { key: 'quiet', name: 'Quiet', phases: ['quiet'] },
  { key: 'closed', name: 'Closed', phases: ['closed'] },
  { key: 'all', name: 'All', phases: ['open', 'quiet', 'closed'] },
];

function useRowKeys(): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if ((event.key !== 'j' && event.key !== 'k') || event.target instanceof HTMLInputElement || event.ctrlKey || event.metaKey) return;
      const rows = [...document.querySelectorAll<HTMLAnchorElement>('.finding-row')];
      const at = rows.indexOf(document.activeElement as HTMLAnchorElement);
      rows[event.key === 'j' ? Math.min(rows.length - 1, at + 1) : Math.max(0, at - 1)]?.focus();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
}

export default function FindingsView({ query }: ViewProps) {
  useRowKeys();
  const key = query.get('phase') ?? '';
  const words = (query.get('text') ?? '').toLowerCase();
  const choice = CHOICES.find((each) => each.key === key) ?? CHOICES[0]!;
  const all = inOrder(findings.value);
  const fitting = all.filter((each) => choice.phases.includes(each.phase)
    && `${each.place} ${each.sentence} ${each.cause ?? ''}`.toLowerCase().includes(words));
  return (
    <>
      <Heading>Findings</Heading>
      <div class="controls">
        <div class="segments" role="group" aria-label="Phase of life">
          {CHOICES.map((each) => (
            <button key={each.key} type="button" aria-pressed={each === choice} onClick={() => setQuery({ phase: each.key })}>
              {each.name} <span class="quiet">{all.filter((one) => each.phases.includes(one.phase)).length}</span>
            </button>
          ))}
        </div>
        <label class="field">with the words <input type="search" value={query.get('text') ?? ''} onInput={(event) => setQuery({ text: event.currentTarget.value })} /></label>
      </div>
      <Panel title={countText(fitting.length, 'finding')}>
        {hasFindings.value
          ? <FindingList findings={fitting.slice(0, SHOWN_MOST)} none={all.length === 0 ? 'Nothing was found so far.' : 'None fits.'} />
          : <Loading what="findings" />}
        {fitting.length > SHOWN_MOST && <p class="quiet">The first {SHOWN_MOST} of {fitting.length} are shown; words narrow it.</p>}
      </Panel>
    </>
  );
}
