// SPDX-License-Identifier: Apache-2.0
// How full of corrected symbols codewords were, over time: /fec. One port at a time; the ports are in the order of
// their fullest codeword, so that the one nearest to its limit comes first. The same as a table below.
import { useMemo } from 'preact/hooks';
import { absoluteText, tickText, timeTicks } from '../format/time';
import { grouped, numberText, powerOfTen } from '../format/units';
import type { ViewProps } from '../route';
import { setQuery } from '../state/location';
import { isDark } from '../state/theme';
import { query as address } from '../api/client';
import type { LastAnswer, LastValue } from '../api/types';
import { useAnswer } from '../state/use_answer';
import { CanvasView, type Scene, type Spot, type Step } from './canvas_view';
import { INK, NOTHING, NOT_MEASURED, cssOf, indexOf, table as colourTable, type Theme } from './colour';
import { FONT, hatching, layer, put, type Layer } from './paint';
import { toPixel, type Rect, type Size, type Viewport } from './viewport';
import { highestBin, shadeOfShare, waterfallOf, type HistogramPoint, type Waterfall } from './waterfall';

const SLOTS = 900;
const SPANS: readonly [string, number][] = [['10 minutes', 600], ['1 hour', 3600], ['2 hours', 7200], ['6 hours', 21600], ['1 day', 86400]];

export class WaterfallScene implements Scene {
  readonly world: Size;
  readonly pad: Rect = { x: 64, y: 14, width: 14, height: 34 };
  readonly stretch = true;
  readonly axes = 'x';
  readonly most: number;
  private readonly colours: Layer;
  private readonly mask: Layer;
  private hatch: Layer | undefined;

  constructor(readonly data: Waterfall, readonly theme: Theme) {
    const bins = data.bins.length;
    this.world = { width: data.slots, height: Math.max(1, bins) };
    this.most = 60;
    const pixels = new Uint32Array(data.slots * Math.max(1, bins));
    const mask = new Uint32Array(pixels.length);
    const colours = colourTable('sequence', theme);
    for (let slot = 0; slot < data.slots; slot++) {
      for (let bin = 0; bin < bins; bin++) {
        const shade = shadeOfShare(data.share[slot * bins + bin]!);
        const at = (bins - 1 - bin) * data.slots + slot;
        const index = shade < 0 ? NOTHING : indexOf(shade);
        pixels[at] = colours[index]!;
        mask[at] = index === NOT_MEASURED ? 0xff000000 : 0;
      }
    }
    this.colours = layer(this.world.width, this.world.height);
    this.mask = layer(this.world.width, this.world.height);
    if (bins === 0) return;
    put(this.colours, pixels, this.world.width, this.world.height);
    put(this.mask, mask, this.world.width, this.world.height);
  }

  private timeAt(slot: number): number {
    return (this.data.from + slot * this.data.slotSeconds) * 1000;
  }

  draw(context: CanvasRenderingContext2D, view: Viewport, canvas: Size, spot: Spot | undefined): void {
    const ink = INK[this.theme];
    const { pad, world } = this;
    context.fillStyle = ink.background;
    context.fillRect(0, 0, canvas.width, canvas.height);
    const box = { x: pad.x, y: pad.y, width: canvas.width - pad.x - pad.width, height: canvas.height - pad.y - pad.height };
    context.save();
    context.beginPath();
    context.rect(box.x, box.y, box.width, box.height);
    context.clip();
    const at = toPixel(view, 0, 0);
    context.imageSmoothingEnabled = false;
    context.drawImage(this.colours.canvas, at.x, at.y, world.width * view.sx, world.height * view.sy);
    if (!this.hatch || this.hatch.canvas.width !== canvas.width || this.hatch.canvas.height !== canvas.height) {
      this.hatch = layer(canvas.width, canvas.height);
    }
    const on = this.hatch.context;
    on.globalCompositeOperation = 'copy';
    on.imageSmoothingEnabled = false;
    on.drawImage(this.mask.canvas, at.x, at.y, world.width * view.sx, world.height * view.sy);
    on.globalCompositeOperation = 'source-in';
    on.fillStyle = hatching(on, this.theme);
    on.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(this.hatch.canvas, 0, 0, canvas.width, canvas.height);
    if (spot) {
      const corner = toPixel(view, spot.rect.x, spot.rect.y);
      context.strokeStyle = ink.accent;
      context.lineWidth = 2;
      context.strokeRect(corner.x - 1, corner.y, Math.max(4, view.sx) + 2, view.sy);
    }
    context.restore();
    this.drawAxes(context, view, box, ink.text, ink.line);
  }

