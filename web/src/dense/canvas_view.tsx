// SPDX-License-Identifier: Apache-2.0
// A canvas that can be panned, zoomed and walked through, by mouse, touch and keyboard. A view gives it a Scene; this
// file owns size and device pixels, input, the tooltip and the one request for a frame, so that nothing is drawn
// twice and nothing at all while nothing changes.
import type { ComponentChildren } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { clamp, fit, panBy, reveal, toPixel, toWorld, zoomAt, type Rect, type Size, type Viewport } from './viewport';

/** What is under the pointer, or where the keyboard's cursor is. */
export interface Spot {
  key: string;
  /** In world units: what is framed. */
  rect: Rect;
  /** First the name, then numbers with their units. */
  lines: readonly string[];
  href?: string;
}

export type Step = 'left' | 'right' | 'up' | 'down';

export interface Scene {
  world: Size;
  /** Pixels to leave free: left, top, right, bottom as x, y, width, height. */
  pad: Rect;
  stretch?: boolean;
  axes?: 'both' | 'x';
  /** Pixels per world unit at most. */
  most: number;
  draw(context: CanvasRenderingContext2D, view: Viewport, canvas: Size, spot: Spot | undefined): void;
  spotAt(x: number, y: number, view: Viewport): Spot | undefined;
  /** Told once: how to ask for another frame. */
  attach?(request: () => void): void;
  /** The next spot for the keyboard; from none the first one. */
  step?(from: Spot | undefined, way: Step): Spot | undefined;
}

interface Props {
  scene: Scene;
  label: string;
  /** Another key fits the picture anew: another kind of contents. */
  fitKey: string;
  height?: string;
  onSpot?: (spot: Spot | undefined) => void;
  onOpen?: (spot: Spot) => void;
  /** More lines for the tooltip that came later. */
  more?: readonly string[];
  /** Brings this spot into sight and frames it. */
  shown?: Spot | undefined;
  children?: ComponentChildren;
}

const ZOOM_STEP = 1.35;
const DRAG_PIXELS_LEAST = 4;
const WAYS: Record<string, Step> = { ArrowLeft: 'left', ArrowRight: 'right', ArrowUp: 'up', ArrowDown: 'down' };

/** The state between frames; not Preact's, since a frame renders no component. */
class Stage {
  view: Viewport = { x: 0, y: 0, sx: 1, sy: 1 };
  size: Size = { width: 0, height: 0 };
  spot: Spot | undefined;
  isFitted = true;
  onceSized: (() => void) | undefined;
  private frame = 0;
  constructor(readonly canvas: HTMLCanvasElement, public scene: Scene) {}

  fitNow(): void {
    this.isFitted = true;
    this.view = fit(this.scene.world, this.size, this.scene.pad, this.scene.stretch);
    this.request();
  }

  least(): number {
    return fit(this.scene.world, this.size, this.scene.pad, this.scene.stretch).sx * 0.5;
  }

  set(view: Viewport): void {
    this.isFitted = false;
    this.view = clamp(view, this.scene.world, this.size);
    if (this.scene.axes === 'x') {
      const whole = fit(this.scene.world, this.size, this.scene.pad, this.scene.stretch);
      this.view = { ...this.view, y: whole.y, sy: whole.sy };
    }
    this.request();
  }

  zoom(px: number, py: number, factor: number): void {
    this.set(zoomAt(this.view, px, py, factor, this.least(), this.scene.most, this.scene.axes));
  }

  resize(size: Size): void {
    const ratio = window.devicePixelRatio || 1;
    const width = Math.max(1, Math.round(size.width * ratio));
    const height = Math.max(1, Math.round(size.height * ratio));
    this.size = size;
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    if (this.isFitted) this.fitNow();
    else this.request();
    this.onceSized?.();
    this.onceSized = undefined;
  }

  request(): void {
    if (this.frame !== 0) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      const context = this.canvas.getContext('2d', { alpha: false });
      if (!context || this.size.width === 0) return;
      const ratio = this.canvas.width / this.size.width;
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      this.scene.draw(context, this.view, this.size, this.spot);
      this.canvas.dataset['drawn'] = String(Number(this.canvas.dataset['drawn'] ?? 0) + 1);
    });
  }

  stop(): void {
    cancelAnimationFrame(this.frame);
    this.frame = -1;
  }
}

