// SPDX-License-Identifier: Apache-2.0
// Where the page is: the address bar as a signal. Links inside the page change it without loading anything.
import { signal } from '@preact/signals';

export interface Place {
  path: string;
  query: URLSearchParams;
}

const read = (): Place => ({ path: window.location.pathname, query: new URLSearchParams(window.location.search) });
export const place = signal<Place>(read());

export function go(href: string, how: 'push' | 'replace' = 'push'): void {
  if (how === 'push') history.pushState(null, '', href);
  else history.replaceState(null, '', href);
  const before = place.value.path;
  place.value = read();
  if (place.value.path !== before) arrived();
}

/** Changes one parameter of the address, so that what is shown can be sent to somebody. */
export function setQuery(values: Record<string, string | undefined>): void {
  const query = new URLSearchParams(place.value.query);
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined || value === '') query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  go(`${place.value.path}${text ? `?${text}` : ''}`, 'replace');
}

/** A new view begins at its heading, for eyes and for screen readers. */
function arrived(): void {
  window.scrollTo(0, 0);
  requestAnimationFrame(() => document.querySelector<HTMLElement>('main h1')?.focus({ preventScroll: true }));
}

export function listen(): void {
  window.addEventListener('popstate', () => {
    place.value = read();
    arrived();
  });
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const anchor = (event.target as Element | null)?.closest?.('a[href]');
    const href = anchor?.getAttribute('href') ?? '';
    if (!anchor || anchor.hasAttribute('target') || !href.startsWith('/') || /^\/(api|metrics)(\/|$|\?)/.test(href)) return;
    event.preventDefault();
    go(href);
  });
}
