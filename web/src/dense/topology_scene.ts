// SPDX-License-Identifier: Apache-2.0
// Draws the topology: links as lines under devices as shapes, one shape a kind. All that does not change with
// findings is kept on a Sheet; what is wrong, chosen or lost is drawn over it in each frame.
import type { Level } from '../api/types';
import type { Scene, Spot, Step } from './canvas_view';
import { INK, over, type Theme } from './colour';
import { FONT, chip, cut, widthOf } from './paint';
import type { Sheet, Steps } from './sheet';
import type { Blast, Side, Topology } from './topology';
import { toPixel, type Rect, type Size, type Viewport } from './viewport';

/** A fabric of no more is drawn sharp in each frame. */
const FEW_EDGES = 2000;
/** Behind a machine's devices. */
const GROUND: Record<Theme, string> = { light: '#f3f5f7', dark: '#1b252f' };
const EDGES_A_STEP = 200;
const NODES_A_STEP = 150;
const MACHINES_A_STEP = 60;
const SIDE_COLOUR: Record<Side, Record<Theme, string>> = {
  host: { light: '#5c6b7a', dark: '#8a9aaa' },
  'scale-up': { light: '#0a58a8', dark: '#5aa2e6' },
  network: { light: '#08795a', dark: '#4cc79f' },
};
export const SIDES: readonly Side[] = ['network', 'host', 'scale-up'];

export function sideColour(side: Side, theme: Theme): string {
  return SIDE_COLOUR[side][theme];
}

export interface Marks {
  links: ReadonlyMap<string, Level>;
  devices: ReadonlyMap<string, Level>;
}

export interface Chosen {
  node?: number;
  edge?: number;
}

function isWrong(level: Level | undefined): boolean {
  return level === 'warning' || level === 'critical';
}

function radiusOf(view: Viewport): number {
  return Math.min(12, Math.max(2.2, view.sx * 0.45));
}

function isInSight(at: { x: number; y: number }, canvas: Size, around: number): boolean {
  return at.x >= -around && at.x <= canvas.width + around && at.y >= -around && at.y <= canvas.height + around;
}

export class TopologyScene implements Scene {
  readonly world: Size;
  readonly pad: Rect = { x: 132, y: 40, width: 24, height: 24 };
  readonly most = 60;
  private request: () => void = () => undefined;
  private readonly wrongEdges: readonly number[];
  private readonly wrongNodes: readonly number[];
  private readonly cutOff: ReadonlySet<number>;
  private readonly near: ReadonlySet<number>;

  constructor(readonly data: Topology, readonly theme: Theme, readonly marks: Marks, readonly chosen: Chosen | undefined,
    readonly blast: Blast | undefined, private readonly sheet: Sheet) {
    this.world = { width: data.width, height: data.height };
    this.wrongEdges = marks.links.size === 0 ? [] : data.edges.flatMap((edge, i) => (isWrong(marks.links.get(edge.id)) ? [i] : []));
    this.wrongNodes = [...marks.devices].flatMap(([name, level]) => {
      const node = isWrong(level) ? data.byName.get(name) : undefined;
      return node === undefined ? [] : [node];
    });
    this.cutOff = new Set(blast?.cutOff ?? []);
    this.near = new Set(blast?.narrowed.map((each) => each.node) ?? []);
  }

  attach(request: () => void): void {
    this.request = request;
  }

  private y(node: number): number {
    return this.data.layers[this.data.nodes[node]!.layer]!.y;
  }

  private path(context: CanvasRenderingContext2D, view: Viewport, edges: readonly number[]): void {
    const { nodes } = this.data;
    context.beginPath();
    for (const index of edges) {
      const edge = this.data.edges[index]!;
      const a = toPixel(view, nodes[edge.a]!.x, this.y(edge.a));
      const b = toPixel(view, nodes[edge.b]!.x, this.y(edge.b));
      context.moveTo(a.x, a.y);
      context.lineTo(b.x, b.y);
    }
    context.stroke();
  }

  draw(context: CanvasRenderingContext2D, view: Viewport, canvas: Size, spot: Spot | undefined): void {
    const ink = INK[this.theme];
    const key = `${this.theme} ${this.chosen?.node ?? ''} ${this.chosen?.edge ?? ''}`;
    const isAtOnce = this.data.edges.length <= FEW_EDGES;
    const isStale = this.sheet.show(context, view, canvas, key, isAtOnce, (on, of) => this.steps(on, of, canvas));
    if (isStale) this.request();
    this.markedLines(context, view);
    this.markedNodes(context, view, canvas);
    this.titles(context, view);
    if (spot) {
      const at = toPixel(view, spot.rect.x, spot.rect.y);
      context.strokeStyle = ink.accent;
      context.lineWidth = 2;
      context.strokeRect(at.x - 2, at.y - 2, spot.rect.width * view.sx + 4, spot.rect.height * view.sy + 4);
    }
  }

