// SPDX-License-Identifier: Apache-2.0
// Virtual channels (02h, 08h, 09h, streamlined 35h) and what a root complex says of itself: link
// declaration, internal link, event collector, register block. PCIe Base 7.9.1, 7.9.2, 7.9.8
// to 7.9.10, 7.9.7, 7.9.29.
#include "wire/pcie/show.h"
#include "wire/pcie/tables.h"

#include <algorithm>

#include <fmt/format.h>

namespace weft::wire::pcie::tables {
namespace topology_tables {

constexpr Field kDword[] = {hex(0, 32, "Value", "Value")};

// ---- virtual channels ----
constexpr Choice kRefClock[] = {{0, "100ns"}};
constexpr Choice kPortArbitration[] = {{0, "Fixed"}, {1, "WRR32"}, {2, "WRR64"}, {3, "WRR128"}};
constexpr Choice kVcArbitration[] = {{0, "Fixed"},  {1, "WRR32"},   {2, "WRR64"},
                                     {3, "WRR128"}, {4, "TWRR128"}, {5, "WRR256"}};
constexpr Field kPortCap1[] = {
    number(0, 3, "EVC", "Extended VC Count"),
    number(4, 3, "LPEVC", "Low Priority Extended VC Count"),
    choice(8, 2, "RefClk", "Reference Clock", kRefClock),
    shown(10, 2, "PATEntryBits", "Port Arbitration Table Entry Size", show_power_of_two)};
constexpr Field kPortCap2[] = {
    flag(0, "Fixed", "Hardware fixed arbitration"),
    flag(1, "WRR32", "Weighted Round Robin, 32 phases"),
    flag(2, "WRR64", "Weighted Round Robin, 64 phases"),
    flag(3, "WRR128", "Weighted Round Robin, 128 phases"),
    number(24, 8, "TableOffset", "VC Arbitration Table Offset", Access::kRo, "x 16 bytes")};
constexpr Field kPortControl[] = {
    flag(0, "Load", "Load VC Arbitration Table", Access::kRw),
    choice(1, 3, "ArbSelect", "VC Arbitration Select", kPortArbitration, Access::kRw)};
constexpr Field kPortStatus[] = {flag(0, "InProgress", "VC Arbitration Table Status")};
constexpr Field kVcCap[] = {
    flag(0, "Fixed", "Hardware fixed arbitration"),
    flag(1, "WRR32", "Weighted Round Robin, 32 phases"),
    flag(2, "WRR64", "Weighted Round Robin, 64 phases"),
    flag(3, "WRR128", "Weighted Round Robin, 128 phases"),
    flag(4, "TWRR128", "Time-based Weighted Round Robin, 128 phases"),
    flag(5, "WRR256", "Weighted Round Robin, 256 phases"),
    flag(15, "RejSnoopTrans", "Reject Snoop Transactions", Access::kHwInit),
    number(16, 7, "MaxTimeSlots", "Maximum Time Slots", Access::kHwInit, {}, 1),
    hex(24, 8, "PATOffset", "Port Arbitration Table Offset")};
constexpr Field kVcControl[] = {
    hex(0, 8, "TC/VC", "TC/VC Map", Access::kRw),
    flag(16, "Load", "Load Port Arbitration Table", Access::kRw),
    choice(17, 3, "ArbSelect", "Port Arbitration Select", kVcArbitration, Access::kRw),
    number(24, 3, "ID", "VC ID", Access::kRw), flag(31, "Enable", "VC Enable", Access::kRw)};
constexpr Field kVcStatus[] = {flag(0, "InProgress", "Port Arbitration Table Status"),
                               flag(1, "NegoPending", "VC Negotiation Pending")};
constexpr Register kVc[] = {{4, 4, "Caps", "Port VC Capability 1", kPortCap1},
                            {8, 4, "Arb", "Port VC Capability 2", kPortCap2},
                            {0xC, 2, "Ctrl", "Port VC Control", kPortControl},
                            {0xE, 2, "Status", "Port VC Status", kPortStatus}};
constexpr Register kVcResource[] = {{0, 4, "Caps", "VC Resource Capability", kVcCap},
                                    {4, 4, "Ctrl", "VC Resource Control", kVcControl},
                                    {0xA, 2, "Status", "VC Resource Status", kVcStatus}};
std::uint32_t vcs(const Context& c) {
  return static_cast<std::uint32_t>(c.read(4, 1) & 7) + 1;
}
constexpr Group kVcGroups[] = {{"VC", locate_every<vcs, 0x10, 0xC>, kVcResource}};
/// Arbitration tables, where there are any, follow the resources; they are given as raw bytes.
std::uint32_t vc_length(const Context& c) {
  const bool tables = (c.read(8, 4) >> 24) != 0;
  return tables ? 0 : 0x10 + 0xC * vcs(c);
}
constexpr Field kSvcCap[] = {number(0, 3, "EVC", "SVC Extended VC Count")};
constexpr Field kSvcControl[] = {hex(0, 8, "TC/VC", "TC/VC Map", Access::kRw),
                                 number(24, 3, "ID", "VC ID", Access::kRw),
                                 flag(31, "Enable", "VC Enable", Access::kRw)};
constexpr Register kSvc[] = {{4, 4, "SVCCap1", "SVC Port Capability 1", kSvcCap},
                             {8, 4, "SVCCap2", "SVC Port Capability 2", kDword},
                             {0xC, 4, "SVCPort", "SVC Port Control and Status", kDword}};
constexpr Register kSvcResource[] = {{0, 4, "Caps", "SVC Resource Capability", kDword},
                                     {4, 4, "Ctrl", "SVC Resource Control", kSvcControl},
                                     {8, 4, "Status", "SVC Resource Status", kDword}};
constexpr Group kSvcGroups[] = {{"VC", locate_every<vcs, 0x10, 0xC>, kSvcResource}};
std::uint32_t svc_length(const Context& c) {
  return 0x10 + 0xC * vcs(c);
}

// ---- 05h link declaration ----
constexpr Choice kElement[] = {{0, "Config"}, {1, "Egress"}, {2, "Internal"}};
constexpr Choice kLinkType[] = {{0, "MemMapped"}, {1, "Config"}};
constexpr Field kElementSelf[] = {choice(0, 4, "EltType", "Element Type", kElement),
                                  number(8, 8, "Links", "Number of Link Entries", Access::kHwInit),
                                  hex(16, 8, "ComponentID", "Component ID", Access::kHwInit),
                                  hex(24, 8, "PortNumber", "Port Number", Access::kHwInit)};
constexpr Field kLinkDescription[] = {
    flag(0, "LinkValid", "Link Valid", Access::kHwInit),
    choice(1, 1, "LinkType", "Link Type", kLinkType, Access::kHwInit),
    flag(2, "AssocRCRB", "Associate RCRB Header", Access::kHwInit),
    hex(16, 8, "TargetComponent", "Target Component ID", Access::kHwInit),
    hex(24, 8, "TargetPort", "Target Port Number", Access::kHwInit)};
constexpr Field kLinkAddress[] = {hex(0, 64, "Address", "Link Address", Access::kHwInit)};
constexpr Register kDeclaration[] = {{4, 4, "Desc", "Element Self Description", kElementSelf}};
constexpr Register kLinkEntry[] = {{0, 4, "Desc", "Link Description", kLinkDescription},
                                   {8, 8, "Addr", "Link Address", kLinkAddress}};
std::uint32_t link_entries(const Context& c) {
  return static_cast<std::uint32_t>(c.read(5, 1));
}
constexpr Group kLinks[] = {{"Link", locate_every<link_entries, 0x10, 0x10>, kLinkEntry}};
std::uint32_t declaration_length(const Context& c) {
  return 0x10 + 0x10 * link_entries(c);
}

// ---- 06h internal link: a link's registers without a port ----
constexpr Choice kAspmSupport[] = {{0, "not supported"}, {1, "L0s"}, {2, "L1"}, {3, "L0s L1"}};
constexpr Choice kAspmControl[] = {
    {0, "Disabled"}, {1, "L0s Enabled"}, {2, "L1 Enabled"}, {3, "L0s L1 Enabled"}};
constexpr Field kInternalCap[] = {
    shown(0, 4, "Speed", "Max Link Speed", show_speed),
    shown(4, 6, "Width", "Maximum Link Width", show_width),
    choice(10, 2, "ASPM", "ASPM Support", kAspmSupport),
    choice(12, 3, "ExitLatencyL0s", "L0s Exit Latency", kLatencyL0s),
    choice(15, 3, "ExitLatencyL1", "L1 Exit Latency", kLatencyL1),
    shown(18, 7, "Supported Link Speeds", "Supported Link Speeds Vector", show_speed_vector)};
constexpr Field kInternalCtl[] = {choice(0, 2, "ASPM", "ASPM Control", kAspmControl, Access::kRw),
                                  flag(7, "ExtSynch", "Extended Synch", Access::kRw)};
constexpr Field kInternalSta[] = {shown(0, 4, "Speed", "Current Link Speed", show_speed),
                                  shown(4, 6, "Width", "Negotiated Link Width", show_width)};
constexpr Register kInternal[] = {
    {4, 4, "RCLnkCap", "Root Complex Link Capabilities", kInternalCap},
    {8, 2, "RCLnkCtl", "Root Complex Link Control", kInternalCtl},
    {0xA, 2, "RCLnkSta", "Root Complex Link Status", kInternalSta}};

// ---- 07h event collector, 0Ah register block ----
constexpr Field kRciepBitmap[] = {shown(
    0, 32, "RCiEPBitmap", "Associated Device Bitmap",
    [](std::uint64_t v) {
      return v == 0 ? std::string("none") : "device " + show_lanes(v).substr(6);
    },
    Access::kHwInit)};
constexpr Field kAssociatedBus[] = {hex(8, 8, "Next", "RCEC Next Bus", Access::kHwInit),
                                    hex(16, 8, "Last", "RCEC Last Bus", Access::kHwInit)};
constexpr Register kCollector[] = {
    {4, 4, "RCiEPBitmap", "Association Bitmap for RCiEPs", kRciepBitmap},
    {8, 4, "AssociatedBusNumbers", "RCEC Associated Bus Numbers", kAssociatedBus,
     [](const Context& c) { return c.version >= 2; }}};
std::uint32_t collector_length(const Context& c) {
  return c.version >= 2 ? 12 : 8;
}
constexpr Field kRcrbIds[] = {hex(0, 16, "Vendor", "Vendor ID"),
                              hex(16, 16, "Device", "Device ID")};
constexpr Field kRcrbCap[] = {flag(0, "CRSVisible", "Configuration RRS Software Visibility")};
constexpr Field kRcrbCtl[] = {
    flag(0, "CRSVisible", "Configuration RRS Software Visibility Enable", Access::kRw)};
constexpr Register kRcrb[] = {{4, 4, "RCRBIDs", "Vendor and Device ID", kRcrbIds},
                              {8, 4, "RCRBCap", "RCRB Capabilities", kRcrbCap},
                              {0xC, 4, "RCRBCtl", "RCRB Control", kRcrbCtl}};

constexpr Capability kCapabilities[] = {
    {Kind::kExtended, 0, 0x02, "VC", "Virtual Channel", kVc, kVcGroups, vc_length},
    {Kind::kExtended, 0, 0x05, "RCLink", "Root Complex Link Declaration", kDeclaration, kLinks,
     declaration_length},
    {Kind::kExtended,
     0,
     0x06,
     "RCInternalLink",
     "Root Complex Internal Link Control",
     kInternal,
     {},
     fixed_length<12>},
    {Kind::kExtended,
     0,
     0x07,
     "RCEC",
     "Root Complex Event Collector Endpoint Association",
     kCollector,
     {},
     collector_length},
    {Kind::kExtended, 0, 0x08, "MFVC", "Multi-Function Virtual Channel", kVc, kVcGroups, vc_length},
    {Kind::kExtended, 0, 0x09, "VC9", "Virtual Channel (with MFVC)", kVc, kVcGroups, vc_length},
    {Kind::kExtended, 0, 0x0A, "RCRB", "RCRB Header", kRcrb, {}, fixed_length<0x14>},
    {Kind::kExtended, 0, 0x35, "SVC", "Streamlined Virtual Channel", kSvc, kSvcGroups, svc_length}};

}  // namespace topology_tables

std::span<const Capability> topology() {
  return topology_tables::kCapabilities;
}

}  // namespace weft::wire::pcie::tables
