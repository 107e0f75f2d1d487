// SPDX-License-Identifier: Apache-2.0
// Search over everything with a name: findings, machines and what is in them, links, serial numbers.
import { signal } from '@preact/signals';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Fabric } from '../state/fabric';
import type { Finding } from '../api/types';
import { href } from '../route';
import { go } from '../state/location';
import { fabric, openFindings } from '../state/store';

export const isSearching = signal(false);
const MOST = 12;

interface Hit {
  kind: string;
  text: string;
  more: string;
  to: string;
}

/** Every word must stand somewhere; hits whose name begins with the first word come first. */
export function hitsOf(model: Fabric | undefined, findings: readonly Finding[], text: string): Hit[] {
  const words = text.toLowerCase().split(/\s+/).filter((each) => each !== '');
  if (words.length === 0) return [];
  const fits = (all: string): boolean => words.every((each) => all.toLowerCase().includes(each));
  const out: Hit[] = [];
  for (const each of findings) {
    if (fits(`${each.place} ${each.sentence} ${each.code} ${each.id}`)) {
      out.push({ kind: 'finding', text: each.place, more: each.sentence, to: href.finding(each.id) });
    }
  }
  for (const each of model?.devices ?? []) {
    const serial = each.part?.serial ?? '';
    if (fits(`${each.name} ${each.kind} ${serial}`)) {
      out.push({ kind: each.kind, text: each.name, more: serial, to: href.device(each.id) });
    }
  }
  for (const each of model?.links ?? []) {
    if (fits(`${each.name} ${each.protocol}`)) {
      out.push({ kind: 'link', text: each.name, more: `${each.protocol} x${each.lanes}`, to: href.link(each.id) });
    }
    if (out.length > 2000) break;
  }
  const rank = (hit: Hit): number => (hit.kind === 'finding' ? 0 : hit.text.toLowerCase().startsWith(words[0]!) ? 1 : 2);
  return out.sort((a, b) => rank(a) - rank(b) || a.text.length - b.text.length || a.text.localeCompare(b.text, 'en', { numeric: true }));
}

export function Search() {
  const dialog = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const hits = useMemo(() => hitsOf(fabric.value, openFindings.value, text), [text, fabric.value, openFindings.value]);
  const shown = hits.slice(0, MOST);
  useEffect(() => {
    dialog.current?.showModal();
    return () => dialog.current?.close();
  }, []);
  const open = (hit: Hit | undefined): void => {
    const serial = text.trim();
    isSearching.value = false;
    if (hit) go(hit.to);
    else if (serial !== '') go(href.part(serial));
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowDown') setAt(Math.min(at + 1, shown.length - 1));
    else if (event.key === 'ArrowUp') setAt(Math.max(0, at - 1));
    else if (event.key === 'Enter') open(shown[at]);
    else return;
    event.preventDefault();
  };
  return (
    <dialog ref={dialog} class="search" aria-label="Search" onClose={() => (isSearching.value = false)}>
      <input
        type="text" role="combobox" aria-expanded={shown.length > 0} aria-controls="hits" aria-label="Search for"
        {...(shown[at] ? { 'aria-activedescendant': `hit-${at}` } : {})}
        placeholder="server2/nic3, leaf3 port2, a serial number, a finding" value={text} autofocus
        onInput={(event) => { setText(event.currentTarget.value); setAt(0); }} onKeyDown={onKey}
      />
      <ul id="hits" role="listbox" aria-label="Found">
        {shown.map((hit, index) => (
          <li key={hit.to} id={`hit-${index}`} role="option" aria-selected={index === at} class={index === at ? 'is-here' : ''}
            onMouseEnter={() => setAt(index)} onClick={() => open(hit)}>
            <span class="kind">{hit.kind}</span> <span class="text">{hit.text}</span> <span class="quiet">{hit.more}</span>
          </li>
        ))}
      </ul>
      <p class="quiet">
        {text.trim() === '' ? 'Arrow keys choose, Enter opens.'
          : hits.length === 0 ? 'Nothing has such a name. Enter looks for a part with this serial number.'
          : hits.length > MOST ? `${MOST} of ${hits.length}; more letters narrow it.` : `${hits.length} found.`}
      </p>
    </dialog>
  );
}
