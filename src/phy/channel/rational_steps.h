// SPDX-License-Identifier: Apache-2.0
// The steps of vector fitting on frequencies scaled to 0..1, for rational_fit.cpp alone: poles
// moved, residues solved, errors summed. Delays, orders and passivity are not its business.
#pragma once

#include "phy/channel/rational.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace weft::phy::channel::rational {

using Poles = std::vector<Complex>;

/// Sampled responses with their delays taken off, on frequencies scaled to 0..1.
struct Data {
  std::vector<double> w;                    ///< scaled frequencies
  std::vector<std::vector<Complex>> h;      ///< [response][point]
  std::vector<std::vector<double>> weight;  ///< [response][point]; empty: all 1
  std::vector<double> voice;                ///< of each response in the choice of poles
  [[nodiscard]] std::size_t points() const { return w.size(); }
};

/// Weakly damped pairs over the band (Gustavsen 1999), and a few real poles towards 0 Hz, where
/// skin effect bends a channel most; one more real pole where the order is odd.
[[nodiscard]] Poles starting_poles(std::size_t order);

/// One relaxed pole relocation (Gustavsen 2006) in the fast QR form (Deschrijver 2008).
[[nodiscard]] Poles relocate(const Poles& poles, const Data& data);

struct Found {
  Poles poles;
  std::size_t iterations = 0;
};

/// Relocates until poles rest, on as many points as that needs.
[[nodiscard]] Found find_poles(const Data& data, std::size_t order, std::size_t iterations);

/// What becomes of each response's constant.
enum class ConstantTerm : std::uint8_t {
  kFree,
  kFromDc,  ///< such that the model equals the data at their first point, which is 0 Hz
  kZero,
};

/// A model of scaled frequency, not yet with delays.
[[nodiscard]] RationalModel solve_residues(const Poles& poles, const Data& data,
                                           ConstantTerm constant);

/// Points spread over all of them, both ends kept: poles are found on fewer points than errors are
/// judged on.
[[nodiscard]] Data thinned(const Data& data, std::size_t points_max);

/// Absolute rms and greatest error of each response of a model without delays.
struct Errors {
  std::vector<double> rms;
  double rms_worst = 0;
  double greatest = 0;
};

[[nodiscard]] Errors errors_of(const RationalModel& model, const Data& data);

}  // namespace weft::phy::channel::rational
