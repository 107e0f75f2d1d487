// SPDX-License-Identifier: Apache-2.0
// A fabric of any size as /api/v1/lane-table would tell of it, made by a seeded generator: for tests and for the
// measurement of frame times, where no real rack is large enough. Never shown to people as measured.
import type { LaneTableAnswer } from './lane_table';

/** xorshift32: the same numbers for the same seed anywhere. */
export function random(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 4294967296;
  };
}

/** Half of the links have 4 lanes and half 6, both ways: 10 receivers a link in the mean. */
export function sampleLanes(links: number, seed: number, second = 0): LaneTableAnswer {
  const draw = random(seed + second * 7919);
  const answer: LaneTableAnswer = {
    now: new Date(Date.UTC(2026, 0, 1) + second * 1000).toISOString(),
    count: 0,
    links: [],
    columns: ['error_ratio', 'error_ratio_high', 'margin', 'figure_of_merit', 'signal']
      .map((key) => ({ key, unit: '1', values: [] })),
  };
  const [ratio, high, margin, merit, signal] = answer.columns.map((each) => each.values);
  for (let i = 0; i < links; i++) {
    const lanes = i % 2 === 0 ? 4 : 6;
    answer.links.push({
      id: `lnk-${i.toString(16).padStart(16, '0')}`,
      name: `server${i >> 5}/gpu${(i >> 2) & 7}/up${i & 3}--switch${i & 15}/port${i >> 4}`,
      protocol: lanes === 4 ? 'nvlink5' : 'pcie6', limit: 1e-6, lanes, sections: 1, temperature: 40 + 20 * draw(),
    });
    for (let lane = 0; lane < lanes * 2; lane++) {
      const isMeasured = draw() > 0.05;
      const value = draw() < 0.2 ? 0 : 10 ** (-12 + 2 * draw() + (draw() < 0.001 ? 4 : 0));
      ratio!.push(isMeasured ? value : null);
      high!.push(isMeasured ? Math.max(3e-12, value * 1.2) : null);
      margin!.push(isMeasured ? Math.log10(1e-6 / Math.max(3e-12, value * 1.2)) : null);
      merit!.push(null);
      signal!.push(18 + 6 * draw());
      answer.count++;
    }
  }
  return answer;
}
