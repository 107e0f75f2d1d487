// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"
#include "telemetry/store/codec.h"
#include "telemetry/store/disk_store.h"
#include "telemetry/store/rolls.h"

#include <algorithm>
#include <iterator>
#include <map>

namespace weft::telemetry::store_parts {

namespace {

constexpr std::int64_t kMinuteNs = 60 * kSecondNs;
constexpr std::int64_t kHourNs = 3600 * kSecondNs;

std::int64_t step_of(Roll roll) {
  return roll == Roll::kMinute ? kMinuteNs : roll == Roll::kHour ? kHourNs : kDayNs;
}

/// Points of [from, until) of `part` to the end of `out`, which they may overlap.
void take_in(Strip& out, const Strip& part, std::int64_t from, std::int64_t until) {
  const std::size_t begin = part.lower(from);
  const std::size_t end = part.lower(until);
  if (begin == end) {
    return;
  }
  if (out.empty() || part.at(begin) > out.last()) {
    out.take(part, begin, end);
    return;
  }
  Strip some;
  some.take(part, begin, end);
  out = merge(out, some);
}

}  // namespace

bool DiskStore::read_stretch(Cursor& cursor, std::uint32_t series, std::int32_t stretch,
                             std::int64_t from, std::int64_t until, Strip& out) const {
  const std::string prefix = part_key(kChunkKey, stretch, series);
  const auto lost = [&](const std::string& why) {
    note_damage("points of " + name_of(series) + " cannot be read, of the six hours from " +
                base::iso8601({stretch * kStretchNs}) + ": " + why);
  };
  bool has_earlier = false;
  for (cursor.seek(prefix); cursor.valid() && cursor.key().starts_with(prefix); cursor.next()) {
    const auto bytes = cursor.value();
    if (!bytes) {
      lost(bytes.error().what);
      continue;
    }
    const BlockHead head = peek_block(*bytes);
    has_earlier = has_earlier || head.first < from;
    if (head.count > 0 && (head.last < from || head.first >= until)) {
      continue;
    }
    auto part = decode_block(*bytes);
    if (!part) {
      lost(part.error().what);
    } else if (out.empty() && part->first() >= from && part->last() < until) {
      out = std::move(*part);
    } else {
      take_in(out, *part, from, until);
    }
  }
  if (const auto error = cursor.broken()) {
    lost(error->what);
  }
  return has_earlier;
}

Strip DiskStore::read_strip(Cursor& cursor, std::uint32_t series, std::int64_t from,
                            std::int64_t until, bool* has_earlier) const {
  Strip out;
  if (from >= until) {
    return out;
  }
  const std::int32_t last = stretch_of(until - 1);
  auto stretch = stretches_.lower_bound(stretch_of(from));
  const Strip& fresh = heads_[series].fresh;
  bool earlier = stretch != stretches_.begin() || (!fresh.empty() && fresh.first() < from);
  for (; stretch != stretches_.end() && *stretch <= last; ++stretch) {
    earlier = read_stretch(cursor, series, *stretch, from, until, out) || earlier;
  }
  take_in(out, fresh, from, until);
  if (has_earlier != nullptr) {
    *has_earlier = earlier;
  }
  return out;
}

std::vector<SeriesKey> DiskStore::list(const Selector& which) const {
  std::vector<SeriesKey> out;
  for (const SeriesId series : directory_.select(which)) {
    out.push_back(*directory_.key_of(series));
  }
  return out;
}

base::Result<std::vector<SeriesPoints>> DiskStore::points(const Selector& which,
                                                          base::WallTime from,
                                                          base::WallTime until) const {
  std::vector<SeriesPoints> out;
  Cursor cursor = engine_->cursor();
  for (const SeriesId series : directory_.select(which)) {
    const Strip strip = read_strip(cursor, series, from.ns, until.ns);
    if (strip.empty()) {
      continue;
    }
    out.push_back({series, *directory_.key_of(series), {}});
    std::vector<Point>& points = out.back().points;
    points.reserve(strip.size());
    for (std::size_t i = 0; i < strip.size(); ++i) {
      points.push_back(strip.point(i));
    }
  }
  return out;
}

std::vector<Bucket> DiskStore::raw_buckets(Cursor& cursor, std::uint32_t series, std::int64_t from,
                                           std::int64_t until, std::int64_t step) const {
  // Two minutes back are enough for most; where they are not, more, up to what a gap may be.
  const CounterKind counter = options_.counter_kind == nullptr
                                  ? CounterKind{}
                                  : options_.counter_kind(directory_.key_of(series)->metric);
  bool has_earlier = false;
  Strip strip = read_strip(cursor, series, from - 2 * kMinuteNs, until, &has_earlier);
  for (const std::int64_t back : {kHourNs, kGapMostNs}) {
    if (!has_earlier || strip.empty() || strip.first() < from) {
      break;
    }
    Strip earlier = read_strip(cursor, series, from - back, from - 2 * kMinuteNs);
    earlier.take(strip, 0, strip.size());
    strip = std::move(earlier);
  }
  return roll_up(strip, counter, from, until, step);
}

/// Roll-ups on disk that begin in [from, until).
std::vector<Bucket> DiskStore::kept_buckets(Cursor& cursor, char what, std::uint32_t series,
                                            std::int64_t from, std::int64_t until) const {
  std::vector<Bucket> out;
  for (std::int32_t day = day_of(from); from < until && day <= day_of(until - 1); ++day) {
    const std::string key = part_key(what, day, series);
    cursor.seek(key);
    if (const auto error = cursor.broken()) {
      note_damage("roll-ups of " + name_of(series) + " cannot be read: " + error->what);
      continue;
    }
    if (!cursor.valid() || cursor.key() != key) {
      if (!cursor.valid() || cursor.key()[0] != what) {
        break;
      }
      day = std::max(day, unbiased32(big_at(cursor.key(), 1, 4)) - 1);
      continue;
    }
    const auto bytes = cursor.value();
    const auto buckets =
        bytes ? decode_buckets(*bytes)
              : base::Result<std::vector<Bucket>>(tl::unexpected<base::Error>(bytes.error()));
    if (!buckets) {
      note_damage("roll-ups of " + name_of(series) + " cannot be read, of the day from " +
                  base::iso8601({day * kDayNs}));
      continue;
    }
    for (const Bucket& bucket : *buckets) {
      if (bucket.from.ns >= from && bucket.from.ns < until) {
        out.push_back(bucket);
      }
    }
  }
  return out;
}

base::Result<std::vector<SeriesBuckets>> DiskStore::buckets(const Selector& which,
                                                            base::WallTime from,
                                                            base::WallTime until, Roll roll) const {
  const std::int64_t step = step_of(roll);
  const std::int64_t begin = floor_div(std::clamp(from.ns, -kTimeMost, kTimeMost), step) * step;
  const std::int64_t end =
      (floor_div(std::clamp(until.ns, -kTimeMost, kTimeMost) - 1, step) + 1) * step;
  const std::int64_t fine = roll == Roll::kMinute ? kMinuteNs : kHourNs;
  const char what = roll == Roll::kMinute ? kMinuteKey : kHourKey;
  std::vector<SeriesBuckets> out;
  Cursor cursor = engine_->cursor();
  for (const SeriesId series : directory_.select(which)) {
    // What is on disk was made of points that may be gone; the rest is made of points now.
    std::vector<Bucket> kept = kept_buckets(cursor, what, series, begin, end);
    std::int64_t raw_from = begin;
    if (!kept.empty()) {
      raw_from = kept.back().from.ns + fine;
    }
    if (roll != Roll::kMinute) {
      for (const auto& [day, hours] : state_.days) {
        raw_from = std::min(raw_from, std::max(begin, day * kDayNs + hours * kHourNs));
      }
      while (!kept.empty() && kept.back().from.ns >= raw_from) {
        kept.pop_back();
      }
    }
    if (raw_from < end) {
      const std::vector<Bucket> raw = raw_buckets(cursor, series, raw_from, end, fine);
      kept.insert(kept.end(), raw.begin(), raw.end());
    }
    if (roll == Roll::kDay) {
      kept = join_buckets(kept, kDayNs);
    }
    if (!kept.empty()) {
      out.push_back({series, *directory_.key_of(series), std::move(kept)});
    }
  }
  return out;
}

base::Result<std::vector<StoredEvent>> DiskStore::events(std::string_view kind,
                                                         std::string_view subject,
                                                         base::WallTime from,
                                                         base::WallTime until) const {
  std::vector<StoredEvent> out;
  const auto wanted = [&](const StoredEvent& event) {
    const bool in_time =
        event.event.at ? *event.event.at >= from && *event.event.at < until : from.ns <= 0;
    return in_time && (kind.empty() || base::matches(kind, event.event.kind)) &&
           directory_.names(subject, event.subject);
  };
  for (const std::int32_t stretch : event_stretches_) {
    const bool timeless = stretch == kTimeless;
    if ((stretch < stretch_of(from.ns) || stretch > stretch_of(until.ns)) && !timeless) {
      continue;
    }
    const auto scanned =
        engine_->scan(part_key(kEventKey, stretch), [&](std::string_view key, const auto& bytes) {
          auto event = bytes
                           ? decode_event(*bytes)
                           : base::Result<StoredEvent>(tl::unexpected<base::Error>(bytes.error()));
          if (!event) {
            note_damage("event " + std::to_string(big_at(key, 5, 8)) + " cannot be read");
          } else if (wanted(*event)) {
            out.push_back(std::move(*event));
          }
        });
    if (!scanned) {
      note_damage("events cannot be read, of the six hours from " +
                  base::iso8601({stretch * kStretchNs}) + ": " + scanned.error().what);
    }
  }
  std::copy_if(new_events_.begin(), new_events_.end(), std::back_inserter(out), wanted);
  std::sort(out.begin(), out.end(),
            [](const StoredEvent& a, const StoredEvent& b) { return a.sequence < b.sequence; });
  return out;
}

namespace event_page {

/// The events of a page as they are met, in any order.
class Sheet {
 public:
  explicit Sheet(const EventPage& page) : page_(page) {}

