// SPDX-License-Identifier: Apache-2.0
// Numbers as people read them, always with their unit. Units come from the API in UCUM. Pure.

const SUPERSCRIPT: Record<string, string> = {
  '-': '⁻', '0': '⁰', '1': '¹', '2': '²', '3': '³', '4': '⁴', '5': '⁵', '6': '⁶', '7': '⁷', '8': '⁸', '9': '⁹',
};
/** UCUM to what stands behind a number; what is missing here stands as it is. */
const UNITS: Record<string, string> = {
  '1': '', Cel: '°C', 'dB[mW]': 'dBm', 'bit/s': 'bit/s', '1/s': 'per s',
};
const THIN = '\u202f';
const NO_BREAK = '\u00a0';

/** Metrics whose value is a ratio of errors: shown as a power of ten. */
export function isErrorRatio(metric: string): boolean {
  return /(^|_)(ber|error_ratio)($|_)/.test(metric);
}

export function unitText(unit: string): string {
  return UNITS[unit] ?? unit;
}

/** 6.4e-7 as 6.4×10⁻⁷. */
export function powerOfTen(value: number, digits = 2): string {
  if (value === 0) return '0';
  const [mantissa = '', exponent = '0'] = value.toExponential(digits - 1).split('e');
  const power = String(Number(exponent));
  return `${mantissa}×10${[...power].map((each) => SUPERSCRIPT[each] ?? each).join('')}`;
}

/** 12345678 as 12 345 678, with thin spaces that do not break. */
export function grouped(value: number): string {
  const text = String(Math.round(Math.abs(value)));
  let out = '';
  for (let i = 0; i < text.length; i++) {
    if (i > 0 && (text.length - i) % 3 === 0) out += THIN;
    out += text[i];
  }
  return (value < 0 ? '\u2212' : '') + out;
}

/** Three to four significant digits; powers of ten where the number is very small or large. */
export function numberText(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? '∞' : value < 0 ? '\u2212∞' : 'no number';
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e12) return grouped(value);
  if (size < 1e-3 || size >= 1e9) return powerOfTen(value);
  const digits = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : 4;
  const text = value.toFixed(digits).replace(/\.?0+$/, (zeros) => (digits > 0 ? '' : zeros));
  return size >= 1000 ? grouped(value) : text.replace('-', '\u2212');
}

/** A value of a metric with its unit: "45 °C", "6.4×10⁻⁷", "181 100 613". */
export function valueText(value: number, unit: string, metric = ''): string {
  const text = isErrorRatio(metric) && value !== 0 ? powerOfTen(value) : numberText(value);
  const behind = unitText(unit);
  return behind === '' ? text : `${text}${behind === '%' ? THIN : NO_BREAK}${behind}`;
}

/** A rate with its exact bounds: "0.004 per s (0.0011 to 0.01)". */
export function rateText(perSecond: number, low?: number, high?: number): string {
  const bounds = low !== undefined && high !== undefined ? ` (${numberText(low)} to ${numberText(high)})` : '';
  return `${numberText(perSecond)}${NO_BREAK}per s${bounds}`;
}

export function percentText(share: number): string {
  const percent = share * 100;
  return `${percent > 0 && percent < 1 ? '<1' : Math.round(percent)}${THIN}%`;
}

/** Bits a second: "800 Gbit/s". */
export function bitRateText(bits: number): string {
  const steps: [number, string][] = [[1e15, 'Pbit/s'], [1e12, 'Tbit/s'], [1e9, 'Gbit/s'], [1e6, 'Mbit/s']];
  for (const [size, name] of steps) {
    if (bits >= size) return `${numberText(Number((bits / size).toPrecision(3)))}${NO_BREAK}${name}`;
  }
  return `${numberText(bits)}${NO_BREAK}bit/s`;
}

/** Length of a segment: "2.5 m", "80 mm", "20 km". */
export function lengthText(mm: number): string {
  if (mm >= 1e6) return `${numberText(mm / 1e6)}${NO_BREAK}km`;
  if (mm >= 1000) return `${numberText(mm / 1000)}${NO_BREAK}m`;
  return `${numberText(mm)}${NO_BREAK}mm`;
}

/** A count and its noun: "1 link", "3 links". */
export function countText(count: number, noun: string, plural = `${noun}s`): string {
  return `${grouped(count)} ${count === 1 ? noun : plural}`;
}
