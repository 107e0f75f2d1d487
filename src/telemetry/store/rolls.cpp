// SPDX-License-Identifier: Apache-2.0
#include "telemetry/store/rolls.h"

#include "telemetry/store/doubles.h"
#include "telemetry/store/integers.h"
#include "telemetry/store/keys.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

namespace weft::telemetry::store_parts {

namespace {

using Column = std::vector<std::uint64_t>;
constexpr std::size_t kNoPoint = ~std::size_t{0};

std::uint64_t counter_increase(std::uint64_t before, std::uint64_t now, const CounterKind& kind) {
  if (kind.clears_on_read) {
    return now;
  }
  if (now >= before) {
    return now - before;
  }
  if (kind.bits < 64 && !kind.saturates && before < 1ULL << kind.bits) {
    const std::uint64_t quarter = 1ULL << (kind.bits - 2);
    if (before >= 3 * quarter && now < quarter) {
      return (1ULL << kind.bits) - before + now;
    }
  }
  return now;
}

/// Goes through a strip and knows the point before.
class Roller {
 public:
  Roller(const Strip& strip, const CounterKind& counter) : strip_(strip), counter_(counter) {}

  /// The point into the bucket, or nullptr: only remembered.
  void take(std::size_t i, Bucket* bucket) {
    const Kind kind = strip_.kind(i);
    if (kind == Kind::kAbsent) {
      if (bucket != nullptr) {
        ++bucket->not_measured;
      }
      return;
    }
    const double value = number(i, kind);
    if (bucket != nullptr) {
      add(*bucket, value);
      if (before_ != kNoPoint && strip_.at(i) - strip_.at(before_) <= kGapMostNs) {
        bucket->increase += increase(before_, i, kind);
        bucket->covered.ns += strip_.at(i) - strip_.at(before_);
      }
    }
    before_ = i;
  }

 private:
  [[nodiscard]] double number(std::size_t i, Kind kind) const {
    if (kind == Kind::kWhole) {
      return static_cast<double>(strip_.bits(i));
    }
    if (kind == Kind::kReal) {
      return std::bit_cast<double>(strip_.bits(i));
    }
    double sum = 0;
    if (kind == Kind::kHistogram) {
      for (const std::uint64_t count : strip_.piece(i).histogram->counts) {
        sum += static_cast<double>(count);
      }
    }
    return sum;
  }

  static void add(Bucket& bucket, double value) {
    bucket.min = bucket.count == 0 ? value : std::min(bucket.min, value);
    bucket.max = bucket.count == 0 ? value : std::max(bucket.max, value);
    bucket.first = bucket.count == 0 ? value : bucket.first;
    bucket.last = value;
    bucket.sum += value;
    ++bucket.count;
  }

  [[nodiscard]] std::uint64_t increase(std::size_t before, std::size_t i, Kind kind) const {
    if (kind != strip_.kind(before)) {
      return 0;
    }
    if (kind == Kind::kWhole) {
      return counter_increase(strip_.bits(before), strip_.bits(i), counter_);
    }
    std::uint64_t sum = 0;
    if (kind == Kind::kHistogram && strip_.bits(before) != strip_.bits(i)) {
      const auto& was = strip_.piece(before).histogram->counts;
      const auto& is = strip_.piece(i).histogram->counts;
      for (std::size_t bin = 0; bin < is.size(); ++bin) {
        sum += counter_increase(bin < was.size() ? was[bin] : 0, is[bin], counter_);
      }
    }
    return sum;
  }

