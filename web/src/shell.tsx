// SPDX-License-Identifier: Apache-2.0
// What stands around every view: banner, navigation, whether the server is heard, the list of shortcuts, search.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ComponentType } from 'preact';
import { needsToken, setToken } from './api/client';
import { connection, tryNow } from './api/stream';
import { absoluteText, spanText } from './format/time';
import { numberText, percentText } from './format/units';
import { Mark } from './parts/basic';
import { Search, isSearching } from './parts/search';
import { Tour, isTouring } from './parts/tour';
import { find, routes, type Route, type ViewProps } from './route';
import { worstOf } from './state/findings';
import { go, place } from './state/location';
import { about, hasFindings, isSimulated, now, openFindings, trouble } from './state/store';
import { theme, type Theme } from './state/theme';

function Banner() {
  if (!isSimulated.value) return null;
  return (
    <aside class="banner" aria-label="What this is">
      <strong>Simulated.</strong> A twin of rack {about.value?.fabric}: no machine of yours is shown here.{' '}
      {(about.value?.world?.prepared ?? 1) < 1 && <>Its history is being made: {percentText(about.value!.world!.prepared!)}.</>}
    </aside>
  );
}

/** Whether what is seen is of now; a server that is not heard is said so, with the time of what is still shown. */
function Heard() {
  const { phase, heardAt } = connection.value;
  const [, tick] = useState(0);
  useEffect(() => {
    if (phase !== 'lost') return undefined;
    const timer = window.setInterval(() => tick((before) => before + 1), 1000);
    return () => clearInterval(timer);
  }, [phase]);
  if (phase === 'live') return null;
  if (phase === 'connecting') return <aside class="lost is-calm" aria-label="Connection"><span role="status">Connecting.</span></aside>;
  return (
    <aside class="lost" aria-label="Connection">
      <span role="status">
      <Mark level="unknown" title="" /> The server is not heard.{' '}
      {heardAt === undefined
        ? 'It was not heard yet.'
        : `Last seen at ${absoluteText(heardAt)} by this machine's clock; what is shown is of then.`}
      </span>{' '}
      {heardAt !== undefined && <span class="quiet">{spanText(Date.now() - heardAt)} ago</span>}
      <button type="button" onClick={tryNow}>Try now</button>
    </aside>
  );
}

function Clock() {
  const speed = about.value?.world?.speed;
  const skipping = about.value?.world?.skipping_s ?? 0;
  const world = isSimulated.value;
  return (
    <p class="clock" title={`${absoluteText(now.value)}, ${world ? 'the world\'s time' : 'the server\'s time'}`}>
      <span class={`dot is-${connection.value.phase}`} aria-hidden="true" />
      {absoluteText(now.value).slice(5)}
      {world && skipping > 0 ? <span> skipping {spanText(skipping * 1000)}</span>
        : world && speed !== undefined && <span> {speed === 0 ? 'as fast as it goes' : `×${numberText(speed)}`}</span>}
    </p>
  );
}

function Navigation({ current }: { current: Route | undefined }) {
  const list = routes.filter((each) => each.nav && (!each.isOfTwin || isSimulated.value));
  const count = openFindings.value.length;
  return (
    <nav aria-label="Views">
      {list.map((each) => {
        const isHere = current === each || (current !== undefined && each.path !== '/' && current.path.startsWith(`${each.path}/`));
        return (
          <a key={each.path} href={each.path} class={isHere ? 'is-here' : ''} {...(isHere ? { 'aria-current': 'page' as const } : {})}>
            {each.nav?.name}
            {each.path === '/findings' && count > 0 && (
              <span class={`count is-${worstOf(openFindings.value)}`} aria-label={`${count} not closed`}>{count}</span>
            )}
          </a>
        );
      })}
    </nav>
  );
}

const THEMES: { theme: Theme; name: string }[] = [
  { theme: 'system', name: 'Auto' },
  { theme: 'light', name: 'Light' },
  { theme: 'dark', name: 'Dark' },
];

function Tools({ onKeys }: { onKeys: () => void }) {
  return (
    <div class="tools">
      <button type="button" onClick={() => (isSearching.value = true)} title="Search: press /">Search</button>
      <button type="button" onClick={() => (isTouring.value = true)}>Tour</button>
      <label class="pick">
        <span class="unseen">Colours</span>
        <select value={theme.value} onChange={(event) => (theme.value = event.currentTarget.value as Theme)}>
          {THEMES.map((each) => <option key={each.theme} value={each.theme}>{each.name}</option>)}
        </select>
      </label>
      <button type="button" onClick={onKeys} aria-label="Keyboard shortcuts" title="Keyboard shortcuts: press ?">?</button>
    </div>
  );
}

