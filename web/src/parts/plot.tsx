// SPDX-License-Identifier: Apache-2.0
// A plot over time by uPlot: gaps stay gaps, what was not measured is hatched, bounds are bands, the time under the
// pointer is told absolutely. On a logarithmic axis zero stands on the bottom line and is called 0.
import { useEffect, useMemo, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { absoluteText, tickText } from '../format/time';
import { numberText, valueText } from '../format/units';
import { asksForLog, extentOf, floorOf, union, type Extent, type PlotData } from '../model/plot';
import { colour, isDark } from '../state/theme';
import { isErrorRatio } from '../format/units';

export interface Mark {
  /** Seconds since 1970. */
  at: number;
  text: string;
}

interface Props {
  data: PlotData;
  metric: string;
  unit: string;
  from: number;
  until: number;
  height?: number;
  marks?: readonly Mark[];
  /** Lines to draw strong; the others step back. Empty: all alike. */
  strong?: ReadonlySet<string>;
  /** Plots of one key share their pointer. */
  sync?: string;
  label: string;
  /** What plots beside it span, so that heights can be compared. */
  beside?: Extent;
}

const COLOURS = ['--series-1', '--series-2', '--series-3', '--series-4', '--series-5', '--series-6'];
/** Beyond the sixth line dashes tell them apart. */
const DASHES: number[][] = [[], [6, 3], [2, 3], [8, 3, 2, 3]];

function hatch(u: uPlot, from: number, until: number): void {
  const { ctx, bbox } = u;
  const left = Math.max(bbox.left, u.valToPos(from, 'x', true));
  const right = Math.min(bbox.left + bbox.width, u.valToPos(until, 'x', true));
  if (right <= left) return;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, bbox.top, right - left, bbox.height);
  ctx.clip();
  ctx.strokeStyle = colour('--hatch');
  ctx.globalAlpha = 0.5;
  ctx.lineWidth = 1;
  for (let x = left - bbox.height; x < right; x += 8 * devicePixelRatio) {
    ctx.beginPath();
    ctx.moveTo(x, bbox.top + bbox.height);
    ctx.lineTo(x + bbox.height, bbox.top);
    ctx.stroke();
  }
  ctx.restore();
}

function bands(u: uPlot, data: PlotData, paint: (index: number) => string, lift: (value: number) => number): void {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  data.lines.forEach((line, index) => {
    if (!line.low || !line.high || u.series[index + 1]?.show === false) return;
    ctx.fillStyle = paint(index);
    ctx.globalAlpha = data.lines.length > 3 ? 0.1 : 0.18;
    let begin = -1;
    for (let i = 0; i <= data.times.length; i++) {
      const isIn = i < data.times.length && line.low[i] !== null && line.high[i] !== null && line.values[i] !== null;
      if (isIn && begin < 0) begin = i;
      if (isIn || begin < 0) continue;
      ctx.beginPath();
      for (let k = begin; k < i; k++) ctx.lineTo(u.valToPos(data.times[k]!, 'x', true), u.valToPos(lift(line.high[k]!), 'y', true));
      for (let k = i - 1; k >= begin; k--) ctx.lineTo(u.valToPos(data.times[k]!, 'x', true), u.valToPos(lift(line.low[k]!), 'y', true));
      ctx.closePath();
      ctx.fill();
      begin = -1;
    }
  });
  ctx.restore();
}

function strokes(u: uPlot, marks: readonly Mark[]): void {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.strokeStyle = colour('--quiet');
  ctx.fillStyle = colour('--quiet');
  ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio]);
  ctx.font = `${11 * devicePixelRatio}px sans-serif`;
  ctx.textAlign = 'left';
  for (const mark of marks) {
    const x = u.valToPos(mark.at, 'x', true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.fillText(mark.text, x + 4 * devicePixelRatio, bbox.top + 12 * devicePixelRatio);
  }
  ctx.restore();
}

