// SPDX-License-Identifier: Apache-2.0
// Extended capabilities of any function: serial number, power, isolation (ACS), routing (ARI),
// latency, low power, time, readiness, enclosure, hierarchy and vendor specific ones. PCIe Base 7.8
// and 7.9.
#include "wire/pcie/show.h"
#include "wire/pcie/tables.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace weft::wire::pcie::tables {
namespace extended_tables {

constexpr Field kDword[] = {hex(0, 32, "Value", "Value", Access::kHwInit)};
constexpr Field kQword[] = {hex(0, 64, "Value", "Value")};

// ---- 03h serial number: an EUI-64, highest byte first ----
std::string serial(const Context& c) {
  std::string out;
  for (std::size_t i = 8; i-- > 0;) {
    out += fmt::format("{:02x}{}", c.read(4 + i, 1), i == 0 ? "" : "-");
  }
  return out;
}
constexpr Register kDsn[] = {
    {4, 4, "SerialLow", "Serial Number, lower dword", kDword, nullptr, serial},
    {8, 4, "SerialHigh", "Serial Number, upper dword", kDword}};

// ---- 04h power budgeting ----
constexpr Choice kPbScale[] = {{0, "x1"}, {1, "x0.1"}, {2, "x0.01"}, {3, "x0.001"}};
constexpr Choice kPbState[] = {{0, "D0"}, {1, "D1"}, {2, "D2"}, {3, "D3"}};
constexpr Choice kPbType[] = {{0, "PME Aux"},
                              {1, "Auxiliary"},
                              {2, "Idle"},
                              {3, "Sustained"},
                              {4, "Sustained, Emergency Power Reduction"},
                              {5, "Maximum, Emergency Power Reduction"},
                              {7, "Maximum"}};
constexpr Choice kPbRail[] = {{0, "12V"}, {1, "3.3V"}, {2, "1.5V or 1.8V"}, {7, "Thermal"}};
constexpr Field kPbSelect[] = {number(0, 8, "Select", "Data Select", Access::kRw)};
constexpr Field kPbData[] = {number(0, 8, "Base", "Base Power"),
                             choice(8, 2, "Scale", "Data Scale", kPbScale),
                             shown(0, 10, "Power", "Power", show_power_limit, Access::kView),
                             number(10, 3, "SubState", "PM Sub State"),
                             choice(13, 2, "State", "PM State", kPbState),
                             choice(15, 3, "Type", "Type", kPbType),
                             choice(18, 3, "Rail", "Power Rail", kPbRail)};
constexpr Field kPbCap[] = {flag(0, "SystemAllocated", "System Allocated", Access::kHwInit)};
constexpr Register kPb[] = {{4, 1, "PBSelect", "Data Select", kPbSelect},
                            {8, 4, "PBData", "Data", kPbData},
                            {0xC, 1, "PBCap", "Power Budget Capability", kPbCap}};

// ---- 0Bh vendor specific ----
constexpr Field kVsecHeader[] = {hex(0, 16, "ID", "VSEC ID"), number(16, 4, "Rev", "VSEC Rev"),
                                 hex(20, 12, "Len", "VSEC Length")};
constexpr Register kVsec[] = {{4, 4, "VSEC", "Vendor-Specific Header", kVsecHeader}};
std::uint32_t vsec_length(const Context& c) {
  return std::max<std::uint32_t>(8, static_cast<std::uint32_t>(c.read(4, 4) >> 20));
}

// ---- 0Dh access control services ----
constexpr Choice kAcsTarget[] = {{0, "direct request access"},
                                 {1, "request blocking"},
                                 {2, "request redirect"},
                                 {3, "reserved"}};
template <Access access>
constexpr std::array<Field, 7> acs() {
  return {flag(0, "SrcValid", "ACS Source Validation", access),
          flag(1, "TransBlk", "ACS Translation Blocking", access),
          flag(2, "ReqRedir", "ACS P2P Request Redirect", access),
          flag(3, "CmpltRedir", "ACS P2P Completion Redirect", access),
          flag(4, "UpstreamFwd", "ACS Upstream Forwarding", access),
          flag(5, "EgressCtrl", "ACS P2P Egress Control", access),
          flag(6, "DirectTrans", "ACS Direct Translated P2P", access)};
}
constexpr std::array<Field, 9> acs_cap() {
  constexpr auto kBits = acs<Access::kRo>();
  std::array<Field, 9> out{};
  std::copy(kBits.begin(), kBits.end(), out.begin());
  out[7] = flag(7, "Enhanced", "ACS Enhanced Capability");
  out[8] = number(8, 8, "VectorSize", "Egress Control Vector Size", Access::kHwInit, "bits");
  return out;
}
constexpr std::array<Field, 11> acs_ctl() {
  constexpr auto kBits = acs<Access::kRw>();
  std::array<Field, 11> out{};
  std::copy(kBits.begin(), kBits.end(), out.begin());
  out[7] = flag(7, "IOBlk", "ACS I/O Request Blocking Enable", Access::kRw);
  out[8] =
      choice(8, 2, "DSPMemTarget", "ACS DSP Memory Target Access Control", kAcsTarget, Access::kRw);
  out[9] = choice(10, 2, "USPMemTarget", "ACS USP Memory Target Access Control", kAcsTarget,
                  Access::kRw);
  out[10] = flag(12, "UnclaimedRedir", "ACS Unclaimed Request Redirect Control", Access::kRw);
  return out;
}
constexpr auto kAcsCap = acs_cap();
constexpr auto kAcsCtl = acs_ctl();
constexpr Register kAcs[] = {{4, 2, "ACSCap", "ACS Capability", kAcsCap},
                             {6, 2, "ACSCtl", "ACS Control", kAcsCtl}};
std::uint32_t egress_dwords(const Context& c) {
  const std::uint64_t cap = c.read(4, 2);
  if ((cap & 0x20) == 0) {
    return 0;
  }
  const auto size = static_cast<std::uint32_t>(cap >> 8);
  return ((size == 0 ? 256 : size) + 31) / 32;
}
constexpr Field kEgress[] = {hex(0, 32, "Vector", "Egress Control Vector", Access::kRw)};
constexpr Register kEgressRegister[] = {{0, 4, "", "Egress Control Vector", kEgress}};
constexpr Group kAcsGroups[] = {
    {"EgressVector", locate_every<egress_dwords, 8, 4>, kEgressRegister}};
std::uint32_t acs_length(const Context& c) {
  return 8 + 4 * egress_dwords(c);
}

// ---- 0Eh alternative routing id ----
constexpr Field kAriCap[] = {flag(0, "MFVC", "MFVC Function Groups Capability"),
                             flag(1, "ACS", "ACS Function Groups Capability"),
                             number(8, 8, "Next Function", "Next Function Number")};
constexpr Field kAriCtl[] = {flag(0, "MFVC", "MFVC Function Groups Enable", Access::kRw),
                             flag(1, "ACS", "ACS Function Groups Enable", Access::kRw),
                             number(4, 3, "Function Group", "Function Group", Access::kRw)};
constexpr Register kAri[] = {{4, 2, "ARICap", "ARI Capability", kAriCap},
                             {6, 2, "ARICtl", "ARI Control", kAriCtl}};

// ---- 16h dynamic power allocation ----
constexpr Choice kDpaUnit[] = {{0, "1 ms"}, {1, "10 ms"}, {2, "100 ms"}};
constexpr Choice kDpaScale[] = {{0, "10 W"}, {1, "1 W"}, {2, "0.1 W"}, {3, "0.01 W"}};
constexpr Field kDpaCap[] = {number(0, 5, "Substates", "Substate_Max", Access::kRo, {}, 1),
                             choice(8, 2, "LatencyUnit", "Transition Latency Unit", kDpaUnit),
                             choice(12, 2, "PowerScale", "Power Allocation Scale", kDpaScale),
                             number(16, 8, "Latency0", "Transition Latency Value 0"),
                             number(24, 8, "Latency1", "Transition Latency Value 1")};
constexpr Field kDpaStatus[] = {
    number(0, 5, "Substate", "Substate Status"),
    flag(8, "ControlEnabled", "Substate Control Enabled", Access::kRw1c)};
constexpr Field kDpaControl[] = {number(0, 5, "Substate", "Substate Control", Access::kRw)};
constexpr Register kDpa[] = {{4, 4, "DPACap", "DPA Capability", kDpaCap},
                             {8, 4, "DPALatency", "DPA Latency Indicator", kDword},
                             {0xC, 2, "DPASta", "DPA Status", kDpaStatus},
                             {0xE, 2, "DPACtl", "DPA Control", kDpaControl}};
std::uint32_t dpa_substates(const Context& c) {
  return static_cast<std::uint32_t>(c.read(4, 1) & 0x1F) + 1;
}
constexpr Field kDpaPower[] = {number(0, 8, "Power", "Power Allocation Value")};
constexpr Register kDpaPowerRegister[] = {{0, 1, "", "DPA Power Allocation", kDpaPower}};
constexpr Group kDpaGroups[] = {
    {"Substate", locate_every<dpa_substates, 0x10, 1>, kDpaPowerRegister}};
std::uint32_t dpa_length(const Context& c) {
  return 0x10 + dpa_substates(c);
}

// ---- 18h latency tolerance, 1Eh L1 substates, 1Fh precision time ----
constexpr Field kLtrSnoop[] = {shown(0, 13, "Latency", "Max Snoop Latency", show_ltr, Access::kRw)};
constexpr Field kLtrNoSnoop[] = {
    shown(0, 13, "Latency", "Max No-Snoop Latency", show_ltr, Access::kRw)};
constexpr Register kLtr[] = {{4, 2, "Max snoop latency", "Max Snoop Latency", kLtrSnoop},
                             {6, 2, "Max no snoop latency", "Max No-Snoop Latency", kLtrNoSnoop}};

std::string show_threshold(std::uint64_t v) {
  return show_ltr((v & 0x3FF) | (v >> 13 & 7) << 10);
}
constexpr Field kL1Cap[] = {
    flag(0, "PCI-PM_L1.2", "PCI-PM L1.2 Supported", Access::kHwInit),
    flag(1, "PCI-PM_L1.1", "PCI-PM L1.1 Supported", Access::kHwInit),
    flag(2, "ASPM_L1.2", "ASPM L1.2 Supported", Access::kHwInit),
    flag(3, "ASPM_L1.1", "ASPM L1.1 Supported", Access::kHwInit),
    flag(4, "L1_PM_Substates", "L1 PM Substates Supported", Access::kHwInit),
    flag(5, "LinkActivation", "Link Activation Supported", Access::kHwInit),
    number(8, 8, "PortCommonModeRestoreTime", "Port Common_Mode_Restore_Time", Access::kHwInit,
           "us"),
    shown(16, 8, "PortTPowerOnTime", "Port T_POWER_ON", show_power_on, Access::kHwInit)};
constexpr Field kL1Ctl1[] = {
    flag(0, "PCI-PM_L1.2", "PCI-PM L1.2 Enable", Access::kRw),
    flag(1, "PCI-PM_L1.1", "PCI-PM L1.1 Enable", Access::kRw),
    flag(2, "ASPM_L1.2", "ASPM L1.2 Enable", Access::kRw),
    flag(3, "ASPM_L1.1", "ASPM L1.1 Enable", Access::kRw),
    flag(4, "LinkActivationInt", "Link Activation Interrupt Enable", Access::kRw),
    flag(5, "LinkActivationCtl", "Link Activation Control", Access::kRw),
    number(8, 8, "T_CommonMode", "Common_Mode_Restore_Time", Access::kRw, "us"),
    shown(16, 16, "LTR1.2_Threshold", "LTR_L1.2_THRESHOLD", show_threshold, Access::kRw)};
constexpr Field kL1Ctl2[] = {shown(0, 8, "T_PwrOn", "T_POWER_ON", show_power_on, Access::kRw)};
constexpr Field kL1Sta[] = {flag(0, "LinkActivation", "Link Activation Status", Access::kRw1c)};
constexpr Register kL1[] = {{4, 4, "L1SubCap", "L1 PM Substates Capabilities", kL1Cap},
                            {8, 4, "L1SubCtl1", "L1 PM Substates Control 1", kL1Ctl1},
                            {0xC, 4, "L1SubCtl2", "L1 PM Substates Control 2", kL1Ctl2},
                            {0x10, 4, "L1SubSta", "L1 PM Substates Status", kL1Sta,
                             [](const Context& c) { return c.version >= 2; }}};
std::uint32_t l1_length(const Context& c) {
  return c.version >= 2 ? 0x14 : 0x10;
}

constexpr Field kPtmCap[] = {
    flag(0, "Requester", "PTM Requester Capable", Access::kHwInit),
    flag(1, "Responder", "PTM Responder Capable", Access::kHwInit),
    flag(2, "Root", "PTM Root Capable", Access::kHwInit),
    flag(3, "ePTM", "ePTM Capable", Access::kHwInit),
    flag(4, "PropDelayAdapt", "PTM Propagation Delay Adaptation Capable", Access::kHwInit),
    shown(8, 8, "Granularity", "Local Clock Granularity", show_granularity, Access::kHwInit)};
constexpr Field kPtmCtl[] = {
    flag(0, "Enabled", "PTM Enable", Access::kRw),
    flag(1, "RootSelected", "Root Select", Access::kRw),
    shown(8, 8, "Granularity", "Effective Granularity", show_granularity, Access::kRw)};
constexpr Register kPtm[] = {{4, 4, "PTMCap", "PTM Capability", kPtmCap},
                             {8, 4, "PTMControl", "PTM Control", kPtmCtl}};

// ---- 21h FRS queueing, 22h readiness time ----
constexpr Field kFrsCap[] = {number(0, 12, "MaxDepth", "FRS Queue Max Depth"),
                             number(16, 5, "IntMsg", "FRS Interrupt Message Number")};
constexpr Field kFrsStatus[] = {flag(0, "Received", "FRS Message Received", Access::kRw1c),
                                flag(1, "Overflow", "FRS Message Overflow", Access::kRw1c)};
constexpr Field kFrsControl[] = {flag(0, "IntEn", "FRS Interrupt Enable", Access::kRw)};
constexpr Field kFrsMessage[] = {
    shown(0, 16, "Function", "FRS Message Queue Function ID", show_function),
    number(16, 4, "Reason", "FRS Message Queue Reason"),
    number(20, 12, "Depth", "FRS Message Queue Depth")};
constexpr Register kFrs[] = {{4, 4, "FRSCap", "FRS Queueing Capability", kFrsCap},
                             {8, 2, "FRSSta", "FRS Queueing Status", kFrsStatus},
                             {0xA, 2, "FRSCtl", "FRS Queueing Control", kFrsControl},
                             {0xC, 4, "FRSMsg", "FRS Message Queue", kFrsMessage}};
std::string show_readiness(std::uint64_t v) {  // 9-bit value, 3-bit scale of 32^scale ns
  return fmt::format("{} ns", (v & 0x1FF) << (5 * (v >> 9 & 7)));
}
constexpr Field kRtr1[] = {shown(0, 12, "ResetTime", "Reset Time", show_readiness),
                           shown(12, 12, "DLUpTime", "DL_Up Time", show_readiness),
                           flag(31, "Valid", "Valid")};
constexpr Field kRtr2[] = {shown(0, 12, "FLRTime", "FLR Time", show_readiness),
                           shown(12, 12, "D3hotD0Time", "D3hot to D0 Time", show_readiness)};
constexpr Register kRtr[] = {{4, 4, "RTR1", "Readiness Time Reporting 1", kRtr1},
                             {8, 4, "RTR2", "Readiness Time Reporting 2", kRtr2}};

// ---- 23h designated vendor specific of an unknown vendor or id ----
constexpr Field kDvsecHeader1[] = {hex(0, 16, "Vendor", "DVSEC Vendor ID"),
                                   number(16, 4, "Rev", "DVSEC Revision"),
                                   number(20, 12, "Len", "DVSEC Length", Access::kRo, "bytes")};
constexpr Field kDvsecHeader2[] = {hex(0, 16, "ID", "DVSEC ID")};
constexpr Register kDvsec[] = {
    {4, 4, "DVSEC1", "Designated Vendor-Specific Header 1", kDvsecHeader1},
    {8, 2, "DVSEC2", "Designated Vendor-Specific Header 2", kDvsecHeader2}};
std::uint32_t dvsec_length(const Context& c) {
  return std::max<std::uint32_t>(10, static_cast<std::uint32_t>(c.read(4, 4) >> 20));
}

// ---- 28h hierarchy id, 29h enclosure management, 2Ch SFI, 2Dh shadow functions ----
constexpr Register kHierarchy[] = {{4, 4, "HIDSta", "Hierarchy ID Status", kDword},
                                   {8, 8, "HIDData", "Hierarchy ID", kQword},
                                   {0x10, 4, "HIDGUID1", "System GUID, 1st dword", kDword},
                                   {0x14, 4, "HIDGUID2", "System GUID, 2nd dword", kDword},
                                   {0x18, 4, "HIDGUID3", "System GUID, 3rd dword", kDword},
                                   {0x1C, 4, "HIDGUID4", "System GUID, 4th dword", kDword},
                                   {0x20, 4, "HIDGUID5", "System GUID, 5th dword", kDword}};
template <Access access>
constexpr std::array<Field, 13> npem(std::string_view first_key, std::string_view first_name) {
  return {flag(0, first_key, first_name, access),
          flag(1, "Reset", "NPEM Reset", access),
          flag(2, "OK", "NPEM OK", access),
          flag(3, "Locate", "NPEM Locate", access),
          flag(4, "Fail", "NPEM Fail", access),
          flag(5, "Rebuild", "NPEM Rebuild", access),
          flag(6, "PFA", "NPEM PFA", access),
          flag(7, "HotSpare", "NPEM Hot Spare", access),
          flag(8, "CriticalArray", "NPEM In A Critical Array", access),
          flag(9, "FailedArray", "NPEM In A Failed Array", access),
          flag(10, "InvalidType", "NPEM Invalid Device Type", access),
          flag(11, "Disabled", "NPEM Disabled", access),
          hex(24, 8, "EnclosureSpecific", "Enclosure-specific", access)};
}
constexpr auto kNpemCap = npem<Access::kHwInit>("Capable", "NPEM Capable");
constexpr auto kNpemCtl = npem<Access::kRw>("Enable", "NPEM Enable");
constexpr Field kNpemSta[] = {flag(0, "Completed", "NPEM Command Completed", Access::kRw1c),
                              hex(24, 8, "EnclosureSpecific", "Enclosure-specific Status")};
constexpr Register kNpem[] = {{4, 4, "NPEMCap", "NPEM Capability", kNpemCap},
                              {8, 4, "NPEMCtl", "NPEM Control", kNpemCtl},
                              {0xC, 4, "NPEMSta", "NPEM Status", kNpemSta}};
constexpr Field kSfiCap[] = {flag(0, "OOBPD", "SFI OOB PD Supported", Access::kHwInit)};
constexpr Field kWord[] = {hex(0, 16, "Value", "Value")};
constexpr Register kSfi[] = {{4, 2, "SFICap", "SFI Capability", kSfiCap},
                             {6, 2, "SFICtl", "SFI Control", kWord},
                             {8, 2, "SFISta", "SFI Status", kWord},
                             {0xC, 4, "SFICAMAddr", "SFI CAM Address", kDword},
                             {0x10, 4, "SFICAMData", "SFI CAM Data", kDword}};
constexpr Register kShadow[] = {{4, 4, "SFCap", "Shadow Functions Capability", kDword},
                                {8, 4, "SFCtl", "Shadow Functions Control", kDword}};

// ---- 1Ah protocol multiplexing, 1Ch LN requester, 20h M-PCIe: withdrawn, their frames only ----
constexpr Register kPmux[] = {{4, 4, "PMUXCap", "PMUX Capability", kDword},
                              {8, 4, "PMUXCtl", "PMUX Control", kDword},
                              {0xC, 4, "PMUXSta", "PMUX Status", kDword}};
constexpr Field kLnCap[] = {flag(0, "64B", "LNR-64 Supported"),
                            flag(1, "128B", "LNR-128 Supported"),
                            number(8, 5, "MaxRegistrations", "LNR Registration Max")};
constexpr Field kLnCtl[] = {flag(0, "Enable", "LNR Enable", Access::kRw),
                            flag(1, "CLS", "LNR CLS", Access::kRw),
                            number(8, 5, "Limit", "LNR Registration Limit", Access::kRw)};
constexpr Register kLn[] = {{4, 2, "LNRCap", "LNR Capability", kLnCap},
                            {6, 2, "LNRCtl", "LNR Control", kLnCtl}};
constexpr Register kMpcie[] = {{4, 4, "MPCIeCap", "M-PCIe Capability", kDword},
                               {8, 4, "MPCIeCtl", "M-PCIe Control", kDword},
                               {0xC, 4, "MPCIeSta", "M-PCIe Status", kDword}};

constexpr Capability kCapabilities[] = {
    {Kind::kExtended, 0, 0x00, "Null", "Null", {}, {}, fixed_length<4>},
    {Kind::kExtended, 0, 0x03, "DSN", "Device Serial Number", kDsn, {}, fixed_length<12>},
    {Kind::kExtended, 0, 0x04, "PB", "Power Budgeting", kPb, {}, fixed_length<16>},
    {Kind::kExtended, 0, 0x0B, "VSEC", "Vendor Specific Information", kVsec, {}, vsec_length},
    {Kind::kExtended, 0, 0x0C, "CAC", "Configuration Access Correlation"},
    {Kind::kExtended, 0, 0x0D, "ACS", "Access Control Services", kAcs, kAcsGroups, acs_length},
    {Kind::kExtended,
     0,
     0x0E,
     "ARI",
     "Alternative Routing-ID Interpretation",
     kAri,
     {},
     fixed_length<8>},
    {Kind::kExtended, 0, 0x16, "DPA", "Dynamic Power Allocation", kDpa, kDpaGroups, dpa_length},
    {Kind::kExtended, 0, 0x18, "LTR", "Latency Tolerance Reporting", kLtr, {}, fixed_length<8>},
    {Kind::kExtended, 0, 0x1A, "PMUX", "Protocol Multiplexing", kPmux},
    {Kind::kExtended, 0, 0x1C, "LNR", "LN Requester", kLn, {}, fixed_length<8>},
    {Kind::kExtended, 0, 0x1E, "L1PM", "L1 PM Substates", kL1, {}, l1_length},
    {Kind::kExtended, 0, 0x1F, "PTM", "Precision Time Measurement", kPtm, {}, fixed_length<12>},
    {Kind::kExtended, 0, 0x20, "M-PCIe", "PCI Express over M-PHY", kMpcie},
    {Kind::kExtended, 0, 0x21, "FRS", "FRS Queueing", kFrs, {}, fixed_length<16>},
    {Kind::kExtended, 0, 0x22, "RTR", "Readiness Time Reporting", kRtr, {}, fixed_length<12>},
    {Kind::kExtended, 0, 0x23, "DVSEC", "Designated Vendor-Specific", kDvsec, {}, dvsec_length},
    {Kind::kExtended, 0, 0x28, "HierarchyID", "Hierarchy ID", kHierarchy, {}, fixed_length<0x24>},
    {Kind::kExtended,
     0,
     0x29,
     "NPEM",
     "Native PCIe Enclosure Management",
     kNpem,
     {},
     fixed_length<16>},
    {Kind::kExtended, 0, 0x2C, "SFI", "System Firmware Intermediary", kSfi, {}, fixed_length<0x14>},
    {Kind::kExtended, 0, 0x2D, "ShadowFunctions", "Shadow Functions", kShadow}};

}  // namespace extended_tables

std::span<const Capability> extended() {
  return extended_tables::kCapabilities;
}

}  // namespace weft::wire::pcie::tables
