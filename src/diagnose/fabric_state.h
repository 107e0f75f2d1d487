// SPDX-License-Identifier: Apache-2.0
// What was seen of a plan's links as a fabric state (fabric/state.h): `weft scan`, `weft why` and
// the control plane write it, `weft sim` says what it costs. A rule for each member stands in
// docs/formats/fabric-state.md. Called by Watch only.
#pragma once

#include "diagnose/sight.h"
#include "diagnose/watch.h"
#include "fabric/state.h"

#include <span>

namespace weft::diagnose {

/// Links in the plan's order; those that nobody sees, or that are as planned, are left out.
[[nodiscard]] fabric::FabricState fabric_state(const Sight& sight,
                                               std::span<const LivingFinding> findings,
                                               const fabric::Fabric& plan);

}  // namespace weft::diagnose
