// SPDX-License-Identifier: Apache-2.0
// The loop that everything above the drivers is for: ask each host when it is due, remember what it
// said, judge it, keep the findings, tell who must know. Link states, counters and the log are read
// at every look; the rest (modules' light, retimers' figures, sensors) costs slow buses, so it has
// a telemetry::Schedule: often while something moves there, ever more rarely while it is calm. The
// same for machines and twins: a host is a bus::Host, and the time comes in with each step. One
// thread calls it; whoever asks questions from another holds the caller's lock, which is let go
// while a host is looked at. Read-only towards the hosts.
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "bus/host.h"
#include "diagnose/watch.h"
#include "observe/snapshot.h"
#include "serve/acknowledge.h"
#include "serve/notice.h"
#include "telemetry/ingest.h"
#include "telemetry/schedule.h"
#include "telemetry/store.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::serve {

struct ControlPlaneOptions {
  const fabric::Fabric* plan = nullptr;  ///< expectation; must outlive the control plane
  std::string plan_source = {};
  base::Duration poll_every{10LL * 1'000'000'000};
  /// Whole looks: at every poll of a host where something moves, at least so often of any other.
  base::Duration whole_at_least{300LL * 1'000'000'000};
  telemetry::ScheduleOptions budget = {};
  /// What a whole look cost by the machine's clock counts against the budget. Not where each run
  /// must be like the one before.
  bool is_cost_measured = true;
  base::Duration maintain_every{300LL * 1'000'000'000};
  NoticeOptions notices = {};
  /// Gets what is to be told, worst first; null: nobody is told.
  std::function<void(const std::vector<Notice>&)> tell = {};
  /// Is given each look at a host to run, which touches nothing of the control plane and may take
  /// long: the caller of step() may let go of its lock meanwhile. What others then see or take is
  /// whole: hosts are remembered one by one. Null: it is run.
  std::function<void(const std::function<void()>& look)> unheld = {};
};

struct HostStatus {
  std::string name;
  std::optional<base::WallTime> last_poll;
  base::Duration poll_cost;  ///< how long the last poll took, by the machine's clock
  std::uint64_t polls = 0;
  std::uint64_t whole_polls = 0;
  std::string whole_text;  ///< "every 4 s: its values moved 12 s ago"
  std::uint64_t failures = 0;
  std::string last_problem;
};

/// What one step did.
struct Stepped {
  std::size_t hosts = 0;
  std::size_t points = 0;
  std::size_t events = 0;
  std::vector<std::string> problems;
};

class ControlPlane {
 public:
  /// `store` may be null: then nothing outlives it. A store's findings and what was told of them
  /// come back; kDataLoss of theirs is a problem of the first step, not an error.
  explicit ControlPlane(telemetry::Store* store, ControlPlaneOptions options = {});
  ~ControlPlane();
  ControlPlane(const ControlPlane&) = delete;
  ControlPlane& operator=(const ControlPlane&) = delete;

  void add(std::string name, bus::Host host);
  /// A mark that is new to the store is kept there.
  void take(const diagnose::Mark& mark);
  /// Nobody is told of this finding again while it holds (acknowledge.h).
  void take(const Acknowledgement& one);
  void drop_acknowledgement(std::string_view finding);
  [[nodiscard]] const Acknowledgements& acknowledgements() const;
  /// What somebody else saw: ingested, and judged with the next settle().
  Stepped take(const observe::Snapshot& snapshot);
  void take(const observe::Event& event, const std::string& host);
  /// Judges what was taken, tells, commits. step() does so by itself.
  Stepped settle(base::WallTime now);

  /// Polls the hosts that are due, ingests, judges, commits, tells. `now` must not go back.
  Stepped step(base::WallTime now);
  /// When the next host is due.
  [[nodiscard]] base::WallTime next_due() const;

  [[nodiscard]] const std::vector<diagnose::LivingFinding>& findings() const;
  [[nodiscard]] const diagnose::Watch& watch() const;
  [[nodiscard]] telemetry::Store* store() const;
  [[nodiscard]] std::vector<HostStatus> hosts() const;
  /// The newest point of each series that came in since the start, by metric, subject and label.
  /// What it shows stays where it is until more comes in.
  void each_last(
      const std::function<void(const telemetry::SeriesKey&, const telemetry::Point&)>& see) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The findings that a control plane has left in its store; empty where there was none.
[[nodiscard]] base::Result<std::vector<diagnose::LivingFinding>> saved_findings(
    const telemetry::Store& store);

}  // namespace weft::serve
