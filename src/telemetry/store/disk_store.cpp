// SPDX-License-Identifier: Apache-2.0
#include "telemetry/store/disk_store.h"

#include "telemetry/store/codec.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace weft::telemetry {

base::Result<std::unique_ptr<Store>> Store::open(const std::string& folder,
                                                 const StoreOptions& options) {
  auto store = std::make_unique<store_parts::DiskStore>(folder, options);
  if (auto opened = store->open(); !opened) {
    return tl::unexpected<base::Error>(opened.error());
  }
  return store;
}

namespace store_parts {

namespace {

constexpr std::string_view kFormat = "weft telemetry store 1";
constexpr std::string_view kSubjectKind = "subject";
constexpr std::size_t kPrefetch = 6;  ///< points ahead
constexpr std::int64_t kEarliest = std::numeric_limits<std::int64_t>::min();

std::string group_span(std::uint64_t from, std::uint64_t until) {
  return from == until ? "group " + std::to_string(from)
                       : "groups " + std::to_string(from) + " to " + std::to_string(until);
}

std::int32_t event_stretch(const StoredEvent& event) {
  return event.event.at ? stretch_of(event.event.at->ns) : kTimeless;
}

}  // namespace

DiskStore::DiskStore(std::string folder, const StoreOptions& options)
    : folder_(std::move(folder)), options_(options) {}

void DiskStore::note_damage(std::string text) const {
  if (std::find(damage_.begin(), damage_.end(), text) != damage_.end()) {
    return;
  }
  if (damage_.size() < kDamageMost) {
    damage_.push_back(std::move(text));
  } else {
    ++damage_more_;
  }
}

std::string DiskStore::name_of(std::uint32_t series) const {
  const SeriesKey* key = directory_.key_of(series);
  if (key == nullptr) {
    return "series " + std::to_string(series) + " (its name is not known)";
  }
  std::string name = key->subject + " " + std::string(observe::row(key->metric).key);
  return key->label.empty() ? name : name + " " + key->label;
}

base::Result<void> DiskStore::open() {
  auto engine = Engine::open(folder_, options_.read_only, damage_);
  if (!engine) {
    return tl::unexpected<base::Error>(engine.error());
  }
  engine_ = std::move(*engine);
  const auto format = engine_->get(kFormatKey);
  if (format && base::as_text(*format) != kFormat) {
    return base::fail(base::Code::kFailedPrecondition,
                      "a store of another format: " + std::string(base::as_text(*format)), folder_,
                      "open it with the program that wrote it");
  }
  if (!format && !options_.read_only) {
    edits_[kFormatKey] = base::Bytes(kFormat.begin(), kFormat.end());
  }
  read_state();
  read_names();
  read_parts();
  replay_log();
  pass_started_ = state_.last_group;
  return {};
}

void DiskStore::read_state() {
  const auto bytes = engine_->get(kStateKey);
  if (!bytes && bytes.error().code == base::Code::kNotFound) {
    find_state();
    return;
  }
  auto state = bytes ? decode_state(*bytes)
                     : base::Result<State>(tl::unexpected<base::Error>(bytes.error()));
  if (!state) {
    note_damage("the store's state cannot be read; it was found anew");
    find_state();
    return;
  }
  state_ = std::move(*state);
  for (const std::string& text : state_.dropped) {
    note_damage(text);
  }
}

/// The groups that there are, and the number of the next event.
void DiskStore::find_state() {
  std::uint64_t first = 0;
  static_cast<void>(engine_->scan(what_key(kLogKey), [&](std::string_view key, const auto&) {
    const std::uint64_t group = big_at(key, 1, 8);
    first = first == 0 ? group : first;
    state_.last_group = std::max(state_.last_group, group);
  }));
  state_.trimmed_group = first > 0 ? first - 1 : state_.last_group;
  static_cast<void>(engine_->scan(what_key(kEventKey), [&](std::string_view key, const auto&) {
    state_.next_event = std::max(state_.next_event, big_at(key, 5, 8) + 1);
  }));
}

void DiskStore::read_names() {
  const auto scanned =
      engine_->scan(what_key(kSeriesKey), [&](std::string_view name, const auto& value) {
        const auto number = static_cast<std::uint32_t>(big_at(name, 1, 4));
        state_.next_series = std::max(state_.next_series, number + 1);
        const auto key = value
                             ? decode_series(*value)
                             : base::Result<SeriesKey>(tl::unexpected<base::Error>(value.error()));
        if (key) {
          directory_.add(number, *key);
        } else {
          note_damage("the name of series " + std::to_string(number) +
                      " cannot be read: " + key.error().what);
        }
      });
  if (!scanned) {
    note_damage("names of series cannot be read: " + scanned.error().what);
  }
  each(kSubjectKind, [&](std::string_view key, base::ByteView value) {
    if (const auto subject = decode_subject(value)) {
      directory_.put(*subject);
    } else {
      note_damage("a subject cannot be read: " + std::string(key));
    }
  });
  heads_.resize(state_.next_series);
}

/// Which stretches there are: one hop for each. Where a hop meets what cannot be read, the rest is
/// found from the other end.
void DiskStore::read_parts() {
  for (const char what : {kChunkKey, kEventKey}) {
    auto& parts = what == kChunkKey ? stretches_ : event_stretches_;
    const auto part_at = [](const Cursor& at) { return unbiased32(big_at(at.key(), 1, 4)); };
    Cursor cursor = engine_->cursor();
    for (cursor.seek(what_key(what)); cursor.valid() && cursor.key()[0] == what;
         cursor.seek(part_key(what, *parts.rbegin() + 1))) {
      parts.insert(part_at(cursor));
    }
    const auto error = cursor.broken();
    if (!error) {
      continue;
    }
    note_damage("a part of the store cannot be read: " + error->what);
    cursor = engine_->cursor();
    cursor.seek_back(what_key(static_cast<char>(what + 1)));
    while (cursor.valid() && cursor.key()[0] == what && parts.insert(part_at(cursor)).second) {
      cursor.seek_back(part_key(what, part_at(cursor)));
    }
  }
  if (state_.days.empty()) {  // never rolled, or its state was lost
    for (const std::int32_t stretch : stretches_) {
      state_.days.try_emplace(day_of(stretch * kStretchNs), std::uint8_t{0});
    }
  }
}

void DiskStore::replay_log() {
  std::vector<std::uint64_t> cut(heads_.size());
  std::uint64_t expected = state_.trimmed_group + 1;
  std::int64_t before = kEarliest;
  const auto missing = [&](std::uint64_t until, std::int64_t at) {
    note_damage(group_span(expected, until) + " of the log cannot be read: points written after " +
                (before == kEarliest ? "the ones in chunks" : base::iso8601({before})) +
                (at == kEarliest ? "" : " and before " + base::iso8601({at})) +
                " may be missing, of any series");
  };
  const auto group_bytes = [&](std::uint64_t group) {
    auto bytes = engine_->get(log_key(group));
    return bytes ? std::move(*bytes) : base::Bytes();
  };
  for (std::uint64_t group = expected; group <= state_.last_group; ++group) {
    const auto head = peek_group(group_bytes(group));
    if (!head) {
      continue;
    }
    if (group > expected) {
      missing(group - 1, head->first);
    }
    expected = group + 1;
    before = std::max(before, head->last);
    for (std::uint32_t s = head->cut_from; s < head->cut_until && s < cut.size(); ++s) {
      cut[s] = group;
    }
  }
  if (expected <= state_.last_group) {
    missing(state_.last_group, kEarliest);
  }
  for (std::uint64_t group = state_.trimmed_group + 1; group <= state_.last_group; ++group) {
    static_cast<void>(read_group(group_bytes(group),
                                 [&](std::uint32_t series, std::int64_t at, const Piece& piece) {
                                   if (series >= heads_.size() || group <= cut[series]) {
                                     return;
                                   }
                                   Head& head = heads_[series];
                                   holding_ += head.fresh.empty() ? 1 : 0;
                                   held_ += head.fresh.insert(at, piece) ? 1 : 0;
                                   head.newest = head.has_newest ? std::max(head.newest, at) : at;
                                   head.has_newest = true;
                                   stretches_.insert(stretch_of(at));
                                 }));
  }
}

base::Result<SeriesId> DiskStore::series(const SeriesKey& key) {
  if (const auto found = directory_.find(key)) {
    return *found;
  }
  if (options_.read_only) {
    return base::fail(base::Code::kFailedPrecondition, "the store is open read-only", folder_);
  }
  if (key.metric >= observe::Metric::kCount_) {
    return base::fail(base::Code::kInvalidArgument, "no such metric", key.subject);
  }
  const std::uint32_t number = state_.next_series++;
  directory_.add(number, key);
  heads_.resize(state_.next_series);
  heads_[number].tail_known = true;
  new_series_.push_back(number);
  return number;
}

std::optional<SeriesKey> DiskStore::key_of(SeriesId series) const {
  const SeriesKey* key = directory_.key_of(series);
  return key == nullptr ? std::nullopt : std::optional<SeriesKey>(*key);
}

/// The newest chunk of a series among the newest stretches; older ones matter to nobody.
void DiskStore::know_tail(Head& head, SeriesId series) {
  constexpr int kStretchesAsked = 4;
  head.tail_known = true;
  Cursor cursor = engine_->cursor();
  int asked = 0;
  for (auto stretch = stretches_.rbegin(); stretch != stretches_.rend() && asked < kStretchesAsked;
       ++stretch, ++asked) {
    const std::string prefix = part_key(kChunkKey, *stretch, series);
    cursor.seek_back(chunk_key(*stretch, series, std::numeric_limits<std::int64_t>::max()));
    if (!cursor.valid() || !cursor.key().starts_with(prefix)) {
      continue;
    }
    const auto value = cursor.value();
    const BlockHead block = value ? peek_block(*value) : BlockHead{};
    if (block.count == 0) {
      return;
    }
    head.tail = {block.first, block.last, static_cast<std::uint32_t>(block.count)};
    head.has_tail = true;
    head.cut_newest = block.last;
    head.newest = head.has_newest ? std::max(head.newest, block.last) : block.last;
    head.has_newest = true;
    return;
  }
}

bool DiskStore::is_late(Head& head, SeriesId series, std::int64_t at) {
  if (!head.tail_known) {
    know_tail(head, series);
  }
  if (!head.has_newest || at > head.newest) {
    return false;
  }
  // A clock that ran ahead must not shut its series: then the window ends at the last known now.
  const bool ran_ahead = now_ && head.newest - *now_ > kDayNs;
  const std::int64_t end = ran_ahead ? std::max(*now_, at) : head.newest;
  return end - at > options_.out_of_order.ns;
}

void DiskStore::add_late(Head& head, SeriesId series, const StorePoint& point, const Piece& piece) {
  const std::int64_t at = point.point.at.ns;
  bool known = head.fresh.holds(at);
  if (!known && head.has_tail && at <= head.cut_newest) {
    Cursor cursor = engine_->cursor();
    Strip there;
    static_cast<void>(read_stretch(cursor, series, stretch_of(at), at, at + 1, there));
    known = !there.empty();
  }
  if (known) {
    ++counts_.duplicates;
    return;
  }
  holding_ += head.fresh.empty() ? 1 : 0;
  static_cast<void>(head.fresh.insert(at, piece));
  group_.add(series, at, piece);
  ++held_;
  ++counts_.points;
  head.newest = head.has_newest ? std::max(head.newest, at) : at;
  head.has_newest = true;
  mark_day(at);
}

/// The day's hours are to be rolled up (again, from this one on).
void DiskStore::mark_day(std::int64_t at) {
  const std::int32_t day = day_of(at);
  const auto hour = static_cast<std::uint8_t>((at - day * kDayNs) / (3600 * kSecondNs));
  const auto [place, is_new] = state_.days.try_emplace(day, hour);
  place->second = is_new ? std::uint8_t{0} : std::min(place->second, hour);
  stretches_.insert(stretch_of(at));
}

base::Result<void> DiskStore::append(std::span<const StorePoint> points) {
  if (options_.read_only) {
    return base::fail(base::Code::kFailedPrecondition, "the store is open read-only", folder_);
  }
  if (group_.bytes() > kGroupBytesMost) {
    return base::fail(base::Code::kResourceExhausted, "too much waits for a commit that succeeds",
                      folder_, "make room on the disk");
  }
  for (const StorePoint& point : points) {
    if (point.series >= heads_.size()) {
      return base::fail(base::Code::kInvalidArgument, "a point of an unknown series",
                        "series " + std::to_string(point.series));
    }
  }
  std::int64_t marked_from = 0;
  std::int64_t marked_until = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const StorePoint& point = points[i];
    if (i + kPrefetch < points.size()) {
      __builtin_prefetch(&heads_[points[i + kPrefetch].series]);
    }
    const Piece piece = piece_of(point.point.value);
    const std::int64_t at = point.point.at.ns;
    if (at > kTimeMost || at < -kTimeMost || !fits(piece)) {
      ++counts_.refused;
      continue;
    }
    Head& head = heads_[point.series];
    if (!head.tail_known || !head.has_newest || at <= head.newest) {
      if (is_late(head, point.series, at)) {
        ++counts_.late_refused;
      } else {
        add_late(head, point.series, point, piece);
      }
      continue;
    }
    holding_ += head.fresh.empty() ? 1 : 0;
    head.fresh.push(at, piece);
    head.newest = at;
    group_.add(point.series, at, piece);
    ++held_;
    ++counts_.points;
    if (at < marked_from || at >= marked_until) {
      mark_day(at);
      constexpr std::int64_t kHour = 3600 * kSecondNs;
      marked_from = floor_div(at, kHour) * kHour;
      marked_until = marked_from + kHour;
    }
  }
  return {};
}

