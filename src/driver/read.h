// SPDX-License-Identifier: Apache-2.0
// Reading small files of a host tree as values: every driver's first step from a path to a Reading.
#pragma once

#include "base/units.h"
#include "bus/host_tree.h"
#include "observe/reading.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weft::driver {

/// The file's text without surrounding white space.
[[nodiscard]] observe::Reading<std::string> read_text(const bus::HostTree& tree,
                                                      const std::string& path);
/// The file as an unsigned number ("0x" is taken); not a number is kGarbled.
[[nodiscard]] observe::Reading<std::uint64_t> read_number(const bus::HostTree& tree,
                                                          const std::string& path);

/// A PCI address "DDDD:BB:DD.F" (domain may have more digits).
struct PciAddress {
  std::uint32_t domain = 0;
  std::uint8_t bus = 0;
  std::uint8_t device = 0;
  std::uint8_t function = 0;
  friend auto operator<=>(const PciAddress&, const PciAddress&) = default;
};
/// nullopt where `text` is not an address; "3b:00.0" is taken with domain 0.
[[nodiscard]] std::optional<PciAddress> pci_address(std::string_view text);
[[nodiscard]] std::string text(const PciAddress& address);

/// The last PCI address among the components of a path ("…/0000:3b:00.0/net/eth0"); empty if none.
[[nodiscard]] std::string last_pci_address(std::string_view path);

/// A sysfs link speed: "32.0 GT/s PCIe", "8 GT/s", "2.5 GT/s". "Unknown" is kNotSupported.
[[nodiscard]] observe::Reading<base::TransferRate> pcie_rate(std::string_view sysfs_text);

}  // namespace weft::driver
