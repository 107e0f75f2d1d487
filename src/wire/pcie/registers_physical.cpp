// SPDX-License-Identifier: Apache-2.0
// Physical layer capabilities: equalisation at 8, 16, 32 and 64 GT/s with their per-lane arrays,
// lane margining at the receiver, data link feature, alternate protocol. PCIe Base 7.7.3
// to 7.7.10, 7.9.21. Flit logging and its kin are in registers_flit.cpp.
#include "wire/pcie/show.h"
#include "wire/pcie/tables.h"

#include <algorithm>
#include <array>

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

// ---- 26h 16 GT/s, 2Ah 32 GT/s, 31h 64 GT/s: one equalisation status, one byte per lane ----
constexpr Field kDword[] = {hex(0, 32, "Value", "Value")};
constexpr Field kParity[] = {
    shown(0, 32, "Lanes", "Data Parity Mismatch", show_lanes, Access::kRw1cs)};
constexpr Field kLaneByte[] = {choice(0, 4, "DownTxPreset", "Downstream Port Transmitter Preset",
                                      kTransmitterPreset, Access::kHwInit),
                               choice(4, 4, "UpTxPreset", "Upstream Port Transmitter Preset",
                                      kTransmitterPreset, Access::kHwInit)};
constexpr Register kLaneByteRegister[] = {{0, 1, "", "Lane Equalization Control", kLaneByte}};
constexpr Group kLanes16And32[] = {{"Lane", locate_every<lanes, 0x20, 1>, kLaneByteRegister}};
constexpr Group kLanes64[] = {{"Lane", locate_every<lanes, 0x10, 1>, kLaneByteRegister}};
std::uint32_t lanes_16_length(const Context& c) {
  return 0x20 + ((lanes(c) + 3) & ~3U);
}
std::uint32_t lanes_64_length(const Context& c) {
  return 0x10 + ((lanes(c) + 3) & ~3U);
}

constexpr Field kSta16[] = {
    flag(0, "EquComplete", "Equalization 16.0 GT/s Complete", Access::kRos),
    flag(1, "EquPhase1", "Equalization 16.0 GT/s Phase 1 Successful", Access::kRos),
    flag(2, "EquPhase2", "Equalization 16.0 GT/s Phase 2 Successful", Access::kRos),
    flag(3, "EquPhase3", "Equalization 16.0 GT/s Phase 3 Successful", Access::kRos),
    flag(4, "LinkEquRequest", "Link Equalization Request 16.0 GT/s", Access::kRw1cs)};
constexpr Register k16[] = {
    {0x04, 4, "Phy16Cap", "16.0 GT/s Capabilities", kDword},
    {0x08, 4, "Phy16Ctl", "16.0 GT/s Control", kDword},
    {0x0C, 4, "Phy16Sta", "16.0 GT/s Status", kSta16},
    {0x10, 4, "Phy16Parity", "16.0 GT/s Local Data Parity Mismatch Status", kParity},
    {0x14, 4, "Phy16Retimer1", "16.0 GT/s First Retimer Data Parity Mismatch Status", kParity},
    {0x18, 4, "Phy16Retimer2", "16.0 GT/s Second Retimer Data Parity Mismatch Status", kParity}};

constexpr Choice kModTsMode[] = {
    {0, "PCI Express"}, {1, "Training Set Messages"}, {2, "Alternate Protocol Negotiation"}};
constexpr Choice kEnhancedLink[] = {{0, "Full Equalization required"},
                                    {1, "Equalization bypass to highest rate support"},
                                    {2, "No Equalization Needed"},
                                    {3, "Modified TS1/TS2 Ordered Sets supported"}};
constexpr Field kCap32[] = {
    flag(0, "EqualizationBypass", "Equalization bypass to highest rate Supported", Access::kHwInit),
    flag(1, "NoEqualizationNeeded", "No Equalization Needed Supported", Access::kHwInit),
    flag(8, "ModTsMode0", "Modified TS Usage Mode 0 Supported - PCI Express"),
    flag(9, "ModTsMode1", "Modified TS Usage Mode 1 Supported - Training Set Message",
         Access::kHwInit),
    flag(10, "ModTsMode2", "Modified TS Usage Mode 2 Supported - Alternate Protocol",
         Access::kHwInit)};
constexpr Field kCtl32[] = {
    flag(0, "EqualizationBypassDis", "Equalization bypass to highest rate Disable", Access::kRws),
    flag(1, "NoEqualizationNeededDis", "No Equalization Needed Disable", Access::kRws),
    choice(8, 3, "Modified TS Usage Mode", "Modified TS Usage Mode Selected", kModTsMode,
           Access::kRws)};
