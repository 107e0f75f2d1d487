// SPDX-License-Identifier: Apache-2.0
// FEC histograms over time: cumulative counters of codewords by corrected symbols become shares of each slot of
// time. A counter that went back, or was not measured, leaves a gap; what nobody saw is NaN and never 0. Pure.

export interface HistogramPoint {
  /** Seconds since 1970. */
  at: number;
  value?: number | string | number[];
  not_measured?: string;
}

export interface Waterfall {
  /** Seconds since 1970. */
  from: number;
  slotSeconds: number;
  slots: number;
  bins: readonly string[];
  /** [slot][bin]: share of the slot's codewords; NaN where nothing was seen. */
  share: Float32Array;
  /** [slot][bin]: codewords. */
  count: Float64Array;
  /** Of each bin over the whole time. */
  total: Float64Array;
  seenSeconds: number;
}

/** "total 0,1-3" names its bins; "total" counts from 0. */
export function binNames(label: string, bins: number): string[] {
  const space = label.indexOf(' ');
  const named = space < 0 ? [] : label.slice(space + 1).split(',');
  return Array.from({ length: bins }, (_, i) => named[i] ?? String(i));
}

function spread(of: Waterfall, seen: Float64Array, from: number, until: number, counts: readonly number[]): void {
  const span = until - from;
  const first = Math.max(0, Math.floor((from - of.from) / of.slotSeconds));
  const last = Math.min(of.slots - 1, Math.ceil((until - of.from) / of.slotSeconds) - 1);
  for (let slot = first; slot <= last; slot++) {
    const begin = of.from + slot * of.slotSeconds;
    const overlap = Math.min(until, begin + of.slotSeconds) - Math.max(from, begin);
    if (overlap <= 0) continue;
    seen[slot] = seen[slot]! + overlap;
    for (let bin = 0; bin < counts.length; bin++) {
      const at = slot * of.bins.length + bin;
      of.count[at] = of.count[at]! + (counts[bin]! * overlap) / span;
    }
  }
}

export function waterfallOf(points: readonly HistogramPoint[], label: string, from: number, until: number, slots: number): Waterfall {
  const bins = points.reduce((most, each) => (Array.isArray(each.value) ? Math.max(most, each.value.length) : most), 0);
  const out: Waterfall = {
    from, slotSeconds: (until - from) / slots, slots, bins: binNames(label, bins),
    share: new Float32Array(slots * bins).fill(NaN), count: new Float64Array(slots * bins),
    total: new Float64Array(bins), seenSeconds: 0,
  };
  const seen = new Float64Array(slots);
  let before: { at: number; value: number[] } | undefined;
  for (const point of points) {
    if (!Array.isArray(point.value)) {
      before = undefined;
      continue;
    }
    const now = { at: point.at, value: point.value };
    if (before && now.at > before.at) {
      const last = before.value;
      const counts = now.value.map((each, bin) => each - (last[bin] ?? 0));
      if (counts.every((each) => each >= 0)) {
        spread(out, seen, before.at, now.at, counts);
        out.seenSeconds += now.at - before.at;
        counts.forEach((each, bin) => (out.total[bin] = out.total[bin]! + each));
      }
    }
    before = now;
  }
  for (let slot = 0; slot < slots; slot++) {
    if (seen[slot]! < out.slotSeconds * 0.05) continue;
    let sum = 0;
    for (let bin = 0; bin < bins; bin++) sum += out.count[slot * bins + bin]!;
    if (sum === 0) continue;
    for (let bin = 0; bin < bins; bin++) out.share[slot * bins + bin] = out.count[slot * bins + bin]! / sum;
  }
  return out;
}

/** The highest bin that holds anything; -1 for none. Of a Waterfall's totals or a histogram's counts. */
export function highestBin(counts: ArrayLike<number>): number {
  for (let bin = counts.length - 1; bin >= 0; bin--) if (counts[bin]! > 0) return bin;
  return -1;
}

export const SHARE_LEAST = 1e-12;

/** 0 for the least share that is told apart, 1 for all; below 0 where nothing is. */
export function shadeOfShare(share: number): number {
  if (Number.isNaN(share)) return NaN;
  if (share <= 0) return -1;
  const decades = -Math.log10(SHARE_LEAST);
  return Math.max(0.03, (Math.log10(share) + decades) / decades);
}