function Keys({ onClose }: { onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const rows: [string, string][] = [
    ['?', 'this list'],
    ['/', 'search machines, links, parts and findings'],
    ...routes.flatMap((each): [string, string][] =>
      each.nav && (!each.isOfTwin || isSimulated.value) ? [[`g ${each.nav.key}`, each.title]] : []),
    ['j, k', 'next and previous finding, in the list'],
    ['Tab, Enter', 'to the next thing, and open it'],
    ['Esc', 'close what lies over the page'],
  ];
  return (
    <dialog ref={dialog} class="keys" onClose={onClose} aria-label="Keyboard shortcuts">
      <h2>Keyboard shortcuts</h2>
      <table>
        <tbody>
          {rows.map(([key, what]) => (
            <tr key={key}><th scope="row">{key.split(/(, | )/).map((each) => (/^(, | )$/.test(each) ? each : <kbd key={each}>{each}</kbd>))}</th><td>{what}</td></tr>
          ))}
        </tbody>
      </table>
      <form method="dialog"><button>Close</button></form>
    </dialog>
  );
}

function TokenForm() {
  return (
    <form
      class="panel token"
      onSubmit={(event) => {
        event.preventDefault();
        setToken(String(new FormData(event.currentTarget).get('token') ?? ''));
        window.location.reload();
      }}
    >
      <h1 tabIndex={-1}>A token is needed</h1>
      <p>This server answers only those who send its token. It is kept in this tab until the tab is closed.</p>
      <label>Token <input name="token" type="password" autocomplete="off" required /></label>
      <button>Send</button>
    </form>
  );
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

function useShortcuts(onKeys: () => void): void {
  useEffect(() => {
    let isAfterG = false;
    const onKey = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || document.querySelector('dialog[open]')) return;
      const wasAfterG = isAfterG;
      isAfterG = event.key === 'g';
      if (event.key === '?') onKeys();
      else if (event.key === '/') isSearching.value = true;
      else if (wasAfterG) {
        const route = routes.find((each) => each.nav?.key === event.key);
        if (!route) return;
        go(route.path);
      } else return;
      event.preventDefault();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
}

/** The view of the address; the one before stays until the next one's chunk is there. */
function useView(): { route: Route | undefined; View: ComponentType<ViewProps> | undefined; params: Record<string, string>; error: string } {
  const found = find(place.value.path);
  const [loaded, setLoaded] = useState<{ route?: Route; View?: ComponentType<ViewProps>; error: string }>({ error: '' });
  const route = found?.route;
  useEffect(() => {
    if (!route) return undefined;
    let isWanted = true;
    document.title = `${route.title} · Weftline`;
    route.load().then(
      (module) => isWanted && setLoaded({ route, View: module.default, error: '' }),
      () => isWanted && setLoaded({ route, error: 'This view could not be loaded. The server may have another version by now: load the page again.' }),
    );
    return () => {
      isWanted = false;
    };
  }, [route]);
  const isReady = loaded.route === route;
  return { route, View: isReady ? loaded.View : undefined, params: found?.params ?? {}, error: isReady ? loaded.error : '' };
}

export function Shell() {
  const [areKeysShown, setKeysShown] = useState(false);
  useShortcuts(() => setKeysShown(true));
  const { route, View, params, error } = useView();
  const toMain = (event: Event): void => {
    event.preventDefault();
    document.querySelector<HTMLElement>('main h1')?.focus();
  };
  return (
    <>
      <a class="skip" href="#main" onClick={toMain}>Skip to the content</a>
      <Banner />
      <header class="top">
        <a class="brand" href="/" aria-label="Weftline, first page"><img src="/icon.svg" alt="" width="22" height="22" /> Weftline</a>
        <Navigation current={route} />
        <Clock />
        <Tools onKeys={() => setKeysShown(true)} />
      </header>
      <Heard />
      {trouble.value !== '' && connection.value.phase === 'live' && <aside class="lost" aria-label="Trouble"><span role="status">Something could not be asked: {trouble.value}.</span></aside>}
      <main id="main" data-view={route?.path ?? 'none'} data-ready={View && hasFindings.value ? 'yes' : 'no'}>
        {needsToken.value ? <TokenForm />
          : route === undefined ? <><h1 tabIndex={-1}>There is no such page</h1><p><a href="/">To the rack</a></p></>
          : error !== '' ? <p class="failed" role="alert">{error}</p>
          : View ? <View key={place.value.path} params={params} query={place.value.query} />
          : null}
      </main>
      {areKeysShown && <Keys onClose={() => setKeysShown(false)} />}
      {isSearching.value && <Search />}
      {isTouring.value && <Tour />}
    </>
  );
}
