// SPDX-License-Identifier: Apache-2.0
#include "wire/pcie/show.h"
#include "wire/pcie/tables.h"

namespace weft::wire::pcie::tables {
namespace extended_tables {
constexpr Field kDword[] = {hex(0, 32, "Value", "Value", Access::kHwInit)};
constexpr Register kDsn[] = {{4, 4, "SerialLow", "Serial Number, lower dword", kDword},
                             {8, 4, "SerialHigh", "Serial Number, upper dword", kDword}};
constexpr Capability kCapabilities[] = {
    {Kind::kExtended, 0, 0x03, "DSN", "Device Serial Number", kDsn, {}, fixed_length<12>}};
}  // namespace extended_tables
std::span<const Capability> extended() {
  return extended_tables::kCapabilities;
}
std::span<const Capability> legacy() {
  return {};
}
std::span<const Capability> virtualisation() {
  return {};
}
std::span<const Capability> topology() {
  return {};
}
std::span<const Capability> security() {
  return {};
}
std::span<const Capability> cxl() {
  return {};
}
}  // namespace weft::wire::pcie::tables
