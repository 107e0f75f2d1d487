// SPDX-License-Identifier: Apache-2.0
#include "phy/link/filters.h"

#include "phy/link/complex_math.h"

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
  return inverse(Complex(1 - 3.414214 * square + square * square, 2.613126 * (x - x * square)));
}

CtleCurve::CtleCurve(const Ctle& ctle, std::span<const double> frequency_hz)
    : has_main_(ctle.family != Ctle::Family::kNone), has_low_(has_main_ && ctle.low_hz > 0) {
  if (!has_main_) {
    return;
  }
  const double zero_hz = ctle.family == Ctle::Family::kAnnex93a ? ctle.zero_hz : ctle.pole1_hz;
  for (const double f : frequency_hz) {
    Complex poles = 1;
    for (const double at_hz : {ctle.pole1_hz, ctle.pole2_hz, ctle.pole3_hz, ctle.pole4_hz}) {
      poles = at_hz > 0 ? times(poles, Complex(1, f / at_hz)) : poles;
    }
    zero_.push_back(f / zero_hz);
    poles_.push_back(inverse(poles));
    if (has_low_) {
      low_zero_.push_back(f / ctle.low_hz);
      low_pole_.push_back(inverse(Complex(1, f / ctle.low_hz)));
    }
  }
}

std::vector<Complex> CtleCurve::at(double gain_db, double low_gain_db, std::size_t count) const {
  std::vector<Complex> out(count, 1.0);
  if (!has_main_) {
    return out;
  }
  const double gain = std::pow(10, gain_db / 20);
  for (std::size_t k = 0; k < count; ++k) {
    out[k] = times(Complex(gain, zero_[k]), poles_[k]);
  }
  if (has_low_) {
    const double low_gain = std::pow(10, low_gain_db / 20);
    for (std::size_t k = 0; k < count; ++k) {
      out[k] = times(out[k], times(Complex(low_gain, low_zero_[k]), low_pole_[k]));
    }
  }
  return out;
}

Complex ctle_gain(const Ctle& ctle, double gain_db, double low_gain_db, double f_hz) {
  const double at[] = {f_hz};
  return CtleCurve(ctle, at).at(gain_db, low_gain_db, 1).front();
}

CtleGrid ctle_grid(const Ctle& ctle) {
  if (ctle.family == Ctle::Family::kNone) {
    return {{0}, {0}};
  }
  return {ctle.gain_db.values(), ctle.low_gain_db.values()};
}

}  // namespace weft::phy::link
