// SPDX-License-Identifier: Apache-2.0
// For tests and benches: coupled pairs of lines made from closed formulas, so that loss, delay,
// skew and crosstalk are known without a file.
#pragma once

#include "phy/channel/network.h"

#include <cmath>
#include <complex>
#include <cstddef>
#include <numbers>
#include <vector>

namespace weft::phy::channel {

struct MadeChannel {
  double first_hz = 1e7;
  double step_hz = 1e7;
  std::size_t points = 4000;
  double delay_s = 3e-9;
  double skew_s = 0;             ///< more delay of the negative line
  double db_per_root_ghz = 1.0;  ///< sqrt term of the differential mode, dB
  double db_per_ghz = 0.3;       ///< linear term
  double reflection = 0.05;      ///< of each line's ends, at all frequencies
  double coupling = 0.02;        ///< crosstalk between the lines of a pair
};

/// A four-port, port order 1 -> 2 and 3 -> 4 as SE files have it, 50 ohm.
inline Network made_pair(const MadeChannel& made) {
  std::vector<double> f(made.points);
  for (std::size_t i = 0; i < f.size(); ++i) {
    f[i] = made.first_hz + made.step_hz * static_cast<double>(i);
  }
  Network network = make_network(4, f);
  for (std::size_t i = 0; i < f.size(); ++i) {
    const double ghz = f[i] * 1e-9;
    const double db = made.db_per_root_ghz * std::sqrt(ghz) + made.db_per_ghz * ghz;
    const double magnitude = std::pow(10, -db / 20);
    const auto through = [&](double delay) {
      return std::polar(magnitude, -2 * std::numbers::pi * f[i] * delay);
    };
    const auto set = [&](std::size_t a, std::size_t b, Complex value) {
      network.at(i, a, b) = value;
      network.at(i, b, a) = value;
    };
    set(0, 1, through(made.delay_s));
    set(2, 3, through(made.delay_s + made.skew_s));
    for (std::size_t port = 0; port < 4; ++port) {
      network.at(i, port, port) = made.reflection;
    }
    // Weak, and rising with frequency as real coupling does.
    const Complex near(0, made.coupling * ghz / (1 + ghz));
    set(0, 2, near);
    set(1, 3, near);
  }
  return network;
}

}  // namespace weft::phy::channel
