// SPDX-License-Identifier: Apache-2.0
#include "telemetry/store/codec.h"

#include "telemetry/store/doubles.h"
#include "telemetry/store/integers.h"

#include <algorithm>
#include <array>
#include <limits>

namespace weft::telemetry::store_parts {

namespace {

constexpr std::uint8_t kMixed = 5;  ///< in place of a kind: runs of kinds follow

using Column = std::vector<std::uint64_t>;

tl::unexpected<base::Error> broken(const char* what) {
  return base::fail(base::Code::kDataLoss, what, "block of points");
}

void put_kinds(const Strip& strip, std::size_t from, std::size_t until, base::Bytes& out) {
  for (std::size_t i = from; i < until;) {
    std::size_t end = i + 1;
    while (end < until && strip.kind(end) == strip.kind(i)) {
      ++end;
    }
    out.push_back(static_cast<std::uint8_t>(strip.kind(i)));
    put_varint(out, end - i);
    i = end;
  }
}

/// Texts and reasons: those that occur, each once in order of appearance, then the column of their
/// numbers.
template <class Table, class Put>
void put_dictionary(const Column& indices, const Table& table, const Put& put, base::Bytes& out) {
  Column numbers(indices.size());
  std::vector<std::uint64_t> number_of(table.size(), std::numeric_limits<std::uint64_t>::max());
  base::Bytes entries;
  std::uint64_t used = 0;
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const auto index = static_cast<std::size_t>(indices[i]);
    if (number_of[index] == std::numeric_limits<std::uint64_t>::max()) {
      number_of[index] = used++;
      put(entries, table[index]);
    }
    numbers[i] = number_of[index];
  }
  put_varint(out, used);
  out.insert(out.end(), entries.begin(), entries.end());
  encode_integers(numbers, out);
}

void put_absence(base::Bytes& out, const observe::NotMeasured& absent) {
  out.push_back(static_cast<std::uint8_t>(absent.why));
  put_text(out, absent.detail);
}

/// Histograms: runs of equal numbers of bins; in each run one column of integers for each bin, so a
/// bin that does not move costs two bytes.
void put_histograms(const Column& indices, const std::vector<observe::Histogram>& table,
                    base::Bytes& out) {
  const auto counts = [&](std::size_t i) -> const std::vector<std::uint64_t>& {
    return table[static_cast<std::size_t>(indices[i])].counts;
  };
  for (std::size_t i = 0; i < indices.size();) {
    const std::size_t bins = counts(i).size();
    std::size_t end = i + 1;
    while (end < indices.size() && counts(end).size() == bins) {
      ++end;
    }
    put_varint(out, bins);
    put_varint(out, end - i);
    Column column(end - i);
    for (std::size_t bin = 0; bin < bins; ++bin) {
      for (std::size_t k = i; k < end; ++k) {
        column[k - i] = counts(k)[bin];
      }
      encode_integers(column, out);
    }
    i = end;
  }
}

/// Series that are read together have the same times: a column of times that was just written or
/// read is not made again.
struct TimesMemory {
  Column at;
  base::Bytes bytes;
};

void put_times(const Column& at, base::Bytes& out) {
  thread_local TimesMemory memory;
  if (memory.at != at) {
    memory.at = at;
    memory.bytes.clear();
    encode_integers(at, memory.bytes);
  }
  put_varint(out, memory.bytes.size());
  out.insert(out.end(), memory.bytes.begin(), memory.bytes.end());
}

/// From the block's first time on; nullptr where they cannot be read or go back.
const Column* read_times(ByteReader& in, std::size_t count) {
  thread_local TimesMemory memory;
  const base::ByteView bytes = in.take(in.varint());
  if (memory.at.size() == count &&
      std::equal(bytes.begin(), bytes.end(), memory.bytes.begin(), memory.bytes.end())) {
    return &memory.at;
  }
  memory.bytes.clear();
  ByteReader times(bytes);
  if (in.failed() || !decode_integers(times, count, memory.at) || times.left() != 0 ||
      memory.at.front() != 0 || !std::is_sorted(memory.at.begin(), memory.at.end())) {
    memory.at.clear();
    return nullptr;
  }
  memory.bytes.assign(bytes.begin(), bytes.end());
  return &memory.at;
}

/// The values of a block, column by column, as they are read.
struct Columns {
  Column at;
  std::vector<Kind> kinds;
  std::array<std::size_t, kKinds> counts{};
  std::array<Column, kKinds> values;
  std::vector<std::string> texts;
  std::vector<observe::NotMeasured> absences;
  std::vector<observe::Histogram> histograms;
};

bool read_kinds(ByteReader& in, std::size_t count, Columns& columns) {
  const std::uint8_t first = in.byte();
  if (first < kMixed) {
    columns.kinds.assign(count, static_cast<Kind>(first));
    columns.counts[first] = count;
    return !in.failed();
  }
  while (first == kMixed && columns.kinds.size() < count) {
    const std::uint8_t kind = in.byte();
    const std::uint64_t run = in.varint();
    if (in.failed() || kind >= kKinds || run == 0 || run > count - columns.kinds.size()) {
      return false;
    }
    columns.kinds.insert(columns.kinds.end(), static_cast<std::size_t>(run),
                         static_cast<Kind>(kind));
    columns.counts[kind] += static_cast<std::size_t>(run);
  }
  return first == kMixed;
}

template <class Table, class Read>
bool read_dictionary(ByteReader& in, std::size_t count, Column& numbers, Table& table,
                     const Read& read) {
  const std::uint64_t used = in.varint();
  if (in.failed() || used == 0 || used > count || used > in.left()) {
    return false;
  }
  for (std::uint64_t i = 0; i < used && !in.failed(); ++i) {
    table.push_back(read(in));
  }
  if (in.failed() || !decode_integers(in, count, numbers)) {
    return false;
  }
  for (const std::uint64_t number : numbers) {
    if (number >= used) {
      return false;
    }
  }
  return true;
}

observe::NotMeasured read_absence(ByteReader& in) {
  const std::uint8_t why = in.byte();
  if (why > static_cast<std::uint8_t>(observe::Absence::kAsleep)) {
    in.fail();
  }
  return {static_cast<observe::Absence>(why), in.text()};
}

bool read_histograms(ByteReader& in, std::size_t count, Columns& columns) {
  std::size_t expanded = 0;
  Column column;
  columns.histograms.reserve(count);
  while (columns.histograms.size() < count) {
    const std::uint64_t bins = in.varint();
    const std::uint64_t run = in.varint();
    const std::size_t done = columns.histograms.size();
    if (in.failed() || bins > kBinsMost || run == 0 || run > count - done ||
        bins * run * 8 > kExpandedMost - expanded || bins > in.left()) {
      return false;
    }
    expanded += static_cast<std::size_t>(bins * run * 8);
    columns.histograms.resize(done + static_cast<std::size_t>(run));
    for (std::size_t k = done; k < columns.histograms.size(); ++k) {
      columns.histograms[k].counts.resize(static_cast<std::size_t>(bins));
    }
    for (std::size_t bin = 0; bin < bins; ++bin) {
      if (!decode_integers(in, static_cast<std::size_t>(run), column)) {
        return false;
      }
      for (std::size_t k = 0; k < run; ++k) {
        columns.histograms[done + k].counts[bin] = column[k];
      }
    }
  }
  return true;
}

bool read_values(ByteReader& in, Columns& columns) {
  const auto count = [&](Kind kind) { return columns.counts[static_cast<std::size_t>(kind)]; };
  const auto column = [&](Kind kind) -> Column& {
    return columns.values[static_cast<std::size_t>(kind)];
  };
  return (count(Kind::kWhole) == 0 ||
          decode_integers(in, count(Kind::kWhole), column(Kind::kWhole))) &&
         (count(Kind::kReal) == 0 || decode_doubles(in, count(Kind::kReal), column(Kind::kReal))) &&
         (count(Kind::kText) == 0 ||
          read_dictionary(in, count(Kind::kText), column(Kind::kText), columns.texts,
                          [](ByteReader& from) { return from.text(); })) &&
         read_histograms(in, count(Kind::kHistogram), columns) &&
         (count(Kind::kAbsent) == 0 ||
          read_dictionary(in, count(Kind::kAbsent), column(Kind::kAbsent), columns.absences,
                          read_absence));
}

Strip join(const Columns& columns) {
  Strip strip;
  for (const Kind kind : {Kind::kWhole, Kind::kReal}) {
    const Column& values = columns.values[static_cast<std::size_t>(kind)];
    if (values.size() == columns.at.size()) {
      strip.adopt(kind, columns.at, values);
      return strip;
    }
  }
  strip.reserve(columns.at.size());
  std::array<std::size_t, kKinds> next{};
  for (std::size_t i = 0; i < columns.at.size(); ++i) {
    const Kind kind = columns.kinds[i];
    const auto row = static_cast<std::size_t>(kind);
    const std::size_t k = next[row]++;
    Piece piece{.kind = kind};
    if (kind <= Kind::kReal) {
      piece.bits = columns.values[row][k];
    } else if (kind == Kind::kText) {
      piece.text = &columns.texts[static_cast<std::size_t>(columns.values[row][k])];
    } else if (kind == Kind::kHistogram) {
      piece.histogram = &columns.histograms[k];
    } else {
      piece.absent = &columns.absences[static_cast<std::size_t>(columns.values[row][k])];
    }
    strip.push(static_cast<std::int64_t>(columns.at[i]), piece);
  }
  return strip;
}

}  // namespace

