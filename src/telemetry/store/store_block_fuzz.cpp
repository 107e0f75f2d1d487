// SPDX-License-Identifier: Apache-2.0
// Feeds arbitrary bytes to the decoder of blocks. What it takes must come back the same after being
// written and read once more.
#include "telemetry/store/codec.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace parts = weft::telemetry::store_parts;
  const auto strip = parts::decode_block({data, size});
  if (!strip) {
    return 0;
  }
  const auto again = parts::decode_block(parts::encode_block(*strip, 0, strip->size()));
  if (!again || again->size() != strip->size()) {
    std::abort();
  }
  for (std::size_t i = 0; i < strip->size(); ++i) {
    const parts::Piece a = strip->piece(i);
    const parts::Piece b = again->piece(i);
    if (strip->at(i) != again->at(i) || a.kind != b.kind ||
        (a.kind <= parts::Kind::kReal && a.bits != b.bits) ||
        (a.kind == parts::Kind::kText && *a.text != *b.text) ||
        (a.kind == parts::Kind::kHistogram && !(*a.histogram == *b.histogram)) ||
        (a.kind == parts::Kind::kAbsent && !(*a.absent == *b.absent))) {
      std::abort();
    }
  }
  return 0;
}
