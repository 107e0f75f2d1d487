// SPDX-License-Identifier: Apache-2.0
// The Store on disk. Points go into the open group (for the log) and into their series' fresh strip
// (for queries); commit() writes the group, and moves the fresh points of some series, round and
// round, into chunks in the same atomic write. A group leaves the log when all its points stand in
// chunks. disk_store.cpp: opening, writing; disk_read.cpp: queries; disk_upkeep.cpp: roll-ups,
// retention, room.
#pragma once

#include "telemetry/store.h"
#include "telemetry/store/directory.h"
#include "telemetry/store/engine.h"
#include "telemetry/store/group.h"
#include "telemetry/store/keys.h"
#include "telemetry/store/records.h"
#include "telemetry/store/strip.h"

#include <map>
#include <optional>
#include <set>
#include <unordered_map>

namespace weft::telemetry::store_parts {

inline constexpr std::size_t kChunkMost = 1024;      ///< points in a chunk
inline constexpr std::size_t kChunkSmall = 320;      ///< a smaller one is joined with the next
inline constexpr std::uint64_t kHeldPerSeries = 64;  ///< fresh points held, on average
inline constexpr std::uint64_t kHeldLeast = 16'384;
inline constexpr std::size_t kGroupBytesMost = 256U << 20U;
inline constexpr std::int64_t kTimeMost = 9'000'000'000'000'000'000;  ///< ns: to the year 2255
inline constexpr std::size_t kDamageMost = 1000;                      ///< lines; more are counted

/// The newest chunk of a series.
struct Tail {
  std::int64_t first = 0;
  std::int64_t last = 0;
  std::uint32_t count = 0;
};

struct Head {
  Strip fresh;              ///< not yet in chunks; in the log as far as committed
  std::int64_t newest = 0;  ///< of all points, where `has_newest`
  Tail tail;
  std::int64_t cut_newest = 0;  ///< of all points in chunks, where `has_tail`
  bool has_newest = false;
  bool has_tail = false;
  bool tail_known = false;  ///< the disk was asked
};

class DiskStore final : public Store {
 public:
  DiskStore(std::string folder, const StoreOptions& options);
  base::Result<void> open();

  [[nodiscard]] base::Result<SeriesId> series(const SeriesKey& key) override;
  [[nodiscard]] std::optional<SeriesKey> key_of(SeriesId series) const override;
  base::Result<void> append(std::span<const StorePoint> points) override;
  base::Result<void> append(std::span<StoredEvent> events) override;
  base::Result<void> put(std::string_view kind, std::string_view key,
                         base::ByteView value) override;
  base::Result<void> commit() override;

  [[nodiscard]] std::vector<SeriesKey> list(const Selector& which) const override;
  [[nodiscard]] base::Result<std::vector<SeriesPoints>> points(const Selector& which,
                                                               base::WallTime from,
                                                               base::WallTime until) const override;
  [[nodiscard]] base::Result<std::vector<SeriesBuckets>> buckets(const Selector& which,
                                                                 base::WallTime from,
                                                                 base::WallTime until,
                                                                 Roll roll) const override;
  [[nodiscard]] base::Result<std::vector<StoredEvent>> events(std::string_view kind,
                                                              std::string_view subject,
                                                              base::WallTime from,
                                                              base::WallTime until) const override;
  [[nodiscard]] base::Result<std::vector<StoredEvent>> events(const EventPage& page) const override;
  [[nodiscard]] base::Result<base::Bytes> get(std::string_view kind,
                                              std::string_view key) const override;
  void each(std::string_view kind,
            const std::function<void(std::string_view, base::ByteView)>& see) const override;
  base::Result<void> put_subject(const SubjectRecord& subject) override;
  [[nodiscard]] std::vector<SubjectRecord> subjects(std::string_view pattern) const override;
  void each_subject(const std::function<void(const SubjectRecord&)>& see) const override;
  base::Result<void> maintain(base::WallTime now) override;
  base::Result<void> snapshot(const std::string& folder) override;
  void check() override;
  [[nodiscard]] std::vector<std::string> damage() const override;
  [[nodiscard]] StoreCounts counts() const override;

