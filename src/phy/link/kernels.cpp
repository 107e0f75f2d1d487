// SPDX-License-Identifier: Apache-2.0
#include "phy/link/kernels.h"

#include "phy/clones.h"

#include <cmath>

namespace weft::phy::link::kernel {

WEFT_CLONES double dot(const double* __restrict a, const double* __restrict b, std::size_t count) {
  double lane[8] = {};
  std::size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    for (std::size_t k = 0; k < 8; ++k) {
      lane[k] += a[i + k] * b[i + k];
    }
  }
  double sum =
      ((lane[0] + lane[4]) + (lane[1] + lane[5])) + ((lane[2] + lane[6]) + (lane[3] + lane[7]));
  for (; i < count; ++i) {
    sum += a[i] * b[i];
  }
  return sum;
}

WEFT_CLONES void add_scaled(double* __restrict out, const double* __restrict in, std::size_t count,
                            double weight) {
  for (std::size_t i = 0; i < count; ++i) {
    out[i] += weight * in[i];
  }
}

bool factor_rows(double* a, std::size_t stride, std::size_t from, std::size_t to) {
  for (std::size_t i = from; i < to; ++i) {
    double* const row = a + i * stride;
    for (std::size_t j = 0; j < i; ++j) {
      const double* const other = a + j * stride;
      row[j] = (row[j] - dot(row, other, j)) / other[j];
    }
    const double left = row[i] - dot(row, row, i);
    if (!(left > 0)) {
      return false;
    }
    row[i] = std::sqrt(left);
  }
  return true;
}

}  // namespace weft::phy::link::kernel
