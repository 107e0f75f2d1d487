// SPDX-License-Identifier: Apache-2.0
// Probability densities of interference on a grid of voltages, as COM needs them: sums of symbols
// through known cursors by shifting and adding, never by a transform, so that what is improbable
// keeps its own accuracy; a Gaussian part is not put on the grid but enters the tail in closed
// form. com.cpp and mlse.cpp use them.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace weft::phy::com {

/// p[i] is the probability of (first + i) bin_v. Symmetric signals give symmetric densities.
struct Density {
  double bin_v = 0;
  std::ptrdiff_t first = 0;
  std::vector<double> p = {1};

  [[nodiscard]] double value(std::size_t i) const {
    return bin_v * static_cast<double>(first + static_cast<std::ptrdiff_t>(i));
  }
  [[nodiscard]] double variance() const;
};

/// Adds to what `density` holds the sum of independent symbols, one of `levels` equally likely
/// values in [-1, 1] through each cursor. Cursors below half a bin are too small for the grid:
/// their variance is returned, to be added to the Gaussian part. Rounding of one cursor to bins is
/// carried to the next, so that the largest possible sum stays true. What has a probability below
/// `negligible` at the ends is cut off.
[[nodiscard]] double add_symbols(Density& density, std::span<const double> cursors_v,
                                 unsigned levels, double negligible);

/// P(x + g < -at) for x of `density` and a Gaussian g.
[[nodiscard]] double tail(const Density& density, double sigma_v, double at_v);

/// The voltage A with P(x + g < -A) = `probability`. @pre 0 < probability < 0.5
[[nodiscard]] double quantile(const Density& density, double sigma_v, double probability);

/// x + g on the grid of a step `bin_v`, for convolutions of few bins.
[[nodiscard]] Density rebinned(const Density& density, double sigma_v, double bin_v);

/// `scale` times x, on the same grid.
[[nodiscard]] Density scaled(const Density& density, double scale);

/// The sum of two independent values; grids of equal step.
[[nodiscard]] Density sum(const Density& a, const Density& b);

}  // namespace weft::phy::com
