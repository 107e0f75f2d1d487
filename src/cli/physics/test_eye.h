// SPDX-License-Identifier: Apache-2.0
// For tests of pictures: an eye and a pulse made of closed formulas, without the engine, so that a
// test knows where every level and opening stands.
#pragma once

#include "phy/eye/eye.h"
#include "phy/link/slicer_input.h"

#include <cmath>
#include <cstddef>
#include <numbers>

namespace weft::cli {

/// Levels at +-300 and +-100 mV (PAM4) or +-300 mV; transitions as cosines; Gaussian noise.
/// Openings follow from the noise: an edge stands where the tail of the nearer level falls to the
/// ratio.
inline phy::eye::EyeResult made_up_eye(unsigned levels, double sigma_v, std::size_t phases = 64) {
  phy::eye::EyeResult eye;
  eye.baud_hz = 32e9;
  eye.levels = levels;
  eye.rows = 800;
  eye.bin_v = 0.001;
  eye.v_min = -0.4;
  const auto level = [levels](unsigned i) { return -0.3 + 0.6 * i / (levels - 1); };
  for (unsigned i = 0; i < levels; ++i) {
    eye.level_v.push_back(level(i));
    if (i + 1 < levels) {
      eye.threshold_v.push_back((level(i) + level(i + 1)) / 2);
    }
  }
  for (std::size_t c = 0; c < phases; ++c) {
    const double t = (static_cast<double>(c) + 0.5) / static_cast<double>(phases) - 0.5;
    eye.phase_ui.push_back(t);
    for (std::size_t r = 0; r < eye.rows; ++r) {
      const double v = eye.v_min + static_cast<double>(r) * eye.bin_v;
      double sum = 0;
      for (unsigned from = 0; from < levels; ++from) {
        for (unsigned to = 0; to < levels; ++to) {
          const double part = t >= 0 ? (1 - std::cos(2 * std::numbers::pi * t)) / 4
                                     : (1 - std::cos(2 * std::numbers::pi * t)) / 4;
          const double mean = level(from) * (1 - part) + level(to) * part;
          const double z = (v - mean) / sigma_v;
          sum += std::exp(-z * z / 2);
        }
      }
      eye.density.push_back(sum * eye.bin_v / (levels * levels * sigma_v * 2.50662827463));
    }
    const double half = 0.3 / (levels - 1) * std::cos(std::numbers::pi * t) - 0.02;
    eye.bathtub.push_back({t, std::erfc(std::max(half, 0.0) / sigma_v / std::numbers::sqrt2) / 2});
  }
  eye.ser = eye.ber = 1e-9;
  for (const double ber : {1e-6, 1e-12, 1e-15}) {
    const double z = std::sqrt(-2 * std::log(ber));
    for (unsigned e = 0; e + 1 < levels; ++e) {
      phy::eye::Contour contour{ber, e, {}, {}, {}};
      for (const double t : eye.phase_ui) {
        const double half = 0.3 / (levels - 1) * std::cos(2 * std::numbers::pi * t) - z * sigma_v;
        if (half > 0) {
          contour.phase_ui.push_back(t);
          contour.low_v.push_back(eye.threshold_v[e] - half);
          contour.high_v.push_back(eye.threshold_v[e] + half);
        }
      }
      const double half = std::max(0.3 / (levels - 1) - z * sigma_v, 0.0);
      eye.openings.push_back({ber, e, 2 * half, half > 0 ? 0.3 : 0, eye.threshold_v[e] - half,
                              eye.threshold_v[e] + half, -0.15, 0.15});
      eye.contours.push_back(std::move(contour));
    }
  }
  return eye;
}

inline phy::link::SlicerInput made_up_pulse() {
  phy::link::SlicerInput input;
  input.baud_hz = 32e9;
  input.levels = 4;
  input.cursor = 5 * 32;
  for (int i = 0; i < 40 * 32; ++i) {
    const double t = (i - 5 * 32) / 32.0;
    const double rise = 1 / (1 + std::exp(-6 * (t + 0.5)));
    input.pulse.push_back(0.3 * rise * std::exp(-std::max(t, 0.0) * 0.8) +
                          0.01 * std::cos(3 * t) * std::exp(-std::abs(t) / 5));
  }
  input.dfe = {input.pulse[6 * 32], input.pulse[7 * 32]};
  return input;
}

}  // namespace weft::cli
