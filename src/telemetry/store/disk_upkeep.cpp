// SPDX-License-Identifier: Apache-2.0
#include "telemetry/store/codec.h"
#include "telemetry/store/disk_store.h"
#include "telemetry/store/rolls.h"

#include <algorithm>
#include <iterator>
#include <limits>

namespace weft::telemetry::store_parts {

namespace {

constexpr std::int64_t kUpkeepHourNs = 3600 * kSecondNs;
constexpr std::size_t kDroppedMost = 100;  ///< lines of the state that say what was dropped

}  // namespace

base::Result<void> DiskStore::maintain(base::WallTime now) {
  if (options_.read_only) {
    return base::fail(base::Code::kFailedPrecondition, "the store is open read-only", folder_);
  }
  now_ = now.ns;
  if (auto done = commit(); !done) {
    return done;
  }
  if (auto done = roll_hours(now.ns); !done) {
    return done;
  }
  if (auto done = drop_old(now.ns); !done) {
    return done;
  }
  settle(now.ns);
  if (auto done = keep_below_most(); !done) {
    return done;
  }
  return commit();
}

/// Rolls up the hours that are over and that no late point can change any more.
base::Result<void> DiskStore::roll_hours(std::int64_t now) {
  const std::int64_t sure = now - options_.out_of_order.ns;
  const std::map<std::int32_t, std::uint8_t> days = state_.days;
  for (const auto& [day, done] : days) {
    const std::int64_t start = day * kDayNs;
    const std::int64_t over =
        std::clamp<std::int64_t>(floor_div(sure - start, kUpkeepHourNs), 0, 24);
    const auto until = static_cast<std::uint8_t>(over);
    if (until <= done) {
      continue;
    }
    if (auto rolled = roll_day(day, done, until); !rolled) {
      return rolled;
    }
  }
  return {};
}

base::Result<void> DiskStore::roll_day(std::int32_t day, std::uint8_t hours_from,
                                       std::uint8_t hours_until) {
  const std::int64_t start = day * kDayNs;
  const std::int64_t from = start + hours_from * kUpkeepHourNs;
  const std::int64_t until = start + hours_until * kUpkeepHourNs;
  Batch batch;
  Cursor cursor = engine_->cursor();
  for (std::uint32_t series = 0; series < heads_.size(); ++series) {
    if (directory_.key_of(series) == nullptr) {
      continue;
    }
    const std::vector<Bucket> fresh = raw_buckets(cursor, series, from, until, kUpkeepHourNs);
    if (fresh.empty()) {
      continue;
    }
    std::vector<Bucket> all;
    if (hours_from > 0) {
      all = kept_buckets(cursor, kHourKey, series, start, from);
    }
    all.insert(all.end(), fresh.begin(), fresh.end());
    batch.put(part_key(kHourKey, day, series), encode_buckets(all));
  }
  State after = state_;
  if (hours_until == 24) {
    after.days.erase(day);
  } else {
    after.days[day] = hours_until;
  }
  batch.put(kStateKey, encode_state(after));
  if (auto written = engine_->write(batch); !written) {
    return written;
  }
  state_ = std::move(after);
  return {};
}

base::Result<void> DiskStore::drop_old(std::int64_t now) {
  const std::set<std::int32_t> stretches = stretches_;
  for (const std::int32_t stretch : stretches) {
    if ((std::int64_t{stretch} + 1) * kStretchNs > now - options_.keep_raw.ns) {
      break;
    }
    if (auto done = drop_stretch(stretch, true); !done) {
      return done;
    }
  }
  Batch batch;
  const std::int32_t least = std::numeric_limits<std::int32_t>::min();
  batch.remove_range(part_key(kMinuteKey, least),
                     part_key(kMinuteKey, day_of(now - options_.keep_minutes.ns)));
  batch.remove_range(part_key(kHourKey, least),
                     part_key(kHourKey, day_of(now - options_.keep_rolled.ns)));
  const std::int32_t events_from = stretch_of(now - options_.keep_rolled.ns);
  batch.remove_range(part_key(kEventKey, kTimeless + 1), part_key(kEventKey, events_from));
  std::erase_if(event_stretches_,
                [&](std::int32_t s) { return s < events_from && s != kTimeless; });
  return engine_->write(batch);
}

/// Gives back the room of what was rewritten: the log's, and that of stretches that are over.
void DiskStore::settle(std::int64_t now) {
  const std::int32_t over = stretch_of(now - options_.out_of_order.ns - kUpkeepHourNs) - 1;
  const auto next = settled_ ? stretches_.upper_bound(*settled_) : stretches_.begin();
  if (next == stretches_.end() || *next > over) {
    return;
  }
  engine_->compact(part_key(kChunkKey, *next), part_key(kChunkKey, over + 1));
  engine_->compact(what_key(kLogKey), log_key(state_.trimmed_group));
  settled_ = over;
}

/// Moves all points into chunks, where some from before this time stand in the log alone: the rest
/// of the pass, and one more.
base::Result<void> DiskStore::empty_log(std::int64_t before) {
  const bool needed = std::any_of(heads_.begin(), heads_.end(), [&](const Head& head) {
    return !head.fresh.empty() && head.fresh.first() < before;
  });
  for (int pass = 0; needed && pass < 2; ++pass) {
    cut_all_ = true;
    auto done = commit();
    cut_all_ = false;
    if (!done) {
      return done;
    }
  }
  return {};
}

/// The minutes of a stretch that is about to go, and the first one behind it: its increase reaches
/// back into the stretch.
void DiskStore::roll_minutes_of(Batch& batch, Cursor& cursor, std::uint32_t series,
                                std::int64_t from, std::int64_t until) const {
  constexpr std::int64_t kMinute = 60 * kSecondNs;
  std::vector<Bucket> fresh = raw_buckets(cursor, series, from, until + kUpkeepHourNs, kMinute);
  const auto behind =
      std::find_if(fresh.begin(), fresh.end(), [&](const Bucket& b) { return b.from.ns >= until; });
  if (behind != fresh.end()) {
    fresh.erase(behind + 1, fresh.end());
  }
  std::map<std::int32_t, std::vector<Bucket>> days;
  for (const Bucket& bucket : fresh) {
    days[day_of(bucket.from.ns)].push_back(bucket);
  }
  for (auto& [day, buckets] : days) {
    std::vector<Bucket> all =
        kept_buckets(cursor, kMinuteKey, series, day * kDayNs, (day + 1) * kDayNs);
    const std::int64_t known = all.empty() ? -kTimeMost : all.back().from.ns;
    std::copy_if(buckets.begin(), buckets.end(), std::back_inserter(all),
                 [&](const Bucket& b) { return b.from.ns > known; });
    batch.put(part_key(kMinuteKey, day, series), encode_buckets(all));
  }
}

/// Removes the points of a stretch, after they were rolled up by minute where that is asked.
base::Result<void> DiskStore::drop_stretch(std::int32_t stretch, bool roll_minutes) {
  const std::int64_t from = stretch * kStretchNs;
  const std::int64_t until = from + kStretchNs;
  if (auto done = empty_log(until); !done) {
    return done;
  }
  Batch batch;
  Cursor cursor = engine_->cursor();
  for (std::uint32_t series = 0; roll_minutes && series < heads_.size(); ++series) {
    if (directory_.key_of(series) == nullptr) {
      continue;
    }
    roll_minutes_of(batch, cursor, series, from, until);
  }
  batch.remove_range(part_key(kChunkKey, stretch), part_key(kChunkKey, stretch + 1));
  if (auto written = engine_->write(batch); !written) {
    return written;
  }
  for (Head& head : heads_) {
    if (head.has_tail && stretch_of(head.tail.first) == stretch) {
      head.has_tail = false;
    }
  }
  stretches_.erase(stretch);
  engine_->compact(part_key(kChunkKey, stretch), part_key(kChunkKey, stretch + 1));
  return {};
}

/// Drops the oldest points, stretch by stretch, until the store is small enough; the newest stretch
/// stays.
base::Result<void> DiskStore::keep_below_most() {
  while (options_.bytes_most > 0 && stretches_.size() > 1) {
    const std::uint64_t before = engine_->bytes_on_disk();
    if (before <= options_.bytes_most) {
      break;
    }
    const std::int32_t stretch = *stretches_.begin();
    if (auto done = drop_stretch(stretch, false); !done) {
      return done;
    }
    const std::uint64_t after = engine_->bytes_on_disk();
    counts_.dropped_for_space += before > after ? before - after : 0;
    std::string text = "dropped on purpose, to stay below " + std::to_string(options_.bytes_most) +
                       " bytes: points of the six hours from " +
                       base::iso8601({stretch * kStretchNs});
    note_damage(text);
    state_.dropped.push_back(std::move(text));
    if (state_.dropped.size() > kDroppedMost) {
      state_.dropped.erase(state_.dropped.begin());
    }
    state_changed_ = true;
  }
  return {};
}

base::Result<void> DiskStore::snapshot(const std::string& folder) {
  if (!options_.read_only) {
    if (auto done = commit(); !done) {
      return done;
    }
  }
  return engine_->snapshot(folder);
}

void DiskStore::check() {
  Cursor cursor = engine_->cursor();
  for (std::uint32_t series = 0; series < heads_.size(); ++series) {
    static_cast<void>(read_strip(cursor, series, -kTimeMost, kTimeMost));
    if (directory_.key_of(series) != nullptr) {
      static_cast<void>(kept_buckets(cursor, kHourKey, series, -kTimeMost, kTimeMost));
      static_cast<void>(kept_buckets(cursor, kMinuteKey, series, -kTimeMost, kTimeMost));
    }
  }
  static_cast<void>(events({}, {}, {-kTimeMost}, {kTimeMost}));
}

}  // namespace weft::telemetry::store_parts