  const Strip& strip_;
  const CounterKind& counter_;
  std::size_t before_ = kNoPoint;
};

/// One column of a value; of doubles, one that equals an earlier column is written as its number.
constexpr std::size_t kRealColumns = 5;
using Member = double Bucket::*;
constexpr std::array<Member, kRealColumns> kReals = {&Bucket::last, &Bucket::first, &Bucket::min,
                                                     &Bucket::max, &Bucket::sum};
using Count = std::uint64_t Bucket::*;
constexpr std::array<Count, 3> kCounts = {&Bucket::count, &Bucket::increase, &Bucket::not_measured};

}  // namespace

std::vector<Bucket> roll_up(const Strip& strip, const CounterKind& counter, std::int64_t from,
                            std::int64_t until, std::int64_t step) {
  std::vector<Bucket> out;
  Roller roller(strip, counter);
  const std::size_t end = strip.lower(until);
  std::int64_t next = 0;  // where the last bucket ends
  for (std::size_t i = 0; i < end; ++i) {
    const std::int64_t at = strip.at(i);
    if (at < from) {
      roller.take(i, nullptr);
      continue;
    }
    if (out.empty() || at >= next) {
      const std::int64_t start = floor_div(at, step) * step;
      next = start + step;
      out.push_back(Bucket{});
      out.back().from = {start};
    }
    roller.take(i, &out.back());
  }
  return out;
}

std::vector<Bucket> join_buckets(std::span<const Bucket> buckets, std::int64_t step) {
  std::vector<Bucket> out;
  for (const Bucket& bucket : buckets) {
    const std::int64_t start = floor_div(bucket.from.ns, step) * step;
    if (out.empty() || out.back().from.ns != start) {
      out.push_back(bucket);
      out.back().from = {start};
      continue;
    }
    Bucket& into = out.back();
    into.not_measured += bucket.not_measured;
    if (bucket.count == 0) {
      continue;
    }
    into.min = into.count == 0 ? bucket.min : std::min(into.min, bucket.min);
    into.max = into.count == 0 ? bucket.max : std::max(into.max, bucket.max);
    into.first = into.count == 0 ? bucket.first : into.first;
    into.last = bucket.last;
    into.sum += bucket.sum;
    into.count += bucket.count;
    into.increase += bucket.increase;
    into.covered.ns += bucket.covered.ns;
  }
  return out;
}

base::Bytes encode_buckets(std::span<const Bucket> buckets) {
  base::Bytes out;
  put_varint(out, buckets.size());
  Column column(buckets.size());
  const auto fill = [&](const auto& of) {
    std::transform(buckets.begin(), buckets.end(), column.begin(), of);
  };
  fill([](const Bucket& b) { return static_cast<std::uint64_t>(b.from.ns); });
  encode_integers(column, out);
  fill([](const Bucket& b) { return static_cast<std::uint64_t>(b.covered.ns); });
  encode_integers(column, out);
  for (const Count member : kCounts) {
    fill([&](const Bucket& b) { return b.*member; });
    encode_integers(column, out);
  }
  std::array<Column, kRealColumns> reals;
  for (std::size_t i = 0; i < kRealColumns; ++i) {
    fill([&](const Bucket& b) { return std::bit_cast<std::uint64_t>(b.*kReals[i]); });
    reals[i] = column;
    const auto same =
        std::find(reals.begin(), reals.begin() + static_cast<std::ptrdiff_t>(i), column);
    out.push_back(static_cast<std::uint8_t>(same - reals.begin()));
    if (same == reals.begin() + static_cast<std::ptrdiff_t>(i)) {
      encode_doubles(column, out);
    }
  }
  return out;
}

base::Result<std::vector<Bucket>> decode_buckets(base::ByteView bytes) {
  const auto broken = [] {
    return base::fail(base::Code::kDataLoss, "a roll-up cannot be read", "store");
  };
  ByteReader in(bytes);
  const std::uint64_t count = in.varint();
  if (in.failed() || count > kBucketsMost) {
    return broken();
  }
  std::vector<Bucket> out(static_cast<std::size_t>(count));
  Column column;
  const auto read = [&](const auto& set) {
    if (!decode_integers(in, out.size(), column)) {
      return false;
    }
    for (std::size_t i = 0; i < out.size(); ++i) {
      set(out[i], column[i]);
    }
    return true;
  };
  if (!read([](Bucket& b, std::uint64_t v) { b.from.ns = static_cast<std::int64_t>(v); }) ||
      !read([](Bucket& b, std::uint64_t v) { b.covered.ns = static_cast<std::int64_t>(v); })) {
    return broken();
  }
  for (const Count member : kCounts) {
    if (!read([&](Bucket& b, std::uint64_t v) { b.*member = v; })) {
      return broken();
    }
  }
  for (std::size_t i = 0; i < kRealColumns; ++i) {
    const std::size_t same = in.byte();
    if (in.failed() || same > i || (same == i && !decode_doubles(in, out.size(), column))) {
      return broken();
    }
    for (std::size_t k = 0; k < out.size(); ++k) {
      out[k].*kReals[i] = same == i ? std::bit_cast<double>(column[k]) : out[k].*kReals[same];
    }
  }
  if (in.left() != 0) {
    return broken();
  }
  return out;
}

}  // namespace weft::telemetry::store_parts
