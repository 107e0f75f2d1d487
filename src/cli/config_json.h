// SPDX-License-Identifier: Apache-2.0
// One PCI function's configuration space, decoded whole, as JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "bus/host_tree.h"

namespace weft::cli {

/// {"bytes": N, "capabilities": [...], "problems": [...]}, or {"not_measured": ...} where it cannot be
/// read. `address` is the function's directory in sys/bus/pci/devices.
[[nodiscard]] nlohmann::ordered_json config_json(const bus::HostTree& tree,
                                                 const std::string& address);

}  // namespace weft::cli
