// SPDX-License-Identifier: Apache-2.0
// Two-ports at one frequency, the packages that IEEE 802.3 describes by them, and the voltage that
// reaches a terminated receiver. spectra.cpp puts them around a measured channel. Reference
// impedance 2 R_0 differential throughout; values are those of 802.3 annex 93A.1.2 and the ladder
// of P802.3dj annex 178A.
#pragma once

#include "phy/link/setup.h"

#include <complex>
#include <span>
#include <vector>

namespace weft::phy::link {

using Complex = std::complex<double>;

struct TwoPort {
  Complex s11 = 0, s12 = 1, s21 = 1, s22 = 0;
};

/// `a` before `b`.
[[nodiscard]] TwoPort cascade(const TwoPort& a, const TwoPort& b);
/// Seen from the other end.
[[nodiscard]] inline TwoPort reversed(const TwoPort& a) {
  return {a.s22, a.s21, a.s12, a.s11};
}

/// A package from die to ball (93A.1.2): shunt capacitances -jwCR0/(2+jwCR0) (93A-8), series
/// inductances, the bump's capacitance, lines with gamma = gamma0 + a1 (1+j) sqrt f + a2 f (1 -
/// j (2/pi) ln f) + j 2 pi tau f, f in GHz (93A-9 to 93A-13), the ball's capacitance.
[[nodiscard]] std::vector<TwoPort> package_response(const Package& package,
                                                    std::span<const double> frequency_hz);

/// Reflection of the termination R_d against R_0 (93A-17).
[[nodiscard]] inline double reflection(const Package& package) {
  return (package.r_d_ohm - package.r_0_ohm) / (package.r_d_ohm + package.r_0_ohm);
}

/// H21 of a two-port between terminations with reflections `tx` and `rx` (93A-18).
[[nodiscard]] Complex voltage_transfer(const TwoPort& path, double tx, double rx);

}  // namespace weft::phy::link
