// SPDX-License-Identifier: Apache-2.0
// Slicer inputs made of formulas, for tests and benchmarks of eye/ and lane/: pulses whose cursors
// are known in closed form, so that no check needs a measured channel.
#pragma once

#include "base/random.h"
#include "phy/link/slicer_input.h"

#include <cmath>
#include <cstddef>
#include <vector>

namespace weft::phy::eye::synthetic {

/// A pulse given by its cursors, one sample a UI; cursors[main] is the main one.
inline link::SlicerInput of_cursors(std::vector<double> cursors, std::size_t main,
                                    unsigned levels = 2) {
  link::SlicerInput input;
  input.baud_hz = 32e9;
  input.samples_per_ui = 1;
  input.levels = levels;
  input.pulse = std::move(cursors);
  input.cursor = main;
  return input;
}

/// Response of a line with skin effect, exp(-sqrt(2 a s)), to a pulse one UI long: differences of
/// erfc(sqrt(a / 2t)), sampled 32 times a UI for `length_ui`; `a` in UI. Scaled to `peak_v`.
inline std::vector<double> lossy_pulse(double a, std::size_t length_ui, double peak_v = 0) {
  constexpr std::size_t kSamples = 32;
  const auto step = [a](double t) { return t <= 0 ? 0.0 : std::erfc(std::sqrt(a / (2 * t))); };
  std::vector<double> pulse(length_ui * kSamples);
  double most = 0;
  for (std::size_t i = 0; i < pulse.size(); ++i) {
    const double t = static_cast<double>(i) / kSamples;
    pulse[i] = step(t) - step(t - 1);
    most = std::max(most, pulse[i]);
  }
  for (double& v : pulse) {
    v *= peak_v > 0 ? peak_v / most : 1;
  }
  return pulse;
}

/// An equalised link over such a line: cursor near the peak, `taps` of DFE, noise in volts rms.
inline link::SlicerInput lossy(double a, unsigned levels, std::size_t taps, double noise_v,
                               std::size_t length_ui = 100) {
  link::SlicerInput input;
  input.baud_hz = 32e9;
  input.samples_per_ui = 32;
  input.levels = levels;
  input.pulse = lossy_pulse(a, length_ui);
  for (std::size_t i = 0; i < input.pulse.size(); ++i) {
    if (input.pulse[i] > input.pulse[input.cursor]) {
      input.cursor = i;
    }
  }
  for (std::size_t n = 1; n <= taps && input.cursor + n * 32 < input.pulse.size(); ++n) {
    input.dfe.push_back(input.pulse[input.cursor + n * 32]);
  }
  input.noise_sigma_v = noise_v;
  return input;
}

/// As many aggressors, of differing peak below `peak_v`: what couples is the line's derivative.
inline void add_aggressors(link::SlicerInput& input, std::size_t count, double peak_v) {
  for (std::size_t n = 0; n < count; ++n) {
    std::vector<double> pulse = lossy_pulse(0.3 + 0.1 * static_cast<double>(n), 40, peak_v);
    for (std::size_t i = pulse.size() - 1; i > 0; --i) {
      pulse[i] = (pulse[i] - pulse[i - 1]) * 4 / (1 + static_cast<double>(n));
    }
    input.aggressors.push_back(std::move(pulse));
  }
}

}  // namespace weft::phy::eye::synthetic