base::Bytes encode_block(const Strip& strip, std::size_t from, std::size_t until) {
  base::Bytes out;
  out.reserve(64 + (until - from));
  put_varint(out, until - from);
  put_u64(out, static_cast<std::uint64_t>(strip.at(from)));
  put_varint(out, static_cast<std::uint64_t>(strip.at(until - 1)) -
                      static_cast<std::uint64_t>(strip.at(from)));
  std::array<Column, kKinds> values;
  Column at(until - from);
  bool mixed = false;
  for (std::size_t i = from; i < until; ++i) {
    at[i - from] =
        static_cast<std::uint64_t>(strip.at(i)) - static_cast<std::uint64_t>(strip.at(from));
    values[static_cast<std::size_t>(strip.kind(i))].push_back(strip.bits(i));
    mixed = mixed || strip.kind(i) != strip.kind(from);
  }
  if (mixed) {
    out.push_back(kMixed);
    put_kinds(strip, from, until, out);
  } else {
    out.push_back(static_cast<std::uint8_t>(strip.kind(from)));
  }
  put_times(at, out);
  encode_integers(values[0], out);
  encode_doubles(values[1], out);
  if (!values[2].empty()) {
    put_dictionary(
        values[2], strip.texts(),
        [](base::Bytes& to, const std::string& text) { put_text(to, text); }, out);
  }
  put_histograms(values[3], strip.histograms(), out);
  if (!values[4].empty()) {
    put_dictionary(values[4], strip.absences(), put_absence, out);
  }
  return out;
}