constexpr Field kSta32[] = {
    flag(0, "EquComplete", "Equalization 32.0 GT/s Complete", Access::kRos),
    flag(1, "EquPhase1", "Equalization 32.0 GT/s Phase 1 Successful", Access::kRos),
    flag(2, "EquPhase2", "Equalization 32.0 GT/s Phase 2 Successful", Access::kRos),
    flag(3, "EquPhase3", "Equalization 32.0 GT/s Phase 3 Successful", Access::kRos),
    flag(4, "LinkEquRequest", "Link Equalization Request 32.0 GT/s", Access::kRw1cs),
    flag(5, "ModTsRecv", "Modified TS Received", Access::kRos),
    choice(6, 2, "Received Enhanced Link Behavior Control",
           "Received Enhanced Link Behavior Control", kEnhancedLink, Access::kRos),
    flag(8, "TxPrecodeOn", "Transmitter Precoding On", Access::kRos),
    flag(9, "TxPrecodeReq", "Transmitter Precode Request", Access::kRos),
    flag(10, "NoEqualizationNeededRecv", "No Equalization Needed Received", Access::kRos)};
constexpr Field kModTs1[] = {number(0, 3, "UsageMode", "Modified TS Usage Mode"),
                             hex(3, 13, "Info1", "Modified TS Information 1"),
                             hex(16, 16, "Vendor", "Modified TS Vendor ID")};
constexpr Field kModTs2[] = {hex(0, 24, "Info2", "Modified TS Information 2"),
                             number(24, 2, "Negotiation", "Alternate Protocol Negotiation Status")};
constexpr Register k32[] = {{0x04, 4, "Phy32Cap", "32.0 GT/s Capabilities", kCap32},
                            {0x08, 4, "Phy32Ctl", "32.0 GT/s Control", kCtl32},
                            {0x0C, 4, "Phy32Sta", "32.0 GT/s Status", kSta32},
                            {0x10, 4, "RxModTs1", "Received Modified TS Data 1", kModTs1},
                            {0x14, 4, "RxModTs2", "Received Modified TS Data 2", kModTs2},
                            {0x18, 4, "TxModTs1", "Transmitted Modified TS Data 1", kModTs1},
                            {0x1C, 4, "TxModTs2", "Transmitted Modified TS Data 2", kModTs2}};
constexpr Field kSta64[] = {
    flag(0, "EquComplete", "Equalization 64.0 GT/s Complete", Access::kRos),
    flag(1, "EquPhase1", "Equalization 64.0 GT/s Phase 1 Successful", Access::kRos),
    flag(2, "EquPhase2", "Equalization 64.0 GT/s Phase 2 Successful", Access::kRos),
    flag(3, "EquPhase3", "Equalization 64.0 GT/s Phase 3 Successful", Access::kRos),
    flag(4, "LinkEquRequest", "Link Equalization Request 64.0 GT/s", Access::kRw1cs),
    flag(5, "TxPrecodeOn", "Transmitter Precoding On", Access::kRos),
    flag(6, "TxPrecodeReq", "Transmitter Precode Request", Access::kRos),
    flag(7, "NoEqualizationNeededRecv", "No Equalization Needed Received", Access::kRos)};
constexpr Register k64[] = {{0x04, 4, "Phy64Cap", "64.0 GT/s Capabilities", kDword},
                            {0x08, 4, "Phy64Ctl", "64.0 GT/s Control", kDword},
                            {0x0C, 4, "Phy64Sta", "64.0 GT/s Status", kSta64}};

// ---- 27h lane margining at the receiver ----
constexpr Choice kUsage[] = {{0, "margining"}, {1, "reserved"}};
template <Access access>
constexpr std::array<Field, 4> margining() {
  return {number(0, 3, "Receiver", "Receiver Number", access),
          hex(3, 3, "Type", "Margin Type", access),
          choice(6, 1, "Usage", "Usage Model", kUsage, access),
          hex(8, 8, "Payload", "Margin Payload", access)};
}
constexpr auto kMarginCtl = margining<Access::kRw>();
constexpr auto kMarginSta = margining<Access::kRo>();
constexpr Field kMarginCap[] = {
    flag(0, "Uses Driver", "Margining uses Driver Software", Access::kHwInit)};
constexpr Field kMarginPort[] = {flag(0, "MargReady", "Margining Ready"),
                                 flag(1, "MargSoftReady", "Margining Software Ready")};
constexpr Register kMargin[] = {{4, 2, "PortCap", "Margining Port Capabilities", kMarginCap},
                                {6, 2, "PortSta", "Margining Port Status", kMarginPort}};
