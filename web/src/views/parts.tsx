// SPDX-License-Identifier: Apache-2.0
// Parts that told a serial number, to find one's passport.
import { useEffect, useState } from 'preact/hooks';
import { getAll } from '../api/client';
import type { PartRow } from '../api/types';
import { countText } from '../format/units';
import { Failed, Heading, Loading, Name, Panel } from '../parts/basic';
import { href, type ViewProps } from '../route';
import { setQuery } from '../state/location';

const SHOWN = 300;
const MOST = 100_000;

export default function PartsView({ query }: ViewProps) {
  const [parts, setParts] = useState<PartRow[] | undefined>();
  const [error, setError] = useState<Error | undefined>();
  useEffect(() => {
    const abort = new AbortController();
    getAll<PartRow>('/api/v1/parts', 'parts', MOST, abort.signal).then(setParts, (failed: Error) => abort.signal.aborted || setError(failed));
    return () => abort.abort();
  }, []);
  const words = (query.get('text') ?? '').toLowerCase().split(/\s+/).filter((each) => each !== '');
  const fitting = parts?.filter((each) => words.every((word) => `${each.serial} ${each.part_number} ${each.vendor} ${each.of} ${each.place}`.toLowerCase().includes(word)))
    .sort((a, b) => a.place.localeCompare(b.place, 'en', { numeric: true })) ?? [];
  return (
    <>
      <Heading>Parts</Heading>
      <div class="controls">
        <label class="field">serial number, part number or place <input type="search" value={query.get('text') ?? ''} onInput={(event) => setQuery({ text: event.currentTarget.value })} /></label>
      </div>
      <Panel title={parts ? countText(fitting.length, 'part') : 'Parts'}>
        {error ? <Failed error={error} what="Parts" /> : !parts ? <Loading what="parts" /> : fitting.length === 0 ? <p class="quiet">{parts.length === 0 ? 'No part told its serial number so far.' : 'None fits.'}</p> : (
          <div class="scroll" tabIndex={0}>
            <table class="plain">
              <thead><tr><th scope="col">place</th><th scope="col">serial number</th><th scope="col">kind</th><th scope="col">part</th><th scope="col">there now</th></tr></thead>
              <tbody>
                {fitting.slice(0, SHOWN).map((each) => (
                  <tr key={each.serial}>
                    <td><Name text={each.place} /></td>
                    <th scope="row"><a href={href.part(each.serial)}>{each.serial}</a></th>
                    <td>{each.of}</td><td>{[each.vendor, each.part_number].filter(Boolean).join(' ') || <span class="missing">not told</span>}</td>
                    <td>{each.is_there ? 'yes' : 'no'}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
        {fitting.length > SHOWN && <p class="quiet">The first {SHOWN} are shown; words narrow it.</p>}
      </Panel>
    </>
  );
}