  private drawAxes(context: CanvasRenderingContext2D, view: Viewport, box: Rect, text: string, line: string): void {
    context.strokeStyle = line;
    context.lineWidth = 1;
    context.strokeRect(box.x + 0.5, box.y + 0.5, box.width - 1, box.height - 1);
    context.fillStyle = text;
    context.font = FONT;
    context.textBaseline = 'middle';
    context.textAlign = 'right';
    const bins = this.data.bins.length;
    const every = Math.max(1, Math.ceil(16 / view.sy));
    for (let bin = 0; bin < bins; bin += every) {
      context.fillText(this.data.bins[bin]!, box.x - 8, toPixel(view, 0, bins - 1 - bin + 0.5).y);
    }
    context.save();
    context.translate(13, box.y + box.height / 2);
    context.rotate(-Math.PI / 2);
    context.textAlign = 'center';
    context.fillText('corrected symbols', 0, 0);
    context.restore();
    context.textAlign = 'center';
    const from = this.timeAt(view.x + box.x / view.sx);
    const until = this.timeAt(view.x + (box.x + box.width) / view.sx);
    for (const tick of timeTicks(from, until, Math.max(2, Math.floor(box.width / 110)))) {
      const x = (((tick / 1000 - this.data.from) / this.data.slotSeconds) - view.x) * view.sx;
      context.fillRect(x, box.y + box.height, 1, 5);
      context.fillText(tickText(tick, until - from), Math.min(Math.max(x, box.x + 20), box.x + box.width - 20), box.y + box.height + 17);
    }
    context.textAlign = 'left';
  }

  private spotOf(slot: number, bin: number): Spot {
    const { data } = this;
    const bins = data.bins.length;
    const share = data.share[slot * bins + bin]!;
    const count = data.count[slot * bins + bin]!;
    const seconds = data.slotSeconds;
    return {
      key: `${slot} ${bin}`,
      rect: { x: slot, y: bins - 1 - bin, width: 1, height: 1 },
      lines: [
        `${data.bins[bin]} corrected symbol${data.bins[bin] === '1' ? '' : 's'}`,
        Number.isNaN(share) ? 'not measured in this time' : count === 0 ? 'no codeword' :
          `${share > 0.001 ? `${numberText(share * 100)} %` : powerOfTen(share)} of the codewords, ${numberText(Math.round(count))} of them`,
        `${absoluteText(this.timeAt(slot))}, ${numberText(Number(seconds.toPrecision(3)))} s`,
      ],
    };
  }

  spotAt(x: number, y: number): Spot | undefined {
    const slot = Math.floor(x);
    const bin = this.data.bins.length - 1 - Math.floor(y);
    if (slot < 0 || slot >= this.data.slots || bin < 0 || bin >= this.data.bins.length) return undefined;
    return this.spotOf(slot, bin);
  }

  step(from: Spot | undefined, way: Step): Spot | undefined {
    const [x, y] = from ? [from.rect.x + 0.5, from.rect.y + 0.5] : [this.data.slots - 0.5, this.data.bins.length - 0.5];
    if (!from) return this.spotAt(x, y);
    return this.spotAt(x + (way === 'left' ? -1 : way === 'right' ? 1 : 0), y + (way === 'up' ? -1 : way === 'down' ? 1 : 0));
  }
}

interface SamplesAnswer {
  now: string;
  from: string;
  until: string;
  series: { subject: string; label: string; name?: string; planned?: string; points: HistogramPoint[] }[];
}

const nameOf = (each: LastValue): string => each.planned || each.name || each.subject;

/** The fullest codeword first, then by how many of those; of equals by name. */
function inOrder(values: readonly LastValue[]): LastValue[] {
  const counts = (each: LastValue): number[] => (Array.isArray(each.value) ? each.value : []);
  return [...values].sort((a, b) => {
    const high = highestBin(counts(b)) - highestBin(counts(a));
    return high || nameOf(a).localeCompare(nameOf(b), 'en', { numeric: true });
  });
}

