// SPDX-License-Identifier: Apache-2.0
// An eye and its bathtub as numbers to draw: shades of the density, the mask, and where a bathtub goes on below what
// was ever counted on the link. Pure.

export interface EyeAnswer {
  now: string;
  link: { id: string; name: string };
  section: number;
  sections?: number;
  path?: string;
  reason?: string;
  eye: Eye | null;
}

export interface Eye {
  setup: string;
  levels: number;
  baud_hz: number;
  error_ratio: number;
  target: { ber: number; height_v?: number; width_ui?: number };
  phase_ui: number[];
  threshold_v: number[];
  density: { rows: number; low_v: number; step_v: number; values: number[] };
  bathtub: [number, number][];
  contours: { ber: number; eye: number; phase_ui: number[]; low_v: number[]; high_v: number[] }[];
  openings: { ber: number; eye: number; height_v: number; width_ui: number; low_v: number; high_v: number; left_ui: number; right_ui: number }[];
}

/** Decades of density below the densest place that are told apart. */
const DECADES = 14;

/** 0 to 1 for each place, row 0 on top; below 0 where there is nothing. */
export function shadesOf(eye: Eye): Float32Array {
  const { rows, values } = eye.density;
  const columns = eye.phase_ui.length;
  const most = values.reduce((high, each) => Math.max(high, each), 0);
  const out = new Float32Array(rows * columns).fill(-1);
  for (let column = 0; column < columns; column++) {
    for (let row = 0; row < rows; row++) {
      const value = values[column * rows + row]!;
      if (value <= 0 || most <= 0) continue;
      const shade = 1 + Math.log10(value / most) / DECADES;
      if (shade > 0) out[(rows - 1 - row) * columns + column] = shade;
    }
  }
  return out;
}

export interface Point {
  x: number;
  y: number;
}

export interface Bathtub {
  /** At or above what was counted, and below it: the model alone. Each a list of lines. */
  seen: Point[][];
  beyond: Point[][];
}

export const LEAST_RATIO = 1e-18;

/** y is log10 of the error ratio. `proven`: the least ratio that this link's counts speak of; none: all is model. */
export function bathtubOf(points: readonly (readonly [number, number])[], proven: number | undefined): Bathtub {
  const all = points.map(([x, ratio]): Point => ({ x, y: Math.log10(Math.max(LEAST_RATIO, ratio)) }));
  const limit = proven === undefined || !(proven > 0) ? Infinity : Math.log10(proven);
  const out: Bathtub = { seen: [], beyond: [] };
  let line: Point[] = [];
  let isSeen: boolean | undefined;
  const close = (): void => {
    if (line.length > 1) (isSeen ? out.seen : out.beyond).push(line);
  };
  for (const point of all) {
    const isHere = point.y >= limit;
    const before = line[line.length - 1];
    if (isSeen !== undefined && isHere !== isSeen && before) {
      const share = (limit - before.y) / (point.y - before.y);
      const at = { x: before.x + (point.x - before.x) * share, y: limit };
      line.push(at);
      close();
      line = [at];
    }
    isSeen = isHere;
    line.push(point);
  }
  close();
  return out;
}

/** Six corners about each threshold; none where the set-up asks for no opening. */
export function masksOf(eye: Eye): Point[][] {
  const { height_v: height, width_ui: width } = eye.target;
  if (height === undefined || width === undefined) return [];
  return eye.threshold_v.map((y) => [
    { x: -width / 2, y }, { x: -width / 4, y: y + height / 2 }, { x: width / 4, y: y + height / 2 },
    { x: width / 2, y }, { x: width / 4, y: y - height / 2 }, { x: -width / 4, y: y - height / 2 },
  ]);
}

/** The smallest opening at an error ratio; undefined where nobody asked for that ratio. */
export function openingAt(eye: Eye, ber: number): { height_v: number; width_ui: number } | undefined {
  const all = eye.openings.filter((each) => each.ber === ber);
  if (all.length === 0) return undefined;
  return { height_v: Math.min(...all.map((each) => each.height_v)), width_ui: Math.min(...all.map((each) => each.width_ui)) };
}
