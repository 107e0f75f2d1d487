// SPDX-License-Identifier: Apache-2.0
// Draws the heat map: the bitmap of heat.ts scaled into sight, then only for what is large enough the hatching, the
// lines between cells and the links' names. Rings mark what is beyond its limit at every scale.
import { linkOfReceiver, receiverAt, type Digest, type LaneTable, type Receiver } from './lane_table';
import type { Scene, Spot, Step } from './canvas_view';
import { INK, table as colourTable, type Theme } from './colour';
import { cellAt, emptyBitmap, layOut, paint, rectOf, unmeasuredIn, type HeatBitmap, type HeatLayout } from './heat';
import { FONT, chip, cut, hatching, layer, put, type Layer } from './paint';
import type { Quantity } from './quantity';
import { toPixel, type Rect, type Size, type Viewport } from './viewport';

/** Where more single cells than this were not measured they are too small to be hatched, and their colour alone says it. */
const HATCHED_MOST = 2500;
const GRID_FROM = 7;
const NAMES_FROM = 15;

export function receiverText(of: Receiver): string {
  const section = of.link.sections > 1 ? `, section ${of.section + 1} of ${of.link.sections}` : '';
  return `lane ${of.lane} ${of.isTowardDevice ? 'from a to b' : 'from b to a'}${section}`;
}

export class HeatScene implements Scene {
  readonly world: Size;
  readonly pad: Rect = { x: 10, y: 26, width: 10, height: 10 };
  readonly most = 60;
  readonly layout: HeatLayout;
  private readonly bitmap: HeatBitmap;
  private readonly colours: Layer;
  private bad: readonly number[] = [];
  private request: () => void = () => undefined;

  constructor(private table: LaneTable, digest: Digest, readonly quantity: Quantity, readonly theme: Theme, aspect: number,
    private readonly lines: (receiver: Receiver) => readonly string[]) {
    this.layout = layOut(table, aspect);
    this.world = { width: this.layout.width, height: this.layout.height };
    this.bitmap = emptyBitmap(table, this.layout);
    this.colours = layer(this.layout.width, this.layout.height);
    this.take(table, digest);
  }

  /** New values of the same links: only what changed is put anew. */
  take(table: LaneTable, digest: Digest): void {
    this.table = table;
    this.bad = digest.bad;
    const dirty = paint(this.bitmap, table, this.layout, digest.shades, colourTable(this.quantity.ramp, this.theme));
    if (dirty) put(this.colours, this.bitmap.pixels, this.bitmap.width, this.bitmap.height, dirty);
    this.request();
  }

  attach(request: () => void): void {
    this.request = request;
  }

  draw(context: CanvasRenderingContext2D, view: Viewport, canvas: Size, spot: Spot | undefined): void {
    const ink = INK[this.theme];
    context.fillStyle = ink.background;
    context.fillRect(0, 0, canvas.width, canvas.height);
    const x0 = Math.max(0, Math.floor(view.x));
    const y0 = Math.max(0, Math.floor(view.y));
    const x1 = Math.min(this.world.width, Math.ceil(view.x + canvas.width / view.sx));
    const y1 = Math.min(this.world.height, Math.ceil(view.y + canvas.height / view.sy));
    if (x1 > x0 && y1 > y0) {
      const seen = { x: x0, y: y0, width: x1 - x0, height: y1 - y0 };
      this.cells(context, view, seen);
      if (view.sx >= GRID_FROM) this.grid(context, view, seen, ink.background);
      if (view.sx >= NAMES_FROM) this.names(context, view, seen);
    }
    this.titles(context, view, canvas);
    this.rings(context, view, canvas);
    if (spot) {
      const at = toPixel(view, spot.rect.x, spot.rect.y);
      context.strokeStyle = ink.accent;
      context.lineWidth = 2;
      context.strokeRect(at.x - 1.5, at.y - 1.5, view.sx + 3, view.sy + 3);
    }
  }

  private cells(context: CanvasRenderingContext2D, view: Viewport, seen: Rect): void {
    const at = toPixel(view, seen.x, seen.y);
    context.imageSmoothingEnabled = false;
    context.drawImage(this.colours.canvas, seen.x, seen.y, seen.width, seen.height, at.x, at.y, seen.width * view.sx, seen.height * view.sy);
    const runs = unmeasuredIn(this.bitmap, seen, HATCHED_MOST);
    if (!runs) return;
    context.fillStyle = hatching(context, this.theme);
    for (let i = 0; i < runs.length; i += 3) {
      context.fillRect((runs[i]! - view.x) * view.sx, (runs[i + 1]! - view.y) * view.sy, view.sx, runs[i + 2]! * view.sy);
    }
  }

