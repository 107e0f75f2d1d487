// SPDX-License-Identifier: Apache-2.0
// Capabilities for sharing and translating: SR-IOV, MR-IOV, ATS, PRI, PASID, multicast, resizable
// base addresses, TLP processing hints. PCIe Base 9.3 (SR-IOV), 10.5 (ATS,
// PRI), 7.8.6, 7.8.8, 7.9.11, 7.9.13.
#include "wire/pcie/show.h"
#include "wire/pcie/tables.h"

#include <algorithm>

#include <fmt/format.h>

namespace weft::wire::pcie::tables {
namespace virtualisation_tables {

constexpr Field kDword[] = {hex(0, 32, "Value", "Value")};
constexpr Field kQword[] = {hex(0, 64, "Value", "Value", Access::kRw)};
constexpr Field kNumber16[] = {number(0, 16, "Value", "Value")};

// ---- 0Fh address translation, 13h page requests, 1Bh PASID ----
constexpr Field kAtsCap[] = {hex(0, 5, "Invalidate Queue Depth", "Invalidate Queue Depth"),
                             flag(5, "PageAligned", "Page Aligned Request"),
                             flag(6, "GlobalInval", "Global Invalidate Supported"),
                             flag(7, "RlxdOrd", "Relaxed Ordering Supported")};
constexpr Field kAtsCtl[] = {
    hex(0, 5, "Smallest Translation Unit", "Smallest Translation Unit", Access::kRw),
    flag(15, "Enable", "ATS Enable", Access::kRw)};
constexpr Register kAts[] = {{4, 2, "ATSCap", "ATS Capability", kAtsCap},
                             {6, 2, "ATSCtl", "ATS Control", kAtsCtl}};
constexpr Field kPriCtl[] = {flag(0, "Enable", "Page Request Enable", Access::kRw),
                             flag(1, "Reset", "Page Request Reset", Access::kWo)};
constexpr Field kPriSta[] = {flag(0, "RF", "Response Failure", Access::kRw1c),
                             flag(1, "UPRGI", "Unexpected Page Request Group Index", Access::kRw1c),
                             flag(8, "Stopped", "Stopped"),
                             flag(15, "PASID", "PRG Response PASID Required")};
constexpr Field kPriAllocation[] = {
    hex(0, 32, "Value", "Outstanding Page Request Allocation", Access::kRw)};
constexpr Register kPri[] = {
    {4, 2, "PRICtl", "Page Request Control", kPriCtl},
    {6, 2, "PRISta", "Page Request Status", kPriSta},
    {8, 4, "Page Request Capacity", "Outstanding Page Request Capacity", kDword},
    {0xC, 4, "Page Request Allocation", "Outstanding Page Request Allocation", kPriAllocation}};
constexpr Field kPasidCap[] = {flag(1, "Exec", "Execute Permission Supported"),
                               flag(2, "Priv", "Privileged Mode Supported"),
                               flag(3, "Trans", "Translated Requests with PASID Supported"),
                               hex(8, 5, "Max PASID Width", "Max PASID Width")};
constexpr Field kPasidCtl[] = {
    flag(0, "Enable", "PASID Enable", Access::kRw),
    flag(1, "Exec", "Execute Permission Enable", Access::kRw),
    flag(2, "Priv", "Privileged Mode Enable", Access::kRw),
    flag(3, "Trans", "Translated Requests with PASID Enable", Access::kRw)};
constexpr Register kPasid[] = {{4, 2, "PASIDCap", "PASID Capability", kPasidCap},
                               {6, 2, "PASIDCtl", "PASID Control", kPasidCtl}};

// ---- 10h SR-IOV ----
constexpr Field kIovCap[] = {
    flag(0, "Migration", "VF Migration Capable"),
    flag(1, "ARIPreserved", "ARI Capable Hierarchy Preserved"),
    flag(2, "10BitTagReq", "VF 10-Bit Tag Requester Supported", Access::kHwInit),
    flag(3, "14BitTagReq", "VF 14-Bit Tag Requester Supported", Access::kHwInit),
    hex(21, 11, "Interrupt Message Number", "VF Migration Interrupt Message Number")};
constexpr Field kIovCtl[] = {flag(0, "Enable", "VF Enable", Access::kRw),
                             flag(1, "Migration", "VF Migration Enable", Access::kRw),
                             flag(2, "Interrupt", "VF Migration Interrupt Enable", Access::kRw),
                             flag(3, "MSE", "VF MSE", Access::kRw),
                             flag(4, "ARIHierarchy", "ARI Capable Hierarchy", Access::kRw),
                             flag(5, "10BitTagReq", "VF 10-Bit Tag Requester Enable", Access::kRw),
                             flag(6, "14BitTagReq", "VF 14-Bit Tag Requester Enable", Access::kRw)};
constexpr Field kIovSta[] = {flag(0, "Migration", "VF Migration Status", Access::kRw1c)};
constexpr Field kNumVfs[] = {number(0, 16, "Value", "NumVFs", Access::kRw)};
constexpr Field kByte[] = {hex(0, 8, "Value", "Value")};
constexpr Field kVfDevice[] = {hex(0, 16, "Value", "VF Device ID")};
constexpr Field kPages[] = {hex(0, 32, "Value", "Page Size, bit n is 2^(n+12)"),
                            shown(0, 32, "Sizes", "Page Sizes", show_page_sizes, Access::kView)};
constexpr Field kVfBar[] = {
    flag(0, "I/O", "Memory Space Indicator"), flag(2, "64bit", "64-bit"),
    flag(3, "Prefetchable", "Prefetchable"),
    shown(
        4, 28, "Address", "Base Address 31:4",
        [](std::uint64_t v) { return fmt::format("{:08x}", v << 4); }, Access::kRw)};
constexpr Field kVfMigration[] = {
    number(0, 3, "BIR", "VF Migration State BIR"),
    shown(3, 29, "offset", "VF Migration State Offset",
          [](std::uint64_t v) { return fmt::format("{:08x}", v << 3); })};
constexpr Register kIov[] = {
    {4, 4, "IOVCap", "SR-IOV Capabilities", kIovCap},
    {8, 2, "IOVCtl", "SR-IOV Control", kIovCtl},
    {0xA, 2, "IOVSta", "SR-IOV Status", kIovSta},
    {0xC, 2, "Initial VFs", "InitialVFs", kNumber16},
    {0xE, 2, "Total VFs", "TotalVFs", kNumber16},
    {0x10, 2, "Number of VFs", "NumVFs", kNumVfs},
    {0x12, 1, "Function Dependency Link", "Function Dependency Link", kByte},
    {0x14, 2, "VF offset", "First VF Offset", kNumber16},
    {0x16, 2, "stride", "VF Stride", kNumber16},
    {0x1A, 2, "Device ID", "VF Device ID", kVfDevice},
    {0x1C, 4, "Supported Page Size", "Supported Page Sizes", kPages},
    {0x20, 4, "System Page Size", "System Page Size", kPages},
    {0x3C, 4, "VF Migration", "VF Migration State Array Offset", kVfMigration}};
std::uint32_t six(const Context&) {
  return 6;
}
constexpr Register kVfBarRegister[] = {{0, 4, "", "VF Base Address", kVfBar}};
constexpr Group kVfBars[] = {{"VFBAR", locate_every<six, 0x24, 4>, kVfBarRegister}};
constexpr Register kMrIov[] = {{4, 4, "MRIOVCap", "MR-IOV Capabilities", kDword},
                               {8, 4, "MRIOVCtl", "MR-IOV Control", kDword},
                               {0xC, 4, "MRIOVSta", "MR-IOV Status", kDword}};

// ---- 12h multicast ----
constexpr Field kMcCap[] = {
    number(0, 6, "MaxGroups", "MC_Max_Group", Access::kRo, {}, 1),
    number(8, 6, "WindowSz", "MC_Window_Size_Requested", Access::kRo, "(log2 of bytes)"),
    flag(15, "ECRCRegen", "MC_ECRC_Regeneration_Supported")};
constexpr Field kMcCtl[] = {number(0, 6, "NumGroups", "MC_Num_Group", Access::kRw, {}, 1),
                            flag(15, "Enable", "MC_Enable", Access::kRw)};
constexpr Field kMcBar[] = {
    number(0, 6, "IndexPos", "MC_Index_Position", Access::kRw),
    shown(
        12, 52, "BaseAddr", "MC_Base_Address",
        [](std::uint64_t v) { return fmt::format("{:016x}", v << 12); }, Access::kRw)};
constexpr Field kMcOverlay[] = {
    number(0, 6, "OverlaySize", "MC_Overlay_Size", Access::kRw),
    shown(
        6, 58, "BaseAddr", "MC_Overlay_BAR",
        [](std::uint64_t v) { return fmt::format("{:016x}", v << 6); }, Access::kRw)};
/// Ports have an overlay; endpoints end before it.
bool is_mc_port(const Context& c) {
  return c.port_type != 0x0 && c.port_type != 0x9;
}
constexpr Register kMulticast[] = {
    {4, 2, "McastCap", "Multicast Capability", kMcCap},
    {6, 2, "McastCtl", "Multicast Control", kMcCtl},
    {8, 8, "McastBAR", "MC_Base_Address", kMcBar},
    {0x10, 8, "McastReceiveVec", "MC_Receive", kQword},
    {0x18, 8, "McastBlockAllVec", "MC_Block_All", kQword},
    {0x20, 8, "McastBlockUntransVec", "MC_Block_Untranslated", kQword},
    {0x28, 8, "McastOverlayBAR", "MC_Overlay_BAR", kMcOverlay, is_mc_port}};
std::uint32_t multicast_length(const Context& c) {
  return is_mc_port(c) ? 0x30 : 0x28;
}

// ---- 15h and 24h resizable base addresses ----
constexpr Field kRebarCap[] = {
    shown(4, 28, "supported", "BAR Sizes Supported, 1 MB to 128 TB", show_rebar_sizes)};
constexpr Field kRebarCtl[] = {
    number(0, 3, "BAR", "BAR Index"), number(5, 3, "Count", "Number of Resizable BARs"),
    shown(8, 6, "current size", "BAR Size", show_rebar_size, Access::kRw),
    shown(16, 16, "ExtendedSizes", "BAR Sizes Supported, 256 TB and up",
          [](std::uint64_t v) { return show_rebar_sizes(v << 28); })};
std::uint32_t rebars(const Context& c) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(c.read(8, 4) >> 5 & 7, 6));
}
constexpr Register kRebarRegisters[] = {{0, 4, "Cap", "Resizable BAR Capability", kRebarCap},
                                        {4, 4, "Ctl", "Resizable BAR Control", kRebarCtl}};
