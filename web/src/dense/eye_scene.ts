// SPDX-License-Identifier: Apache-2.0
// Draws an eye (density, contours, mask) and its bathtub. Both share the axis of time in unit intervals.
import { numberText, powerOfTen } from '../format/units';
import type { Scene, Spot, Step } from './canvas_view';
import { INK, NOTHING, indexOf, table as colourTable, type Theme } from './colour';
import { LEAST_RATIO, bathtubOf, masksOf, shadesOf, type Bathtub, type Eye, type Point } from './eye';
import { FONT, layer, put, type Layer } from './paint';
import { ticks, toPixel, type Rect, type Size, type Viewport } from './viewport';

const PAD: Rect = { x: 68, y: 16, width: 16, height: 40 };

interface AxisText {
  x: string;
  y: string;
  /** World y to the number that stands there. */
  value: (y: number) => number;
  text: (value: number) => string;
  world: (value: number) => number;
}

function boxOf(canvas: Size): Rect {
  return { x: PAD.x, y: PAD.y, width: canvas.width - PAD.x - PAD.width, height: canvas.height - PAD.y - PAD.height };
}

function axes(context: CanvasRenderingContext2D, view: Viewport, canvas: Size, theme: Theme, axis: AxisText, half: number): void {
  const ink = INK[theme];
  const box = boxOf(canvas);
  context.fillStyle = ink.background;
  context.fillRect(0, 0, box.x, canvas.height);
  context.fillRect(0, box.y + box.height, canvas.width, canvas.height);
  context.fillRect(0, 0, canvas.width, box.y);
  context.fillRect(box.x + box.width, 0, canvas.width, canvas.height);
  context.strokeStyle = ink.line;
  context.lineWidth = 1;
  context.strokeRect(box.x + 0.5, box.y + 0.5, box.width - 1, box.height - 1);
  context.fillStyle = ink.text;
  context.font = FONT;
  context.textBaseline = 'middle';
  context.textAlign = 'center';
  const from = view.x + box.x / view.sx - half;
  const until = view.x + (box.x + box.width) / view.sx - half;
  for (const tick of ticks(from, until, Math.max(2, box.width / 80))) {
    const { x } = toPixel(view, tick + half, 0);
    context.fillRect(x, box.y + box.height, 1, 4);
    context.fillText(numberText(Number(tick.toPrecision(4))), x, box.y + box.height + 13);
  }
  context.fillText(axis.x, box.x + box.width / 2, canvas.height - 9);
  context.textAlign = 'right';
  const top = axis.value(view.y + box.y / view.sy);
  const bottom = axis.value(view.y + (box.y + box.height) / view.sy);
  for (const tick of ticks(Math.min(top, bottom), Math.max(top, bottom), Math.max(2, box.height / 42))) {
    const { y } = toPixel(view, 0, axis.world(tick));
    context.fillRect(box.x - 4, y, 4, 1);
    context.fillText(axis.text(tick), box.x - 7, y);
  }
  context.save();
  context.translate(11, box.y + box.height / 2);
  context.rotate(-Math.PI / 2);
  context.textAlign = 'center';
  context.fillText(axis.y, 0, 0);
  context.restore();
  context.textAlign = 'left';
}

function trace(context: CanvasRenderingContext2D, view: Viewport, points: readonly Point[]): void {
  points.forEach((point, i) => {
    const at = toPixel(view, point.x, point.y);
    if (i === 0) context.moveTo(at.x, at.y);
    else context.lineTo(at.x, at.y);
  });
}

function cross(context: CanvasRenderingContext2D, view: Viewport, spot: Spot, theme: Theme): void {
  const at = toPixel(view, spot.rect.x, spot.rect.y);
  context.strokeStyle = INK[theme].accent;
  context.lineWidth = 1.5;
  context.beginPath();
  context.moveTo(at.x - 7, at.y);
  context.lineTo(at.x + 7, at.y);
  context.moveTo(at.x, at.y - 7);
  context.lineTo(at.x, at.y + 7);
  context.stroke();
}

const DASHES: readonly number[][] = [[], [7, 3], [3, 3], [1.5, 3], [8, 3, 2, 3]];

