// SPDX-License-Identifier: Apache-2.0
// When to read what. Each source (a host, one device, one link) has its own rate: one whose values
// move is read fast, one that is calm ever more slowly, one that fails is left alone for a while.
// Two budgets hold: transactions per second of a device (its slow bus) and milliseconds per second
// of a host; what does not fit waits, what waited longest goes first. Pure and deterministic: time
// comes in, nothing is read here. One owner thread; cost per call follows the sources that are due.
#pragma once

#include "base/time.h"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace weft::telemetry {

using SourceId = std::uint32_t;

/// Why a source is read as it is.
enum class PollReason : std::uint8_t {
  kNew,      ///< not read yet
  kMoving,   ///< its values moved at one of the last reads
  kStirred,  ///< somebody asked to look closely: an event, a finding, a person
  kCalm,     ///< nothing moved
  kFailing,  ///< the last read failed
};
[[nodiscard]] std::string_view key(PollReason reason);

/// What holds a due source back.
enum class PollLimit : std::uint8_t { kNone, kDeviceBudget, kHostBudget };

struct PollSource {
  std::string name;    ///< "host-a", "host-a/eth0 module"
  std::string host;    ///< whose time it takes
  std::string device;  ///< whose bus it takes; empty: none worth counting
  base::Duration fastest{1'000'000'000};
  base::Duration slowest{60'000'000'000};
  double transactions = 1;  ///< on the device's bus, by one read; learned from what reads took
  double milliseconds = 1;  ///< of the host, likewise
};

struct ScheduleOptions {
  double device_transactions_per_s = 50;
  double host_milliseconds_per_s = 20;   ///< 2 % of one core
  base::Duration burst{10'000'000'000};  ///< unused budget is saved up to this long
  /// Reads without a move before a source is read more slowly.
  std::uint32_t calm_reads = 3;
};

/// What a read brought.
struct PollResult {
  bool has_moved = false;  ///< a counter rose, a state changed, a level left its noise
  bool has_failed = false;
  double transactions = 0;  ///< 0: not known
  double milliseconds = 0;  ///< 0: not known
};

/// A source's state, for people.
struct PollState {
  PollReason reason = PollReason::kNew;
  PollLimit limit = PollLimit::kNone;  ///< of the last time that it was due
  base::Duration interval;
  base::WallTime next;
  base::WallTime last;   ///< last read; 0: never
  base::WallTime moved;  ///< last move; 0: never
  std::string text;      ///< "every 4 s: its values moved 12 s ago"
};

class Schedule {
 public:
  explicit Schedule(ScheduleOptions options = {}) : options_(options) {}

  /// Due at once; sources of one host are spread over its fastest interval by their names.
  SourceId add(PollSource source, base::WallTime now);
  void remove(SourceId source);
  /// Read it fast from now on, until it is calm again.
  void stir(SourceId source, base::WallTime now);

  /// What to read now, most urgent first, as much as the budgets allow. Each is expected to be
  /// told to done() before it is given again.
  [[nodiscard]] std::vector<SourceId> due(base::WallTime now);
  void done(SourceId source, base::WallTime at, const PollResult& result);
  /// When due() will next have something; the end of time where nothing is scheduled.
  [[nodiscard]] base::WallTime next() const;

  [[nodiscard]] PollState state(SourceId source, base::WallTime now) const;
  [[nodiscard]] std::size_t size() const { return sources_.size(); }

 private:
  struct Budget {
    double left = 0;
    double promised = 0;  ///< to those that were sent to wait by this call of due()
    std::uint64_t call = 0;
    base::WallTime at;
    void refill(base::WallTime now, double per_s, base::Duration burst);
  };
  struct Entry {
    PollSource source;
    PollState state;
    base::WallTime added;
    std::uint32_t calm = 0;  ///< reads since it moved
    bool is_out = false;     ///< given by due(), not yet done
  };
  void plan(SourceId id, Entry& entry, base::WallTime next);
  /// 0 where both budgets allow it; else how long until they do.
  base::Duration wait_for_budget(Entry& entry, base::WallTime now);

  ScheduleOptions options_;
  std::map<SourceId, Entry> sources_;
  std::set<std::pair<base::WallTime, SourceId>> queue_;
  std::map<std::string, Budget, std::less<>> devices_;
  std::map<std::string, Budget, std::less<>> hosts_;
  SourceId next_id_ = 0;
  std::uint64_t calls_ = 0;
};

}  // namespace weft::telemetry
