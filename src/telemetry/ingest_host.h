// SPDX-License-Identifier: Apache-2.0
// What ingest remembers of one host between two looks: its clock against its uptime, the parts in
// its places, and the events that it has told already. Part of ingest.cpp; nobody else includes it.
#pragma once

#include "observe/snapshot.h"
#include "telemetry/series.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace weft::telemetry {

/// The host's clock and restarts.
class HostClock {
 public:
  enum class Step : std::uint8_t { kFirst, kOn, kLate, kDuplicate, kRestarted, kClockSet };
  /// What lies between the last look and this one; remembers this one unless it is late.
  Step look(base::WallTime taken, std::optional<base::Duration> uptime, base::Duration slack);

  [[nodiscard]] base::WallTime last() const { return last_; }
  [[nodiscard]] base::WallTime before() const { return before_; }  ///< the look before the last
  /// When it booted, as the last look tells; the look's own time where no uptime is given.
  [[nodiscard]] base::WallTime boot() const { return boot_; }
  [[nodiscard]] std::uint32_t boots() const { return boots_; }
  [[nodiscard]] std::uint32_t looks() const { return looks_; }

 private:
  base::WallTime last_;
  base::WallTime before_;
  base::WallTime boot_;
  std::optional<base::Duration> uptime_;
  std::uint32_t boots_ = 0;
  std::uint32_t looks_ = 0;
};

/// Events that were told, so that a log that is read whole each time gives each line once. An event
/// is known by its time (since boot where the source gives that), its kind, its text, its address,
/// and how many equal ones stand before it in the same look.
class KnownEvents {
 public:
  void begin_look() { in_this_look_.clear(); }
  /// True the first time. `boots` tells one boot's clock from the next.
  bool is_new(const observe::Event& event, std::uint32_t boots);
  /// From the store, at a start: known whichever boot it was; times may be off by a minute or two.
  void remember(const observe::Event& event);

 private:
  struct Stored {
    std::int64_t at = 0;
  };
  std::unordered_map<std::uint64_t, std::uint32_t> known_;  ///< identity -> look that told it last
  std::unordered_multimap<std::uint64_t, Stored> stored_;   ///< by what it says
  std::unordered_map<std::uint64_t, std::uint32_t> in_this_look_;
  std::uint32_t look_ = 0;
};

/// The parts and names of a host's subjects. A port's part is the module that is plugged into it.
class HostSubjects {
 public:
  struct Replaced {
    SubjectRecord before;  ///< with `until` set
    SubjectRecord now;
  };
  struct Changes {
    std::vector<SubjectRecord> records;  ///< new or renamed, and both of a replaced part
    std::vector<Replaced> replaced;
  };
  /// `planned_name` may be absent.
  [[nodiscard]] Changes look(
      const observe::Snapshot& snapshot,
      const std::function<std::string(const observe::Subject&)>& planned_name);

 private:
  void take(SubjectRecord record, Changes& changes);
  std::unordered_map<std::string, SubjectRecord> known_;
};

}  // namespace weft::telemetry