export class EyeScene implements Scene {
  readonly world: Size;
  readonly pad = PAD;
  readonly stretch = true;
  readonly most = 4000;
  private readonly picture: Layer;
  private readonly top: number;
  readonly ratios: readonly number[];

  constructor(readonly eye: Eye, readonly theme: Theme) {
    const { rows, low_v, step_v } = eye.density;
    this.top = (low_v + rows * step_v) * 1000;
    this.world = { width: 1, height: Math.max(1e-6, rows * step_v * 1000) };
    this.ratios = [...new Set(eye.contours.map((each) => each.ber))];
    const columns = eye.phase_ui.length;
    const shades = shadesOf(eye);
    const colours = colourTable('sequence', theme);
    const pixels = new Uint32Array(shades.length);
    shades.forEach((shade, i) => (pixels[i] = colours[shade < 0 ? NOTHING : indexOf(shade)]!));
    this.picture = layer(columns, rows);
    put(this.picture, pixels, columns, rows);
  }

  private at(ui: number, volts: number): Point {
    return { x: ui + 0.5, y: this.top - volts * 1000 };
  }

  draw(context: CanvasRenderingContext2D, view: Viewport, canvas: Size, spot: Spot | undefined): void {
    const ink = INK[this.theme];
    context.fillStyle = ink.background;
    context.fillRect(0, 0, canvas.width, canvas.height);
    const corner = toPixel(view, 0, 0);
    context.imageSmoothingEnabled = true;
    context.drawImage(this.picture.canvas, corner.x, corner.y, view.sx, this.world.height * view.sy);
    context.strokeStyle = ink.text;
    context.lineWidth = 1.2;
    for (const contour of this.eye.contours) {
      if (contour.phase_ui.length < 2) continue;
      context.setLineDash(DASHES[this.ratios.indexOf(contour.ber) % DASHES.length]!);
      context.beginPath();
      trace(context, view, [
        ...contour.phase_ui.map((ui, i) => this.at(ui, contour.high_v[i]!)),
        ...contour.phase_ui.map((ui, i) => this.at(ui, contour.low_v[i]!)).reverse(),
      ]);
      context.closePath();
      context.stroke();
    }
    context.setLineDash([]);
    context.strokeStyle = ink.bad;
    context.lineWidth = 2;
    context.fillStyle = this.theme === 'dark' ? 'rgba(255,154,82,0.25)' : 'rgba(180,67,10,0.18)';
    for (const mask of masksOf(this.eye)) {
      context.beginPath();
      trace(context, view, mask.map((each) => this.at(each.x, each.y)));
      context.closePath();
      context.fill();
      context.stroke();
    }
    if (spot) cross(context, view, spot, this.theme);
    axes(context, view, canvas, this.theme, {
      x: 'time in unit intervals', y: 'mV at the slicer', value: (y) => this.top - y, world: (value) => this.top - value,
      text: (value) => numberText(Number(value.toPrecision(4))),
    }, 0.5);
  }

  spotAt(x: number, y: number): Spot | undefined {
    if (x < 0 || x > 1 || y < 0 || y > this.world.height) return undefined;
    const { rows, step_v, values } = this.eye.density;
    const column = Math.min(this.eye.phase_ui.length - 1, Math.floor(x * this.eye.phase_ui.length));
    const row = Math.min(rows - 1, Math.max(0, rows - 1 - Math.floor(y / (step_v * 1000))));
    const share = values[column * rows + row]!;
    return {
      key: `${x.toFixed(4)} ${y.toFixed(3)}`, rect: { x, y, width: 0, height: 0 },
      lines: [`${numberText(Number((x - 0.5).toFixed(3)))} UI, ${numberText(Number((this.top - y).toPrecision(4)))} mV`,
        share > 0 ? `${powerOfTen(share)} of the time within ${numberText(Number((step_v * 1000).toPrecision(2)))} mV` : 'never, as far as is computed'],
    };
  }

