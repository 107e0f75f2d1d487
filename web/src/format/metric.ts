// SPDX-License-Identifier: Apache-2.0
// Words for metrics by their key, and labels taken apart. What has no words here is its key with spaces. Pure.

const WORDS: Record<string, string> = {
  aer_correctable: 'AER correctable', aer_nonfatal: 'AER non-fatal', aer_fatal: 'AER fatal',
  aer_root_correctable: 'AER messages, correctable', aer_root_nonfatal: 'AER messages, non-fatal', aer_root_fatal: 'AER messages, fatal',
  fec_corrected_blocks: 'FEC codewords corrected', fec_uncorrectable_blocks: 'FEC codewords lost', fec_corrected_bits: 'FEC bits corrected',
  fec_codewords: 'codewords by errors in them', l0_to_recovery: 'recoveries', lane_bit_errors: 'bit errors', lane_bits: 'bits',
  lane_figure_of_merit: 'figure of merit', link_rate: 'link rate', link_up: 'up', link_width: 'link width', link_training: 'training',
  module_errored_frames: 'errored frames', module_level_transition: 'level transition', module_post_fec_ber: 'error ratio after FEC',
  module_pre_fec_ber: 'error ratio before FEC', module_snr: 'signal to noise', module_temperature: 'module temperature',
  module_voltage: 'module supply', port_figure_of_merit: 'figure of merit', port_link_downs: 'times the link went down',
  port_post_fec_ber: 'error ratio after FEC', port_pre_fec_ber: 'error ratio before FEC', port_recoveries: 'recoveries', port_retries: 'retries',
  temperature_alarm: 'temperature alarm', temperature_limit: 'temperature limit', temperature_peak: 'highest temperature',
  host_uptime: 'uptime',
};

export function metricText(key: string): string {
  return WORDS[key] ?? key.replaceAll('_', ' ');
}

export interface Label {
  /** "media", "host", "upstream", "downstream" or "": which receivers. */
  side: string;
  lane: number | undefined;
  /** "current", "average", "minimum", "maximum" or "". */
  statistic: string;
  text: string;
}

/** "3", "upstream.3", "media 5 current"; what is none of these has no lane. */
export function labelOf(text: string): Label {
  const found = /^(?:(media|host) )?(?:(upstream|downstream)\.)?(\d+)(?: (current|average|minimum|maximum))?$/.exec(text);
  if (!found) return { side: '', lane: undefined, statistic: '', text };
  return { side: found[1] ?? found[2] ?? '', lane: Number(found[3]), statistic: found[4] ?? '', text };
}

/** Rates belong to counters; everything else is a level. */
export function functionOf(kind: string): 'rate' | 'mean' | 'raw' {
  return kind === 'counter' ? 'rate' : kind === 'histogram' ? 'raw' : 'mean';
}
