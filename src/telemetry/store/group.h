// SPDX-License-Identifier: Apache-2.0
// One record of the log: all points that one commit makes durable, in the order in which they came,
// as four columns (series, times, kinds, values), and which series' points were moved from the log
// into chunks by the same commit. It lives until all its points stand in chunks; so it is made for
// speed, and blocks (codec.h) for size. Format: docs/formats/store.md.
#pragma once

#include "base/result.h"
#include "telemetry/store/bits.h"
#include "telemetry/store/strip.h"

#include <functional>

namespace weft::telemetry::store_parts {

/// A column of numbers as runs of equal ones.
class RunColumn {
 public:
  void put(std::uint64_t value) {
    if (value == value_ && run_ > 0) {
      ++run_;
      return;
    }
    flush();
    value_ = value;
    run_ = 1;
  }
  void flush();
  void clear();
  [[nodiscard]] const ByteColumn& bytes() const { return bytes_; }

 private:
  ByteColumn bytes_;
  std::uint64_t value_ = 0;
  std::uint64_t run_ = 0;
};

class GroupWriter {
 public:
  void add(std::uint32_t series, std::int64_t at, const Piece& piece);
  [[nodiscard]] std::uint64_t points() const { return points_; }
  [[nodiscard]] std::int64_t first() const { return first_; }
  [[nodiscard]] std::int64_t last() const { return last_; }
  [[nodiscard]] std::size_t bytes() const {
    return series_.bytes().size() + times_.bytes().size() + values_.size();
  }
  /// The record; series [cut_from, cut_until) stand in chunks with all their points.
  [[nodiscard]] base::Bytes finish(std::uint32_t cut_from, std::uint32_t cut_until);
  void clear();

 private:
  RunColumn series_;
  RunColumn times_;
  RunColumn kinds_;
  ByteColumn values_;
  std::uint64_t points_ = 0;
  std::int64_t first_ = 0;
  std::int64_t last_ = 0;
  std::uint64_t series_before_ = 0;
  std::uint64_t at_before_ = 0;
};

struct GroupHead {
  std::uint64_t points = 0;
  std::int64_t first = 0;  ///< the earliest and the latest time in it
  std::int64_t last = 0;
  std::uint32_t cut_from = 0;
  std::uint32_t cut_until = 0;
};
[[nodiscard]] base::Result<GroupHead> peek_group(base::ByteView bytes);
/// Calls `see` for each point; what it saw before a failure was good.
base::Result<void> read_group(
    base::ByteView bytes,
    const std::function<void(std::uint32_t series, std::int64_t at, const Piece& piece)>& see);

}  // namespace weft::telemetry::store_parts
