// SPDX-License-Identifier: Apache-2.0
// What FEC sees of a lane, by table: P(at least k symbol errors in a codeword) over error ratio and
// burst parameter, from fec/analytic.h, interpolated in logarithms (a power of the error ratio is a
// straight line there). Holding "at least k" lets a draw stop at the first k that nothing reaches.
// Internal to lane/.
#pragma once

#include "base/result.h"
#include "phy/fec/analytic.h"

#include <array>
#include <cstddef>
#include <vector>

namespace weft::phy::lane {

class FecTable {
 public:
  static constexpr std::size_t kCountMost = 16;

  /// What post_fec() refuses, and codes that correct more than 15 symbols.
  [[nodiscard]] static base::Result<FecTable> build(const fec::CodeParameters& code,
                                                    const fec::ErrorProcess& process);

  /// Where an error ratio and a burst parameter lie; found once per reading.
  struct Place {
    std::size_t base = 0;
    float ber_part = 0;
    float burst_part = 0;
  };
  [[nodiscard]] Place place(double log10_ber, double burst) const;
  /// ln P(at least k wrong symbols), 1 <= k <= t + 1.
  [[nodiscard]] double log_at_least(const Place& place, std::size_t k) const {
    return read(place, k - 1);
  }
  /// ln of wrong bits per wrong symbol.
  [[nodiscard]] double log_bits_per_symbol(const Place& place) const {
    return read(place, kCountMost);
  }

 private:
  static constexpr std::size_t kRow = kCountMost + 1;
  [[nodiscard]] double read(const Place& place, std::size_t column) const {
    const float* const at = values_.data() + place.base + column;
    const float low = at[0] + place.burst_part * (at[kRow] - at[0]);
    const float high =
        at[row_stride_] + place.burst_part * (at[row_stride_ + kRow] - at[row_stride_]);
    return static_cast<double>(low + place.ber_part * (high - low));
  }

  std::size_t row_stride_ = 0;
  std::vector<float> values_;  // [error ratio][burst][column]
};

}  // namespace weft::phy::lane
