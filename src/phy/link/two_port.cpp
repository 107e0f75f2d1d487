// SPDX-License-Identifier: Apache-2.0
#include "phy/link/two_port.h"

#include "phy/link/complex_math.h"

#include <cmath>
#include <numbers>

namespace weft::phy::link {
namespace two_ports {
namespace {

using std::numbers::pi;

TwoPort shunt(double c_f, double r_0, double w) {
  const Complex y(0, w * c_f * r_0);
  const Complex s21 = 2.0 * inverse(2.0 + y);
  const Complex s11 = s21 - 1.0;
  return {s11, s21, s21, s11};
}

TwoPort series(double l_h, double r_0, double w) {
  const Complex z(0, w * l_h / r_0);
  const Complex s21 = 2.0 * inverse(2.0 + z);
  const Complex s11 = 1.0 - s21;
  return {s11, s21, s21, s11};
}

/// gamma(f) of 93A-9 to 93A-11, in 1/mm.
Complex gamma(const Package& p, double f_hz) {
  const double f = f_hz * 1e-9;
  if (f <= 0) {
    return p.gamma0_per_mm;
  }
  return p.gamma0_per_mm + Complex(1, 1) * (p.a1 * std::sqrt(f)) +
         Complex(p.a2, -p.a2 * (2 / pi) * std::log(f) + 2 * pi * p.tau_ns_per_mm) * f;
}

TwoPort line(Complex gamma_per_mm, double z_mm, double z_c, double r_0) {
  const double rho = (z_c - 2 * r_0) / (z_c + 2 * r_0);
  const Complex once = std::exp(-gamma_per_mm * z_mm);
  const Complex twice = times(once, once);
  const Complex scale = inverse(1.0 - rho * rho * twice);
  const Complex s11 = times(rho * (1.0 - twice), scale);
  const Complex s21 = times((1 - rho * rho) * once, scale);
  return {s11, s21, s21, s11};
}

}  // namespace
}  // namespace two_ports

TwoPort cascade(const TwoPort& a, const TwoPort& b) {
  const Complex loop = inverse(1.0 - times(a.s22, b.s11));
  const Complex forward = times(a.s21, loop);
  const Complex backward = times(b.s12, loop);
  return {a.s11 + times(times(a.s12, b.s11), forward), times(a.s12, backward),
          times(b.s21, forward), b.s22 + times(times(b.s21, a.s22), backward)};
}

std::vector<TwoPort> package_response(const Package& package,
                                      std::span<const double> frequency_hz) {
  using two_ports::line;
  using two_ports::series;
  using two_ports::shunt;
  const double r_0 = package.r_0_ohm;
  std::vector<TwoPort> out(frequency_hz.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    const double w = 2 * std::numbers::pi * frequency_hz[i];
    TwoPort s;
    for (const auto& section : package.die) {
      s = cascade(s, shunt(section.c_f, r_0, w));
      if (section.l_h > 0) {
        s = cascade(s, series(section.l_h, r_0, w));
      }
    }
    if (package.c_bump_f > 0) {
      s = cascade(s, shunt(package.c_bump_f, r_0, w));
    }
    const Complex gamma = two_ports::gamma(package, frequency_hz[i]);
    for (std::size_t k = 0; k < package.z_p_mm.size(); ++k) {
      if (package.z_p_mm[k] > 0) {
        s = cascade(s, line(gamma, package.z_p_mm[k], package.z_c_ohm[k], r_0));
      }
    }
    if (package.c_ball_f > 0) {
      s = cascade(s, shunt(package.c_ball_f, r_0, w));
    }
    out[i] = s;
  }
  return out;
}

Complex voltage_transfer(const TwoPort& s, double tx, double rx) {
  const Complex determinant = times(s.s12, s.s21) - times(s.s11, s.s22);
  return over(s.s21 * ((1 - tx) * (1 + rx)), 1.0 - s.s11 * tx - s.s22 * rx - tx * rx * determinant);
}

}  // namespace weft::phy::link