BlockHead peek_block(base::ByteView bytes) {
  ByteReader in(bytes);
  const std::uint64_t count = in.varint();
  const std::uint64_t first = in.u64();
  const std::uint64_t last = first + in.varint();
  if (in.failed() || count == 0 || count > kPointsMost) {
    return {};
  }
  return {static_cast<std::size_t>(count), static_cast<std::int64_t>(first),
          static_cast<std::int64_t>(last)};
}

base::Result<Strip> decode_block(base::ByteView bytes) {
  const BlockHead head = peek_block(bytes);
  if (head.count == 0) {
    return broken("its head cannot be read");
  }
  ByteReader in(bytes);
  static_cast<void>(in.varint());
  static_cast<void>(in.u64());
  static_cast<void>(in.varint());
  Columns columns;
  const Column* times = read_kinds(in, head.count, columns) ? read_times(in, head.count) : nullptr;
  if (times == nullptr) {
    return broken("its times cannot be read");
  }
  // Offsets from the first time, in order, and ending where the head says: none can overflow.
  const auto first = static_cast<std::uint64_t>(head.first);
  if (head.last < head.first || times->back() != static_cast<std::uint64_t>(head.last) - first) {
    return broken("its times are not what its head says");
  }
  columns.at.resize(head.count);
  std::transform(times->begin(), times->end(), columns.at.begin(),
                 [&](std::uint64_t offset) { return first + offset; });
  if (!read_values(in, columns) || in.failed() || in.left() != 0) {
    return broken("its values cannot be read");
  }
  std::size_t expanded = 0;
  for (const std::uint64_t number : columns.values[static_cast<std::size_t>(Kind::kText)]) {
    expanded += columns.texts[static_cast<std::size_t>(number)].size();
  }
  for (const std::uint64_t number : columns.values[static_cast<std::size_t>(Kind::kAbsent)]) {
    expanded += columns.absences[static_cast<std::size_t>(number)].detail.size();
  }
  if (expanded > kExpandedMost) {
    return broken("its texts are too long");
  }
  return join(columns);
}

}  // namespace weft::telemetry::store_parts
