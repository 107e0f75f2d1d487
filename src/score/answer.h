// SPDX-License-Identifier: Apache-2.0
// What a right judgement of an injected fault says: which links are the root, which parts one may
// name, which stretch of the path, which direction. It follows from the ground truth and the plan
// alone, by one table (docs/formats/score.md tells its rules), written before any signature:
// whoever judges must not read it, and it reads nothing of whoever judges.
#pragma once

#include "diagnose/judge.h"
#include "twin/fault/truth.h"
#include "twin/plan/plan.h"

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace weft::score {

/// Where the thing is that is wrong.
enum class Where : std::uint8_t {
  kSeat,         ///< contacts where a section ends toward the device: connector, solder, card
  kMedium,       ///< the cable or backplane of a section
  kPath,         ///< anywhere on the sections
  kTransmitter,  ///< the chip or module that sends
  kReceiver,     ///< the chip or module that decides the bits
  kFibre,        ///< fibre and its connectors
  kLink,         ///< the link as a whole: its contacts or either end
  kAir,          ///< what a machine's devices share: air
  kSupply,       ///< likewise: the rail
  kDevice,       ///< one device
};

struct AnswerRow {
  std::string_view fault;
  Where where;
  std::string_view part;       ///< how the confusion matrix calls what is wrong
  bool has_signature = false;  ///< published (facts named in docs/DIAGNOSIS.md); else "unknown" is
                               ///< a right answer too
};
[[nodiscard]] const AnswerRow* answer_row(std::string_view fault);

struct Answer {
  const AnswerRow* row = nullptr;
  std::vector<std::size_t> links;      ///< WorldPlan::links; empty for shared causes
  std::optional<std::size_t> machine;  ///< shared causes: where
  std::set<fabric::DeviceId> devices;  ///< parts of the plan that may be named
  std::set<std::string> kinds;         ///< PartRef kinds that may be named where it is no device
  std::set<diagnose::Stretch> stretches;
  std::optional<fabric::LaneDirection> direction;  ///< absent: both, or none
  std::string part;

  [[nodiscard]] bool is_shared() const { return machine.has_value(); }
};

[[nodiscard]] Answer answer_of(const twin::WorldPlan& plan, const twin::InjectedFault& fault);

/// The lanes that the fault touches (empty for links, devices and machines).
[[nodiscard]] twin::Sites sites_of(const twin::WorldPlan& plan, const twin::InjectedFault& fault);

}  // namespace weft::score
