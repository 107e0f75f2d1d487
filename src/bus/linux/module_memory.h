// SPDX-License-Identifier: Apache-2.0
// A plugged module's memory through Linux: read by ethtool netlink (kernel 5.13 and later, and a
// driver that has it). Linux offers no way to write it by its interface: write() says so, and that
// the cage's own i2c bus is the way where the platform shows it.
#pragma once

#include "bus/module_memory.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace weft::bus::linux_host {

/// Interfaces that may have a cage: those with a device behind them. `root` is "/" or a folder that
/// stands for it.
[[nodiscard]] std::vector<std::string> module_interfaces(const std::string& root);

/// kNotFound; kUnimplemented where `root` is a folder: its drivers cannot be asked.
[[nodiscard]] base::Result<std::unique_ptr<ModuleMemory>> open_module_memory(
    const std::string& root, std::string_view interface);

}  // namespace weft::bus::linux_host
