// SPDX-License-Identifier: Apache-2.0
// The way of a signal as a row of stretches, each with its verdict in colour, pattern and words.
import type { Path, Stretch } from '../model/path';
import { percentText } from '../format/units';
import { href } from '../route';
import { fabric } from '../state/store';
import { Name } from './basic';

function Box({ stretch }: { stretch: Stretch }) {
  const device = stretch.device === undefined ? undefined : fabric.value?.deviceByName.get(stretch.device);
  const lanes = stretch.lanes.length === 0 ? '' : `${stretch.lanes.length === 1 ? 'lane' : 'lanes'} ${stretch.lanes.join(', ')}`;
  return (
    <li class={`stretch is-${stretch.kind} is-${stretch.verdict.replace(' ', '-')}`}>
      <span class="verdict">{stretch.verdict}{stretch.belief >= 0.005 && ` ${percentText(stretch.belief)}`}</span>
      <span class="body">
        <span class="title">{stretch.title}</span>
        <span class="detail">{device ? <a href={href.device(device.id)}>{stretch.detail}</a> : stretch.detail}</span>
      </span>
      <span class="words">{stretch.words}{lanes && <b> {lanes}</b>}</span>
    </li>
  );
}

export function PathPicture({ path }: { path: Path }) {
  return (
    <div class="path">
      <div class="path-ends">
        <span>a: <b><Name text={path.a} /></b></span>
        {path.direction && <span class="arrow">{path.direction === 'toward_b' ? 'the signal that suffers goes this way ⟶' : '⟵ the signal that suffers goes this way'}</span>}
        <span>b: <b><Name text={path.b} /></b></span>
      </div>
      <ol aria-label={`From ${path.a} to ${path.b}`}>
        {path.stretches.map((each, at) => <Box key={`${each.key}${at}`} stretch={each} />)}
      </ol>
      {path.elsewhere >= 0.005 && <p class="quiet">{percentText(path.elsewhere)} of the belief lies at none of these: a shared cause, or something else.</p>}
    </div>
  );
}
