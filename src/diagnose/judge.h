// SPDX-License-Identifier: Apache-2.0
// The verdict: from what was seen of one or several hosts to findings, worst first. Pure: same
// snapshots, same report, in the same order. It reads nothing and knows nothing of where snapshots
// come from. The rules stand in rules.cpp's table, one file each under rules/.
#pragma once

#include "base/time.h"
#include "fabric/model.h"
#include "observe/snapshot.h"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weft::diagnose {

/// How bad, in ascending order of what must be looked at first.
enum class Level : std::uint8_t {
  kOk,
  kNote,      ///< worth knowing, not wrong: "low, may be idle", "the slot is x4"
  kUnknown,   ///< suspicious, but the evidence decides nothing
  kWarning,   ///< up but wrong
  kCritical,  ///< down, or so wrong that work is lost
};
[[nodiscard]] std::string_view key(Level level);

/// Which stretch of a link's path, from its end a.
enum class Stretch : std::uint8_t {
  kUnknown,
  kSerdesA,  ///< the chip at end a, its package included
  kBoardA,   ///< between that chip and the first repeater, cage or connector
  kModuleA,  ///< cable end or optics at end a
  kRetimer,  ///< a repeater on a board
  kConnector,
  kCable,  ///< copper between its ends
  kFibre,
  kModuleB,
  kBoardB,
  kSerdesB,
  kShared,  ///< what several links have in common: fan, supply, host, switch, firmware, batch
};
[[nodiscard]] std::string_view key(Stretch stretch);

/// What one can replace, clean, reseat or cool; which one it is, as far as anybody has told.
struct PartRef {
  std::string kind;         ///< "cable", "module", "retimer", "card", "switch", "fan", "supply", …
  std::string place;        ///< slot or address, as people find it
  fabric::DeviceId device;  ///< null where it is no device of the fabric
  fabric::PartIdentity identity;
  friend bool operator==(const PartRef&, const PartRef&) = default;
};

/// One explanation of what was seen, with its share of the belief.
struct Hypothesis {
  std::string cause;  ///< key of the table of causes: "contaminated_connector"
  std::string words;  ///< "receiver adapted on a transient"
  double probability = 0;
  Stretch stretch = Stretch::kUnknown;
  std::optional<fabric::LaneDirection> direction;
  std::vector<std::uint32_t> lanes;  ///< empty: all, or not known
  std::optional<PartRef> part;       ///< absent: no data names a part
  friend bool operator==(const Hypothesis&, const Hypothesis&) = default;
};

/// One line of evidence: what was measured of whom and when, with bounds where it is a rate.
struct Evidence {
  std::string text;
  observe::Subject subject;
  std::optional<observe::Metric> metric;
  std::optional<base::WallTime> at;
  bool speaks_against = false;
  friend bool operator==(const Evidence&, const Evidence&) = default;
};

/// What would decide between the explanations that are left, cheapest first.
struct SeparatingTest {
  std::string action;    ///< "swap the cable's ends", "reseat", "margin lane 3 at receiver B"
  std::string disturbs;  ///< "nothing", "traffic of this link", …
  std::string decides;   ///< what which outcome would mean
  friend bool operator==(const SeparatingTest&, const SeparatingTest&) = default;
};

struct Finding {
  Level level = Level::kNote;
  std::string code;  ///< stable key: "pcie_width_low"
  observe::Subject subject;
  std::size_t host = 0;  ///< index of the host's history
  std::string place;     ///< where, as people name it: "0000:16:00.0 - 0000:17:00.0", "eth0"
  std::string sentence;  ///< what is wrong, one clause: "runs x4 of x16"
  std::string cause;  ///< which end or part, as far as the evidence goes; says when it is unknown
  std::vector<std::string> evidence;
  std::vector<std::string> victims;  ///< devices that merely suffer
  std::string next_step;
  // The judgement over time fills these too; a single look leaves them empty.
  std::optional<fabric::LinkId> link;  ///< the root link; absent: shared cause, or unknown
  std::vector<Hypothesis> hypotheses;  ///< most probable first; sum at most 1, rest unknown
  std::vector<Evidence> cited;
  std::vector<SeparatingTest> tests;  ///< cheapest first
  std::vector<observe::Subject> victim_subjects;
  std::optional<base::WallTime> since;  ///< when it began, as far as the evidence reaches
  std::size_t order = 0;                ///< how many findings the rules had made before it
  friend bool operator==(const Finding&, const Finding&) = default;
};

/// What a link could run at, and what is said of it.
struct LinkAssessment {
  std::size_t host = 0;
  std::size_t link = 0;  ///< index in the last snapshot's links
  Level level = Level::kOk;
  std::optional<base::TransferRate> possible_rate;  ///< what the weaker end allows
  std::optional<base::LaneCount> possible_width;
  std::string
      narrowed_by;  ///< address of the port that narrows the other; empty where neither does
  std::optional<base::TransferRate> usual_rate;  ///< what two thirds of at least three peers run
  std::optional<base::LaneCount> usual_width;
  std::string peers;  ///< "7 of 8 peers run 32 GT/s x16"; empty without peers
};

/// Snapshots of one host in order of time; the last is judged, the earlier ones give rates and
/// moves.
struct HostHistory {
  std::vector<const observe::Snapshot*> snapshots;
  [[nodiscard]] const observe::Snapshot& last() const { return *snapshots.back(); }
  [[nodiscard]] base::Duration interval() const {
    return snapshots.back()->taken - snapshots.front()->taken;
  }
};

class Joint;

/// A plan to hold the hosts against; fabric/match.h tells which planned device is which live one.
struct Expectation {
  const fabric::Fabric* plan = nullptr;
  std::string source = {};       ///< the rack file's name
  const Joint* joint = nullptr;  ///< where many hosts are joined under the plan already: it tells
};

struct Report {
  std::vector<LinkAssessment> links;         ///< hosts and links in their snapshots' order
  std::vector<Finding> findings;             ///< worst first, then by host and place
  std::array<std::size_t, 5> link_counts{};  ///< links by level
  base::Duration interval;  ///< longest interval over which rates were observed; 0: one look
  Level overall = Level::kOk;
  std::string next_step;  ///< the one thing to do next
};

[[nodiscard]] Report judge(std::span<const HostHistory> hosts, const Expectation* expectation);

}  // namespace weft::diagnose
