// SPDX-License-Identifier: Apache-2.0
// A link's way cut where bits are decided: retimers, the two ends of a retimed cable, the DSPs of
// optics. plan_world() calls it for each link. What a rack file leaves open (packages, connectors,
// the board before a cage) is filled in with what such links have, and said in the notes.
#pragma once

#include "base/result.h"
#include "fabric/model.h"
#include "twin/plan/plan.h"

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace weft::twin::planning {

/// A cable or optics that people plug.
struct Plug {
  fabric::Medium medium = fabric::Medium::kUnknown;
  std::array<fabric::DeviceId, 2>
      modules;  ///< where this way starts and ends; null: named by a segment only
};

struct Way {
  std::vector<SectionPlan> sections;
  std::vector<fabric::DeviceId> repeaters;  ///< as LinkPlan::repeaters
  std::optional<Plug> plug;
  std::vector<std::string> notes;  ///< what was assumed
};

/// @param is_reversed the way from the link's end b to its end a
/// kNotFound where the catalogue has no such medium.
[[nodiscard]] base::Result<Way> cut_way(const fabric::Fabric& fabric, const fabric::Link& link,
                                        bool is_reversed);

}  // namespace weft::twin::planning
