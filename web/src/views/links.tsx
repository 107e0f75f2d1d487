// SPDX-License-Identifier: Apache-2.0
// All links, those with findings first; by words, protocol and state.
import { Heading, LEVEL_WORD, Loading, Mark, Name, Panel } from '../parts/basic';
import type { Level } from '../api/types';
import { countText, lengthText } from '../format/units';
import { href, type ViewProps } from '../route';
import { byName } from '../state/fabric';
import { setQuery } from '../state/location';
import { fabric, linkLevels } from '../state/store';

const SHOWN = 200;
const ORDER: Level[] = ['critical', 'warning', 'unknown', 'note', 'ok'];

export default function LinksView({ query }: ViewProps) {
  const model = fabric.value;
  if (!model) return <><Heading>Links</Heading><Loading what="the fabric" /></>;
  const words = (query.get('text') ?? '').toLowerCase().split(/\s+/).filter((each) => each !== '');
  const protocol = query.get('protocol') ?? '';
  const onlyWrong = query.get('wrong') === '1';
  const levelOf = (id: string): Level => linkLevels.value.get(id) ?? 'ok';
  const fitting = model.links
    .filter((each) => (protocol === '' || each.protocol === protocol)
      && words.every((word) => each.name.toLowerCase().includes(word))
      && (!onlyWrong || levelOf(each.id) !== 'ok'))
    .sort((x, y) => ORDER.indexOf(levelOf(x.id)) - ORDER.indexOf(levelOf(y.id)) || byName(x, y));
  return (
    <>
      <Heading>Links</Heading>
      <div class="controls">
        <label class="field">with the words <input type="search" value={query.get('text') ?? ''} onInput={(event) => setQuery({ text: event.currentTarget.value })} /></label>
        <label class="field">protocol <select value={protocol} onChange={(event) => setQuery({ protocol: event.currentTarget.value })}>
          <option value="">all</option>
          {model.totals.map((each) => <option key={each.protocol} value={each.protocol}>{each.protocol}</option>)}
        </select></label>
        <label class="field"><input type="checkbox" checked={onlyWrong} onChange={(event) => setQuery({ wrong: event.currentTarget.checked ? '1' : undefined })} /> only those with findings</label>
      </div>
      <Panel title={countText(fitting.length, 'link')}>
        <div class="scroll" tabIndex={0}>
          <table class="plain">
            <thead><tr><th scope="col">state</th><th scope="col">link</th><th scope="col">protocol</th><th scope="col" class="number">lanes</th><th scope="col">over</th></tr></thead>
            <tbody>
              {fitting.slice(0, SHOWN).map((each) => (
                <tr key={each.id}>
                  <td><Mark level={levelOf(each.id)} title="" /> {LEVEL_WORD[levelOf(each.id)]}</td>
                  <th scope="row"><a href={href.link(each.id)}><Name text={each.name} /></a></th>
                  <td>{each.protocol}</td><td class="number">{each.lanes}</td>
                  <td class="quiet">{each.segments.map((one) => `${one.medium}${one.length_mm === undefined ? '' : ` ${lengthText(one.length_mm)}`}`).join(', ')}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        {fitting.length > SHOWN && <p class="quiet">The first {SHOWN} are shown; words narrow it.</p>}
      </Panel>
    </>
  );
}
