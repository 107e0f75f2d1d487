// SPDX-License-Identifier: Apache-2.0
// Dark or light: as the system says, or as was chosen here.
import { effect, signal } from '@preact/signals';

export type Theme = 'system' | 'light' | 'dark';
const KEY = 'weft.theme';

function kept(): Theme {
  const text = localStorage.getItem(KEY);
  return text === 'light' || text === 'dark' ? text : 'system';
}

export const theme = signal<Theme>(kept());
const system = window.matchMedia('(prefers-color-scheme: dark)');
const systemIsDark = signal(system.matches);
system.addEventListener('change', (event) => (systemIsDark.value = event.matches));

/** What canvases read their colours anew for. */
export const isDark = signal(false);

effect(() => {
  isDark.value = theme.value === 'dark' || (theme.value === 'system' && systemIsDark.value);
  document.documentElement.dataset['theme'] = isDark.value ? 'dark' : 'light';
  if (theme.value === 'system') localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, theme.value);
});

/** The value of a CSS variable, for canvases. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