interface Hand {
  pointers: Map<number, { x: number; y: number }>;
  moved: number;
}

function pinch(hand: Hand): { x: number; y: number; length: number } {
  const [a, b] = [...hand.pointers.values()];
  return { x: (a!.x + b!.x) / 2, y: (a!.y + b!.y) / 2, length: Math.hypot(a!.x - b!.x, a!.y - b!.y) };
}

function listenToPointer(stage: Stage, onSpot: (spot: Spot | undefined) => void, onOpen: (spot: Spot) => void): () => void {
  const { canvas } = stage;
  const hand: Hand = { pointers: new Map(), moved: 0 };
  const at = (event: MouseEvent): { x: number; y: number } => {
    const box = canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const spotUnder = (point: { x: number; y: number }): Spot | undefined => {
    const world = toWorld(stage.view, point.x, point.y);
    return stage.scene.spotAt(world.x, world.y, stage.view);
  };
  const down = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    hand.pointers.set(event.pointerId, at(event));
    hand.moved = 0;
  };
  const move = (event: PointerEvent): void => {
    const point = at(event);
    const before = hand.pointers.get(event.pointerId);
    if (!before) {
      onSpot(spotUnder(point));
      return;
    }
    const two = hand.pointers.size === 2 ? pinch(hand) : undefined;
    hand.pointers.set(event.pointerId, point);
    hand.moved += Math.abs(point.x - before.x) + Math.abs(point.y - before.y);
    if (two) {
      const next = pinch(hand);
      stage.view = panBy(stage.view, next.x - two.x, next.y - two.y);
      stage.zoom(next.x, next.y, next.length / Math.max(1, two.length));
    } else if (hand.moved > DRAG_PIXELS_LEAST) {
      stage.set(panBy(stage.view, point.x - before.x, point.y - before.y));
      onSpot(undefined);
    }
  };
  const up = (event: PointerEvent): void => {
    if (!hand.pointers.delete(event.pointerId) || hand.moved > DRAG_PIXELS_LEAST) return;
    const spot = spotUnder(at(event));
    onSpot(spot);
    if (spot) onOpen(spot);
  };
  const leave = (): void => onSpot(undefined);
  const wheel = (event: WheelEvent): void => {
    event.preventDefault();
    const point = at(event);
    const lines = event.deltaMode === 1 ? 16 : 1;
    stage.zoom(point.x, point.y, Math.exp(-event.deltaY * lines * 0.0016));
    onSpot(undefined);
  };
  canvas.addEventListener('pointerdown', down);
  canvas.addEventListener('pointermove', move);
  canvas.addEventListener('pointerup', up);
  canvas.addEventListener('pointercancel', up);
  canvas.addEventListener('pointerleave', leave);
  canvas.addEventListener('wheel', wheel, { passive: false });
  return () => {
    canvas.removeEventListener('pointerdown', down);
    canvas.removeEventListener('pointermove', move);
    canvas.removeEventListener('pointerup', up);
    canvas.removeEventListener('pointercancel', up);
    canvas.removeEventListener('pointerleave', leave);
    canvas.removeEventListener('wheel', wheel);
  };
}

