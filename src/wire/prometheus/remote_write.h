// SPDX-License-Identifier: Apache-2.0
// The body of a Prometheus remote_write 1.0 request: a WriteRequest message (field numbers of
// prometheus/prompb: timeseries = 1 {labels = 1 {name = 1, value = 2}, samples = 2 {value = 1
// double, timestamp = 2 int64 ms}}) in Snappy's block format. Written for whoever takes our series,
// read back by tests and by receivers of ours. Bytes from outside are hostile: sizes are bounded
// before anything is unpacked, unknown fields are passed over.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "wire/prometheus/text.h"

#include <cstdint>
#include <span>
#include <vector>

namespace weft::wire::prometheus {

struct RemoteSample {
  double value = 0;
  std::int64_t at_ms = 0;
  friend bool operator==(const RemoteSample&, const RemoteSample&) = default;
};

/// Bits of the NaN that ends a series at once instead of after five minutes (Prometheus' staleness
/// marker).
inline constexpr std::uint64_t kStaleNanBits = 0x7FF0000000000002U;

struct RemoteSeries {
  Labels labels;                      ///< "__name__" among them; the writer sorts them by name
  std::vector<RemoteSample> samples;  ///< in order of time
  friend bool operator==(const RemoteSeries&, const RemoteSeries&) = default;
};

/// The request's body. kInvalidArgument: a label's name is none, or is there twice.
[[nodiscard]] base::Result<base::Bytes> write_request(std::span<const RemoteSeries> series);

inline constexpr std::size_t kRemoteBytesMax = std::size_t{64} << 20;  ///< unpacked

/// kDataLoss with the offset; kResourceExhausted over kRemoteBytesMax.
[[nodiscard]] base::Result<std::vector<RemoteSeries>> read_request(base::ByteView body);

}  // namespace weft::wire::prometheus
