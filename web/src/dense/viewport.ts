// SPDX-License-Identifier: Apache-2.0
// Which part of a picture is seen, and how large: pan and zoom as arithmetic. World units are the picture's own
// (cells, seconds, layout steps), pixels are CSS pixels. Pure; canvas_view.tsx turns input into these calls.

export interface Size {
  width: number;
  height: number;
}

export interface Rect extends Size {
  x: number;
  y: number;
}

/** World point at the canvas's upper left corner, and pixels per world unit. */
export interface Viewport {
  x: number;
  y: number;
  sx: number;
  sy: number;
}

export type Axes = 'both' | 'x';

/** The whole world within `pad` pixels of the edges; one scale for both axes unless `stretch`. */
export function fit(world: Size, canvas: Size, pad: Rect, stretch = false): Viewport {
  const width = Math.max(1, canvas.width - pad.x - pad.width);
  const height = Math.max(1, canvas.height - pad.y - pad.height);
  let sx = width / Math.max(1e-9, world.width);
  let sy = height / Math.max(1e-9, world.height);
  if (!stretch) sx = sy = Math.min(sx, sy);
  const left = pad.x + (stretch ? 0 : (width - world.width * sx) / 2);
  return { x: 0 - left / sx, y: 0 - pad.y / sy, sx, sy };
}

export function toWorld(view: Viewport, px: number, py: number): { x: number; y: number } {
  return { x: view.x + px / view.sx, y: view.y + py / view.sy };
}

export function toPixel(view: Viewport, x: number, y: number): { x: number; y: number } {
  return { x: (x - view.x) * view.sx, y: (y - view.y) * view.sy };
}

export function panBy(view: Viewport, dx: number, dy: number): Viewport {
  return { ...view, x: view.x - dx / view.sx, y: view.y - dy / view.sy };
}

/** The world point under (px, py) stays there. `least` and `most` bound the scale of x. */
export function zoomAt(
  view: Viewport, px: number, py: number, factor: number, least: number, most: number, axes: Axes = 'both',
): Viewport {
  const sx = Math.min(most, Math.max(least, view.sx * factor));
  const applied = sx / view.sx;
  const sy = axes === 'both' ? view.sy * applied : view.sy;
  const at = toWorld(view, px, py);
  return { x: at.x - px / sx, y: axes === 'both' ? at.y - py / sy : view.y, sx, sy };
}

/** Keeps some of the world in sight: at least `share` of the canvas, or all of a world that is smaller. */
export function clamp(view: Viewport, world: Size, canvas: Size, share = 0.4): Viewport {
  const bound = (at: number, length: number, scale: number, pixels: number): number => {
    const seen = pixels / scale;
    const keep = Math.min(length, seen * share);
    return Math.min(length - keep, Math.max(keep - seen, at));
  };
  return {
    ...view,
    x: bound(view.x, world.width, view.sx, canvas.width),
    y: bound(view.y, world.height, view.sy, canvas.height),
  };
}

/** The least pan that brings a rectangle into sight. */
export function reveal(view: Viewport, rect: Rect, canvas: Size, margin = 24): Viewport {
  const shift = (at: number, length: number, from: number, scale: number, pixels: number): number => {
    const begin = (at - from) * scale;
    const end = begin + length * scale;
    if (begin < margin) return from - (margin - begin) / scale;
    if (end > pixels - margin) return from + (end - pixels + margin) / scale;
    return from;
  };
  return {
    ...view,
    x: shift(rect.x, rect.width, view.x, view.sx, canvas.width),
    y: shift(rect.y, rect.height, view.y, view.sy, canvas.height),
  };
}

/** Marks of an axis at 1, 2 or 5 times a power of ten, at most `most` of them. */
export function ticks(from: number, until: number, most: number): number[] {
  const span = until - from;
  if (!(span > 0) || most < 1) return [];
  const raw = span / most;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 5, 10].find((each) => each * power >= raw) ?? 10) * power;
  const out: number[] = [];
  for (let i = Math.ceil(from / step - 1e-9); i * step <= until + step * 1e-9; i++) out.push(i === 0 ? 0 : i * step);
  return out;
}