  /** All that is not marked: machines, links by side, devices; faint where something is chosen. */
  private *steps(context: CanvasRenderingContext2D, view: Viewport, canvas: Size): Steps {
    context.fillStyle = INK[this.theme].background;
    context.fillRect(0, 0, canvas.width, canvas.height);
    const inside = this.data.nodes.filter((each) => each.machine >= 0).map((each) => this.data.layers[each.layer]!.y);
    const top = inside.reduce((least, each) => Math.min(least, each), Infinity) - 3;
    const bottom = inside.reduce((most, each) => Math.max(most, each), -Infinity) + 3;
    for (let from = 0; inside.length > 0 && from < this.data.machines.length; from += MACHINES_A_STEP) {
      this.machines(context, view, canvas, from, top, bottom);
      yield;
    }
    for (const side of SIDES) {
      const edges = this.data.edges.flatMap((edge, i) => (edge.side === side ? [i] : []));
      const opacity = this.chosen ? 0.18 : this.data.edges.length > 600 ? 0.3 : 0.5;
      for (let from = 0; from < edges.length; from += EDGES_A_STEP) {
        context.lineWidth = 1;
        context.strokeStyle = over(sideColour(side, this.theme), INK[this.theme].background, opacity);
        this.path(context, view, edges.slice(from, from + EDGES_A_STEP));
        yield;
      }
    }
    if (inside.length > 0) this.machineNames(context, view, canvas, top);
    yield;
    for (let from = 0; from < this.data.nodes.length; from += NODES_A_STEP) {
      for (let i = from; i < Math.min(from + NODES_A_STEP, this.data.nodes.length); i++) this.node(context, view, canvas, i);
      yield;
    }
  }

  private machines(context: CanvasRenderingContext2D, view: Viewport, canvas: Size, from: number, top: number, bottom: number): void {
    context.fillStyle = GROUND[this.theme];
    for (const machine of this.data.machines.slice(from, from + MACHINES_A_STEP)) {
      const at = toPixel(view, machine.x - 0.8, top);
      const end = toPixel(view, machine.x + machine.width + 0.8, bottom);
      if (end.x < 0 || at.x > canvas.width) continue;
      context.fillRect(at.x, at.y, end.x - at.x, end.y - at.y);
    }
  }

  private machineNames(context: CanvasRenderingContext2D, view: Viewport, canvas: Size, top: number): void {
    context.font = FONT;
    context.textBaseline = 'middle';
    context.textAlign = 'center';
    for (const machine of this.data.machines) {
      const at = toPixel(view, machine.x - 0.8, top);
      const width = (machine.width + 1.6) * view.sx;
      if (at.x + width < 0 || at.x > canvas.width || at.y < -20 || at.y > canvas.height) continue;
      const text = cut(context, machine.name, width - 8);
      if (text === '') continue;
      const wide = widthOf(context, text) + 8;
      context.fillStyle = GROUND[this.theme];
      context.fillRect(at.x + width / 2 - wide / 2, at.y + 2, wide, 14);
      context.fillStyle = INK[this.theme].faint;
      context.fillText(text, at.x + width / 2, at.y + 9);
    }
    context.textAlign = 'left';
  }

  private markedLines(context: CanvasRenderingContext2D, view: Viewport): void {
    const ink = INK[this.theme];
    context.strokeStyle = ink.bad;
    context.lineWidth = 2.5;
    this.path(context, view, this.wrongEdges);
    if (!this.blast) return;
    context.strokeStyle = ink.mark;
    context.setLineDash([6, 4]);
    context.lineWidth = 2;
    this.path(context, view, this.blast.links);
    context.setLineDash([]);
  }

  private shape(context: CanvasRenderingContext2D, kind: string, x: number, y: number, r: number): void {
    context.beginPath();
    if (/switch|bridge/.test(kind)) context.rect(x - r * 1.15, y - r * 0.75, r * 2.3, r * 1.5);
    else if (/accelerator|gpu/.test(kind)) context.rect(x - r, y - r, r * 2, r * 2);
    else if (kind === 'nic') {
      context.moveTo(x, y - r);
      context.lineTo(x + r, y + r * 0.8);
      context.lineTo(x - r, y + r * 0.8);
      context.closePath();
    } else if (/memory|storage/.test(kind)) {
      context.moveTo(x, y - r);
      context.lineTo(x + r, y);
      context.lineTo(x, y + r);
      context.lineTo(x - r, y);
      context.closePath();
    } else context.arc(x, y, r, 0, 2 * Math.PI);
  }

  private node(context: CanvasRenderingContext2D, view: Viewport, canvas: Size, i: number): void {
    const node = this.data.nodes[i]!;
    const at = toPixel(view, node.x, this.y(i));
    if (!isInSight(at, canvas, 30)) return;
    const r = radiusOf(view);
    const isFaint = this.chosen && this.chosen.node !== i && !this.cutOff.has(i) && !this.near.has(i);
    context.globalAlpha = isFaint ? 0.35 : 1;
    context.fillStyle = INK[this.theme].text;
    this.shape(context, node.kind, at.x, at.y, r);
    context.fill();
    context.globalAlpha = 1;
    if (view.sx * 1.6 <= 34 || isFaint) return;
    context.font = '11px system-ui, sans-serif';
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    context.fillText(cut(context, node.name.slice(node.name.lastIndexOf('/') + 1), view.sx * 1.55), at.x, at.y + r + 9);
    context.textAlign = 'left';
  }

