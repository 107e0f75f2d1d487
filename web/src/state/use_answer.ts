// SPDX-License-Identifier: Apache-2.0
// One answer of the API inside a view: asked when the address changes and again at a pace, the old one kept on the
// screen until the new one is there.
import { useEffect, useState } from 'preact/hooks';
import { get } from '../api/client';
import { connection } from '../api/stream';
import { sawNow } from './store';

export interface Answer<T> {
  data?: T;
  error?: Error;
  isLoading: boolean;
  /** Asks at once, after something was changed. */
  again: () => void;
}

export function useAnswer<T>(path: string | undefined, everyMs = 0): Answer<T> {
  const [state, setState] = useState<{ path?: string; data?: T; error?: Error }>({});
  const [round, setRound] = useState(0);
  const isBack = connection.value.phase === 'live';
  useEffect(() => {
    if (path === undefined) return undefined;
    const abort = new AbortController();
    let timer: number | undefined;
    const ask = async (): Promise<void> => {
      if (document.visibilityState === 'visible') {
        try {
          const data = await get<T>(path, abort.signal);
          sawNow((data as { now?: string }).now);
          setState((before) => (before.path === path && before.data === data && !before.error ? before : { path, data }));
        } catch (error) {
          if (abort.signal.aborted) return;
          setState((before) => ({
            path,
            ...(before.path === path && before.data !== undefined ? { data: before.data } : {}),
            error: error instanceof Error ? error : new Error(String(error)),
          }));
        }
      }
      if (everyMs > 0 && !abort.signal.aborted) timer = window.setTimeout(() => void ask(), everyMs);
    };
    void ask();
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [path, everyMs, round, isBack]);
  const isOfPath = state.path === path;
  return {
    ...(isOfPath && state.data !== undefined ? { data: state.data } : {}),
    ...(isOfPath && state.error ? { error: state.error } : {}),
    isLoading: path !== undefined && (!isOfPath || (state.data === undefined && !state.error)),
    again: () => setRound((before) => before + 1),
  };
}
