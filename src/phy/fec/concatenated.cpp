// SPDX-License-Identifier: Apache-2.0
#include "phy/fec/concatenated.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace weft::phy::fec {
namespace concatenated_impl {
namespace {

constexpr std::size_t kBits = 128;
constexpr std::size_t kSymbolBits = 10;

double log_choose(double n, double k) {
  return std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1);
}

/// Codewords of weight w among all words of that weight, for the extended Hamming code: its dual is
/// the first-order Reed-Muller code, weights 0, 64 (254 words) and 128, so by MacWilliams A(w) =
/// (C(128,w) (1 + (-1)^w) + 254 K64(w)) / 256; odd w have none. K64(w) = (-1)^(w/2) C(64, w/2).
double codeword_share(std::size_t w) {
  if (w > kBits || w % 2 != 0) {
    return 0;
  }
  const double half = static_cast<double>(w) / 2;
  const double krawtchouk =
      std::exp(log_choose(64, half) - log_choose(kBits, static_cast<double>(w)));
  return std::max(0.0, (2 + (w / 2 % 2 == 0 ? 254 : -254) * krawtchouk) / 256);
}

/// Of wrong patterns of odd weight w >= 3, the share whose decoding clears one wrong bit; the rest
/// gain one. A pattern is a codeword of weight w - 1 with one bit more.
double clears_one(std::size_t w) {
  const double size = static_cast<double>(w);
  const double log_ratio =
      log_choose(kBits, size - 1) - log_choose(kBits, size) + std::log(kBits - (size - 1));
  return codeword_share(w - 1) * std::exp(log_ratio);
}

/// P(r wrong bits of 128 are left), for r >= 1.
std::array<double, kBits + 2> left_over(double p) {
  std::array<double, kBits + 2> left{};
  for (std::size_t w = 2; w <= kBits; ++w) {
    const double size = static_cast<double>(w);
    const double probability = p <= 0 ? 0
                                      : std::exp(log_choose(kBits, size) + size * std::log(p) +
                                                 (kBits - size) * std::log1p(-p));
    if (w % 2 == 0) {
      left[w] += probability * (1 - codeword_share(w));  // detected: passed on
      left[w] += probability * codeword_share(w);        // another codeword: not noticed
      continue;
    }
    const double cleared = clears_one(w);
    left[w - 1] += probability * cleared;
    left[w + 1] += probability * (1 - cleared);
  }
  return left;
}

/// P(a symbol of ten of the 128 bits holds at least one of r wrong ones).
double symbol_hit(std::size_t r) {
  double missed = 1;
  for (std::size_t i = 0; i < kSymbolBits; ++i) {
    const double free = static_cast<double>(kBits - i) - static_cast<double>(r);
    missed *= std::max(0.0, free) / static_cast<double>(kBits - i);
  }
  return 1 - missed;
}

}  // namespace
}  // namespace concatenated_impl

base::Result<ConcatenatedPostFec> post_concatenated(double bit_error_ratio) {
  using namespace concatenated_impl;
  if (!(bit_error_ratio >= 0 && bit_error_ratio <= 0.5)) {
    return base::fail(base::Code::kInvalidArgument, "bit error ratio is not in 0 to 0.5");
  }
  const auto left = left_over(bit_error_ratio);
  ConcatenatedPostFec result;
  double symbol_error_ratio = 0;
  for (std::size_t r = 1; r <= kBits; ++r) {
    result.inner_bit_error_ratio += left[r] * static_cast<double>(r) / kBits;
    symbol_error_ratio += left[r] * symbol_hit(r);
  }
  // KP4 sees independent symbols: give it the bit error ratio that makes them so, and scale what
  // counts bits by the true bits in a wrong symbol.
  const double equivalent = -std::expm1(std::log1p(-symbol_error_ratio) / kSymbolBits);
  auto outer = post_fec(kKp4, {.ber = equivalent});
  if (!outer) {
    return tl::unexpected(std::move(outer).error());
  }
  result.outer = std::move(*outer);
  if (equivalent > 0) {
    const double scale = result.inner_bit_error_ratio / equivalent;
    result.outer.bit_error_ratio *= scale;
    result.outer.log10_bit_error_ratio += std::log10(scale);
  }
  result.outer.pre_fec_bit_error_ratio = result.inner_bit_error_ratio;
  return result;
}

}  // namespace weft::phy::fec