 private:
  using Edit = std::optional<base::Bytes>;  ///< nullopt: removed
  struct Cut {
    std::uint32_t series = 0;
    Tail tail;
  };

  // Opening.
  void read_state();
  void find_state();
  void read_names();
  void read_parts();
  void replay_log();
  // Writing.
  [[nodiscard]] bool is_late(Head& head, SeriesId series, std::int64_t at);
  void add_late(Head& head, SeriesId series, const StorePoint& point, const Piece& piece);
  void know_tail(Head& head, SeriesId series);
  void mark_day(std::int64_t at);
  [[nodiscard]] std::vector<Cut> cut_some(Batch& batch, std::uint32_t& cut_until);
  [[nodiscard]] Tail cut_series(Batch& batch, std::uint32_t series);
  void apply(const std::vector<Cut>& cuts, std::uint32_t cut_until);
  // Reading.
  /// Chunks and fresh points of [from, until), in order. The cursor is the caller's, to be reused.
  /// `has_earlier`: whether points of the series may stand before them.
  [[nodiscard]] Strip read_strip(Cursor& cursor, std::uint32_t series, std::int64_t from,
                                 std::int64_t until, bool* has_earlier = nullptr) const;
  /// Points of [from, until) into `out`; whether a chunk begins before them.
  bool read_stretch(Cursor& cursor, std::uint32_t series, std::int32_t stretch, std::int64_t from,
                    std::int64_t until, Strip& out) const;
  [[nodiscard]] std::vector<Bucket> raw_buckets(Cursor& cursor, std::uint32_t series,
                                                std::int64_t from, std::int64_t until,
                                                std::int64_t step) const;
  [[nodiscard]] std::vector<Bucket> kept_buckets(Cursor& cursor, char what, std::uint32_t series,
                                                 std::int64_t from, std::int64_t until) const;
  // Upkeep.
  base::Result<void> roll_hours(std::int64_t now);
  base::Result<void> roll_day(std::int32_t day, std::uint8_t hours_from, std::uint8_t hours_until);
  base::Result<void> drop_old(std::int64_t now);
  base::Result<void> empty_log(std::int64_t before);
  void roll_minutes_of(Batch& batch, Cursor& cursor, std::uint32_t series, std::int64_t from,
                       std::int64_t until) const;
  base::Result<void> drop_stretch(std::int32_t stretch, bool roll_minutes);
  void settle(std::int64_t now);
  base::Result<void> keep_below_most();
  void note_damage(std::string text) const;
  [[nodiscard]] std::string name_of(std::uint32_t series) const;

  std::string folder_;
  StoreOptions options_;
  std::unique_ptr<Engine> engine_;
  Directory directory_;
  std::vector<Head> heads_;
  State state_;
  std::set<std::int32_t> stretches_;        ///< that have chunks, or will with this group
  std::set<std::int32_t> event_stretches_;  ///< likewise events
  // The open group.
  GroupWriter group_;
  std::vector<std::uint32_t> new_series_;
  std::vector<StoredEvent> new_events_;
  std::map<std::string, Edit> edits_;  ///< by engine key
  bool state_changed_ = false;
  // Cutting.
  bool cut_all_ = false;                 ///< asked for by the next commit
  std::uint64_t held_ = 0;               ///< fresh points in all
  std::uint64_t holding_ = 0;            ///< series with fresh points
  std::uint32_t cursor_ = 0;             ///< the next series to cut
  std::uint64_t pass_started_ = 0;       ///< the newest group whose points a whole pass cuts
  std::optional<std::int64_t> now_;      ///< of the last maintain()
  std::optional<std::int32_t> settled_;  ///< stretches up to here were compacted
  mutable std::vector<std::string> damage_;
  mutable std::uint64_t damage_more_ = 0;
  StoreCounts counts_;
};

}  // namespace weft::telemetry::store_parts
