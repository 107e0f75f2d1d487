// SPDX-License-Identifier: Apache-2.0
// What stands in the store beside points, as bytes: series' names, subjects, events, the store's
// own state. Texts with their length before them; metrics by their key, since numbers of
// enumerators may change. Decoders take any bytes. Format: docs/formats/store.md.
#pragma once

#include "telemetry/store.h"
#include "telemetry/store/bits.h"

#include <map>

namespace weft::telemetry::store_parts {

[[nodiscard]] base::Bytes encode_series(const SeriesKey& key);
/// kDataLoss; kUnimplemented where this program does not know the metric.
[[nodiscard]] base::Result<SeriesKey> decode_series(base::ByteView bytes);

[[nodiscard]] base::Bytes encode_subject(const SubjectRecord& subject);
[[nodiscard]] base::Result<SubjectRecord> decode_subject(base::ByteView bytes);
/// The key of a subject's record: a second part under the same subject has another `since`.
[[nodiscard]] std::string subject_key(const SubjectRecord& subject);

[[nodiscard]] base::Bytes encode_event(const StoredEvent& event);
[[nodiscard]] base::Result<StoredEvent> decode_event(base::ByteView bytes);

/// Written with each group.
struct State {
  std::uint64_t last_group = 0;     ///< the newest group of the log
  std::uint64_t trimmed_group = 0;  ///< groups up to here are gone, their points are in chunks
  std::uint64_t next_event = 1;
  std::uint32_t next_series = 0;
  /// Days with points that no hour roll-up has yet, and the hours (0 to 24) that it has.
  std::map<std::int32_t, std::uint8_t> days;
  std::vector<std::string> dropped;  ///< what was dropped to stay below bytes_most
};
[[nodiscard]] base::Bytes encode_state(const State& state);
[[nodiscard]] base::Result<State> decode_state(base::ByteView bytes);

}  // namespace weft::telemetry::store_parts
