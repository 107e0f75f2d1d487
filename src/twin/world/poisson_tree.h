// SPDX-License-Identifier: Apache-2.0
// The random part of count_process and histogram_process: how many happenings of a Poisson process
// of constant rate lie in the first `elapsed` nanoseconds, as a pure function of a seed. The number
// in a block of 2^55 ns (1.14 years) is drawn, and split down by halves: given its number in a
// block, a Poisson process is uniform there, so the left half has binomial(n, 1/2) of them. Each
// draw has its own generator, seeded by the block's level and place. Happenings lie in cells of
// 1 ns; one in cell i is counted from i + 1 on.
//
// Draws: a half of up to 1024 is exact, by counting random bits; above, it is the normal number of
// its variance with Sheppard's correction for rounding and Cornish and Fisher's for kurtosis, whose
// distribution is within 4e-8 of the binomial's at 1025, and nearer as 1/n^2: no test can see it.
// A block's own number is exact (phy/lane/counts.h) up to a mean of 2^40, above a normal number
// with Poisson's skew.
#pragma once

#include <cstdint>
#include <optional>

namespace weft::twin {

/// Beyond it a block's number would not fit 64 bits.
inline constexpr double kGreatestRate = 2e11;  // 1/s
/// Once in 30,000 years; anything less is never.
inline constexpr double kLeastRate = 1e-12;  // 1/s

/// A rate as the tree takes it: 0 for what is not a number, negative or less than kLeastRate.
[[nodiscard]] double bounded_rate(double per_s);

/// What makes reading again at a later time cheap. Never part of results or of checkpoints.
struct TreeCache {
  static constexpr std::uint32_t kNothing = 64;
  std::uint32_t level = kNothing;
  std::uint64_t index = 0;
  std::uint64_t n = 0;
  std::uint64_t before = 0;  // in all blocks before this one
};

/// Happenings in cells 0 to elapsed - 1. @pre elapsed < 2^63, rate bounded
[[nodiscard]] std::uint64_t tree_count(std::uint64_t seed, double per_s, std::uint64_t elapsed,
                                       TreeCache& cache);

/// The first cell from `elapsed` on that holds a happening; nullopt past 2^63.
[[nodiscard]] std::optional<std::uint64_t> tree_next(std::uint64_t seed, double per_s,
                                                     std::uint64_t elapsed);

}  // namespace weft::twin