  private grid(context: CanvasRenderingContext2D, view: Viewport, seen: Rect, colour: string): void {
    context.fillStyle = colour;
    const from = toPixel(view, seen.x, seen.y);
    const until = toPixel(view, seen.x + seen.width, seen.y + seen.height);
    for (let x = 0; x <= seen.width; x++) context.fillRect(Math.round(from.x + x * view.sx), from.y, 1, until.y - from.y);
    for (let y = 0; y <= seen.height; y++) context.fillRect(from.x, Math.round(from.y + y * view.sy), until.x - from.x, 1);
  }

  private names(context: CanvasRenderingContext2D, view: Viewport, seen: Rect): void {
    const ink = INK[this.theme];
    context.font = FONT;
    context.textBaseline = 'middle';
    this.table.links.forEach((link, i) => {
      const y = this.layout.y[i]!;
      const x = this.layout.x[i]!;
      const width = link.sections * 2 * (link.lanes + 1) - 1;
      if (y < seen.y || y >= seen.y + seen.height || x > seen.x + seen.width || x + width < seen.x) return;
      const at = toPixel(view, x, y + 0.5);
      const end = at.x + width * view.sx;
      const left = Math.max(at.x, 0) + 6;
      const text = cut(context, link.name, Math.min(end - left, 420) - 6);
      if (text !== '') chip(context, text, left, at.y, ink);
    });
  }

  private titles(context: CanvasRenderingContext2D, view: Viewport, canvas: Size): void {
    const ink = INK[this.theme];
    context.font = FONT;
    context.textBaseline = 'middle';
    for (const block of this.layout.blocks) {
      const at = toPixel(view, block.x, block.y);
      const end = at.x + block.width * view.sx;
      const left = Math.max(at.x, 4);
      if (end < 30 || at.x > canvas.width || end - left < 24) continue;
      const count = this.table.groups[block.group]!.links.length;
      const text = cut(context, `${block.title} · ${count} link${count === 1 ? '' : 's'}`, end - left);
      if (text !== '') chip(context, text, left, Math.max(11, at.y - 11), ink);
    }
  }

  private rings(context: CanvasRenderingContext2D, view: Viewport, canvas: Size): void {
    if (this.bad.length === 0) return;
    context.strokeStyle = INK[this.theme].mark;
    context.lineWidth = 1.5;
    const radius = Math.max(6, view.sx * 0.8);
    context.beginPath();
    for (const index of this.bad) {
      const link = linkOfReceiver(this.table, index);
      const rect = rectOf(this.table, this.layout, link, index);
      const at = toPixel(view, rect.x + 0.5, rect.y + 0.5);
      if (at.x < -20 || at.y < -20 || at.x > canvas.width + 20 || at.y > canvas.height + 20) continue;
      context.moveTo(at.x + radius, at.y);
      context.arc(at.x, at.y, radius, 0, 2 * Math.PI);
    }
    context.stroke();
  }

  spotOf(receiver: Receiver): Spot {
    const link = linkOfReceiver(this.table, receiver.index);
    return {
      key: String(receiver.index),
      rect: rectOf(this.table, this.layout, link, receiver.index),
      lines: this.lines(receiver),
      href: receiver.link.id,
    };
  }

  spotAt(x: number, y: number): Spot | undefined {
    const found = cellAt(this.table, this.layout, x, y);
    return found && this.spotOf(found);
  }

  step(from: Spot | undefined, way: Step): Spot | undefined {
    if (!from) {
      const first = receiverAt(this.table, 0, 0);
      return first && this.spotOf(first);
    }
    const dx = way === 'left' ? -1 : way === 'right' ? 1 : 0;
    const dy = way === 'up' ? -1 : way === 'down' ? 1 : 0;
    // Gaps between directions and columns are walked over.
    for (let i = 1; i <= 8; i++) {
      const found = this.spotAt(from.rect.x + 0.5 + dx * i, from.rect.y + 0.5 + dy * i);
      if (found) return found;
    }
    return undefined;
  }
}
