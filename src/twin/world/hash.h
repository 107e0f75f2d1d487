// SPDX-License-Identifier: Apache-2.0
// One small hash for worlds: of traces, registers, paths and checkpoints, the same on any machine.
// Eight bytes at a time through splitmix64's finisher; finds accidents, not attacks.
#pragma once

#include "base/bytes.h"
#include "base/random.h"

#include <cstdint>
#include <string_view>

namespace weft::twin {

/// `word` mixed into `hash`; order counts.
[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t hash, std::uint64_t word) {
  return base::SplitMix64(hash ^ (word * 0xff51afd7ed558ccdULL))();
}

[[nodiscard]] inline std::uint64_t hash_bytes(base::ByteView bytes, std::uint64_t start = 0) {
  std::uint64_t hash = mix(start, bytes.size());
  for (std::size_t at = 0; at < bytes.size(); at += 8) {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < 8 && at + i < bytes.size(); ++i) {
      word |= std::uint64_t{bytes[at + i]} << (8 * i);
    }
    hash = mix(hash, word);
  }
  return hash;
}

[[nodiscard]] inline std::uint64_t hash_text(std::string_view text, std::uint64_t start = 0) {
  return hash_bytes({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, start);
}

}  // namespace weft::twin
