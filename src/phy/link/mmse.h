// SPDX-License-Identifier: Apache-2.0
// Feed-forward and decision-feedback taps of least mean squared error, as P802.3dj annex 178A
// (178A-18 to -27; Healey and Hegde, "Reference receiver framework for 200G/lane", January 2024)
// asks for them: of all filters that give the cursor the size 1, the one with the least power of
// what is left, where the DFE takes off what it may.
//   minimise w'Rw + b'b - 2 w'Hb'b - 2 w'h0 + 1  with  h0'w = 1,  b_min <= b <= b_max
// R is Toeplitz from the autocorrelation of pulse and noise. Taps beyond their limit relative to
// the main tap are cut to it and the filter is scaled to a cursor of 1 again, as the annex says.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace weft::phy::link {

struct MmseProblem {
  std::size_t pre = 0;              ///< fixed taps before the main one
  std::size_t post = 0;             ///< and after it
  std::size_t span = 0;             ///< last position of a floating tap; post where there are none
  std::ptrdiff_t first = 0;         ///< UI from the cursor of samples[0]
  std::vector<double> samples;      ///< of the pulse before the filter, one a UI
  std::vector<double> correlation;  ///< lags 0..pre + span: pulse, and noise over symbol power
  std::vector<double> dfe_max, dfe_min;
  double tap_max = 1;
  double floating_max = 1;
  std::size_t groups = 0;      ///< of floating taps
  std::size_t group_taps = 0;  ///< in each, side by side

  /// The pulse k UI after the cursor, 0 outside of what is known.
  [[nodiscard]] double at(std::ptrdiff_t k) const {
    const auto i = k - first;
    return i >= 0 && i < static_cast<std::ptrdiff_t>(samples.size())
               ? samples[static_cast<std::size_t>(i)]
               : 0;
  }
};

struct MmseSolution {
  std::vector<double> taps;           ///< fixed ones by position, then floating ones
  std::vector<std::size_t> floating;  ///< positions, UI after the main tap, ascending
  std::vector<double> dfe;
  double error = 0;  ///< mean squared, over symbol power, for a cursor of 1
};

/// nullopt where the matrix is not positive definite (no pulse at all) or lags are missing.
[[nodiscard]] std::optional<MmseSolution> solve_mmse(const MmseProblem& problem);

/// The error of these fixed taps, scaled to a cursor of 1; the DFE takes off what it may.
[[nodiscard]] std::optional<MmseSolution> evaluate_taps(const MmseProblem& problem,
                                                        std::span<const double> taps);

/// Power of a quantiser's noise, V^2: steps of 2 clip / (2^bits - 1), step^2 / 12, with the clip
/// level at 3.05 rms. The ratio is that of the published SiCoPR case (peak_clip 43.14 mV of
/// sigma 14.15 mV, sigma_Q 0.3953 mV with 6 bits); the annex takes a quantile of the signal.
[[nodiscard]] double quantisation_power(double signal_power_v2, double bits);

}  // namespace weft::phy::link
