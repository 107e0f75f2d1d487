// SPDX-License-Identifier: Apache-2.0
// The one table of views: which path shows what. A view of a later chunk is loaded when it is first asked for.
import type { ComponentType } from 'preact';

export interface ViewProps {
  /** What stands in the path: {id} of "/findings/{id}", decoded. */
  params: Record<string, string>;
  query: URLSearchParams;
}

export interface Route {
  path: string;
  title: string;
  /** Stands in the navigation, with its shortcut: g, then this key. */
  nav?: { name: string; key: string };
  /** Only where the fabric is simulated. */
  isOfTwin?: boolean;
  load: () => Promise<{ default: ComponentType<ViewProps> }>;
}

export const routes: readonly Route[] = [
  { path: '/', title: 'Rack', nav: { name: 'Rack', key: 'r' }, load: () => import('./views/rack') },
  { path: '/findings', title: 'Findings', nav: { name: 'Findings', key: 'f' }, load: () => import('./views/findings') },
  { path: '/findings/{id}', title: 'Finding', load: () => import('./views/finding') },
  { path: '/timeline', title: 'Timeline', nav: { name: 'Timeline', key: 't' }, load: () => import('./views/timeline') },
  { path: '/links', title: 'Links', nav: { name: 'Links', key: 'l' }, load: () => import('./views/links') },
  { path: '/links/{id}', title: 'Link', load: () => import('./views/link') },
  { path: '/devices/{id}', title: 'Device', load: () => import('./views/device') },
  { path: '/lanes', title: 'Lanes', nav: { name: 'Lanes', key: 'a' }, load: () => import('./dense/heat_view') },
  { path: '/fec', title: 'FEC histogram', nav: { name: 'FEC', key: 'e' }, load: () => import('./dense/waterfall_view') },
  { path: '/eye', title: 'Eye', nav: { name: 'Eye', key: 'y' }, load: () => import('./dense/eye_view') },
  { path: '/topology', title: 'Topology', nav: { name: 'Topology', key: 'o' }, load: () => import('./dense/topology_view') },
  { path: '/parts', title: 'Parts', nav: { name: 'Parts', key: 'p' }, load: () => import('./views/parts') },
  { path: '/parts/{serial}', title: 'Part', load: () => import('./views/part') },
  { path: '/compare', title: 'Before and after', nav: { name: 'Compare', key: 'c' }, load: () => import('./views/compare') },
  { path: '/world', title: 'World', nav: { name: 'World', key: 'w' }, isOfTwin: true, load: () => import('./views/world') },
];

/** The parameters of a path that fits a pattern; undefined where it does not fit. */
export function match(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = pattern.split('/');
  const given = path.replace(/\/+$/, '').split('/');
  if (pattern === '/') return given.length === 1 && given[0] === '' ? {} : undefined;
  if (wanted.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (let at = 0; at < wanted.length; at++) {
    const name = /^\{(.+)\}$/.exec(wanted[at]!)?.[1];
    if (name === undefined) {
      if (wanted[at] !== given[at]) return undefined;
      continue;
    }
    try {
      params[name] = decodeURIComponent(given[at]!);
    } catch {
      return undefined;
    }
    if (params[name] === '') return undefined;
  }
  return params;
}

export function find(path: string): { route: Route; params: Record<string, string> } | undefined {
  for (const route of routes) {
    const params = match(route.path, path);
    if (params) return { route, params };
  }
  return undefined;
}

export const href = {
  finding: (id: string): string => `/findings/${encodeURIComponent(id)}`,
  link: (id: string): string => `/links/${encodeURIComponent(id)}`,
  device: (id: string): string => `/devices/${encodeURIComponent(id)}`,
  part: (serial: string): string => `/parts/${encodeURIComponent(serial)}`,
};