export function Plot({ data, metric, unit, from, until, height = 240, marks = [], strong, sync, label, beside }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const range = useRef({ from, until });
  range.current = { from, until };
  const extent = useMemo(() => (beside ? union(extentOf(data.lines), beside) : extentOf(data.lines)), [data, beside]);
  const isLog = asksForLog(extent, isErrorRatio(metric));
  const floor = isLog ? floorOf(extent) : 0;
  const span = useRef(extent);
  span.current = extent;
  const dark = isDark.value;
  const shape = `${data.lines.map((each) => each.name).join('|')}/${metric}/${unit}/${isLog}/${floor}/${dark}/${[...(strong ?? [])].join(',')}`;
  const latest = useRef({ data, marks });
  latest.current = { data, marks };

  const columns = (): uPlot.AlignedData => {
    const lift = (value: number | null): number | null => (value === null ? null : isLog ? Math.max(value, floor) : value);
    return [data.times, ...data.lines.map((line) => line.values.map(lift))] as uPlot.AlignedData;
  };

  useEffect(() => {
    const host = box.current;
    if (!host) return undefined;
    const paint = (index: number): string =>
      strong?.has(data.lines[index]?.name ?? '') ? colour('--critical-fill') : colour(COLOURS[index % COLOURS.length]!);
    const say = (value: number | null, at: number | null | undefined): string => (at === null || at === undefined ? '–' : value === null ? 'not measured' : isLog && value <= floor ? valueText(0, unit) : valueText(value, unit, metric));
    const axis = { stroke: colour('--quiet'), grid: { stroke: colour('--line'), width: 1 }, ticks: { stroke: colour('--line'), width: 1 }, font: '11px sans-serif' };
    const options: uPlot.Options = {
      width: Math.max(200, host.clientWidth),
      height,
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
      cursor: { ...(sync ? { sync: { key: sync } } : {}), drag: { x: true, y: false } },
      scales: {
        x: { time: true, range: (_u, least, most) => (least === null || most === null || most <= least ? [range.current.from, range.current.until] : [least, most]) },
        y: isLog ? { distr: 3, range: () => [floor, Math.max(floor * 100, 10 ** Math.ceil(Math.log10(Math.max(span.current.most, floor))))] }
          : { range: () => (span.current.most >= span.current.least ? padded(span.current.least, span.current.most) : [0, 1]) },
      },
      axes: [
        { ...axis, values: (u, splits) => splits.map((each) => tickText(each * 1000, ((u.scales['x']?.max ?? 0) - (u.scales['x']?.min ?? 0)) * 1000)) },
        {
          ...axis,
          size: 72,
          ...(isLog ? { splits: (_u: uPlot, _axis: number, least: number, most: number) => decades(least, most), filter: (_u: uPlot, splits: number[]) => splits } : {}),
          values: (_u, splits) => splits.map((each) => (isLog && each <= floor * 1.001 ? '0' : isLog ? valueText(each, '1', 'ber').replace('1.0×', '') : tickNumber(each, splits))),
        },
      ],
      series: [
        { value: (_u, value) => (value === null ? '–' : absoluteText(value * 1000)), label: 'time' },
        ...data.lines.map((line, index): uPlot.Series => ({
          label: line.name,
          stroke: paint(index),
          width: strong && strong.size > 0 ? (strong.has(line.name) ? 2.5 : 1) : 1.5,
          dash: DASHES[Math.floor(index / COLOURS.length) % DASHES.length]!,
          points: { show: line.values.filter((each) => each !== null).length < 40, size: 4 },
          spanGaps: false,
          value: (_u, value, _series, at) => say(value, at),
        })),
      ],
      legend: { live: true },
      hooks: {
        drawClear: [(u) => latest.current.data.holes.forEach((each) => hatch(u, each.from, each.until))],
        drawAxes: [(u) => bands(u, latest.current.data, paint, (value) => (isLog ? Math.max(value, floor) : value))],
        draw: [(u) => strokes(u, latest.current.marks)],
      },
    };
    const made = new uPlot(options, columns(), host);
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: Math.max(200, host.clientWidth), height }));
    observer.observe(host);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [shape, height, sync]);

  useEffect(() => {
    plot.current?.setData(columns());
    if (data.times.length > 0) plot.current?.setScale('x', { min: from, max: until });
  }, [data, from, until, shape, extent]);

  return <div class="plot" ref={box} role="img" aria-label={`${label}; ${unit === '1' ? 'a number' : unit}; ${data.lines.length} lines`} />;
}

/** Powers of ten, every second or third one where they would stand too close. */
function decades(least: number, most: number): number[] {
  const from = Math.round(Math.log10(least));
  const until = Math.round(Math.log10(most));
  const step = Math.max(1, Math.ceil((until - from) / 8));
  const out: number[] = [];
  for (let power = from; power <= until; power += step) out.push(10 ** power);
  return out;
}

/** As many decimals as the steps between ticks need. */
function tickNumber(value: number, splits: readonly number[]): string {
  const step = splits.length > 1 ? Math.abs(splits[1]! - splits[0]!) : 1;
  if (Math.abs(value) >= 1000 || step >= 1 || step < 1e-6) return numberText(Number(value.toPrecision(6)));
  return value.toFixed(Math.ceil(-Math.log10(step) - 1e-9)).replace('-', '\u2212');
}

/** Room above and below; values that differ by rounding only count as one. */
function padded(least: number, most: number): [number, number] {
  const isWide = most - least > Math.abs(most) * 1e-9;
  const room = isWide ? (most - least) * 0.08 : Math.max(Math.abs(most) * 0.1, 0.5);
  return [least >= 0 && least - room < 0 ? 0 : least - room, most + room];
}
