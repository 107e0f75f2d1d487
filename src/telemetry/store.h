// SPDX-License-Identifier: Apache-2.0
// The store: series, events and small records on disk, for one process. Points are compressed by
// our own codecs (codec.h); the log, its order on disk and compaction are an embedded engine's.
// What commit() has acknowledged survives kill and power loss; what cannot be read back is named by
// damage(), and the rest is served. One thread at a time. Format: docs/formats/store.md.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "telemetry/series.h"
#include "telemetry/track.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weft::telemetry {

using SeriesId = std::uint32_t;

struct StoreOptions {
  base::Duration keep_raw{14LL * 86400 * 1'000'000'000};      ///< older points are dropped
  base::Duration keep_minutes{60LL * 86400 * 1'000'000'000};  ///< roll-ups by minute
  base::Duration keep_rolled{400LL * 86400 * 1'000'000'000};  ///< by hour and day; events
  base::Duration out_of_order{10LL * 60 * 1'000'000'000};     ///< later points are refused
  std::uint64_t bytes_most = 0;                               ///< 0: no limit but the disk
  /// How a metric's counters behave; without it every one restarts at 0 where it is lower than
  /// before.
  CounterKind (*counter_kind)(observe::Metric) = nullptr;
  bool read_only = false;
};

/// A point for append(); the series by its number, which series() gives.
struct StorePoint {
  SeriesId series = 0;
  Point point;
};

struct StoredEvent {
  std::uint64_t sequence = 0;  ///< given by the store; stays
  observe::Event event;        ///< comes back without its `subject`; the text below stands for it
  std::string subject;         ///< text of the id, or empty
  std::string host;
};

/// Which of the events that Store::events() lists: so many and no more are held at once.
struct EventPage {
  std::string_view kind = "*";  ///< pattern
  base::WallTime from;
  base::WallTime until;
  std::uint64_t after = 0;   ///< sequence numbers above this
  bool takes_newest = true;  ///< else the first ones after `after`
  std::size_t most = 1000;
  std::function<bool(const StoredEvent&)> fits = {};  ///< null: all do
};

/// One roll-up bucket: what it keeps of its points. Counters are taken as numbers, of histograms
/// the sum of their bins, of texts only how many. Increase and `covered` reach back to the point
/// before the bucket, so that they add up over buckets; a gap of more than a day is not covered.
struct Bucket {
  base::WallTime from;
  std::uint64_t count = 0;  ///< measured points
  double min = 0;
  double max = 0;
  double sum = 0;
  double first = 0;
  double last = 0;
  std::uint64_t increase = 0;  ///< counters: events, through resets and wraps
  base::Duration covered;      ///< time between looks that it covers
  std::uint64_t not_measured = 0;
};

enum class Roll : std::uint8_t { kMinute, kHour, kDay };

/// Which series: patterns with * and ?, matched against the subject's text, name, host/name,
/// planned name and serial. Empty fields ask nothing.
struct Selector {
  std::string subject = {};
  std::optional<observe::Metric> metric = std::nullopt;
  std::string label = {};
};

struct SeriesPoints {
  SeriesId series = 0;
  SeriesKey key;
  std::vector<Point> points;
};
struct SeriesBuckets {
  SeriesId series = 0;
  SeriesKey key;
  std::vector<Bucket> buckets;
};

struct StoreCounts {
  std::uint64_t series = 0;
  std::uint64_t points = 0;  ///< appended since it was opened
  std::uint64_t bytes_on_disk = 0;
  std::uint64_t late_refused = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t refused = 0;            ///< too large, or of a time that no clock has
  std::uint64_t dropped_for_space = 0;  ///< bytes dropped to stay below bytes_most
};

class Store {
 public:
  /// Makes the folder where it is absent. kFailedPrecondition where another process has it open;
  /// kDataLoss only where nothing at all can be read. damage() names what was lost.
  [[nodiscard]] static base::Result<std::unique_ptr<Store>> open(const std::string& folder,
                                                                 const StoreOptions& options = {});
  virtual ~Store() = default;

  /// The number of a series, made where it is new; stays for the store's life.
  [[nodiscard]] virtual base::Result<SeriesId> series(const SeriesKey& key) = 0;
  [[nodiscard]] virtual std::optional<SeriesKey> key_of(SeriesId series) const = 0;
  /// Takes points into memory and the next group; not durable before commit() returns. Late and
  /// duplicate ones, texts above 65,535 bytes and histograms above 4,096 bins are refused singly
  /// and counted. kInvalidArgument, and none is taken, where a series is unknown.
  virtual base::Result<void> append(std::span<const StorePoint> points) = 0;
  virtual base::Result<void> append(std::span<StoredEvent> events) = 0;
  /// Small records by kind and key: findings, subjects, marks. An empty value removes.
  virtual base::Result<void> put(std::string_view kind, std::string_view key,
                                 base::ByteView value) = 0;
  /// Writes and syncs everything appended and put so far as one group. kResourceExhausted: the disk
  /// is full; what was acknowledged stays, the group is kept in memory for another try.
  virtual base::Result<void> commit() = 0;

  [[nodiscard]] virtual std::vector<SeriesKey> list(const Selector& which) const = 0;
  [[nodiscard]] virtual base::Result<std::vector<SeriesPoints>> points(
      const Selector& which, base::WallTime from, base::WallTime until) const = 0;
  [[nodiscard]] virtual base::Result<std::vector<SeriesBuckets>> buckets(const Selector& which,
                                                                         base::WallTime from,
                                                                         base::WallTime until,
                                                                         Roll roll) const = 0;
  /// Events of [from, until) in order of sequence; kind and subject are patterns. One without a
  /// wall time is there where `from` is 0 or before.
  [[nodiscard]] virtual base::Result<std::vector<StoredEvent>> events(
      std::string_view kind, std::string_view subject, base::WallTime from,
      base::WallTime until) const = 0;
  /// A page of them, in order of sequence. What cannot be on it is not read: stretches of time are
  /// left as soon as their numbers are beyond those that are on it.
  [[nodiscard]] virtual base::Result<std::vector<StoredEvent>> events(
      const EventPage& page) const = 0;
  [[nodiscard]] virtual base::Result<base::Bytes> get(std::string_view kind,
                                                      std::string_view key) const = 0;
  virtual void each(
      std::string_view kind,
      const std::function<void(std::string_view key, base::ByteView value)>& see) const = 0;

  /// Subjects: kept as records of kind "subject".
  virtual base::Result<void> put_subject(const SubjectRecord& subject) = 0;
  [[nodiscard]] virtual std::vector<SubjectRecord> subjects(std::string_view pattern) const = 0;
  /// All of them, by subject and time; they stay where they are until one is put.
  virtual void each_subject(const std::function<void(const SubjectRecord&)>& see) const = 0;

  /// Drops what is older than its keeping time, rolls up what is due.
  virtual base::Result<void> maintain(base::WallTime now) = 0;
  /// Commits, and makes a consistent copy that opens as a store; the folder must not exist.
  virtual base::Result<void> snapshot(const std::string& folder) = 0;
  /// Reads everything once, so that damage() names all that cannot be read.
  virtual void check() = 0;
  /// What was lost, as far as it was met; what was dropped on purpose, too.
  [[nodiscard]] virtual std::vector<std::string> damage() const = 0;
  [[nodiscard]] virtual StoreCounts counts() const = 0;
};

}  // namespace weft::telemetry
