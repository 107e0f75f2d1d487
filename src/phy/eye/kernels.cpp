// SPDX-License-Identifier: Apache-2.0
#include "phy/eye/kernels.h"

#include "phy/clones.h"

#include <bit>
#include <cstdint>

namespace weft::phy::eye::kernel {

WEFT_CLONES void pair_set(double* __restrict out, const double* __restrict in, std::size_t count,
                          std::size_t m, double near_weight, double far_weight) {
  const double* const left = in - m;
  const double* const right = in + m;
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = near_weight * (left[i] + right[i]) +
             far_weight * (left[static_cast<std::ptrdiff_t>(i) - 1] + right[i + 1]);
  }
}

WEFT_CLONES void pair_add(double* __restrict out, const double* __restrict in, std::size_t count,
                          std::size_t m, double near_weight, double far_weight) {
  const double* const left = in - m;
  const double* const right = in + m;
  for (std::size_t i = 0; i < count; ++i) {
    out[i] += near_weight * (left[i] + right[i]) +
              far_weight * (left[static_cast<std::ptrdiff_t>(i) - 1] + right[i + 1]);
  }
}

WEFT_CLONES void scale(double* __restrict out, const double* __restrict in, std::size_t count,
                       double weight) {
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = weight * in[i];
  }
}

WEFT_CLONES void add_scaled(double* __restrict out, const double* __restrict in, std::size_t count,
                            double weight) {
  for (std::size_t i = 0; i < count; ++i) {
    out[i] += weight * in[i];
  }
}

WEFT_CLONES void add_four(double* __restrict out, const double* __restrict in, std::size_t count,
                          const double* __restrict w) {
  const double* const in1 = in - 1;
  const double* const in2 = in - 2;
  const double* const in3 = in - 3;
  const double w0 = w[0];
  const double w1 = w[1];
  const double w2 = w[2];
  const double w3 = w[3];
  for (std::size_t i = 0; i < count; ++i) {
    out[i] += (w0 * in[i] + w1 * in1[i]) + (w2 * in2[i] + w3 * in3[i]);
  }
}

WEFT_CLONES void exponential(double* __restrict out, const double* __restrict in,
                             std::size_t count) {
  // x = n ln 2 + r, |r| <= ln 2 / 2; Taylor to r^12 leaves 2e-16. Adding 1.5 2^52 rounds to n and
  // leaves n in the low bits of the sum.
  constexpr double kRound = 6755399441055744.0;
  constexpr double kLn2High = 0.693147180369123816490;
  constexpr double kLn2Low = 1.90821492927058770002e-10;
  constexpr double kFloor = -700;
  for (std::size_t i = 0; i < count; ++i) {
    const double x = in[i] < kFloor ? kFloor : in[i];
    const double shifted = x * 1.4426950408889634074 + kRound;
    const double n = shifted - kRound;
    const double r = (x - n * kLn2High) - n * kLn2Low;
    double p = 1.0 / 479001600;
    p = p * r + 1.0 / 39916800;
    p = p * r + 1.0 / 3628800;
    p = p * r + 1.0 / 362880;
    p = p * r + 1.0 / 40320;
    p = p * r + 1.0 / 5040;
    p = p * r + 1.0 / 720;
    p = p * r + 1.0 / 120;
    p = p * r + 1.0 / 24;
    p = p * r + 1.0 / 6;
    p = p * r + 0.5;
    p = p * r + 1;
    p = p * r + 1;
    const std::uint64_t power = (std::bit_cast<std::uint64_t>(shifted) << 52U) + (1023ULL << 52U);
    const double value = p * std::bit_cast<double>(power);
    out[i] = in[i] < kFloor ? 0 : value;
  }
}

}  // namespace weft::phy::eye::kernel

#undef WEFT_CLONES
