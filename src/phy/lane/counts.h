// SPDX-License-Identifier: Apache-2.0
// Exact random counts for the lane model: binomial and Poisson, by inversion where the mean is
// small and by transformed rejection elsewhere (Hoermann 1993, "The generation of binomial random
// variates" and "The transformed rejection method for generating Poisson random variables").
// Deterministic for a given stream; some 10 to 60 ns each.
#pragma once

#include "base/random.h"

#include <cstdint>

namespace weft::phy::lane {

/// Poisson with this mean. @pre 0 <= mean < 1e15
[[nodiscard]] std::uint64_t draw_poisson(double mean, base::Random& random);

/// Successes in `trials`. @pre 0 <= p <= 1
[[nodiscard]] std::uint64_t draw_binomial(std::uint64_t trials, double p, base::Random& random);

}  // namespace weft::phy::lane
