// SPDX-License-Identifier: Apache-2.0
// The incident file: what somebody wrote down of an outage (topology as far as known, samples, link
// states, log lines, marks, times), and what a judge should say at which time
// (docs/formats/incident.md). `weft why FILE` and the tests read it here and feed it to a Watch in
// order of time. What the file does not state is absent, never zero. Every mistake is reported with
// its line and column; nothing throws; limits bound what a few lines may stand for.
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "diagnose/watch.h"
#include "fabric/model.h"
#include "fabric/rack.h"
#include "observe/snapshot.h"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace weft::diagnose {

struct IncidentLimits {
  std::size_t bytes = 4 * 1024 * 1024;
  std::size_t yaml_nodes = 200'000;
  std::size_t entries = 1'000'000;  ///< samples, states, log lines, marks: all of them, expanded
  std::size_t steps = 2'000'000;    ///< combinations of `for` tried
  fabric::RackLimits rack = {};
};

/// Something that came in at a time.
struct IncidentEntry {
  struct Timed {
    observe::Sample sample;
  };
  struct Logged {
    observe::Event event;
    std::string host;
  };
  base::WallTime at;
  bool is_about = false;  ///< the source tells the day or the order only
  std::variant<Timed, observe::LinkState, Logged, Mark> what;
};

/// What one finding must be; empty and absent members ask nothing.
struct ExpectedFinding {
  std::string about;  ///< as written: a link, a port at which one ends, or a device
  observe::Subject subject;
  std::optional<Level> level;
  std::string cause;          ///< key of the first hypothesis's cause
  std::string part;           ///< kind of part of the first hypothesis; "unknown": none named
  std::string toward;         ///< device or port at the receiving end
  std::string says;           ///< must stand in sentence, cause, evidence or next step
  std::string next_step;      ///< must stand in the next step or the first test
  std::string not_next_step;  ///< must not stand in the next step
  std::optional<std::size_t> victims;
  std::optional<Phase> phase;
};

/// At this time exactly these findings, beside notes.
struct Expected {
  base::WallTime at;
  int line = 0;
  std::vector<ExpectedFinding> findings;
};

struct Incident {
  std::string name;
  std::string description;
  std::vector<std::string> sources;
  std::string file;
  fabric::Fabric fabric;
  std::vector<IncidentEntry> entries;         ///< in order of time, equal times in the file's order
  std::vector<base::WallTime> judge;          ///< ascending; at least the last entry's time
  std::vector<Expected> expected;             ///< by time
  std::vector<fabric::RackProblem> problems;  ///< sorted by place

  [[nodiscard]] bool ok() const;
  [[nodiscard]] std::string problem_text() const;
};

/// `file` is for messages only. As much as could be read; complete where ok().
[[nodiscard]] Incident load_incident_text(std::string_view yaml, std::string file,
                                          const IncidentLimits& limits = {});
/// Fails only where the file cannot be read.
[[nodiscard]] base::Result<Incident> load_incident(const std::string& path,
                                                   const IncidentLimits& limits = {});

/// Feeds a Watch, judging at each of the incident's times.
class IncidentReplay {
 public:
  /// The incident must outlive it. The watch must be new.
  IncidentReplay(const Incident& incident, Watch& watch);
  /// Goes on to the next time of judgement; nullopt where there is none left. The findings are the
  /// watch's and stay until the next call.
  struct Judged {
    base::WallTime at;
    const std::vector<LivingFinding>* findings = nullptr;
  };
  [[nodiscard]] std::optional<Judged> next();

 private:
  void feed(const IncidentEntry& entry);
  void look(const observe::LinkState& state);
  void take_looks(base::WallTime at);

  const Incident* incident_;
  Watch* watch_;
  std::size_t entry_ = 0;
  std::size_t judge_ = 0;
  std::vector<observe::Snapshot> looks_;  ///< of one moment, by machine
};

/// What of an expectation does not hold, one line each; empty: all of it does.
[[nodiscard]] std::vector<std::string> mismatches(const Expected& expected,
                                                  std::span<const LivingFinding> findings,
                                                  const Joint& joint);

/// "2026-09-10T08:08:46Z", with fractions of a second, with a space for the T, without the Z (it is
/// UTC), or a day alone (its start).
[[nodiscard]] std::optional<base::WallTime> parse_time(std::string_view text);

}  // namespace weft::diagnose