export function CanvasView({ scene, label, fitKey, height, onSpot, onOpen, more, shown, children }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const stage = useRef<Stage | undefined>(undefined);
  const [tip, setTip] = useState<{ spot: Spot; x: number; y: number; isByKey: boolean }>();
  const id = useMemo(() => `dn-help-${Math.random().toString(36).slice(2)}`, []);

  const show = (spot: Spot | undefined, isByKey = false): void => {
    const on = stage.current;
    if (!on || (on.spot?.key === spot?.key && !isByKey)) return;
    on.spot = spot;
    on.request();
    onSpot?.(spot);
    if (!spot) return setTip(undefined);
    const corner = toPixel(on.view, spot.rect.x + spot.rect.width, spot.rect.y + spot.rect.height);
    setTip({ spot, x: Math.min(corner.x, on.size.width), y: Math.min(corner.y, on.size.height), isByKey });
  };
  const calls = useRef({ show, onOpen });
  calls.current = { show, onOpen };

  useEffect(() => {
    const element = canvas.current!;
    const on = new Stage(element, scene);
    stage.current = on;
    const watch = new ResizeObserver(() => on.resize({ width: element.clientWidth, height: element.clientHeight }));
    watch.observe(element);
    const stop = listenToPointer(on, (spot) => calls.current.show(spot), (spot) => calls.current.onOpen?.(spot));
    return () => {
      watch.disconnect();
      stop();
      on.stop();
    };
  }, []);
  useEffect(() => {
    if (!stage.current) return;
    const on = stage.current;
    on.scene = scene;
    scene.attach?.(() => on.request());
    on.request();
  }, [scene]);
  useEffect(() => {
    if (stage.current && stage.current.size.width > 0) stage.current.fitNow();
  }, [fitKey]);
  useEffect(() => {
    const on = stage.current;
    if (!on || !shown) return;
    const bring = (): void => {
      on.set(reveal(on.view, shown.rect, on.size));
      calls.current.show(shown, true);
    };
    if (on.size.width > 0) bring();
    else on.onceSized = bring;
  }, [shown?.key]);

  const zoomMiddle = (factor: number): void => {
    const on = stage.current;
    on?.zoom(on.size.width / 2, on.size.height / 2, factor);
    setTip(undefined);
  };
  const key = (event: KeyboardEvent): void => {
    const on = stage.current;
    if (!on || event.ctrlKey || event.metaKey || event.altKey) return;
    const way = WAYS[event.key];
    if (way && event.shiftKey) {
      const by = 80;
      on.set(panBy(on.view, way === 'left' ? by : way === 'right' ? -by : 0, way === 'up' ? by : way === 'down' ? -by : 0));
    } else if (way && on.scene.step) {
      const next = on.scene.step(on.spot, way);
      if (next) {
        on.set(reveal(on.view, next.rect, on.size));
        show(next, true);
      }
    } else if (event.key === '+' || event.key === '=') zoomMiddle(ZOOM_STEP);
    else if (event.key === '-') zoomMiddle(1 / ZOOM_STEP);
    else if (event.key === '0') on.fitNow();
    else if (event.key === 'Enter' && on.spot) onOpen?.(on.spot);
    else if (event.key === 'Escape' && on.spot) show(undefined);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const isLeft = tip !== undefined && stage.current !== undefined && tip.x > stage.current.size.width * 0.6;
  const isAbove = tip !== undefined && stage.current !== undefined && tip.y > stage.current.size.height * 0.6;
  const style = tip && {
    ...(isLeft ? { right: `${(stage.current?.size.width ?? 0) - tip.x + 14}px` } : { left: `${tip.x + 10}px` }),
    ...(isAbove ? { bottom: `${(stage.current?.size.height ?? 0) - tip.y + 14}px` } : { top: `${tip.y + 10}px` }),
  };
  return (
    <div class="dn-frame" style={{ height: height ?? 'clamp(320px, 62vh, 900px)' }}>
      <canvas
        ref={canvas}
        class="dn-canvas"
        tabIndex={0}
        role="application"
        aria-roledescription="picture that zooms"
        aria-label={label}
        aria-describedby={id}
        onKeyDown={key}
      />
      <div class={`dn-tools${scene.stretch ? ' is-top' : ''}`}>
        <button type="button" onClick={() => zoomMiddle(ZOOM_STEP)} aria-label="Larger" title="Larger: +">+</button>
        <button type="button" onClick={() => zoomMiddle(1 / ZOOM_STEP)} aria-label="Smaller" title="Smaller: −">−</button>
        <button type="button" onClick={() => stage.current?.fitNow()} aria-label="Whole picture" title="Whole picture: 0">⤢</button>
      </div>
      {tip && (
        <div class="dn-tip" style={style}>
          {[...tip.spot.lines, ...(more ?? [])].map((line, i) => (i === 0 ? <strong key={line}>{line}</strong> : <span key={`${i}${line}`}>{line}</span>))}
        </div>
      )}
      <p id={id} class="dn-unseen">
        Arrow keys go from one to the next, with Shift they move the picture; plus and minus zoom, 0 shows all, Enter opens.
      </p>
      <p class="dn-unseen" aria-live="polite">{tip?.isByKey ? [...tip.spot.lines, ...(more ?? [])].join('; ') : ''}</p>
      {children}
    </div>
  );
}