  step(from: Spot | undefined, way: Step): Spot | undefined {
    const [x, y] = from ? [from.rect.x, from.rect.y] : [0.5, this.world.height / 2];
    if (!from) return this.spotAt(x, y);
    return this.spotAt(x + (way === 'left' ? -0.02 : way === 'right' ? 0.02 : 0),
      y + (this.world.height / 50) * (way === 'up' ? -1 : way === 'down' ? 1 : 0));
  }
}

export interface Counted {
  name: string;
  ratio: number;
}

export class BathtubScene implements Scene {
  readonly world: Size = { width: 1, height: -Math.log10(LEAST_RATIO) };
  readonly pad = PAD;
  readonly stretch = true;
  readonly most = 4000;
  private readonly tub: Bathtub;

  constructor(readonly eye: Eye, readonly theme: Theme, readonly proven: number | undefined, readonly counted: Counted | undefined) {
    this.tub = bathtubOf(eye.bathtub, proven);
  }

  draw(context: CanvasRenderingContext2D, view: Viewport, canvas: Size, spot: Spot | undefined): void {
    const ink = INK[this.theme];
    context.fillStyle = ink.background;
    context.fillRect(0, 0, canvas.width, canvas.height);
    const box = boxOf(canvas);
    const level = (ratio: number): number => toPixel(view, 0, -Math.log10(ratio)).y;
    context.font = FONT;
    context.textBaseline = 'bottom';
    const rule = (ratio: number, text: string, colour: string, dash: number[]): void => {
      const y = level(ratio);
      context.strokeStyle = colour;
      context.lineWidth = 1.5;
      context.setLineDash(dash);
      context.beginPath();
      context.moveTo(box.x, y);
      context.lineTo(box.x + box.width, y);
      context.stroke();
      context.setLineDash([]);
      context.fillStyle = colour;
      context.textAlign = 'center';
      context.fillText(text, box.x + box.width / 2, y - 2);
      context.textAlign = 'left';
    };
    rule(this.eye.target.ber, `allowed ${powerOfTen(this.eye.target.ber)}`, ink.bad, []);
    if (this.counted && this.counted.ratio > 0) rule(this.counted.ratio, `${this.counted.name} ${powerOfTen(this.counted.ratio)}`, ink.accent, [2, 3]);
    context.strokeStyle = ink.text;
    context.lineWidth = 2;
    for (const [lines, dash] of [[this.tub.seen, []], [this.tub.beyond, [6, 5]]] as const) {
      context.setLineDash([...dash]);
      context.beginPath();
      for (const line of lines) trace(context, view, line.map((each) => ({ x: each.x + 0.5, y: -each.y })));
      context.stroke();
    }
    context.setLineDash([]);
    if (spot) cross(context, view, spot, this.theme);
    axes(context, view, canvas, this.theme, {
      x: 'time in unit intervals', y: 'error ratio', value: (y) => -y, world: (value) => -value,
      text: (value) => (Number.isInteger(value) ? powerOfTen(10 ** value, 1).replace('1×', '') : ''),
    }, 0.5);
  }

  spotAt(x: number): Spot | undefined {
    const points = this.eye.bathtub;
    if (x < 0 || x > 1 || points.length === 0) return undefined;
    const [ui, ratio] = points.reduce((best, each) => (Math.abs(each[0] + 0.5 - x) < Math.abs(best[0] + 0.5 - x) ? each : best));
    const isProven = this.proven !== undefined && ratio >= this.proven;
    return {
      key: String(ui), rect: { x: ui + 0.5, y: -Math.log10(Math.max(LEAST_RATIO, ratio)), width: 0, height: 0 },
      lines: [`${numberText(Number(ui.toFixed(3)))} UI`, ratio <= LEAST_RATIO ? `error ratio below ${powerOfTen(LEAST_RATIO)}` : `error ratio ${powerOfTen(ratio)}`,
        isProven ? 'modelled, where counts speak too' : 'modelled, below what was counted'],
    };
  }

  step(from: Spot | undefined, way: Step): Spot | undefined {
    const step = 1 / Math.max(1, this.eye.bathtub.length - 1);
    return this.spotAt(from ? from.rect.x + (way === 'left' ? -step : way === 'right' ? step : 0) : 0.5);
  }
}