function BinTable({ data }: { data: Waterfall }) {
  const sum = data.total.reduce((all, each) => all + each, 0);
  const highest = highestBin(data.total);
  const rows = data.bins.map((name, bin) => ({ name, bin, count: data.total[bin]! })).slice(0, highest + 1);
  return (
    <table class="dn-table">
      <caption>Codewords of this time, by corrected symbols</caption>
      <thead><tr><th scope="col">Corrected symbols</th><th scope="col">Codewords</th><th scope="col">Share</th></tr></thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.name}>
            <th scope="row">{row.name}</th>
            <td>{grouped(row.count)}</td>
            <td>{row.count === 0 ? 'none' : row.count === sum ? 'all' : powerOfTen(row.count / sum)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Picture({ answer, label, name }: { answer: SamplesAnswer; label: string; name: string }) {
  const theme: Theme = isDark.value ? 'dark' : 'light';
  const data = useMemo(() => {
    const series = answer.series.find((each) => each.label === label) ?? answer.series[0];
    return waterfallOf(series?.points ?? [], label, Date.parse(answer.from) / 1000, Date.parse(answer.until) / 1000, SLOTS);
  }, [answer, label]);
  const scene = useMemo(() => new WaterfallScene(data, theme), [data, theme]);
  if (data.bins.length === 0) return <p>Nothing was measured of {name} in this time.</p>;
  const highest = highestBin(data.total);
  const colours = colourTable('sequence', theme);
  return (
    <>
      <div class="dn-legend" role="group" aria-label="Colours">
        {[1, 1e-3, 1e-6, 1e-9, 1e-12].map((share) => (
          <span key={share} class="dn-key"><i style={{ background: cssOf(colours[indexOf(shadeOfShare(share))]!) }} />{share === 1 ? 'all' : powerOfTen(share, 1)}</span>
        ))}
        <span class="dn-key">of the codewords</span>
        <span class="dn-key"><i /> none</span>
        <span class="dn-key"><i class="is-hatched" /> not measured</span>
      </div>
      <CanvasView scene={scene} fitKey={`${name} ${Math.round(data.slotSeconds * SLOTS)} ${data.bins.length}`} height="clamp(280px, 48vh, 560px)"
        label={`FEC histogram of ${name} over time: ${data.bins.length} bins`} />
      <p class="dn-summary">
        {highest <= 0 ? 'No codeword needed a correction' : `The fullest codeword had ${data.bins[highest]} corrected symbols`}
        {' '}in {numberText(Math.round(data.seenSeconds))} s that were seen, from {absoluteText(data.from * 1000)} to {absoluteText((data.from + data.slots * data.slotSeconds) * 1000)}.
      </p>
      <BinTable data={data} />
    </>
  );
}

export default function WaterfallView({ query }: ViewProps) {
  const ports = useAnswer<LastAnswer>('/api/v1/last?metric=fec_codewords&label=total*&since_s=86400&count=10000', 30_000);
  const list = useMemo(() => inOrder(ports.data?.values ?? []), [ports.data]);
  const wanted = query.get('port');
  const chosen = list.find((each) => each.subject === wanted || nameOf(each) === wanted) ?? (wanted ? undefined : list[0]);
  const seconds = Number(query.get('span') ?? 3600) || 3600;
  const path = chosen && address('/api/v1/samples', { metric: 'fec_codewords', subject: chosen.subject, label: chosen.label, since_s: seconds, function: 'raw' });
  const { data, error } = useAnswer<SamplesAnswer>(path, 5000);
  return (
    <>
      <h1 tabIndex={-1}>FEC histogram</h1>
      <div class="dn-bar">
        <label>Port <select value={chosen?.subject ?? ''} onChange={(event) => setQuery({ port: event.currentTarget.value })}>
          {list.map((each) => <option key={each.subject + each.label} value={each.subject}>{nameOf(each)}</option>)}
        </select></label>
        <label>Time <select value={String(seconds)} onChange={(event) => setQuery({ span: event.currentTarget.value })}>
          {SPANS.map(([name, value]) => <option key={value} value={String(value)}>{name}</option>)}
        </select></label>
        <span class="dn-quiet">How many symbols FEC corrected in a codeword; the higher, the nearer to a lost one.</span>
      </div>
      {(ports.error ?? error) && <p class="failed" role="alert">The histograms could not be asked for: {(ports.error ?? error)!.message}.</p>}
      {ports.data && list.length === 0 && <p>No port that is watched tells a FEC histogram.</p>}
      {wanted && ports.data && !chosen && <p>No FEC histogram is known of {wanted}.</p>}
      {chosen && data && <Picture answer={data} label={chosen.label} name={nameOf(chosen)} />}
    </>
  );
}
