// SPDX-License-Identifier: Apache-2.0
// What an operator's inventory would hold of a twin's machines: for each planned device the machine
// and the addresses where its software finds it, for each port its name there. `weft up` and
// `weft rack locate` give it to those who watch the rack (fabric/match.h). It is made of the plan
// alone: no fault and no truth is in it.
#pragma once

#include "fabric/model.h"
#include "twin/plan/plan.h"

namespace weft::twin {

/// The plan's fabric with `match` and `match_port` of every device and port that some machine
/// shows. Keys of the rack file that name no address stay.
[[nodiscard]] fabric::Fabric located(const WorldPlan& plan);

}  // namespace weft::twin