  /// Neither this number nor any beyond it, in the direction of the walk, will be on the page.
  [[nodiscard]] bool is_beyond(std::uint64_t sequence) const {
    if (sequence <= page_.after) {
      return page_.takes_newest;
    }
    if (found_.empty() || found_.size() < page_.most) {
      return page_.most == 0;
    }
    return page_.takes_newest ? sequence < found_.begin()->first
                              : sequence > found_.rbegin()->first;
  }
  void take(StoredEvent event) {
    const auto& at = event.event.at;
    const bool in_time = at ? *at >= page_.from && *at < page_.until : page_.from.ns <= 0;
    if (!in_time || event.sequence <= page_.after || is_beyond(event.sequence) ||
        !base::matches(page_.kind, event.event.kind) || (page_.fits && !page_.fits(event))) {
      return;
    }
    found_.emplace(event.sequence, std::move(event));
    if (found_.size() > page_.most) {
      found_.erase(page_.takes_newest ? found_.begin() : std::prev(found_.end()));
    }
  }
  [[nodiscard]] std::vector<StoredEvent> done() {
    std::vector<StoredEvent> out;
    out.reserve(found_.size());
    for (auto& [sequence, event] : found_) {
      out.push_back(std::move(event));
    }
    return out;
  }

 private:
  const EventPage& page_;
  std::map<std::uint64_t, StoredEvent> found_;
};

}  // namespace event_page

base::Result<std::vector<StoredEvent>> DiskStore::events(const EventPage& page) const {
  event_page::Sheet sheet(page);
  for (const StoredEvent& event : new_events_) {
    sheet.take(event);
  }
  std::vector<std::int32_t> stretches;
  std::ranges::copy_if(event_stretches_, std::back_inserter(stretches), [&](std::int32_t stretch) {
    return stretch == kTimeless ||
           (stretch >= stretch_of(page.from.ns) && stretch <= stretch_of(page.until.ns));
  });
  if (page.takes_newest) {
    std::ranges::reverse(stretches);
  }
  Cursor cursor = engine_->cursor();
  for (const std::int32_t stretch : stretches) {
    const std::string prefix = part_key(kEventKey, stretch);
    if (page.takes_newest) {
      cursor.seek_back(prefix + std::string(16, '\xff'));
    } else {
      cursor.seek(event_key(stretch, page.after + 1));
    }
    while (cursor.valid() && cursor.key().starts_with(prefix)) {
      const std::uint64_t sequence = big_at(cursor.key(), 5, 8);
      if (sheet.is_beyond(sequence)) {
        break;
      }
      const auto bytes = cursor.value();
      auto event = bytes ? decode_event(*bytes)
                         : base::Result<StoredEvent>(tl::unexpected<base::Error>(bytes.error()));
      if (event) {
        sheet.take(*std::move(event));
      } else {
        note_damage("event " + std::to_string(sequence) + " cannot be read");
      }
      page.takes_newest ? cursor.back() : cursor.next();
    }
    if (const auto broken = cursor.broken()) {
      note_damage("events cannot be read, of the six hours from " +
                  base::iso8601({stretch * kStretchNs}) + ": " + broken->what);
      // What can be, on both sides of it.
      static_cast<void>(engine_->scan(prefix, [&sheet](std::string_view, const auto& bytes) {
        if (auto event =
                bytes ? decode_event(*bytes)
                      : base::Result<StoredEvent>(tl::unexpected<base::Error>(bytes.error()))) {
          sheet.take(*std::move(event));
        }
      }));
      cursor = engine_->cursor();
    }
  }
  return sheet.done();
}

base::Result<base::Bytes> DiskStore::get(std::string_view kind, std::string_view key) const {
  const std::string name = record_key(kind, key);
  const auto edit = edits_.find(name);
  if (edit == edits_.end()) {
    return engine_->get(name);
  }
  if (!edit->second) {
    return base::fail(base::Code::kNotFound, "no such record", std::string(key));
  }
  return *edit->second;
}

void DiskStore::each(
    std::string_view kind,
    const std::function<void(std::string_view key, base::ByteView value)>& see) const {
  const std::string prefix = record_key(kind, {});
  std::map<std::string, base::Bytes> found;
  const auto scanned = engine_->scan(prefix, [&](std::string_view key, const auto& value) {
    if (value) {
      found[std::string(key)].assign(value->begin(), value->end());
    } else {
      note_damage("a record of kind " + std::string(kind) +
                  " cannot be read: " + std::string(key.substr(prefix.size())));
    }
  });
  if (!scanned) {
    note_damage("records of kind " + std::string(kind) +
                " cannot be read: " + scanned.error().what);
  }
  for (auto edit = edits_.lower_bound(prefix);
       edit != edits_.end() && edit->first.starts_with(prefix); ++edit) {
    if (edit->second) {
      found[edit->first] = *edit->second;
    } else {
      found.erase(edit->first);
    }
  }
  for (const auto& [key, value] : found) {
    see(std::string_view(key).substr(prefix.size()), value);
  }
}

void DiskStore::each_subject(const std::function<void(const SubjectRecord&)>& see) const {
  directory_.each_subject(see);
}

std::vector<SubjectRecord> DiskStore::subjects(std::string_view pattern) const {
  return directory_.subjects(pattern);
}

std::vector<std::string> DiskStore::damage() const {
  std::vector<std::string> out = damage_;
  if (damage_more_ > 0) {
    out.push_back("and " + std::to_string(damage_more_) + " more");
  }
  return out;
}

StoreCounts DiskStore::counts() const {
  StoreCounts counts = counts_;
  counts.series = directory_.count();
  counts.bytes_on_disk = engine_->bytes_on_disk();
  return counts;
}

}  // namespace weft::telemetry::store_parts
