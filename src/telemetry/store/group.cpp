// SPDX-License-Identifier: Apache-2.0
#include "telemetry/store/group.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace weft::telemetry::store_parts {

namespace {

// Kinds of the log: those of strip.h, and doubles that are thousandths.
constexpr std::uint64_t kThousandths = 5;
constexpr double kThousandthsMost = 1e12;

tl::unexpected<base::Error> broken_group() {
  return base::fail(base::Code::kDataLoss, "a group of the log cannot be read", "store");
}

bool thousandths(std::uint64_t bits, std::uint64_t& out) {
  const double value = std::bit_cast<double>(bits);
  const double scaled = value * 1000.0;
  if (!(std::fabs(scaled) < kThousandthsMost)) {
    return false;
  }
  const auto whole = static_cast<std::int64_t>(scaled + (scaled < 0 ? -0.5 : 0.5));
  out = zigzag(static_cast<std::uint64_t>(whole));
  return std::bit_cast<std::uint64_t>(static_cast<double>(whole) / 1000.0) == bits;
}

/// Reads a RunColumn.
class Runs {
 public:
  explicit Runs(base::ByteView bytes) : in_(bytes) {}
  std::uint64_t next() {
    if (run_ == 0) {
      value_ = in_.varint();
      run_ = in_.varint();
      if (run_ == 0) {
        in_.fail();
        return 0;
      }
    }
    --run_;
    return value_;
  }
  [[nodiscard]] bool failed() const { return in_.failed(); }

 private:
  ByteReader in_;
  std::uint64_t value_ = 0;
  std::uint64_t run_ = 0;
};

struct Parts {
  GroupHead head;
  base::ByteView series;
  base::ByteView times;
  base::ByteView kinds;
  base::ByteView values;
};

base::Result<Parts> take_apart(base::ByteView bytes) {
  ByteReader in(bytes);
  Parts parts;
  parts.head.points = in.varint();
  parts.head.first = static_cast<std::int64_t>(in.u64());
  parts.head.last = static_cast<std::int64_t>(in.u64());
  const std::uint64_t from = in.varint();
  const std::uint64_t until = in.varint();
  for (base::ByteView* column : {&parts.series, &parts.times, &parts.kinds, &parts.values}) {
    *column = in.take(in.varint());
  }
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max();
  if (in.failed() || in.left() != 0 || from > until || until > kMost) {
    return broken_group();
  }
  parts.head.cut_from = static_cast<std::uint32_t>(from);
  parts.head.cut_until = static_cast<std::uint32_t>(until);
  return parts;
}

/// One value, with what a Piece points at.
struct Holder {
  std::string text;
  observe::Histogram histogram;
  observe::NotMeasured absent;
};

bool read_histogram(ByteReader& in, observe::Histogram& histogram) {
  const std::uint64_t bins = in.varint();
  if (bins > kBinsMost || bins > in.left()) {
    return false;
  }
  histogram.counts.resize(static_cast<std::size_t>(bins));
  for (std::uint64_t& count : histogram.counts) {
    count = in.varint();
  }
  return true;
}

bool read_value(ByteReader& in, std::uint64_t kind, Holder& holder, Piece& piece) {
  if (kind == kThousandths) {
    const auto whole = static_cast<std::int64_t>(unzigzag(in.varint()));
    piece = {.kind = Kind::kReal,
             .bits = std::bit_cast<std::uint64_t>(static_cast<double>(whole) / 1000.0)};
    return true;
  }
  switch (static_cast<Kind>(kind)) {
    case Kind::kWhole:
      piece = {.kind = Kind::kWhole, .bits = in.varint()};
      return true;
    case Kind::kReal:
      piece = {.kind = Kind::kReal, .bits = in.u64()};
      return true;
    case Kind::kText:
      holder.text = in.text();
      piece = {.kind = Kind::kText, .text = &holder.text};
      return fits(piece);
    case Kind::kHistogram:
      piece = {.kind = Kind::kHistogram, .histogram = &holder.histogram};
      return read_histogram(in, holder.histogram);
    case Kind::kAbsent: {
      const std::uint8_t why = in.byte();
      holder.absent = {static_cast<observe::Absence>(why), in.text()};
      piece = {.kind = Kind::kAbsent, .absent = &holder.absent};
      return why <= static_cast<std::uint8_t>(observe::Absence::kAsleep) && fits(piece);
    }
  }
  return false;
}

}  // namespace

