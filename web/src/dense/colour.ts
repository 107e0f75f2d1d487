// SPDX-License-Identifier: Apache-2.0
// Colours of the dense views as tables of packed pixels. Two ramps: `sequence` from little to much, and `limit`,
// blue while it holds and orange to red from the limit on; both can be told apart with any colour vision, and every
// view adds a shape (ring, hatching, mark on the legend). Pure.

export type Theme = 'light' | 'dark';
export type RampName = 'sequence' | 'limit';

export const RAMP_STEPS = 254;
/** Indices beside the ramp's 0..253. */
export const NOT_MEASURED = 254;
export const NOTHING = 255;
/** Where the limit stands in the ramp `limit`. */
export const LIMIT_AT = 0.7;

type Stop = readonly [number, number, number, number];
const RAMPS: Record<RampName, Record<Theme, readonly Stop[]>> = {
  sequence: {
    light: [[0, 226, 236, 242], [0.3, 160, 198, 214], [0.55, 88, 147, 178], [0.8, 42, 86, 132], [1, 22, 32, 78]],
    dark: [[0, 30, 48, 62], [0.3, 37, 88, 112], [0.55, 63, 142, 148], [0.8, 156, 200, 140], [1, 250, 238, 150]],
  },
  limit: {
    light: [
      [0, 218, 230, 238], [0.35, 165, 198, 218], [0.69, 88, 142, 184],
      [0.7, 245, 190, 65], [0.85, 222, 103, 22], [1, 140, 22, 28],
    ],
    dark: [
      [0, 28, 46, 60], [0.35, 36, 76, 104], [0.69, 74, 132, 172],
      [0.7, 240, 180, 60], [0.85, 240, 112, 40], [1, 255, 92, 96],
    ],
  },
};

export interface Ink {
  background: string;
  text: string;
  faint: string;
  line: string;
  hatch: string;
  unmeasured: readonly [number, number, number];
  mark: string;
  accent: string;
  bad: string;
  good: string;
  chip: string;
}

export const INK: Record<Theme, Ink> = {
  light: {
    background: '#ffffff', text: '#1c2733', faint: '#526272', line: '#c9d3dc', hatch: '#9aa7b3',
    unmeasured: [226, 230, 234], mark: '#1c2733', accent: '#0b62c1', bad: '#b4430a', good: '#2f6d9c',
    chip: 'rgba(255,255,255,0.88)',
  },
  dark: {
    background: '#151d25', text: '#e3e9ee', faint: '#9fb0bf', line: '#33414e', hatch: '#566674',
    unmeasured: [38, 48, 58], mark: '#ffffff', accent: '#6cb6ff', bad: '#ff9a52', good: '#7fb5dd',
    chip: 'rgba(21,29,37,0.88)',
  },
};

/** A colour as a little-endian RGBA pixel, as ImageData keeps it. */
export function pixel(red: number, green: number, blue: number, alpha = 255): number {
  return ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

export function cssOf(packed: number): string {
  return `rgb(${packed & 255},${(packed >>> 8) & 255},${(packed >>> 16) & 255})`;
}

/** A colour (#rrggbb) as it would look with this opacity on another: opaque, so that what is drawn twice looks as once. */
export function over(colour: string, ground: string, opacity: number): string {
  const part = (text: string, from: number): number => Number.parseInt(text.slice(from, from + 2), 16);
  const mixed = [1, 3, 5].map((from) => Math.round(part(colour, from) * opacity + part(ground, from) * (1 - opacity)));
  return `#${mixed.map((each) => each.toString(16).padStart(2, '0')).join('')}`;
}

function at(stops: readonly Stop[], t: number): number {
  let i = 1;
  while (i < stops.length - 1 && stops[i]![0] < t) i++;
  const [t0, r0, g0, b0] = stops[i - 1]!;
  const [t1, r1, g1, b1] = stops[i]!;
  const u = t1 > t0 ? Math.min(1, Math.max(0, (t - t0) / (t1 - t0))) : 1;
  return pixel(Math.round(r0 + (r1 - r0) * u), Math.round(g0 + (g1 - g0) * u), Math.round(b0 + (b1 - b0) * u));
}

const made = new Map<string, Uint32Array>();

/** 256 pixels: the ramp, then NOT_MEASURED, then NOTHING (transparent). */
export function table(ramp: RampName, theme: Theme): Uint32Array {
  const key = `${ramp} ${theme}`;
  const known = made.get(key);
  if (known) return known;
  const out = new Uint32Array(256);
  for (let i = 0; i < RAMP_STEPS; i++) out[i] = at(RAMPS[ramp][theme], i / (RAMP_STEPS - 1));
  out[NOT_MEASURED] = pixel(...INK[theme].unmeasured);
  out[NOTHING] = 0;
  made.set(key, out);
  return out;
}

/** Index of t = 0 (good, little) to 1 (bad, much); NOT_MEASURED for what is no number. */
export function indexOf(t: number): number {
  if (Number.isNaN(t)) return NOT_MEASURED;
  return Math.round(Math.min(1, Math.max(0, t)) * (RAMP_STEPS - 1));
}
