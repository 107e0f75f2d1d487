// SPDX-License-Identifier: Apache-2.0
// Feeds arbitrary bytes to the decoders of what stands in the store beside blocks: the log's
// groups, names of series, subjects, events, the store's own state, days of roll-ups. The first
// byte says which. What one takes must come back the same after being written and read once more.
#include "telemetry/store/group.h"
#include "telemetry/store/records.h"
#include "telemetry/store/rolls.h"

#include <array>
#include <cstdlib>
#include <optional>

namespace {

namespace parts = weft::telemetry::store_parts;
using weft::base::Bytes;
using weft::base::ByteView;

/// What it takes, written anew; nothing where it takes nothing.
using Rewrite = std::optional<Bytes> (*)(ByteView);

template <auto kDecode, auto kEncode>
std::optional<Bytes> record(ByteView bytes) {
  const auto decoded = kDecode(bytes);
  return decoded ? std::optional(kEncode(*decoded)) : std::nullopt;
}

std::optional<Bytes> group(ByteView bytes) {
  parts::GroupWriter writer;
  const auto head = parts::peek_group(bytes);
  const auto read = parts::read_group(
      bytes, [&writer](std::uint32_t series, std::int64_t at, const parts::Piece& piece) {
        writer.add(series, at, piece);
      });
  if (!read) {
    return std::nullopt;
  }
  if (!head || head->points != writer.points()) {
    std::abort();
  }
  return writer.finish(head->cut_from, head->cut_until);
}

constexpr std::array kRewrites = std::to_array<Rewrite>({
    &group,
    &record<&parts::decode_series, &parts::encode_series>,
    &record<&parts::decode_subject, &parts::encode_subject>,
    &record<&parts::decode_event, &parts::encode_event>,
    &record<&parts::decode_state, &parts::encode_state>,
    &record<&parts::decode_buckets,
            [](const auto& buckets) { return parts::encode_buckets(buckets); }>,
});

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || data[0] >= kRewrites.size()) {
    return 0;
  }
  const Rewrite rewrite = kRewrites.at(data[0]);
  const auto once = rewrite({data + 1, size - 1});
  if (once && rewrite(*once) != once) {
    std::abort();
  }
  return 0;
}
