// SPDX-License-Identifier: Apache-2.0
// Complex arithmetic for the inner loops of this folder: std::complex's operators look for NaN and
// infinity at every turn and divide through a library call; values here are finite.
#pragma once

#include <complex>

namespace weft::phy::link {

[[nodiscard]] inline std::complex<double> times(std::complex<double> a, std::complex<double> b) {
  return {a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real()};
}

[[nodiscard]] inline std::complex<double> inverse(std::complex<double> a) {
  const double scale = 1 / (a.real() * a.real() + a.imag() * a.imag());
  return {a.real() * scale, -a.imag() * scale};
}

[[nodiscard]] inline std::complex<double> over(std::complex<double> a, std::complex<double> b) {
  return times(a, inverse(b));
}

}  // namespace weft::phy::link