  private markedNodes(context: CanvasRenderingContext2D, view: Viewport, canvas: Size): void {
    const ink = INK[this.theme];
    const r = radiusOf(view);
    const ring = (i: number, colour: string): void => {
      const at = toPixel(view, this.data.nodes[i]!.x, this.y(i));
      if (!isInSight(at, canvas, 30)) return;
      context.strokeStyle = context.fillStyle = colour;
      context.lineWidth = 2;
      this.shape(context, this.data.nodes[i]!.kind, at.x, at.y, r);
      context.fill();
      context.beginPath();
      context.arc(at.x, at.y, r + 5, 0, 2 * Math.PI);
      context.stroke();
    };
    if (this.chosen?.node !== undefined) ring(this.chosen.node, ink.accent);
    for (const each of this.wrongNodes) ring(each, ink.bad);
    context.strokeStyle = ink.bad;
    context.lineWidth = 2;
    context.beginPath();
    for (const each of this.cutOff) {
      const at = toPixel(view, this.data.nodes[each]!.x, this.y(each));
      if (!isInSight(at, canvas, 30)) continue;
      context.moveTo(at.x - r - 3, at.y - r - 3);
      context.lineTo(at.x + r + 3, at.y + r + 3);
      context.moveTo(at.x + r + 3, at.y - r - 3);
      context.lineTo(at.x - r - 3, at.y + r + 3);
    }
    context.stroke();
  }

  private titles(context: CanvasRenderingContext2D, view: Viewport): void {
    context.font = FONT;
    context.textBaseline = 'middle';
    for (const each of this.data.layers) chip(context, each.title, 10, toPixel(view, 0, each.y).y, INK[this.theme]);
  }

  nodeSpot(node: number): Spot {
    const of = this.data.nodes[node]!;
    const links = this.data.edgesOf[node]!;
    const level = this.marks.devices.get(of.name);
    return {
      key: `n${node}`,
      rect: { x: of.x - 0.7, y: this.y(node) - 0.7, width: 1.4, height: 1.4 },
      lines: [of.name, of.kind.replace(/-/g, ' '), `${links.length} link${links.length === 1 ? '' : 's'}`, ...(level && level !== 'ok' ? [level] : [])],
      href: of.name,
    };
  }

  edgeSpot(edge: number): Spot {
    const of = this.data.edges[edge]!;
    const a = this.data.nodes[of.a]!;
    const b = this.data.nodes[of.b]!;
    const level = this.marks.links.get(of.id);
    const x = (a.x + b.x) / 2;
    const y = (this.y(of.a) + this.y(of.b)) / 2;
    return {
      key: `e${edge}`, rect: { x: x - 0.3, y: y - 0.3, width: 0.6, height: 0.6 },
      lines: [of.name, `${of.protocol}, ${of.side}`, ...(level && level !== 'ok' ? [level] : [])], href: of.id,
    };
  }

  spotAt(x: number, y: number, view: Viewport): Spot | undefined {
    const reach = Math.max(0.8, 8 / view.sx);
    let best = -1;
    let least = reach;
    this.data.nodes.forEach((node, i) => {
      const away = Math.max(Math.abs(node.x - x), Math.abs(this.y(i) - y));
      if (away < least) {
        least = away;
        best = i;
      }
    });
    if (best >= 0) return this.nodeSpot(best);
    least = 5 / view.sx;
    this.data.edges.forEach((edge, i) => {
      const a = this.data.nodes[edge.a]!;
      const b = this.data.nodes[edge.b]!;
      const ay = this.y(edge.a);
      const by = this.y(edge.b);
      const length = (b.x - a.x) ** 2 + (by - ay) ** 2;
      const t = length > 0 ? Math.min(1, Math.max(0, ((x - a.x) * (b.x - a.x) + (y - ay) * (by - ay)) / length)) : 0;
      const away = Math.hypot(x - a.x - t * (b.x - a.x), y - ay - t * (by - ay));
      if (away < least) {
        least = away;
        best = i;
      }
    });
    return best >= 0 ? this.edgeSpot(best) : undefined;
  }

  step(from: Spot | undefined, way: Step): Spot | undefined {
    const { nodes } = this.data;
    const at = from?.key.startsWith('n') ? Number(from.key.slice(1)) : -1;
    const node = nodes[at];
    if (!node) return nodes.length > 0 ? this.nodeSpot(0) : undefined;
    const layerAt = node.layer + (way === 'up' ? -1 : way === 'down' ? 1 : 0);
    let best = -1;
    nodes.forEach((each, i) => {
      if (i === at || each.layer !== layerAt) return;
      if (way === 'left' && each.x >= node.x) return;
      if (way === 'right' && each.x <= node.x) return;
      if (best < 0 || Math.abs(each.x - node.x) < Math.abs(nodes[best]!.x - node.x)) best = i;
    });
    return best >= 0 ? this.nodeSpot(best) : undefined;
  }
}
