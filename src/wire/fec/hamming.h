// SPDX-License-Identifier: Apache-2.0
// The inner code of 200G lanes: Hamming(128,120), systematic, 120 message bits, 7 check bits and
// one parity bit over all. Public (802.3dj task force, SIJ 3405): the size, that it is an extended
// Hamming code of distance 4, that KP4 is outside it. Modelled: which generator of degree 7 makes
// the check bits, and the order of bits; both sides of a link must agree, and nothing else depends
// on it. Hard decisions: corrects one wrong bit, detects two. The interleaver between the codes and
// soft decisions are in phy/fec/concatenated.h, modelled as well.
#pragma once

#include "base/result.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace weft::wire::fec {

class InnerHamming {
 public:
  static constexpr std::size_t kBits = 128;
  static constexpr std::size_t kMessageBits = 120;
  /// Bit i of the block is bit i % 64 of word i / 64. Message: bits 0 to 119.
  using Block = std::array<std::uint64_t, 2>;

  struct Outcome {
    bool is_codeword = false;   ///< false: two wrong bits (or another even number), untouched
    std::size_t corrected = 0;  ///< 0 or 1
  };

  /// `polynomial`: primitive, of degree 7. 0x89 is x^7 + x^3 + 1.
  [[nodiscard]] static base::Result<InnerHamming> create(std::uint32_t polynomial = 0x89);

  /// Fills bits 120 to 127.
  [[nodiscard]] Block encode(Block message) const;
  Outcome decode(Block& block) const;

 private:
  InnerHamming() = default;
  [[nodiscard]] unsigned checks(const Block& block) const;

  std::array<std::uint8_t, kBits> column_{};  // 7 check bits and, as the eighth, overall parity
  std::array<std::array<std::uint8_t, 256>, kBits / 8> byte_{};  // sums of columns by byte value
  std::array<std::uint8_t, 256> position_{};  // of the column with this value; kBits: none
};

}  // namespace weft::wire::fec