constexpr Group kRebars[] = {{"Entry", locate_every<rebars, 4, 8>, kRebarRegisters}};
std::uint32_t rebar_length(const Context& c) {
  return 4 + 8 * rebars(c);
}

// ---- 17h TLP processing hints ----
constexpr Choice kStLocation[] = {{0, "no steering table"},
                                  {1, "in TPH capability structure"},
                                  {2, "in MSI-X table"},
                                  {3, "reserved"}};
constexpr Choice kStMode[] = {
    {0, "No ST Mode"}, {1, "Interrupt Vector Mode"}, {2, "Device Specific Mode"}};
constexpr Choice kTphEnable[] = {
    {0, "disabled"}, {1, "TPH only"}, {2, "reserved"}, {3, "TPH and Extended TPH"}};
constexpr Field kTphCap[] = {flag(0, "NoST", "No ST Mode Supported"),
                             flag(1, "IntVec", "Interrupt Vector Mode Supported"),
                             flag(2, "DevSpec", "Device Specific Mode Supported"),
                             flag(8, "ExtReq", "Extended TPH Requester Supported"),
                             choice(9, 2, "STLocation", "ST Table Location", kStLocation),
                             number(16, 11, "STSize", "ST Table Size", Access::kRo, {}, 1)};
constexpr Field kTphCtl[] = {
    choice(0, 3, "Mode", "ST Mode Select", kStMode, Access::kRw),
    choice(8, 2, "Enable", "TPH Requester Enable", kTphEnable, Access::kRw)};
