// SPDX-License-Identifier: Apache-2.0
#include "phy/link/filters.h"

#include <cmath>
#include <numbers>

namespace weft::phy::link {

using Complex = std::complex<double>;

double rise_filter(double rise_time_s, double f_hz) {
  // 1.6832 ties the Gaussian's width to its 20-80 % time (93A-46).
  const double x = std::numbers::pi * f_hz * rise_time_s / 1.6832;
  return std::exp(-2 * x * x);
}

Complex butterworth(double f_r_hz, double f_hz) {
  if (f_r_hz <= 0) {
    return 1;
  }
  const double x = f_hz / f_r_hz;
  const double square = x * x;
  return 1.0 / Complex(1 - 3.414214 * square + square * square, 2.613126 * (x - x * square));
}

Complex ctle_gain(const Ctle& ctle, double gain_db, double low_gain_db, double f_hz) {
  if (ctle.family == Ctle::Family::kNone) {
    return 1;
  }
  const double gain = std::pow(10, gain_db / 20);
  const auto pole = [f_hz](double at_hz) {
    return at_hz > 0 ? Complex(1, f_hz / at_hz) : Complex(1);
  };
  // The PCIe form divided by w1 w2: its zero stands at the first pole times A.
  const double zero_hz = ctle.family == Ctle::Family::kAnnex93a ? ctle.zero_hz : ctle.pole1_hz;
  Complex out = Complex(gain, f_hz / zero_hz) / (pole(ctle.pole1_hz) * pole(ctle.pole2_hz) *
                                                 pole(ctle.pole3_hz) * pole(ctle.pole4_hz));
  if (ctle.low_hz > 0) {
    out *= Complex(std::pow(10, low_gain_db / 20), f_hz / ctle.low_hz) / pole(ctle.low_hz);
  }
  return out;
}

CtleGrid ctle_grid(const Ctle& ctle) {
  if (ctle.family == Ctle::Family::kNone) {
    return {{0}, {0}};
  }
  return {ctle.gain_db.values(), ctle.low_gain_db.values()};
}

}  // namespace weft::phy::link
