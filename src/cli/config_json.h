// SPDX-License-Identifier: Apache-2.0
// One PCI function's configuration space, decoded whole, as JSON text. Text and not a document,
// since a large machine has some ten million fields.
#pragma once

#include "bus/host_tree.h"

#include <string>

namespace weft::cli {

/// {"bytes": N, "capabilities": [...], "problems": [...]}, or {"not_measured": ...} where it cannot
/// be read. `address` is the function's directory in sys/bus/pci/devices.
[[nodiscard]] std::string config_json(const bus::HostTree& tree, const std::string& address);

}  // namespace weft::cli
