// SPDX-License-Identifier: Apache-2.0
#include "phy/eye/burst.h"

#include <algorithm>
#include <cmath>

namespace weft::phy::eye {

BurstEstimate estimate_burst(const link::SlicerInput& input, const Plan& plan, ColumnCache& cache,
                             const JitterGrid& jitter) {
  constexpr std::size_t kLengthMax = 64;
  const double gaps = input.levels - 1;
  std::vector<double> shifts;  // s_m
  double sum = 0;
  for (std::size_t m = 0; m < std::min(input.dfe.size(), kLengthMax); ++m) {
    sum += (m % 2 == 0 ? 1 : -1) * input.dfe[m];
    shifts.push_back(2 / gaps * std::abs(sum));
  }
  BurstEstimate estimate;
  estimate.continuation.assign(shifts.size(), 0.0);
  if (shifts.empty()) {
    return estimate;
  }
  for (const JitterNode& node : jitter.nodes) {
    const ColumnCache::Slice slice =
        cache.at(jitter.dirac_ui[node.dirac] + static_cast<double>(node.steps) * jitter.step_ui);
    const double x = slice.main_v / gaps;
    for (std::size_t m = 0; m < shifts.size(); ++m) {
      const double toward = std::exp(slice.log_above((x - shifts[m]) / plan.bin_v));
      const double away = std::exp(slice.log_above((x + shifts[m]) / plan.bin_v));
      estimate.continuation[m] += node.weight * gaps / input.levels * (toward + away);
    }
  }
  double run = 1;
  for (std::size_t m = 0; m < kLengthMax; ++m) {
    // Beyond the last tap the feedback stays what it was.
    run *= estimate.continuation[std::min(m, shifts.size() - 1)];
    estimate.mean_length += run;
  }
  estimate.a = 1 - 1 / estimate.mean_length;
  return estimate;
}

BurstEstimate estimate_burst(const link::SlicerInput& input) {
  const Plan plan = make_plan(input);
  ColumnCache cache(input, plan, 32);
  return estimate_burst(input, plan, cache, jitter_grid(input.sigma_rj_ui, input.a_dd_ui, 1));
}

}  // namespace weft::phy::eye
