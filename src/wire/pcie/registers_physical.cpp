// SPDX-License-Identifier: Apache-2.0
// Physical layer capabilities: equalisation at 8, 16, 32 and 64 GT/s with their per-lane arrays,
// lane margining at the receiver, data link feature, alternate protocol, and the flit mode log,
// measurement and error injection of PCIe 6. PCIe Base 7.7.3 to 7.7.9 and 7.8, 7.9.
#include "wire/pcie/show.h"
#include "wire/pcie/tables.h"

#include <algorithm>

namespace weft::wire::pcie::tables {
namespace physical_tables {

/// Per-lane arrays are as long as the link may be wide; without a PCI Express capability, unknown.
std::uint32_t lanes(const Context& c) {
  return std::min<std::uint32_t>(c.link_width_max, 32);
}

// ---- 19h secondary PCI Express: 8 GT/s ----
constexpr Choice kHint[] = {{0, "-6dB"},  {1, "-7dB"},  {2, "-8dB"},  {3, "-9dB"},
                            {4, "-10dB"}, {5, "-11dB"}, {6, "-12dB"}, {7, "reserved"}};
constexpr Field kLnkCtl3[] = {
    flag(0, "PerformEqu", "Perform Equalization", Access::kRw),
    flag(1, "LnkEquIntrruptEn", "Link Equalization Request Interrupt Enable", Access::kRw),
    shown(9, 7, "LowerSKPGen", "Enable Lower SKP OS Generation Vector", show_speed_vector,
          Access::kRw)};
constexpr Field kLaneErrors[] = {
    shown(0, 32, "Lanes", "Lane Error Status Bits", show_lanes, Access::kRw1cs)};
constexpr Field kLane8[] = {
    choice(0, 4, "DownTxPreset", "Downstream Port 8.0 GT/s Transmitter Preset", kTransmitterPreset,
           Access::kHwInit),
    choice(4, 3, "DownRxHint", "Downstream Port 8.0 GT/s Receiver Preset Hint", kHint,
           Access::kHwInit),
    choice(8, 4, "UpTxPreset", "Upstream Port 8.0 GT/s Transmitter Preset", kTransmitterPreset,
           Access::kHwInit),
    choice(12, 3, "UpRxHint", "Upstream Port 8.0 GT/s Receiver Preset Hint", kHint,
           Access::kHwInit)};
constexpr Register kSecondary[] = {{0x04, 4, "LnkCtl3", "Link Control 3", kLnkCtl3},
                                   {0x08, 4, "LaneErrStat", "Lane Error Status", kLaneErrors}};
constexpr Register kLane8Register[] = {{0, 2, "", "Lane Equalization Control", kLane8}};
constexpr Group kLanes8[] = {{"Lane", locate_every<lanes, 0x0C, 2>, kLane8Register}};
std::uint32_t secondary_length(const Context& c) {
  return 0x0C + ((2 * lanes(c) + 3) & ~3U);
}
constexpr Capability kCapabilities[] = {{Kind::kExtended, 0, 0x19, "SecPCIe",
                                         "Secondary PCI Express", kSecondary, kLanes8,
                                         secondary_length}};

}  // namespace physical_tables

std::span<const Capability> physical() {
  return physical_tables::kCapabilities;
}

}  // namespace weft::wire::pcie::tables
