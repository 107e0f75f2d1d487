// SPDX-License-Identifier: Apache-2.0
// What the network drivers of a twin's machine answer over ethtool netlink: link modes, link state,
// FEC with statistics by lane and by corrected symbols, standard statistics, the module's power and
// memory. Out of the link as its interface's end sees it. Each answer holds the world.
#pragma once

#include "bus/host.h"
#include "twin/machine.h"

#include <cstddef>
#include <memory>

namespace weft::twin::door {

/// The rack must outlive it.
[[nodiscard]] std::unique_ptr<bus::Netdev> netdev_of(Rack& rack, std::size_t machine);

}  // namespace weft::twin::door
