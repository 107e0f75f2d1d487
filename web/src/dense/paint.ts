// SPDX-License-Identifier: Apache-2.0
// What the canvas views share when they draw: bitmaps of their own, hatching, text that stays inside. Needs a browser.
import { INK, type Ink, type Theme } from './colour';

export interface Layer {
  canvas: HTMLCanvasElement;
  context: CanvasRenderingContext2D;
}

export function layer(width: number, height: number): Layer {
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, width);
  canvas.height = Math.max(1, height);
  return { canvas, context: canvas.getContext('2d')! };
}

/** Pixels of typed arrays onto a layer, all or a part. */
export function put(to: Layer, pixels: Uint32Array, width: number, height: number, dirty?: { x: number; y: number; width: number; height: number }): void {
  const image = new ImageData(new Uint8ClampedArray(pixels.buffer as ArrayBuffer), width, height);
  if (dirty) to.context.putImageData(image, 0, 0, dirty.x, dirty.y, dirty.width, dirty.height);
  else to.context.putImageData(image, 0, 0);
}

const patterns = new Map<string, HTMLCanvasElement>();

/** Diagonal lines: what stands for "not measured" everywhere. */
export function hatching(context: CanvasRenderingContext2D, theme: Theme): CanvasPattern | string {
  const ink: Ink = INK[theme];
  let tile = patterns.get(theme);
  if (!tile) {
    const made = layer(6, 6);
    made.context.strokeStyle = ink.hatch;
    made.context.lineWidth = 1;
    made.context.beginPath();
    for (const shift of [-6, 0, 6]) {
      made.context.moveTo(shift, 6);
      made.context.lineTo(shift + 6, 0);
    }
    made.context.stroke();
    tile = made.canvas;
    patterns.set(theme, tile);
  }
  return context.createPattern(tile, 'repeat') ?? ink.hatch;
}

export const FONT = '12px system-ui, sans-serif';

const WIDTHS_MOST = 20_000;
const widths = new Map<string, number>();

/** Measuring text is slow, and the same names are drawn in each frame. */
export function widthOf(context: CanvasRenderingContext2D, text: string): number {
  const key = `${context.font} ${text}`;
  let width = widths.get(key);
  if (width === undefined) {
    if (widths.size >= WIDTHS_MOST) widths.clear();
    width = context.measureText(text).width;
    widths.set(key, width);
  }
  return width;
}

/** Text cut to a width, with an ellipsis; empty where not even that fits. */
export function cut(context: CanvasRenderingContext2D, text: string, width: number): string {
  const full = widthOf(context, text);
  if (full <= width) return text;
  const room = width - widthOf(context, '…');
  let length = Math.floor((text.length * room) / full);
  while (length > 0 && widthOf(context, text.slice(0, length)) > room) length--;
  return length <= 0 ? '' : `${text.slice(0, length)}…`;
}

/** Text on a plate of its own, so that it can be read on anything. */
export function chip(context: CanvasRenderingContext2D, text: string, x: number, y: number, ink: Ink): void {
  const width = widthOf(context, text);
  context.fillStyle = ink.chip;
  context.fillRect(x - 3, y - 8, width + 6, 16);
  context.fillStyle = ink.text;
  context.fillText(text, x, y);
}
