// SPDX-License-Identifier: Apache-2.0
// Channels made in a test: a lossy line with a mismatch at each end, and its crosstalk. Loss is a
// sqrt(f) + b f in dB, f in GHz, as facts of measured laminates have it; delay 6.7 ns/m.
#pragma once

#include "phy/channel/channel.h"

#include <cmath>
#include <complex>
#include <cstddef>
#include <numbers>
#include <string>
#include <vector>

namespace weft::phy::link::testing {

struct LineOptions {
  double loss_root_db = 0.95;  ///< of sqrt(f)
  double loss_linear_db = 0.305;
  double delay_s = 1.7e-9;
  double mismatch = 0.03;  ///< reflection at each end
  double to_hz = 60e9;
  double step_hz = 20e6;
  std::size_t fexts = 0;
  std::size_t nexts = 0;
  double crosstalk_db = -40;  ///< at 10 GHz, growing by 20 dB a decade
  double flat_db = 0;         ///< added to the thru path
};

inline channel::Channel line_channel(const LineOptions& o = {}) {
  using Complex = std::complex<double>;
  const auto points = static_cast<std::size_t>(std::llround(o.to_hz / o.step_hz)) + 1;
  std::vector<double> f(points);
  for (std::size_t i = 0; i < points; ++i) {
    f[i] = static_cast<double>(i) * o.step_hz;
  }
  const auto once = [&](double hz, double share) {
    const double ghz = hz * 1e-9;
    const double db = o.loss_root_db * std::sqrt(ghz) + o.loss_linear_db * ghz;
    // The phase that goes with a skin effect's loss, so that the pulse is causal.
    const double skin = o.loss_root_db * std::sqrt(ghz) * std::log(10.0) / 20;
    return std::polar(std::pow(10, -db * share / 20),
                      -2 * std::numbers::pi * hz * o.delay_s * share - skin * share);
  };
  channel::Channel out;
  const auto two_port = [&](channel::Role role, std::string name) {
    channel::Path path{
        .role = role, .name = std::move(name), .sdd = channel::make_network(2, f, 100)};
    return path;
  };
  out.thru = two_port(channel::Role::kThru, "line");
  const double flat = std::pow(10, o.flat_db / 20);
  for (std::size_t i = 0; i < points; ++i) {
    const Complex e = once(f[i], 1);
    const double r = o.mismatch;
    const Complex below = 1.0 - r * r * e * e;
    out.thru.sdd.at(i, 0, 0) = out.thru.sdd.at(i, 1, 1) = r * (1.0 - e * e) / below;
    out.thru.sdd.at(i, 0, 1) = out.thru.sdd.at(i, 1, 0) = flat * (1 - r * r) * e / below;
  }
  for (std::size_t k = 0; k < o.fexts + o.nexts; ++k) {
    const bool is_far = k < o.fexts;
    auto path = two_port(is_far ? channel::Role::kFext : channel::Role::kNext,
                         (is_far ? "fext " : "next ") + std::to_string(k));
    for (std::size_t i = 0; i < points; ++i) {
      const double size = std::pow(10, o.crosstalk_db / 20) * f[i] / 10e9 /
                          (1 + std::pow(f[i] / 40e9, 2)) * (1 + 0.1 * static_cast<double>(k));
      const double share = is_far ? 1 : 0.15 + 0.05 * static_cast<double>(k);
      const Complex s = Complex(0, size) * once(f[i], share);
      path.sdd.at(i, 1, 0) = path.sdd.at(i, 0, 1) = s;
    }
    out.aggressors.push_back(std::move(path));
  }
  return out;
}

}  // namespace weft::phy::link::testing
