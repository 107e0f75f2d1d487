// SPDX-License-Identifier: Apache-2.0
// The real-arithmetic basis of partial fractions that the fitter and the passivity enforcement
// share: 1/(s-p) for a real pole; for a pair 1/(s-p) + 1/(s-p*) and j/(s-p) - j/(s-p*), whose real
// coefficients are the real and imaginary part of the residue. Not for others.
#pragma once

#include <complex>
#include <cstddef>
#include <span>
#include <vector>

namespace weft::phy::channel::rational {

using Complex = std::complex<double>;

/// Number of basis functions: conjugates counted.
[[nodiscard]] inline std::size_t order_of(std::span<const Complex> poles) {
  std::size_t out = 0;
  for (const auto& pole : poles) {
    out += pole.imag() == 0 ? 1 : 2;
  }
  return out;
}

/// The basis at s = j w into out[0..order), as real and imaginary part. Written out by parts: the
/// compiler vectorises it, and std::complex's guards against infinities are left out.
inline void fill_basis(std::span<const Complex> poles, double w, std::size_t stride, double* re,
                       double* im) {
  for (const auto& p : poles) {
    const double a = -p.real();
    const double minus = w - p.imag();
    const double g = 1 / (a * a + minus * minus);  // 1/(jw - p) = (a - j minus) g
    if (p.imag() == 0) {
      *re = a * g;
      *im = -minus * g;
      re += stride;
      im += stride;
      continue;
    }
    const double plus = w + p.imag();
    const double h = 1 / (a * a + plus * plus);
    re[0] = a * (g + h);
    im[0] = -minus * g - plus * h;
    re[stride] = minus * g - plus * h;  // j (x - y): real part is -(imag x - imag y)
    im[stride] = a * (g - h);
    re += 2 * stride;
    im += 2 * stride;
  }
}

/// Real coefficients of the basis as residues of the poles.
[[nodiscard]] inline std::vector<Complex> residues_of(std::span<const Complex> poles,
                                                      std::span<const double> coefficients) {
  std::vector<Complex> out;
  std::size_t at = 0;
  for (const auto& pole : poles) {
    if (pole.imag() == 0) {
      out.emplace_back(coefficients[at++], 0);
    } else {
      out.emplace_back(coefficients[at], coefficients[at + 1]);
      at += 2;
    }
  }
  return out;
}

}  // namespace weft::phy::channel::rational