constexpr Register kMarginLane[] = {{0, 2, "Ctl", "Margining Lane Control", kMarginCtl},
                                    {2, 2, "Sta", "Margining Lane Status", kMarginSta}};
constexpr Group kMarginLanes[] = {{"Lane", locate_every<lanes, 8, 4>, kMarginLane}};
std::uint32_t margin_length(const Context& c) {
  return 8 + 4 * lanes(c);
}

// ---- 25h data link feature, 2Bh alternate protocol ----
constexpr Field kDlfCap[] = {
    flag(0, "ScaledFlowControl", "Local Scaled Flow Control Supported"),
    flag(1, "ImmediateReadiness", "Local Immediate Readiness"),
    number(2, 3, "ExtendedVC", "Local Extended VC Count"),
    number(5, 3, "L0pExit", "Local L0p Exit Latency"),
    hex(0, 23, "Features", "Local Data Link Feature Supported", Access::kView),
    flag(31, "ExchangeEnable", "Data Link Feature Exchange Enable", Access::kHwInit)};
constexpr Field kDlfSta[] = {
    flag(0, "ScaledFlowControl", "Remote Scaled Flow Control Supported"),
    flag(1, "ImmediateReadiness", "Remote Immediate Readiness"),
    number(2, 3, "ExtendedVC", "Remote Extended VC Count"),
    number(5, 3, "L0pExit", "Remote L0p Exit Latency"),
    hex(0, 23, "Features", "Remote Data Link Feature Supported", Access::kView),
    flag(31, "Valid", "Remote Data Link Feature Supported Valid")};
constexpr Register kDlf[] = {{4, 4, "DLFCap", "Data Link Feature Capabilities", kDlfCap},
                             {8, 4, "DLFSta", "Data Link Feature Status", kDlfSta}};
constexpr Field kApnCap[] = {
    number(0, 8, "Count", "Alternate Protocol Count", Access::kHwInit),
    flag(8, "Selective", "Alternate Protocol Selective Enable Supported", Access::kHwInit)};
constexpr Field kApnCtl[] = {
    number(0, 8, "Index", "Alternate Protocol Index Select", Access::kRw),
    flag(8, "Enable", "Alternate Protocol Negotiation Global Enable", Access::kRws)};
constexpr Field kApn1[] = {hex(0, 3, "Usage", "Alternate Protocol Usage Information"),
                           hex(5, 11, "Details", "Alternate Protocol Details"),
                           hex(16, 16, "Vendor", "Alternate Protocol Vendor ID")};
constexpr Field kApn2[] = {hex(0, 24, "Info2", "Modified TS Information 2")};
constexpr Register kApn[] = {{0x04, 4, "APCap", "Alternate Protocol Capabilities", kApnCap},
                             {0x08, 4, "APCtl", "Alternate Protocol Control", kApnCtl},
                             {0x0C, 4, "APData1", "Alternate Protocol Data 1", kApn1},
                             {0x10, 4, "APData2", "Alternate Protocol Data 2", kApn2},
                             {0x14, 4, "APMask", "Alternate Protocol Selective Enable Mask", kDword,
                              [](const Context& c) { return (c.read(4, 4) & 0x100) != 0; }}};
std::uint32_t apn_length(const Context& c) {
  return (c.read(4, 4) & 0x100) != 0 ? 0x18 : 0x14;
}

constexpr Capability kCapabilities[] = {
    {Kind::kExtended, 0, 0x19, "SecPCIe", "Secondary PCI Express", kSecondary, kLanes8,
     secondary_length},
    {Kind::kExtended, 0, 0x25, "DLF", "Data Link Feature", kDlf, {}, fixed_length<12>},
    {Kind::kExtended, 0, 0x26, "Phy16", "Physical Layer 16.0 GT/s", k16, kLanes16And32,
     lanes_16_length},
    {Kind::kExtended, 0, 0x27, "LMR", "Lane Margining at the Receiver", kMargin, kMarginLanes,
     margin_length},
    {Kind::kExtended, 0, 0x2A, "Phy32", "Physical Layer 32.0 GT/s", k32, kLanes16And32,
     lanes_16_length},
    {Kind::kExtended, 0, 0x2B, "AltProtocol", "Alternate Protocol", kApn, {}, apn_length},
    {Kind::kExtended, 0, 0x31, "Phy64", "Physical Layer 64.0 GT/s", k64, kLanes64,
     lanes_64_length}};

}  // namespace physical_tables

std::span<const Capability> physical() {
  return physical_tables::kCapabilities;
}

}  // namespace weft::wire::pcie::tables
