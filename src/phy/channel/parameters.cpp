// SPDX-License-Identifier: Apache-2.0
// S = (Z - 1)(Z + 1)^-1 and its kin; H and G as [V1, I2] = H [I1, V2] and [I1, V2] = G [V1, I2].
#include "phy/channel/parameters.h"

#include "phy/channel/dense.h"

#include <cmath>
#include <vector>

namespace weft::phy::channel {
namespace parameters {
namespace {

/// (M - 1)(M + 1)^-1, which commutes, by one solve.
bool cayley(std::span<Complex> matrix, std::size_t n) {
  std::vector<Complex> left(matrix.begin(), matrix.end());
  for (std::size_t i = 0; i < n; ++i) {
    left[i * n + i] += 1.0;
    matrix[i * n + i] -= 1.0;
  }
  return dense::solve(left, matrix, n, n);
}

bool hybrid(std::span<Complex> m, bool is_h) {
  const Complex cross = m[1] * m[2];
  const Complex below = (m[0] + 1.0) * (m[3] + 1.0) - cross;
  if (!(std::abs(below) > 1e-13)) {
    return false;
  }
  const Complex first = (m[0] - 1.0) * (m[3] + 1.0) - cross;
  const Complex last = (m[0] + 1.0) * (1.0 - m[3]) + cross;
  const double sign = is_h ? 1 : -1;
  m[0] = sign * first / below;
  m[1] = sign * 2.0 * m[1] / below;
  m[2] = -sign * 2.0 * m[2] / below;
  m[3] = sign * last / below;
  return true;
}

}  // namespace
}  // namespace parameters

bool to_scattering(Parameter from, std::span<Complex> matrix, std::size_t n) {
  switch (from) {
    case Parameter::kS:
      return true;
    case Parameter::kZ:
      return parameters::cayley(matrix, n);
    case Parameter::kY:
      if (!parameters::cayley(matrix, n)) {
        return false;
      }
      for (Complex& value : matrix) {
        value = -value;
      }
      return true;
    case Parameter::kG:
    case Parameter::kH:
      return n == 2 && parameters::hybrid(matrix, from == Parameter::kH);
  }
  return false;
}

void normalise(Parameter of, std::span<Complex> matrix, std::span<const double> z0_ohm) {
  const std::size_t n = z0_ohm.size();
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      const double a = std::sqrt(z0_ohm[i]);
      const double b = std::sqrt(z0_ohm[j]);
      double factor = 1;
      switch (of) {
        case Parameter::kS:
          break;
        case Parameter::kY:
          factor = a * b;
          break;
        case Parameter::kZ:
          factor = 1 / (a * b);
          break;
        case Parameter::kH:  // row 1 a voltage, row 2 a current; column 1 a current, 2 a voltage
          factor = (i == 0 ? 1 / a : a) * (j == 0 ? 1 / b : b);
          break;
        case Parameter::kG:
          factor = (i == 0 ? a : 1 / a) * (j == 0 ? b : 1 / b);
          break;
      }
      matrix[i * n + j] *= factor;
    }
  }
}

}  // namespace weft::phy::channel
