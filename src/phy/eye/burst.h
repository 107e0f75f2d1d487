// SPDX-License-Identifier: Apache-2.0
// How long a DFE's errors run, computed: a wrong decision is fed back and moves the next samples.
// From it the burst parameter a that phy/fec asks for. simulate.h measures the same by experiment.
//
// A slicer that is wrong by one level, delta = 2 main / (L - 1) apart, feeds b_1 delta / main of
// the wrong sign back, so that the next symbol is wrong with
//   p_1 = (L - 1) / L (P(disturbance > x - s_1) + P(disturbance > x + s_1)), x = main / (L - 1),
// s_1 = 2 |b_1| / (L - 1). Such errors alternate in sign, so after m of them
//   s_m = 2 / (L - 1) |b_1 - b_2 + b_3 - ... b_m|.
// Left out: errors by more than one level, errors that come back after a right decision, and that
// one bad pattern of ISI may spoil neighbours too (Kim, Kwon, Alon 2021 keep the residual ISI).
// Valid where the disturbance is small against x at s = 0; checked against simulation.
#pragma once

#include "phy/eye/surface.h"
#include "phy/link/slicer_input.h"

#include <vector>

namespace weft::phy::eye {

struct BurstEstimate {
  double a = 0;                      ///< 1 - 1 / mean_length
  double mean_length = 1;            ///< wrong symbols per first wrong symbol
  std::vector<double> continuation;  ///< p_1, p_2, ...: that a run of m goes on
};

/// @pre check(input) passes; `cache` and `jitter` are those of its eye
[[nodiscard]] BurstEstimate estimate_burst(const link::SlicerInput& input, const Plan& plan,
                                           ColumnCache& cache, const JitterGrid& jitter);
/// Likewise, making what it needs.
[[nodiscard]] BurstEstimate estimate_burst(const link::SlicerInput& input);

}  // namespace weft::phy::eye
