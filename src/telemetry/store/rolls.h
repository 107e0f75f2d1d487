// SPDX-License-Identifier: Apache-2.0
// Roll-ups: points into buckets, buckets into longer ones, and a day's buckets of one series as
// bytes. A counter that is lower than before was reset and counts from 0, unless its kind says that
// it wraps. Format: docs/formats/store.md.
#pragma once

#include "telemetry/store.h"
#include "telemetry/store/bits.h"
#include "telemetry/store/strip.h"

namespace weft::telemetry::store_parts {

/// Before a bucket, this far back the point is looked for from which increase is counted.
inline constexpr std::int64_t kGapMostNs = 86'400LL * 1'000'000'000;

/// Buckets of `step` over the points of [from, until); points before `from` are only looked back
/// at. Empty buckets are left out.
[[nodiscard]] std::vector<Bucket> roll_up(const Strip& strip, const CounterKind& counter,
                                          std::int64_t from, std::int64_t until, std::int64_t step);

/// Buckets of `step` from shorter ones, in order of time.
[[nodiscard]] std::vector<Bucket> join_buckets(std::span<const Bucket> buckets, std::int64_t step);

inline constexpr std::size_t kBucketsMost = 1440;  ///< in one value: a day of minutes
[[nodiscard]] base::Bytes encode_buckets(std::span<const Bucket> buckets);
/// kDataLoss.
[[nodiscard]] base::Result<std::vector<Bucket>> decode_buckets(base::ByteView bytes);

}  // namespace weft::telemetry::store_parts
