// SPDX-License-Identifier: Apache-2.0
// Scenario templates: a scenario file may leave to the seed on which of several racks it runs,
// which of several things a fault is done to, when, for how long and how strong
// (docs/formats/scenario.md). Here one story is drawn from such a file: a plain scenario, the same
// for the same seed on any machine. Scoring tells each template with many seeds, `weft up` tells it
// with the file's own. A target is chosen among what the fault can be done to; where nothing is
// left, drawing says so.
#pragma once

#include "base/result.h"
#include "twin/fault/scenario.h"
#include "twin/fault/target.h"
#include "twin/plan/plan.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weft::twin {

/// "one of link:*--*/gpu*/pcie0 any-lane any-direction", "as fault 1 any-lane section 1".
struct TargetChoice {
  std::optional<std::size_t> as_fault;  ///< counted from 1, among the file's faults before it
  Target among;                         ///< of as_fault: one selector, whose name is not used
  bool any_lane = false;
  bool any_section = false;
  bool any_direction = false;
};
/// Whether the text leaves a choice: begins with "one of " or "as fault ".
[[nodiscard]] bool is_choice(std::string_view text);
/// kInvalidArgument says what is wrong.
[[nodiscard]] base::Result<TargetChoice> parse_choice(std::string_view text);

/// Whether a seed decides anything in it.
[[nodiscard]] bool is_template(const Scenario& scenario);
/// Which of its racks this seed runs on, as the file gives the path: they take turns.
[[nodiscard]] const std::string& drawn_rack(const Scenario& scenario, std::uint64_t seed);
/// The story of this seed on the rack of this plan; its seed and rack are set. kNotFound and
/// kInvalidArgument name the place in the file of what cannot be drawn.
[[nodiscard]] base::Result<Scenario> drawn(const Scenario& scenario, const WorldPlan& plan,
                                           std::uint64_t seed);

}  // namespace weft::twin
