// SPDX-License-Identifier: Apache-2.0
// A picture too slow to draw in one frame, kept as a bitmap: it is moved and scaled at once when the view changes and
// drawn sharp beside it, a few milliseconds of each frame, until it can take the old one's place. Where a view shows more than
// the bitmap has, the picture of the whole stands below it.
import type { Rect, Size, Viewport } from './viewport';

/** Draws in steps: what comes between two yields should take about a millisecond. */
export type Steps = Generator<undefined, void, undefined>;

/** Of a frame, for drawing beside; the rest is for what moves. */
const SLICE_MS = 5;

interface Face {
  canvas: HTMLCanvasElement;
  context: CanvasRenderingContext2D;
  view: Viewport;
  size: Size;
  ratio: number;
  key: string;
}

function face(view: Viewport, size: Size, ratio: number, key: string): Face {
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(size.width * ratio));
  canvas.height = Math.max(1, Math.round(size.height * ratio));
  // Kept in memory, so that the time of a step is the time that it takes, not that of noting it down.
  const context = canvas.getContext('2d', { willReadFrequently: true, alpha: false })!;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return { canvas, context, view, size, ratio, key };
}

const isOf = (of: Face, view: Viewport, size: Size, ratio: number, key: string): boolean =>
  of.key === key && of.ratio === ratio && of.size.width === size.width && of.size.height === size.height &&
  of.view.x === view.x && of.view.y === view.y && of.view.sx === view.sx && of.view.sy === view.sy;

/** Where a bitmap of another view stands in this one. */
function placeOf(of: Face, view: Viewport): Rect {
  return {
    x: (of.view.x - view.x) * view.sx, y: (of.view.y - view.y) * view.sy,
    width: (of.size.width * view.sx) / of.view.sx, height: (of.size.height * view.sy) / of.view.sy,
  };
}

export class Sheet {
  private front: Face | undefined;
  private whole: Face | undefined;
  private back: { face: Face; steps: Steps } | undefined;

  /** Puts the picture on `context`; true when it is not yet sharp and wants another frame. */
  show(
    context: CanvasRenderingContext2D, view: Viewport, size: Size, key: string, isAtOnce: boolean,
    steps: (context: CanvasRenderingContext2D, view: Viewport) => Steps,
  ): boolean {
    const ratio = context.getTransform().a;
    const isWanted = (of: Face | undefined): boolean => of !== undefined && isOf(of, view, size, ratio, key);
    if (!isWanted(this.front)) {
      // What was begun is ended, even for a view that has moved on: something newer is soon seen.
      if (!this.back || this.back.face.key !== key || this.back.face.ratio !== ratio) {
        const next = face(view, size, ratio, key);
        this.back = { face: next, steps: steps(next.context, view) };
      }
      this.work(isAtOnce || this.front === undefined);
    }
    this.put(context, view, size);
    return !isWanted(this.front);
  }

  private work(isWhole: boolean): void {
    const { face: of, steps } = this.back!;
    const end = performance.now() + SLICE_MS;
    for (;;) {
      const { done } = steps.next();
      // Reading one pixel makes the browser draw what was asked for so far.
      of.context.getImageData(0, 0, 1, 1);
      if (done) break;
      if (!isWhole && performance.now() >= end) return;
    }
    this.front = of;
    if (!this.whole || this.whole.key !== of.key || of.view.sx <= this.whole.view.sx) this.whole = of;
    this.back = undefined;
  }

  private put(context: CanvasRenderingContext2D, view: Viewport, size: Size): void {
    const front = this.front!;
    const at = placeOf(front, view);
    const isAll = at.x <= 0.5 && at.y <= 0.5 && at.x + at.width >= size.width - 0.5 && at.y + at.height >= size.height - 0.5;
    if (!isAll && this.whole && this.whole !== front) {
      const under = placeOf(this.whole, view);
      context.drawImage(this.whole.canvas, under.x, under.y, under.width, under.height);
    }
    context.drawImage(front.canvas, at.x, at.y, at.width, at.height);
  }
}
