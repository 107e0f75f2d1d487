// SPDX-License-Identifier: Apache-2.0
// The way of a signal from one SerDes to the other, stretch by stretch, and what a finding believes of each: the
// picture on the finding page. The stretches' names are those of `weft why` (docs/formats/why.md). Pure.
import type { FullFinding, Hypothesis, Link, Segment } from '../api/types';
import { deviceOfPort } from '../state/fabric';
import { lengthText } from '../format/units';

/** likely: most belief is here; possible: some is; unlikely: hardly any; not suspected: no hypothesis is of it. */
export type Verdict = 'likely' | 'possible' | 'unlikely' | 'not suspected' | 'not judged';

export interface Stretch {
  /** Key of `weft why`: serdes_a, board_a, module_a, … */
  key: string;
  kind: 'chip' | 'line';
  title: string;
  /** What it is, as far as the plan says: "board, 80 mm". */
  detail: string;
  /** The device here, by name; for links on the picture. */
  device?: string;
  belief: number;
  verdict: Verdict;
  /** Words of the strongest belief here. */
  words: string;
  lanes: number[];
}

export interface Path {
  a: string;
  b: string;
  stretches: Stretch[];
  /** Belief that fits no stretch: shared causes, unknown. */
  elsewhere: number;
  /** Where the signal that suffers arrives. */
  toward: string | undefined;
  direction: Hypothesis['direction'];
}

const FIBRE = new Set(['aoc', 'dsp-optics', 'lpo', 'cpo', 'coherent']);
const CABLE = new Set(['dac', 'acc', 'aec']);
const LIKELY = 0.35;
const POSSIBLE = 0.05;

const MEDIA: Record<string, string> = {
  board: 'board trace', connector: 'connector', package: 'package', backplane: 'backplane', dac: 'passive copper cable',
  acc: 'redriven copper cable', aec: 'active copper cable', aoc: 'active optical cable', 'dsp-optics': 'fibre',
  lpo: 'fibre', cpo: 'fibre', coherent: 'coherent fibre',
};

type Draft = Pick<Stretch, 'key' | 'kind' | 'title' | 'detail' | 'device'>;

function line(key: string, segment: Segment): Draft {
  const medium = MEDIA[segment.medium] ?? segment.medium;
  return {
    key,
    kind: 'line',
    title: medium,
    detail: segment.length_mm === undefined ? 'length not in the plan' : lengthText(segment.length_mm),
  };
}

/** Stretches that the plan draws; modules belong to cables, other repeaters are retimers. */
function draftsOf(link: Link): Draft[] {
  const short = (name: string): string => name.slice(name.lastIndexOf('/') + 1);
  const chip = (key: string, title: string, name: string): Draft => ({ key, kind: 'chip', title, detail: short(name), device: name });
  const out: Draft[] = [chip('serdes_a', 'SerDes', deviceOfPort(link.a))];
  const cableAt = link.segments.findIndex((each) => CABLE.has(each.medium) || FIBRE.has(each.medium));
  link.segments.forEach((segment, at) => {
    const isCable = at === cableAt;
    const side = cableAt < 0 ? (at < link.segments.length / 2 ? 'a' : 'b') : at < cableAt ? 'a' : 'b';
    const key = isCable ? (FIBRE.has(segment.medium) ? 'fibre' : 'cable') : segment.medium === 'connector' ? 'connector' : `board_${side}`;
    const endsHere = isCable ? 'module_b' : at + 1 === cableAt ? 'module_a' : 'retimer';
    if (isCable && at === 0) out.push({ key: 'module_a', kind: 'chip', title: 'module', detail: 'at end a' });
    if (isCable) out.push({ key: 'connector', kind: 'line', title: 'contacts', detail: 'both ends of the cable' });
    out.push(line(key, segment));
    if (segment.retimer) out.push(chip(endsHere, endsHere === 'retimer' ? 'retimer' : 'module', segment.retimer));
    else if (isCable) out.push({ key: 'module_b', kind: 'chip', title: 'module', detail: 'at end b' });
  });
  if (cableAt < 0) {
    const middle = Math.ceil(out.length / 2);
    out.splice(middle, 0, { key: 'connector', kind: 'line', title: 'contacts', detail: 'slot or socket' });
  }
  out.push(chip('serdes_b', 'SerDes', deviceOfPort(link.b)));
  return out;
}

/** Belief of hypotheses by stretch; a retimer's goes to each retimer that it may be, named ones to their own. */
export function pathOf(link: Link, finding?: Pick<FullFinding, 'hypotheses' | 'unknown'>, names?: ReadonlyMap<string, string>): Path {
  const drafts = draftsOf(link);
  const stretches: Stretch[] = drafts.map((draft) => ({
    ...draft,
    belief: 0,
    verdict: finding ? ('not suspected' as Verdict) : ('not judged' as Verdict),
    words: '',
    lanes: [],
  }));
  let elsewhere = finding?.unknown ?? 0;
  const best = new Map<Stretch, number>();
  for (const hypothesis of finding?.hypotheses ?? []) {
    let at = stretches.filter((each) => each.key === hypothesis.segment);
    const named = hypothesis.part?.device ? names?.get(hypothesis.part.device) : undefined;
    const exact = at.filter((each) => each.device !== undefined && each.device === named);
    if (exact.length > 0) at = exact;
    if (at.length === 0) {
      elsewhere += hypothesis.probability;
      continue;
    }
    for (const stretch of at) {
      stretch.belief += hypothesis.probability / at.length;
      for (const lane of hypothesis.lanes ?? []) if (!stretch.lanes.includes(lane)) stretch.lanes.push(lane);
      if (hypothesis.probability > (best.get(stretch) ?? 0)) {
        best.set(stretch, hypothesis.probability);
        stretch.words = hypothesis.words;
      }
    }
  }
  const most = Math.max(0, ...stretches.map((each) => each.belief));
  for (const stretch of stretches) {
    stretch.lanes.sort((a, b) => a - b);
    if (!finding) continue;
    if (stretch.belief >= LIKELY || (most > POSSIBLE && stretch.belief === most)) stretch.verdict = 'likely';
    else if (stretch.belief >= POSSIBLE) stretch.verdict = 'possible';
    else if (stretch.belief > 0) stretch.verdict = 'unlikely';
  }
  const first = finding?.hypotheses[0];
  return { a: link.a, b: link.b, stretches, elsewhere: Math.min(1, elsewhere), toward: first?.toward, direction: first?.direction };
}

/** "lane 5", "lanes 2, 5", "all lanes". */
export function lanesText(lanes: readonly number[] | undefined): string {
  if (!lanes || lanes.length === 0) return 'all lanes, or not known which';
  return `${lanes.length === 1 ? 'lane' : 'lanes'} ${lanes.join(', ')}`;
}

/** Lanes that the finding's leading belief names. */
export function badLanes(finding: Pick<FullFinding, 'hypotheses'>): number[] {
  return finding.hypotheses.find((each) => each.lanes && each.lanes.length > 0)?.lanes ?? [];
}
