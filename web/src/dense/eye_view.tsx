// SPDX-License-Identifier: Apache-2.0
// The eye and bathtub that a section of a link should have, with what was counted on it: /eye. The eye is modelled
// and says so; the bathtub is dashed below what counts can speak of.
import { useMemo } from 'preact/hooks';
import { query as address } from '../api/client';
import { powerOfTen, numberText } from '../format/units';
import { href, type ViewProps } from '../route';
import { setQuery } from '../state/location';
import { fabric } from '../state/store';
import { isDark } from '../state/theme';
import { useAnswer } from '../state/use_answer';
import { CanvasView } from './canvas_view';
import type { Theme } from './colour';
import { masksOf, openingAt, type Eye, type EyeAnswer } from './eye';
import { BathtubScene, EyeScene, type Counted } from './eye_scene';
import { column, laneTableOf, type LaneTable, type LaneTableAnswer } from './lane_table';

/** Of the section's receivers: the worst ratio that was measured, and the least that the counts speak of. */
export function countedOf(table: LaneTable | undefined, section: number): { worst?: Counted; proven?: number } {
  const link = table?.links[0];
  if (!table || !link || section >= link.sections) return {};
  const ratios = column(table, 'error_ratio');
  const highs = column(table, 'error_ratio_high');
  let worst = NaN;
  let proven = NaN;
  const first = link.first + section * 2 * link.lanes;
  for (let i = first; i < first + 2 * link.lanes; i++) {
    const ratio = ratios[i]!;
    if (Number.isNaN(ratio)) continue;
    if (!(worst >= ratio)) worst = ratio;
    if (highs[i]! > 0 && !(proven <= highs[i]!)) proven = highs[i]!;
  }
  return {
    ...(Number.isNaN(worst) ? {} : { worst: { name: 'worst lane measured', ratio: worst } }),
    ...(Number.isNaN(proven) ? {} : { proven }),
  };
}

function Openings({ eye }: { eye: Eye }) {
  const ratios = [...new Set(eye.openings.map((each) => each.ber))];
  return (
    <table class="dn-table">
      <caption>The smallest eye at each error ratio, modelled</caption>
      <thead><tr><th scope="col">Error ratio</th><th scope="col">Height</th><th scope="col">Width</th></tr></thead>
      <tbody>
        {ratios.map((ber) => {
          const at = openingAt(eye, ber)!;
          return (
            <tr key={ber}>
              <th scope="row">{powerOfTen(ber)}{ber === eye.target.ber ? ' (allowed)' : ''}</th>
              <td>{at.height_v > 0 ? `${numberText(Number((at.height_v * 1000).toPrecision(3)))} mV` : 'closed'}</td>
              <td>{at.width_ui > 0 ? `${numberText(Number(at.width_ui.toPrecision(3)))} UI` : 'closed'}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

const DASH_CLASS = ['is-line', 'is-dashed', 'is-dotted'];

function Pictures({ answer, eye, table }: { answer: EyeAnswer; eye: Eye; table: LaneTable | undefined }) {
  const theme: Theme = isDark.value ? 'dark' : 'light';
  const counted = countedOf(table, answer.section);
  const scene = useMemo(() => new EyeScene(eye, theme), [eye, theme]);
  const tub = useMemo(() => new BathtubScene(eye, theme, counted.proven, counted.worst), [eye, theme, counted.proven, counted.worst?.ratio]);
  const hasMask = masksOf(eye).length > 0;
  const height = 'clamp(260px, 46vh, 520px)';
  const key = `${answer.link.id} ${answer.section}`;
  return (
    <>
      <p class="dn-summary">
        <strong>Modelled</strong> from {answer.path}, as set-up {eye.setup} has its ends: {eye.levels === 4 ? 'PAM4' : 'NRZ'} at{' '}
        {numberText(Number((eye.baud_hz / 1e9).toPrecision(5)))} GBd; error ratio {eye.error_ratio < 1e-30 ? 'below 10⁻³⁰' : powerOfTen(eye.error_ratio)}, {powerOfTen(eye.target.ber)} is allowed.{' '}
        {counted.worst === undefined ? 'No error ratio was measured on this section.'
          : counted.worst.ratio === 0 ? 'No bit errors were seen on this section.'
            : `The worst lane that was measured has ${powerOfTen(counted.worst.ratio)}.`}
      </p>
      <div class="dn-legend" role="group" aria-label="Lines">
        {scene.ratios.map((ratio, i) => <span key={ratio} class="dn-key"><i class={DASH_CLASS[Math.min(i, 2)]} /> contour {powerOfTen(ratio)}</span>)}
        {hasMask ? <span class="dn-key"><i class="is-mask" /> mask</span> : <span class="dn-key">the set-up asks for no mask</span>}
        <span class="dn-key"><i class="is-line" /> bathtub where counts speak</span>
        <span class="dn-key"><i class="is-dashed" /> extrapolated below them</span>
      </div>
      <div class="dn-columns">
        <CanvasView scene={scene} fitKey={key} height={height} label={`Eye of section ${answer.section + 1} of ${answer.link.name}, modelled`} />
        <CanvasView scene={tub} fitKey={key} height={height} label={`Bathtub of section ${answer.section + 1} of ${answer.link.name}, modelled`} />
      </div>
      <Openings eye={eye} />
    </>
  );
}

export default function EyeView({ query }: ViewProps) {
  const links = fabric.value?.links ?? [];
  const wanted = query.get('link');
  const link = links.find((each) => each.id === wanted || each.name === wanted) ?? (wanted ? undefined : links.find((each) => each.segments.length > 0));
  const section = Math.max(0, Math.floor(Number(query.get('section') ?? 0)) || 0);
  const { data, error } = useAnswer<EyeAnswer>(link && address(`/api/v1/links/${encodeURIComponent(link.id)}/eye`, { section }), 0);
  const lanes = useAnswer<LaneTableAnswer>(link && address('/api/v1/lane-table', { link: link.id }), 10_000);
  const table = useMemo(() => (lanes.data ? laneTableOf(lanes.data) : undefined), [lanes.data]);
  const sections = data?.sections ?? table?.links[0]?.sections ?? 1;
  return (
    <>
      <h1 tabIndex={-1}>Eye</h1>
      <div class="dn-bar">
        <label>Link <input list="dn-links" value={link?.name ?? wanted ?? ''} size={36} onChange={(event) => setQuery({ link: event.currentTarget.value, section: undefined })} /></label>
        <datalist id="dn-links">{links.map((each) => <option key={each.id} value={each.name} />)}</datalist>
        <label>Section <select value={String(section)} onChange={(event) => setQuery({ section: event.currentTarget.value })}>
          {Array.from({ length: Math.max(sections, section + 1) }, (_, i) => <option key={i} value={String(i)}>{i + 1} of {sections}</option>)}
        </select></label>
        {link && <a href={href.link(link.id)}>The link</a>}
      </div>
      {wanted && links.length > 0 && !link && <p>There is no link of that name.</p>}
      {error && <p class="failed" role="alert">The eye could not be asked for: {error.message}.</p>}
      {!data && !error && <p class="dn-quiet">Computing the eye.</p>}
      {data && data.eye === null && <p class="dn-summary">There is no eye to show: {data.reason}.</p>}
      {data?.eye && <Pictures answer={data} eye={data.eye} table={table} />}
    </>
  );
}
