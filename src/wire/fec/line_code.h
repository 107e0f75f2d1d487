// SPDX-License-Identifier: Apache-2.0
// Between bits and line symbols of PAM-L: Gray code and 1/(1+D) precoding, both directions, and how
// FEC symbols become bits and are interleaved. 802.3 clauses 120.5.7 (Gray, precoding) and 91.5.2.8
// (symbols, least significant bit first); the general L is binary-reflected Gray. Facts: Gray 00,
// 01, 11, 10 are levels 0 to 3, the first bit of a pair the more significant; P(j) = (G(j) - P(j -
// 1)) mod L.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "wire/fec/galois.h"

#include <cstdint>
#include <span>
#include <vector>

namespace weft::wire::fec {

/// A line symbol, 0 to L - 1.
using Level = std::uint8_t;

/// The level whose Gray code `bits` is; `bits` below 2^k give a level below 2^k.
[[nodiscard]] constexpr Level gray_to_level(std::uint8_t bits) {
  Level level = bits;
  for (unsigned shift = 1; shift < 8; shift <<= 1U) {
    level = static_cast<Level>(level ^ level >> shift);
  }
  return level;
}
[[nodiscard]] constexpr std::uint8_t level_to_gray(Level level) {
  return static_cast<std::uint8_t>(level ^ level >> 1U);
}

/// 1/(1+D) mod `levels` in place: what the transmitter sends. `state` is the last symbol sent, 0 at
/// the start, and is kept between calls. @pre levels is 2 to 16; symbols are below it
void precode(std::span<Level> symbols, unsigned levels, Level& state);
/// (1+D) mod `levels` in place: what the receiver makes of it. `state`: the last symbol received.
void decode_precoding(std::span<Level> symbols, unsigned levels, Level& state);

/// Bits of `bytes`, least significant first, two at a time through Gray code to PAM4 levels.
[[nodiscard]] std::vector<Level> to_pam4(base::ByteView bytes);
/// The inverse; a last incomplete byte is dropped.
[[nodiscard]] base::Bytes from_pam4(std::span<const Level> levels);

/// FEC symbols as bytes, bits least significant first, padded with 0 to a whole byte.
[[nodiscard]] base::Bytes to_bytes(std::span<const Symbol> symbols, unsigned symbol_bits);
/// The inverse; bits that fill no symbol are dropped. @pre 1 <= symbol_bits <= 16
[[nodiscard]] std::vector<Symbol> to_symbols(base::ByteView bytes, unsigned symbol_bits);

/// Codewords dealt out symbol by symbol: first symbols of all, then second ones. All need the same
/// length.
[[nodiscard]] base::Result<std::vector<Symbol>> interleave(
    std::span<const std::vector<Symbol>> codewords);
/// kInvalidArgument if `ways` is 0 or does not divide the line's length.
[[nodiscard]] base::Result<std::vector<std::vector<Symbol>>> deinterleave(
    std::span<const Symbol> line, std::size_t ways);

}  // namespace weft::wire::fec
