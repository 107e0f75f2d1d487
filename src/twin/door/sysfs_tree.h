// SPDX-License-Identifier: Apache-2.0
// A machine of a twin as its Linux kernel would show it: PCI functions with live configuration
// space, network interfaces, retimer sensors, host name, uptime. The paths and texts are those of
// Linux 6.12 (Documentation/ABI/testing of the kernel); drivers, lspci and node_exporter read them.
// The tree says of itself that it is simulated ("weft/simulated"). It shows nothing that a kernel
// could not know.
#pragma once

#include "twin/door/live_tree.h"
#include "twin/machine.h"

#include <cstddef>
#include <memory>

namespace weft::twin::door {

/// The rack must outlive the tree. Each read holds the world.
[[nodiscard]] std::unique_ptr<LiveTree> sysfs_tree(Rack& rack, std::size_t machine);

}  // namespace weft::twin::door
