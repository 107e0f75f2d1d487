// SPDX-License-Identifier: Apache-2.0
// Before and after a moment, in words: what each window says with its bounds, and whether they can be told apart. Pure.
import type { CompareAnswer, Seen } from '../api/types';
import { isErrorRatio, numberText, valueText } from '../format/units';

/** Metrics of which less is better; of the others nobody says. */
const LESS_IS_BETTER = /error|_ber|fec_|aer_|recover|retr|downed|link_downs|carrier|temperature|replay|nak/;
const MORE_IS_BETTER = /snr|figure_of_merit|receive_power|link_width|link_rate/;

export type Verdict = 'better' | 'worse' | 'less' | 'more' | 'not told apart' | 'not measured';

export function verdictOf(metric: string, told: CompareAnswer['series'][number]['told']): Verdict {
  if (told === 'not_measured') return 'not measured';
  if (told === 'not_told_apart') return 'not told apart';
  if (LESS_IS_BETTER.test(metric)) return told === 'less' ? 'better' : 'worse';
  if (MORE_IS_BETTER.test(metric)) return told === 'more' ? 'better' : 'worse';
  return told;
}

/** "45 °C (44 to 46)"; of a counter "0.2 per s (0.1 to 0.4)". Undefined: not measured. */
export function seenText(seen: Seen, metric: string, unit: string): string | undefined {
  const value = seen.per_s ?? seen.mean;
  if (value === undefined) return undefined;
  const isRate = seen.per_s !== undefined;
  const say = (number: number): string => (isErrorRatio(metric) ? valueText(number, '1', metric) : numberText(number));
  const whole = isRate ? `${say(value)}\u00a0per s` : valueText(value, unit, metric);
  if (seen.low === undefined || seen.high === undefined || (seen.low === value && seen.high === value)) return whole;
  return `${whole} (${say(seen.low)} to ${say(seen.high)})`;
}

const RANK: Verdict[] = ['worse', 'better', 'more', 'less', 'not told apart', 'not measured'];

/** How far the middle moved, as a factor: what moved most is read first, proven or not. */
function moved(series: CompareAnswer['series'][number]): number {
  const before = series.before.per_s ?? series.before.mean;
  const after = series.after.per_s ?? series.after.mean;
  if (before === undefined || after === undefined || before === after) return 0;
  return before > 0 && after > 0 ? Math.abs(Math.log(after / before)) : Infinity;
}

/** What changed stands first. */
export function byVerdict(metric: string): (a: CompareAnswer['series'][number], b: CompareAnswer['series'][number]) => number {
  return (a, b) => {
    const rank = RANK.indexOf(verdictOf(metric, a.told)) - RANK.indexOf(verdictOf(metric, b.told));
    if (rank !== 0) return rank;
    const [x, y] = [moved(a), moved(b)];
    return x !== y ? (x > y ? -1 : 1) : a.label.localeCompare(b.label, 'en', { numeric: true });
  };
}
