// SPDX-License-Identifier: Apache-2.0
// From snapshots to memory: each sample becomes a point of its series in the store and in its
// track; link states too, so that width and rate have a history. Notices between two looks at a
// host what the numbers mean: a restart (uptime fell), a clock that was set, a part that was
// replaced (another serial in the same place), values that drivers leave out at zero, and events
// that are read again with each poll. Hosts are told apart by HostInfo::identity. One owner thread;
// the caller commits the store.
#pragma once

#include "base/result.h"
#include "observe/snapshot.h"
#include "telemetry/store.h"
#include "telemetry/track.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace weft::telemetry {

/// How the source of a metric counts: its width and what it does at the end, by the catalogue.
/// InfiniBand ports count some metrics otherwise than Ethernet ports do.
[[nodiscard]] CounterKind counter_kind(observe::Metric metric, fabric::ProtocolFamily family);
/// Likewise where the family is not known: what StoreOptions::counter_kind wants.
[[nodiscard]] CounterKind counter_kind(observe::Metric metric);

struct IngestOptions {
  bool keeps_tracks = true;
  bool keeps_last = false;                     ///< the last point of each series, for each_last()
  base::Duration ahead_most{300'000'000'000};  ///< of the receiver's clock; later is refused
  base::Duration clock_slack{5'000'000'000};   ///< clock against uptime; more was set by hand
  base::Duration known_events{7200'000'000'000};  ///< how far back the store is asked at a start
  std::size_t series_most = 8'000'000;            ///< kResourceExhausted beyond
  /// What the plan calls a subject as its host tells it, or an empty text; may be absent.
  std::function<std::string(const observe::Subject&)> planned_name{};
};

/// What one snapshot brought.
struct Ingested {
  std::size_t points = 0;
  std::size_t late = 0;  ///< points that are too old for their track
  std::size_t new_series = 0;
  std::size_t events = 0;
  std::size_t events_known = 0;  ///< were there already
  bool is_late = false;          ///< older than the last look at this host
  bool is_duplicate = false;     ///< of the same time as the last look: nothing was taken
  bool has_restarted = false;    ///< the host booted since the last look
  bool clock_was_set = false;
  std::vector<SubjectRecord> subjects;  ///< new, renamed or replaced ones
  std::vector<observe::Event> noticed;  ///< reboot, clock_set, part_replaced
};

class Ingest {
 public:
  /// `store` may be null: then only tracks are kept. It must outlive the ingest.
  explicit Ingest(Store* store, IngestOptions options = {});
  ~Ingest();
  Ingest(Ingest&&) noexcept;
  Ingest& operator=(Ingest&&) noexcept;

  /// `received`: the receiver's clock, where there is one. kInvalidArgument: the snapshot has no
  /// time; kOutOfRange: its clock is ahead; errors of the store.
  base::Result<Ingested> take(const observe::Snapshot& snapshot,
                              std::optional<base::WallTime> received = std::nullopt);
  /// One value from elsewhere (imported text, a log): no host, no subject record.
  base::Result<void> take(const KeyedPoint& point);
  /// An event from elsewhere, with the host that it is of.
  base::Result<bool> take(const observe::Event& event, const std::string& host);

  /// nullptr where the series is not known or tracks are not kept.
  [[nodiscard]] const Track* track(const SeriesKey& key) const;
  void each_track(const std::function<void(const SeriesKey& key, const Track& track)>& see) const;
  /// The newest point of each series that came in here, by metric, subject and label. What it shows
  /// stays where it is until more comes in.
  void each_last(const std::function<void(const SeriesKey& key, const Point& point)>& see) const;
  [[nodiscard]] std::size_t series_count() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weft::telemetry