base::Result<void> DiskStore::append(std::span<StoredEvent> events) {
  if (options_.read_only) {
    return base::fail(base::Code::kFailedPrecondition, "the store is open read-only", folder_);
  }
  for (StoredEvent& event : events) {
    event.sequence = state_.next_event++;
    new_events_.push_back(event);
  }
  return {};
}

base::Result<void> DiskStore::put(std::string_view kind, std::string_view key,
                                  base::ByteView value) {
  if (options_.read_only) {
    return base::fail(base::Code::kFailedPrecondition, "the store is open read-only", folder_);
  }
  if (kind.empty() || kind.find('\0') != std::string_view::npos) {
    return base::fail(base::Code::kInvalidArgument, "a kind must be a word", std::string(kind));
  }
  Edit& edit = edits_[record_key(kind, key)];
  edit = value.empty() ? Edit() : Edit(base::Bytes(value.begin(), value.end()));
  return {};
}

base::Result<void> DiskStore::put_subject(const SubjectRecord& subject) {
  auto done = put(kSubjectKind, subject_key(subject), encode_subject(subject));
  if (done) {
    directory_.put(subject);
  }
  return done;
}

/// Writes the fresh points of a series as chunks: one for each stretch, or several where it is
/// long. The first is joined with the newest chunk where that is small.
Tail DiskStore::cut_series(Batch& batch, std::uint32_t series) {
  Head& head = heads_[series];
  if (!head.tail_known) {
    know_tail(head, series);
  }
  Tail tail = head.tail;
  Strip joined;
  const Strip* strip = &head.fresh;
  const std::int64_t first = head.fresh.first();
  if (head.has_tail && tail.count < kChunkSmall && stretch_of(tail.first) == stretch_of(first)) {
    const std::string key = chunk_key(stretch_of(tail.first), series, tail.first);
    const auto bytes = engine_->get(key);
    auto old = bytes ? decode_block(*bytes)
                     : base::Result<Strip>(tl::unexpected<base::Error>(bytes.error()));
    if (old) {
      joined = merge(*old, head.fresh);
      strip = &joined;
      if (joined.first() != tail.first) {
        batch.remove(key);
      }
    } else {
      note_damage("a chunk of " + name_of(series) + " from " + base::iso8601({tail.first}) +
                  " cannot be read: " + old.error().what);
    }
  }
  for (std::size_t i = 0; i < strip->size();) {
    const std::int32_t stretch = stretch_of(strip->at(i));
    const std::size_t end = std::min(
        {strip->size(), i + kChunkMost, strip->lower((std::int64_t{stretch} + 1) * kStretchNs)});
    batch.put(chunk_key(stretch, series, strip->at(i)), encode_block(*strip, i, end));
    tail = {strip->at(i), strip->at(end - 1), static_cast<std::uint32_t>(end - i)};
    i = end;
  }
  return tail;
}

