// SPDX-License-Identifier: Apache-2.0
// A block: some hundred points of one series as bytes, each kind of value in its own column. What
// is put in comes back bit by bit. Blocks may come from a broken disk: the decoder takes any bytes,
// refuses what is not a block, and needs no more memory than kPointsMost and kExpandedMost allow.
// Format: docs/formats/store.md.
#pragma once

#include "base/result.h"
#include "telemetry/store/bits.h"
#include "telemetry/store/strip.h"

namespace weft::telemetry::store_parts {

inline constexpr std::size_t kPointsMost = 65'536;        ///< in one block
inline constexpr std::size_t kExpandedMost = 64U << 20U;  ///< bytes of texts or bins in one block

/// Points [from, until) of the strip. @pre until - from <= kPointsMost
[[nodiscard]] base::Bytes encode_block(const Strip& strip, std::size_t from, std::size_t until);
/// kDataLoss: not a block.
[[nodiscard]] base::Result<Strip> decode_block(base::ByteView bytes);

/// What a block says first, without its values. `count` is 0 where it is none.
struct BlockHead {
  std::size_t count = 0;
  std::int64_t first = 0;
  std::int64_t last = 0;
};
[[nodiscard]] BlockHead peek_block(base::ByteView bytes);

}  // namespace weft::telemetry::store_parts
