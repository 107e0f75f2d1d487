// SPDX-License-Identifier: Apache-2.0
// What a rack's links do now (fabric/state.h), applied to a network: it scales both channels of a
// link. All mistakes are named at once: links that are not there, more lanes than planned, a
// protocol that is not slower. Links of the rack that this network leaves out are no mistake.
#pragma once

#include "base/result.h"
#include "fabric/state.h"
#include "sim/network.h"

#include <string_view>
#include <vector>

namespace weft::sim {

using fabric::FabricState;
using fabric::LinkState;

/// "LINK=x8", "LINK=down", "LINK=pcie4", "LINK=ber:1e-9", and several joined by commas: what
/// --degrade takes. LINK may hold * and ?.
[[nodiscard]] base::Result<std::vector<LinkState>> parse_degrade(std::string_view text,
                                                                 const Network& network);

/// Without the links that the network leaves out (Network::left_out).
[[nodiscard]] FabricState part_of(const FabricState& state, const Network& network);

[[nodiscard]] base::Result<void> apply(const FabricState& state, Network& network);

}  // namespace weft::sim
