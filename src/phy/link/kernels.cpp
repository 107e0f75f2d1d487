// SPDX-License-Identifier: Apache-2.0
#include "phy/link/kernels.h"

#include "phy/clones.h"

#include <cmath>
#include <cstdint>

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

WEFT_CLONES void multiply(double* __restrict out, const double* __restrict a,
                          const double* __restrict b, std::size_t count) {
  for (std::size_t i = 0; i < 2 * count; i += 2) {
    out[i] = a[i] * b[i] - a[i + 1] * b[i + 1];
    out[i + 1] = a[i] * b[i + 1] + a[i + 1] * b[i];
  }
}

WEFT_CLONES std::size_t largest_at(const double* __restrict in, std::size_t count) {
  if (count == 0) {
    return 0;
  }
  // As wide as this the compiler keeps the lanes in vectors.
  constexpr std::size_t kLanes = 32;
  double lane[kLanes];
  for (double& value : lane) {
    value = in[0];
  }
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (std::size_t k = 0; k < kLanes; ++k) {
      lane[k] = in[i + k] > lane[k] ? in[i + k] : lane[k];
    }
  }
  double most = lane[0];
  for (const double value : lane) {
    most = value > most ? value : most;
  }
  for (; i < count; ++i) {
    most = in[i] > most ? in[i] : most;
  }
  for (i = 0; i + kLanes <= count; i += kLanes) {
    std::int64_t hits = 0;
    for (std::size_t k = 0; k < kLanes; ++k) {
      hits |= in[i + k] == most ? 1 : 0;
    }
    if (hits != 0) {
      break;
    }
  }
  while (i < count && in[i] != most) {
    ++i;
  }
  return i < count ? i : 0;
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