/// Cuts series in turn until no more points are held than should be.
std::vector<DiskStore::Cut> DiskStore::cut_some(Batch& batch, std::uint32_t& cut_until) {
  const std::uint64_t most = cut_all_ ? 0 : std::max(kHeldLeast, holding_ * kHeldPerSeries);
  std::vector<Cut> cuts;
  std::uint64_t held = held_;
  cut_until = cursor_;
  while ((held > most || cut_all_) && cut_until < heads_.size()) {
    const std::uint32_t series = cut_until++;
    const std::uint64_t fresh = heads_[series].fresh.size();
    if (fresh > 0) {
      cuts.push_back({series, cut_series(batch, series)});
      held -= fresh;
    }
  }
  return cuts;
}

void DiskStore::apply(const std::vector<Cut>& cuts, std::uint32_t cut_until) {
  for (const Cut& cut : cuts) {
    Head& head = heads_[cut.series];
    held_ -= head.fresh.size();
    --holding_;
    head.fresh.clear();
    head.tail = cut.tail;
    head.cut_newest = head.has_tail ? std::max(head.cut_newest, cut.tail.last) : cut.tail.last;
    head.has_tail = true;
  }
  cursor_ = cut_until;
}

base::Result<void> DiskStore::commit() {
  const bool has_points = group_.points() > 0 || cut_all_;
  if (!has_points && new_series_.empty() && new_events_.empty() && edits_.empty() &&
      !state_changed_) {
    return {};
  }
  Batch batch;
  for (const std::uint32_t number : new_series_) {
    batch.put(series_key(number), encode_series(*directory_.key_of(number)));
  }
  for (const StoredEvent& event : new_events_) {
    batch.put(event_key(event_stretch(event), event.sequence), encode_event(event));
  }
  for (const auto& [key, edit] : edits_) {
    if (edit) {
      batch.put(key, *edit);
    } else {
      batch.remove(key);
    }
  }
  State after = state_;
  std::uint32_t cut_until = cursor_;
  std::vector<Cut> cuts;
  if (has_points) {
    after.last_group = state_.last_group + 1;
    cuts = cut_some(batch, cut_until);
    batch.put(log_key(after.last_group), group_.finish(cursor_, cut_until));
  }
  const bool pass_done = cut_until >= heads_.size();
  if (pass_done) {
    for (std::uint64_t group = state_.trimmed_group + 1; group <= pass_started_; ++group) {
      batch.remove(log_key(group));
    }
    after.trimmed_group = std::max(after.trimmed_group, pass_started_);
  }
  batch.put(kStateKey, encode_state(after));
  if (auto written = engine_->write(batch); !written) {
    return written;
  }
  state_ = std::move(after);
  apply(cuts, cut_until);
  if (pass_done) {
    cursor_ = 0;
    pass_started_ = state_.last_group;
  }
  for (const StoredEvent& event : new_events_) {
    event_stretches_.insert(event_stretch(event));
  }
  group_.clear();
  new_series_.clear();
  new_events_.clear();
  edits_.clear();
  state_changed_ = false;
  return {};
}

}  // namespace store_parts
}  // namespace weft::telemetry
