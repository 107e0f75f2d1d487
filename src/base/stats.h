// SPDX-License-Identifier: Apache-2.0
// Exact confidence bounds for counts: every rate that Weftline prints carries one. Poisson by
// Garwood (1936), binomial by Clopper and Pearson (1934). Two-sided and central: `confidence` 0.95
// leaves 2.5 % on each side; a count of zero has lower bound 0 and upper bound at (1 + confidence)
// / 2, as R's poisson.test() and binom.test() give them.
#pragma once

#include <cstdint>

namespace weft::base {

/// A closed interval that holds the true value with at least the stated confidence.
struct Interval {
  double low = 0;
  double high = 0;
};

/// Bounds of the mean of a Poisson count, given that `events` were seen (in events, not per time:
/// divide by the exposure). @pre 0 < confidence < 1
[[nodiscard]] Interval poisson_bounds(std::uint64_t events, double confidence = 0.95);

/// Bounds of a probability, given `hits` in `trials`. @pre hits <= trials, trials > 0, 0 <
/// confidence < 1
[[nodiscard]] Interval binomial_bounds(std::uint64_t hits, std::uint64_t trials,
                                       double confidence = 0.95);

}  // namespace weft::base
