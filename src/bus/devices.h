// SPDX-License-Identifier: Apache-2.0
// The doors of one host by which devices are asked and told at run time, beside its files: what
// actions, margining and out-of-band telemetry go through. A twin's machine has them; a Linux
// machine has them in bus/linux/devices.h; a capture has none.
#pragma once

#include "bus/config_space.h"
#include "bus/module_memory.h"
#include "bus/port_counters.h"
#include "bus/smbus.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace weft::bus {

enum class DoorKind : std::uint8_t {
  kConfigSpace,   ///< names are PCI addresses: "0000:3b:00.0"
  kSmbus,         ///< names of segments: "i2c-9"
  kModuleMemory,  ///< names of network interfaces or cages: "eth0"
  kPortCounters,  ///< names of ports: "switch0/port3"
};

class Devices {
 public:
  virtual ~Devices() = default;
  /// Names in order; empty where this host has none of the kind.
  [[nodiscard]] virtual std::vector<std::string> names(DoorKind kind) const = 0;
  /// kNotFound, with the nearest name; kPermissionDenied; kUnavailable. What is given must not
  /// outlive the host.
  [[nodiscard]] virtual base::Result<std::unique_ptr<ConfigSpace>> config_space(
      std::string_view name) = 0;
  [[nodiscard]] virtual base::Result<std::unique_ptr<Smbus>> smbus(std::string_view name) = 0;
  [[nodiscard]] virtual base::Result<std::unique_ptr<ModuleMemory>> module_memory(
      std::string_view name) = 0;
  [[nodiscard]] virtual base::Result<std::unique_ptr<PortCounters>> port_counters(
      std::string_view name) = 0;
};

}  // namespace weft::bus
