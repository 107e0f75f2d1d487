// SPDX-License-Identifier: Apache-2.0
// What the heat map can show of a lane: how a number becomes a colour, and which words stand beside it. Pure.
import { numberText, powerOfTen } from '../format/units';
import { LIMIT_AT, type RampName } from './colour';

export type QuantityKey = 'peers' | 'error_ratio' | 'margin' | 'figure_of_merit' | 'signal' | 'temperature';

export interface Quantity {
  key: QuantityKey;
  title: string;
  help: string;
  ramp: RampName;
  /** 0 (good, little) to 1; NaN stays NaN. */
  shade(value: number): number;
  text(value: number): string;
  legend: readonly number[];
  /** Whether a value is beyond the limit; quantities without one never are. */
  isBad(value: number): boolean;
  /** Larger is worse when positive. */
  worse: 1 | -1;
}

/** From `good` to `limit` over the blue part, on to `worst` over the orange one. */
function about(good: number, limit: number, worst: number): (value: number) => number {
  return (value) => {
    const before = (value - good) / (limit - good);
    if (Number.isNaN(before)) return NaN;
    if (before < 1) return Math.max(0, before) * (LIMIT_AT - 0.01);
    return LIMIT_AT + Math.min(1, (value - limit) / (worst - limit)) * (1 - LIMIT_AT);
  };
}

const ratio = (value: number): string => (value === 0 ? 'no errors seen' : powerOfTen(value));

const signed = (value: number): string => `${value > 0 ? '+' : ''}${numberText(Number(value.toFixed(1)))}`;

export const QUANTITIES: readonly Quantity[] = [
  {
    key: 'peers',
    title: 'Against peers',
    help: 'Decades by which a lane errs more than the median of like links in the same direction.',
    ramp: 'limit',
    shade: about(-2, 1, 5),
    text: (value) => `${signed(value)} decades against its peers`,
    legend: [-2, -1, 0, 1, 3, 5],
    isBad: (value) => value >= 1,
    worse: 1,
  },
  {
    key: 'error_ratio',
    title: 'Error ratio',
    help: 'Bit errors over bits, before any correction, while the lane counts.',
    ramp: 'sequence',
    shade: (value) => (value === 0 ? 0 : Math.max(0.04, (Math.log10(value) + 16) / 13)),
    text: ratio,
    legend: [0, 1e-14, 1e-12, 1e-10, 1e-8, 1e-6, 1e-4],
    isBad: () => false,
    worse: 1,
  },
  {
    key: 'margin',
    title: 'Margin',
    help: 'Decades from the proven error ratio (its upper 95 % bound) to what the protocol allows.',
    ramp: 'limit',
    shade: about(12, 0, -5),
    text: (value) => `${signed(value)} decades to the limit`,
    legend: [12, 8, 4, 0, -2, -5],
    isBad: (value) => value <= 0,
    worse: -1,
  },
  {
    key: 'figure_of_merit',
    title: 'Figure of merit',
    help: 'What a retimer says of its receiver, 255 at best; its own alert is at 85.',
    ramp: 'limit',
    shade: about(255, 85, 0),
    text: (value) => `${numberText(value)} of 255`,
    legend: [255, 200, 140, 85, 40, 0],
    isBad: (value) => value <= 85,
    worse: -1,
  },
  {
    key: 'signal',
    title: 'Signal to noise',
    help: 'Signal over all that disturbs it, as ports and modules say it.',
    ramp: 'sequence',
    shade: (value) => (34 - value) / 26,
    text: (value) => `${numberText(Number(value.toFixed(1)))} dB`,
    legend: [34, 28, 22, 16, 10],
    isBad: () => false,
    worse: -1,
  },
  {
    key: 'temperature',
    title: 'Temperature',
    help: 'The hottest module or retimer on the link.',
    ramp: 'sequence',
    shade: (value) => (value - 20) / 80,
    text: (value) => `${numberText(Number(value.toFixed(1)))} °C`,
    legend: [20, 40, 60, 80, 100],
    isBad: () => false,
    worse: 1,
  },
];

export function quantityOf(key: string): Quantity {
  return QUANTITIES.find((each) => each.key === key) ?? QUANTITIES[0]!;
}