constexpr Field kSteering[] = {hex(0, 8, "Lower", "ST Lower", Access::kRw),
                               hex(8, 8, "Upper", "ST Upper", Access::kRw)};
constexpr Register kTph[] = {{4, 4, "TPHCap", "TPH Requester Capability", kTphCap},
                             {8, 4, "TPHCtl", "TPH Requester Control", kTphCtl}};
std::uint32_t steering_entries(const Context& c) {
  const std::uint64_t cap = c.read(4, 4);
  return (cap >> 9 & 3) == 1 ? std::min(static_cast<std::uint32_t>(cap >> 16 & 0x7FF) + 1, 64U) : 0;
}
constexpr Register kSteeringRegister[] = {{0, 2, "", "ST Table Entry", kSteering}};
constexpr Group kSteeringTable[] = {
    {"ST", locate_every<steering_entries, 0xC, 2>, kSteeringRegister}};
std::uint32_t tph_length(const Context& c) {
  return 0xC + 2 * steering_entries(c);
}

constexpr Capability kCapabilities[] = {
    {Kind::kExtended, 0, 0x0F, "ATS", "Address Translation Service", kAts, {}, fixed_length<8>},
    {Kind::kExtended, 0, 0x10, "SR-IOV", "Single Root I/O Virtualization", kIov, kVfBars,
     fixed_length<0x40>},
    {Kind::kExtended, 0, 0x11, "MR-IOV", "Multi-Root I/O Virtualization", kMrIov},
    {Kind::kExtended, 0, 0x12, "Multicast", "Multicast", kMulticast, {}, multicast_length},
    {Kind::kExtended, 0, 0x13, "PRI", "Page Request Interface", kPri, {}, fixed_length<16>},
    {Kind::kExtended, 0, 0x15, "ReBAR", "Resizable BAR", {}, kRebars, rebar_length},
    {Kind::kExtended, 0, 0x17, "TPH", "TPH Requester", kTph, kSteeringTable, tph_length},
    {Kind::kExtended, 0, 0x1B, "PASID", "Process Address Space ID", kPasid, {}, fixed_length<8>},
    {Kind::kExtended, 0, 0x24, "VF-ReBAR", "VF Resizable BAR", {}, kRebars, rebar_length}};

}  // namespace virtualisation_tables

std::span<const Capability> virtualisation() {
  return virtualisation_tables::kCapabilities;
}

}  // namespace weft::wire::pcie::tables