void RunColumn::flush() {
  if (run_ > 0) {
    bytes_.put_varint(value_);
    bytes_.put_varint(run_);
    run_ = 0;
  }
}

void RunColumn::clear() {
  bytes_.clear();
  run_ = 0;
}

void GroupWriter::add(std::uint32_t series, std::int64_t at, const Piece& piece) {
  const auto time = static_cast<std::uint64_t>(at);
  first_ = points_ == 0 ? at : std::min(first_, at);
  last_ = points_ == 0 ? at : std::max(last_, at);
  ++points_;
  series_.put(zigzag(series - series_before_));
  times_.put(zigzag(time - at_before_));
  series_before_ = series;
  at_before_ = time;
  std::uint64_t scaled = 0;
  if (piece.kind == Kind::kReal && thousandths(piece.bits, scaled)) {
    kinds_.put(kThousandths);
    values_.put_varint(scaled);
    return;
  }
  kinds_.put(static_cast<std::uint64_t>(piece.kind));
  switch (piece.kind) {
    case Kind::kWhole:
      values_.put_varint(piece.bits);
      break;
    case Kind::kReal:
      values_.put_u64(piece.bits);
      break;
    case Kind::kText:
      values_.put_text(*piece.text);
      break;
    case Kind::kHistogram:
      values_.put_varint(piece.histogram->counts.size());
      for (const std::uint64_t count : piece.histogram->counts) {
        values_.put_varint(count);
      }
      break;
    case Kind::kAbsent:
      values_.put_byte(static_cast<std::uint8_t>(piece.absent->why));
      values_.put_text(piece.absent->detail);
      break;
  }
}

base::Bytes GroupWriter::finish(std::uint32_t cut_from, std::uint32_t cut_until) {
  base::Bytes out;
  // The columns stay as they are, open run and all: a commit that fails goes on with them.
  RunColumn series = series_;
  RunColumn times = times_;
  RunColumn kinds = kinds_;
  series.flush();
  times.flush();
  kinds.flush();
  out.reserve(bytes() + 64);
  put_varint(out, points_);
  put_u64(out, static_cast<std::uint64_t>(first_));
  put_u64(out, static_cast<std::uint64_t>(last_));
  put_varint(out, cut_from);
  put_varint(out, cut_until);
  for (const ByteColumn* column : std::initializer_list<const ByteColumn*>{
           &series.bytes(), &times.bytes(), &kinds.bytes(), &values_}) {
    put_varint(out, column->size());
    const base::ByteView bytes = column->view();
    out.insert(out.end(), bytes.begin(), bytes.end());
  }
  return out;
}

void GroupWriter::clear() {
  series_.clear();
  times_.clear();
  kinds_.clear();
  values_.clear();
  points_ = 0;
  series_before_ = 0;
  at_before_ = 0;
}

base::Result<GroupHead> peek_group(base::ByteView bytes) {
  const auto parts = take_apart(bytes);
  if (!parts) {
    return tl::unexpected<base::Error>(parts.error());
  }
  return parts->head;
}

base::Result<void> read_group(
    base::ByteView bytes,
    const std::function<void(std::uint32_t, std::int64_t, const Piece&)>& see) {
  const auto parts = take_apart(bytes);
  if (!parts) {
    return tl::unexpected<base::Error>(parts.error());
  }
  Runs series(parts->series);
  Runs times(parts->times);
  Runs kinds(parts->kinds);
  ByteReader values(parts->values);
  std::uint64_t number = 0;
  std::uint64_t at = 0;
  Holder holder;
  Piece piece;
  for (std::uint64_t i = 0; i < parts->head.points; ++i) {
    number += unzigzag(series.next());
    at += unzigzag(times.next());
    const std::uint64_t kind = kinds.next();
    if (series.failed() || times.failed() || kinds.failed() ||
        number > std::numeric_limits<std::uint32_t>::max() ||
        !read_value(values, kind, holder, piece) || values.failed()) {
      return broken_group();
    }
    see(static_cast<std::uint32_t>(number), static_cast<std::int64_t>(at), piece);
  }
  return {};
}

}  // namespace weft::telemetry::store_parts
