// SPDX-License-Identifier: Apache-2.0
// Small dense complex matrices, row by row in a span, for the algebra of networks: n is 2 to 64, so
// plain loops beat a library's heap and keep its headers out of the build. Used by network.cpp and
// parameters.cpp only.
#pragma once

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstddef>
#include <span>
#include <vector>

namespace weft::phy::channel::dense {

using Complex = std::complex<double>;

/// a * b without the standard's rescue of infinities, which costs more than the product.
[[nodiscard]] inline Complex product(Complex a, Complex b) {
  return {a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real()};
}

/// out = a b for n x n, n x m.
inline void multiply(std::span<const Complex> a, std::span<const Complex> b, std::size_t n,
                     std::size_t m, std::span<Complex> out) {
  for (std::size_t row = 0; row < n; ++row) {
    for (std::size_t column = 0; column < m; ++column) {
      Complex sum = 0;
      for (std::size_t k = 0; k < n; ++k) {
        sum += product(a[row * n + k], b[k * m + column]);
      }
      out[row * m + column] = sum;
    }
  }
}

/// Solves a x = b by Gaussian elimination with row pivoting; `a` (n x n) is used up, `b` (n x m)
/// becomes x. False where a pivot is below 1e-13 of the matrix's largest entry: singular.
[[nodiscard]] inline bool solve(std::span<Complex> a, std::span<Complex> b, std::size_t n,
                                std::size_t m) {
  constexpr double kSingular = 1e-13;
  double scale = 0;
  for (const Complex value : a.first(n * n)) {
    scale = std::max(scale, std::abs(value));
  }
  for (std::size_t k = 0; k < n; ++k) {
    std::size_t pivot = k;
    for (std::size_t row = k + 1; row < n; ++row) {
      if (std::norm(a[row * n + k]) > std::norm(a[pivot * n + k])) {
        pivot = row;
      }
    }
    // Written so that NaN is singular too.
    if (!(std::abs(a[pivot * n + k]) > kSingular * scale)) {
      return false;
    }
    if (pivot != k) {
      std::swap_ranges(a.begin() + static_cast<std::ptrdiff_t>(k * n),
                       a.begin() + static_cast<std::ptrdiff_t>((k + 1) * n),
                       a.begin() + static_cast<std::ptrdiff_t>(pivot * n));
      std::swap_ranges(b.begin() + static_cast<std::ptrdiff_t>(k * m),
                       b.begin() + static_cast<std::ptrdiff_t>((k + 1) * m),
                       b.begin() + static_cast<std::ptrdiff_t>(pivot * m));
    }
    const Complex inverse = 1.0 / a[k * n + k];
    for (std::size_t row = k + 1; row < n; ++row) {
      const Complex factor = product(a[row * n + k], inverse);
      if (factor == Complex{}) {
        continue;
      }
      for (std::size_t column = k + 1; column < n; ++column) {
        a[row * n + column] -= product(factor, a[k * n + column]);
      }
      for (std::size_t column = 0; column < m; ++column) {
        b[row * m + column] -= product(factor, b[k * m + column]);
      }
    }
  }
  for (std::size_t k = n; k-- > 0;) {
    const Complex inverse = 1.0 / a[k * n + k];
    for (std::size_t column = 0; column < m; ++column) {
      Complex sum = b[k * m + column];
      for (std::size_t j = k + 1; j < n; ++j) {
        sum -= product(a[k * n + j], b[j * m + column]);
      }
      b[k * m + column] = product(sum, inverse);
    }
  }
  return true;
}

}  // namespace weft::phy::channel::dense
