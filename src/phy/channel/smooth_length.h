// SPDX-License-Identifier: Apache-2.0
// Lengths of Fourier transforms: those without prime factors above 5 are fast in kissfft, others
// cost a multiple. checks.cpp and reflection.cpp choose theirs here.
#pragma once

#include <cstddef>

namespace weft::phy::channel {

/// The first of from, from + step, from + 2 step ... without prime factors above 5; `from` above 0.
/// A step of 2 keeps an even length even.
[[nodiscard]] constexpr std::size_t smooth_length(std::size_t from, std::size_t step = 1) {
  for (std::size_t n = from;; n += step) {
    std::size_t rest = n;
    for (const std::size_t factor : {2U, 3U, 5U}) {
      while (rest % factor == 0) {
        rest /= factor;
      }
    }
    if (rest == 1) {
      return n;
    }
  }
}

}  // namespace weft::phy::channel
