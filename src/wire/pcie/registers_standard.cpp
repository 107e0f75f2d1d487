// SPDX-License-Identifier: Apache-2.0
// Capabilities of the list at 34h that current functions carry: power management, VPD, MSI, MSI-X,
// subsystem, vendor, SATA, Advanced Features, Enhanced Allocation, Flattening Portal Bridge. PCI
// Local Bus 3.0 chapter 6 and appendices, PCI Power Management 1.2, PCIe Base 7.5.2, 7.7 to 7.9.
// Older ones: legacy.
#include "wire/pcie/show.h"
#include "wire/pcie/tables.h"

#include <algorithm>

#include <fmt/format.h>

namespace weft::wire::pcie::tables {
namespace standard_tables {

// ---- 01h power management ----
constexpr Choice kAuxCurrent[] = {{0, "0mA"},   {1, "55mA"},  {2, "100mA"}, {3, "160mA"},
                                  {4, "220mA"}, {5, "270mA"}, {6, "320mA"}, {7, "375mA"}};
constexpr Choice kState[] = {{0, "D0"}, {1, "D1"}, {2, "D2"}, {3, "D3"}};
constexpr Field kPmCap[] = {number(0, 3, "Version", "Version"),
                            flag(3, "PMEClk", "PME Clock"),
                            flag(4, "ImmRdyD0", "Immediate_Readiness_on_Return_to_D0"),
                            flag(5, "DSI", "Device Specific Initialization"),
                            choice(6, 3, "AuxCurrent", "Aux_Current", kAuxCurrent),
                            flag(9, "D1", "D1_Support"),
                            flag(10, "D2", "D2_Support"),
                            flag(11, "PME(D0", "PME from D0"),
                            flag(12, "PME(D1", "PME from D1"),
                            flag(13, "PME(D2", "PME from D2"),
                            flag(14, "PME(D3hot", "PME from D3hot"),
                            flag(15, "PME(D3cold", "PME from D3cold")};
constexpr Field kPmStatus[] = {choice(0, 2, "PowerState", "PowerState", kState, Access::kRw),
                               flag(3, "NoSoftRst", "No_Soft_Reset"),
                               flag(8, "PME-Enable", "PME_En", Access::kRws),
                               number(9, 4, "DSel", "Data_Select", Access::kRw),
                               number(13, 2, "DScale", "Data_Scale"),
                               flag(15, "PME", "PME_Status", Access::kRw1cs)};
constexpr Field kPmBridge[] = {flag(6, "B2B3", "B2/B3 Support for D3hot"),
                               flag(7, "PM", "Bus Power/Clock Control Enable")};
constexpr Field kByte[] = {hex(0, 8, "Value", "Value")};
constexpr Field kWord[] = {hex(0, 16, "Value", "Value")};
constexpr Field kDword[] = {hex(0, 32, "Value", "Value")};
constexpr Field kQword[] = {hex(0, 64, "Value", "Value")};
constexpr Register kPm[] = {{2, 2, "Flags", "Power Management Capabilities", kPmCap},
                            {4, 2, "Status", "Power Management Control/Status", kPmStatus},
                            {6, 1, "Bridge", "Bridge Extensions", kPmBridge},
                            {7, 1, "Data", "Data", kByte}};

// ---- 03h VPD, 04h slot identification ----
constexpr Field kVpdAddress[] = {hex(0, 15, "Address", "VPD Address", Access::kRw),
                                 flag(15, "F", "Transfer Complete", Access::kRw)};
constexpr Register kVpd[] = {{2, 2, "VPDAddress", "VPD Address", kVpdAddress},
                             {4, 4, "VPDData", "VPD Data", kDword}};
constexpr Field kSlotEsr[] = {number(0, 5, "Slots", "Expansion Slots Provided"),
                              flag(5, "First", "First In Chassis")};
constexpr Field kChassis[] = {hex(0, 8, "Chassis", "Chassis Number", Access::kRw)};
constexpr Register kSlotId[] = {{2, 1, "ESR", "Expansion Slot", kSlotEsr},
                                {3, 1, "ChassisNumber", "Chassis Number", kChassis}};

// ---- 05h MSI: 32- or 64-bit address, with or without per-vector masking ----
constexpr Field kMsiControl[] = {
    flag(0, "Enable", "MSI Enable", Access::kRw),
    shown(1, 3, "Capable", "Multiple Message Capable", show_power_of_two),
    shown(4, 3, "Count", "Multiple Message Enable", show_power_of_two, Access::kRw),
    flag(7, "64bit", "64-bit Address Capable"),
    flag(8, "Maskable", "Per-Vector Masking Capable"),
    flag(9, "ExtDataCap", "Extended Message Data Capable"),
    flag(10, "ExtDataEn", "Extended Message Data Enable", Access::kRw)};
bool msi_64(const Context& c) {
  return (c.read(2, 2) & 0x80) != 0;
}
bool msi_32(const Context& c) {
  return !msi_64(c);
}
bool msi_mask(const Context& c) {
  return (c.read(2, 2) & 0x100) != 0;
}
bool msi_mask_64(const Context& c) {
  return msi_64(c) && msi_mask(c);
}
bool msi_mask_32(const Context& c) {
  return msi_32(c) && msi_mask(c);
}
bool msi_ext_64(const Context& c) {
  return msi_64(c) && (c.read(2, 2) & 0x200) != 0;
}
bool msi_ext_32(const Context& c) {
  return msi_32(c) && (c.read(2, 2) & 0x200) != 0;
}
constexpr Register kMsi[] = {{0x02, 2, "MSI", "Message Control", kMsiControl},
                             {0x04, 4, "Address", "Message Address", kDword, msi_32},
                             {0x04, 8, "Address", "Message Address (64-bit)", kQword, msi_64},
                             {0x08, 2, "Data", "Message Data", kWord, msi_32},
                             {0x0A, 2, "ExtData", "Extended Message Data", kWord, msi_ext_32},
                             {0x0C, 2, "Data", "Message Data", kWord, msi_64},
                             {0x0E, 2, "ExtData", "Extended Message Data", kWord, msi_ext_64},
                             {0x0C, 4, "Masking", "Mask Bits", kDword, msi_mask_32},
                             {0x10, 4, "Pending", "Pending Bits", kDword, msi_mask_32},
                             {0x10, 4, "Masking", "Mask Bits", kDword, msi_mask_64},
                             {0x14, 4, "Pending", "Pending Bits", kDword, msi_mask_64}};
std::uint32_t msi_length(const Context& c) {
  return 10U + (msi_64(c) ? 4U : 0U) +
         (msi_mask(c)                      ? 10U
          : msi_ext_64(c) || msi_ext_32(c) ? 2U
                                           : 0U);
}

// ---- 09h vendor specific, 0Ah debug port, 0Dh bridge subsystem ----
constexpr Field kLength8[] = {number(0, 8, "Len", "Length", Access::kRo, "bytes")};
constexpr Register kVendor[] = {{2, 1, "VendorLength", "Length", kLength8}};
std::uint32_t vendor_length(const Context& c) {
  return std::max<std::uint32_t>(3, static_cast<std::uint32_t>(c.read(2, 1)));
}
constexpr Field kDebugPort[] = {hex(0, 13, "offset", "Debug Port Offset"),
                                number(13, 3, "BAR", "BAR Number")};
constexpr Register kDebug[] = {{2, 2, "Debug port", "Debug Port", kDebugPort}};
constexpr Field kSubsystemVendor[] = {
    hex(0, 16, "VendorID", "Subsystem Vendor ID", Access::kHwInit)};
constexpr Field kSubsystemDevice[] = {hex(0, 16, "DeviceID", "Subsystem ID", Access::kHwInit)};
constexpr Register kSsvid[] = {{4, 2, "SubsystemVendor", "Subsystem Vendor ID", kSubsystemVendor},
                               {6, 2, "SubsystemDevice", "Subsystem ID", kSubsystemDevice}};

// ---- 11h MSI-X ----
constexpr Field kMsixControl[] = {number(0, 11, "Count", "Table Size", Access::kRo, {}, 1),
                                  flag(14, "Masked", "Function Mask", Access::kRw),
                                  flag(15, "Enable", "MSI-X Enable", Access::kRw)};
std::string offset_of_8(std::uint64_t v) {
  return fmt::format("{:08x}", v << 3);
}
constexpr Field kMsixTable[] = {number(0, 3, "BAR", "Table BIR"),
                                shown(3, 29, "offset", "Table Offset", offset_of_8)};
constexpr Field kMsixPba[] = {number(0, 3, "BAR", "PBA BIR"),
                              shown(3, 29, "offset", "PBA Offset", offset_of_8)};
constexpr Register kMsix[] = {{2, 2, "MSI-X", "Message Control", kMsixControl},
                              {4, 4, "Vector table", "Table Offset/BIR", kMsixTable},
                              {8, 4, "PBA", "PBA Offset/BIR", kMsixPba}};

// ---- 12h SATA, 13h advanced features ----
constexpr Choice kSataBar[] = {{4, "BAR0"}, {5, "BAR1"}, {6, "BAR2"},       {7, "BAR3"},
                               {8, "BAR4"}, {9, "BAR5"}, {15, "InCfgSpace"}};
constexpr Field kSataRevision[] = {number(4, 4, "Major", "Major Revision"),
                                   number(0, 4, "Minor", "Minor Revision")};
constexpr Field kSataBars[] = {choice(0, 4, "BAR", "BAR Location", kSataBar),
                               shown(4, 20, "Offset", "BAR Offset", [](std::uint64_t v) {
                                 return fmt::format("{:08x}", v << 2);
                               })};
constexpr Register kSata[] = {{2, 2, "SATA HBA", "Revision", kSataRevision},
                              {4, 4, "SataBars", "SATA Capability Register 1", kSataBars}};
constexpr Field kAfLength[] = {number(0, 8, "Len", "Length", Access::kRo, "bytes")};
constexpr Field kAfCap[] = {flag(0, "TP", "Transactions Pending Supported"),
                            flag(1, "FLR", "Function Level Reset Supported")};
constexpr Field kAfControl[] = {flag(0, "FLR", "Initiate Function Level Reset", Access::kWo)};
constexpr Field kAfStatus[] = {flag(0, "TP", "Transactions Pending")};
constexpr Register kAf[] = {{2, 1, "AFLength", "Length", kAfLength},
                            {3, 1, "AFCap", "AF Capabilities", kAfCap},
                            {4, 1, "AFCtrl", "AF Control", kAfControl},
                            {5, 1, "AFStatus", "AF Status", kAfStatus}};

// ---- 14h enhanced allocation: entries of 2 to 5 dwords ----
constexpr Choice kBei[] = {{0, "BAR 0"},
                           {1, "BAR 1"},
                           {2, "BAR 2"},
                           {3, "BAR 3"},
                           {4, "BAR 4"},
                           {5, "BAR 5"},
                           {6, "resource behind function"},
                           {7, "not indicated"},
                           {8, "expansion ROM"},
                           {9, "VF-BAR 0"},
                           {10, "VF-BAR 1"},
                           {11, "VF-BAR 2"},
                           {12, "VF-BAR 3"},
                           {13, "VF-BAR 4"},
                           {14, "VF-BAR 5"},
                           {15, "reserved"}};
#define WEFT_EA_PROPERTIES(unavailable)                                           \
  {0x00, "memory space, non-prefetchable"}, {0x01, "memory space, prefetchable"}, \
      {0x02, "I/O space"}, {0x03, "VF memory space, prefetchable"},               \
      {0x04, "VF memory space, non-prefetchable"},                                \
      {0x05, "allocation behind bridge, non-prefetchable memory"},                \
      {0x06, "allocation behind bridge, prefetchable memory"},                    \
      {0x07, "allocation behind bridge, I/O space"},                              \
      {0xFD, "memory space resource unavailable for use"},                        \
      {0xFE, "I/O space resource unavailable for use"}, {                         \
    0xFF, unavailable                                                             \
  }
constexpr Choice kPrimary[] = {WEFT_EA_PROPERTIES("entry unavailable for use")};
constexpr Choice kSecondary[] = {
    WEFT_EA_PROPERTIES("entry unavailable for use, PrimaryProperties should be used")};
#undef WEFT_EA_PROPERTIES
constexpr Field kEaEntries[] = {number(0, 6, "NumEntries", "Number of Entries")};
constexpr Field kEaBus[] = {number(0, 8, "secondary", "Fixed Secondary Bus Number"),
                            number(8, 8, "subordinate", "Fixed Subordinate Bus Number")};
constexpr Field kEaEntry[] = {
    number(0, 3, "EntrySize", "Entry Size"),
    choice(4, 4, "BAR Equivalent Indicator", "BAR Equivalent Indicator", kBei),
    choice(8, 8, "PrimaryProperties", "Primary Properties", kPrimary),
    choice(16, 8, "SecondaryProperties", "Secondary Properties", kSecondary),
    flag(30, "Writable", "Writable", Access::kHwInit),
    flag(31, "Enable", "Enable", Access::kRw)};
std::uint32_t ea_size(const Context& c) {
  return static_cast<std::uint32_t>(c.read_element(0, 1) & 7);
}
bool ea_wide(const Context& c, std::size_t offset) {
  return (c.read_element(offset, 4) & 2) != 0;
}
std::string ea_base(const Context& c) {
  const std::uint64_t low = c.read_element(4, 4) & ~3ULL;
  return ea_wide(c, 4) ? fmt::format("{:x}{:08x}", c.read_element(12, 4), low)
                       : fmt::format("{:08x}", low);
}
std::string ea_max_offset(const Context& c) {
  const std::uint64_t low = c.read_element(8, 4) | 3;
  const std::size_t high = ea_wide(c, 4) ? 16 : 12;
  return ea_wide(c, 8) ? fmt::format("{:x}{:08x}", c.read_element(high, 4), low)
                       : fmt::format("{:08x}", low);
}
constexpr Field kEaAddress[] = {flag(1, "S", "64-bit field"),
                                hex(2, 30, "Bits", "Bits 31:2", Access::kRw)};
constexpr Register kEaRegisters[] = {
    {0, 4, "", "Entry", kEaEntry},
    {4, 4, "Base", "Base", kEaAddress, [](const Context& c) { return ea_size(c) >= 1; }, ea_base},
    {8, 4, "MaxOffset", "MaxOffset", kEaAddress, [](const Context& c) { return ea_size(c) >= 2; },
     ea_max_offset},
    {12, 4, "Upper0", "Upper 32 bits, first", kDword,
     [](const Context& c) { return ea_size(c) >= 3; }},
    {16, 4, "Upper1", "Upper 32 bits, second", kDword,
     [](const Context& c) { return ea_size(c) >= 4; }}};
std::optional<std::uint32_t> ea_locate(const Context& c, std::uint32_t index) {
  if (index >= (c.read(2, 1) & 0x3F)) {
    return std::nullopt;
  }
  std::uint32_t offset = c.header_type == 1 ? 8 : 4;
  for (std::uint32_t i = 0; i < index; ++i) {
    offset += 4 + 4 * static_cast<std::uint32_t>(c.read(offset, 1) & 7);
  }
  return c.base + offset;
}
std::uint32_t ea_length(const Context& c) {
  std::uint32_t offset = c.header_type == 1 ? 8 : 4;
  for (std::uint64_t left = c.read(2, 1) & 0x3F; left > 0; --left) {
    offset += 4 + 4 * static_cast<std::uint32_t>(c.read(offset, 1) & 7);
  }
  return offset;
}
constexpr Register kEa[] = {{2, 1, "EA", "Number of Entries", kEaEntries},
                            {4, 2, "EABus", "Fixed Bus Numbers", kEaBus,
                             [](const Context& c) { return c.header_type == 1; }}};
constexpr Group kEaGroups[] = {{"Entry", ea_locate, kEaRegisters}};

// ---- 15h flattening portal bridge ----
constexpr Choice kFpbVector[] = {{0, "256 bits"},  {1, "512 bits"},  {2, "1024 bits"},
                                 {3, "2048 bits"}, {4, "4096 bits"}, {5, "8192 bits"}};
constexpr Field kFpbCap[] = {
    flag(0, "RIDDecode", "FPB RID Decode Mechanism Supported"),
    flag(1, "MemLowDecode", "FPB MEM Low Decode Mechanism Supported"),
    flag(2, "MemHighDecode", "FPB MEM High Decode Mechanism Supported"),
    number(3, 5, "SecDev", "FPB Num Sec Dev", Access::kRo, {}, 1),
    choice(8, 3, "RIDVector", "FPB RID Vector Size Supported", kFpbVector),
    choice(16, 3, "MemLowVector", "FPB MEM Low Vector Size Supported", kFpbVector),
    choice(24, 3, "MemHighVector", "FPB MEM High Vector Size Supported", kFpbVector)};
constexpr Field kFpbRid1[] = {
    flag(0, "Enable", "FPB RID Decode Mechanism Enable", Access::kRw),
    number(4, 4, "Granularity", "FPB RID Vector Granularity", Access::kRw),
    hex(19, 13, "Start", "FPB RID Vector Start", Access::kRw)};
constexpr Field kFpbRid2[] = {hex(3, 13, "Secondary", "RID Secondary Start", Access::kRw)};
constexpr Field kFpbLow[] = {
    flag(0, "Enable", "FPB MEM Low Decode Mechanism Enable", Access::kRw),
    number(4, 4, "Granularity", "FPB MEM Low Vector Granularity", Access::kRw),
    hex(20, 12, "Start", "FPB MEM Low Vector Start", Access::kRw)};
constexpr Field kFpbHigh1[] = {
    flag(0, "Enable", "FPB MEM High Decode Mechanism Enable", Access::kRw),
    number(4, 4, "Granularity", "FPB MEM High Vector Granularity", Access::kRw),
    hex(28, 4, "StartLower", "FPB MEM High Vector Start Lower", Access::kRw)};
constexpr Field kFpbHigh2[] = {
    hex(0, 32, "StartUpper", "FPB MEM High Vector Start Upper", Access::kRw)};
constexpr Field kFpbAccess[] = {hex(0, 8, "Offset", "FPB Vector Access Offset", Access::kRw),
                                number(14, 2, "Select", "FPB Vector Select", Access::kRw)};
constexpr Register kFpb[] = {{0x04, 4, "FPBCap", "FPB Capabilities", kFpbCap},
                             {0x08, 4, "FPBRID1", "FPB RID Vector Control 1", kFpbRid1},
                             {0x0C, 4, "FPBRID2", "FPB RID Vector Control 2", kFpbRid2},
                             {0x10, 4, "FPBMemLow", "FPB MEM Low Vector Control", kFpbLow},
                             {0x14, 4, "FPBMemHigh1", "FPB MEM High Vector Control 1", kFpbHigh1},
                             {0x18, 4, "FPBMemHigh2", "FPB MEM High Vector Control 2", kFpbHigh2},
                             {0x1C, 4, "FPBAccessCtl", "FPB Vector Access Control", kFpbAccess},
                             {0x20, 4, "FPBAccessData", "FPB Vector Access Data", kDword}};

constexpr Capability kCapabilities[] = {
    {Kind::kStandard, 0, 0x00, "Null", "Null", {}, {}, fixed_length<4>},
    {Kind::kStandard, 0, 0x01, "PM", "Power Management", kPm, {}, fixed_length<8>},
    {Kind::kStandard, 0, 0x03, "VPD", "Vital Product Data", kVpd, {}, fixed_length<8>},
    {Kind::kStandard, 0, 0x04, "SlotID", "Slot Identification", kSlotId, {}, fixed_length<4>},
    {Kind::kStandard, 0, 0x05, "MSI", "Message Signalled Interrupts", kMsi, {}, msi_length},
    {Kind::kStandard, 0, 0x09, "Vendor", "Vendor Specific Information", kVendor, {}, vendor_length},
    {Kind::kStandard, 0, 0x0A, "DebugPort", "Debug Port", kDebug, {}, fixed_length<4>},
    {Kind::kStandard,
     0,
     0x0D,
     "SSVID",
     "Bridge Subsystem Vendor/Device ID",
     kSsvid,
     {},
     fixed_length<8>},
    {Kind::kStandard, 0, 0x11, "MSI-X", "MSI-X", kMsix, {}, fixed_length<12>},
    {Kind::kStandard, 0, 0x12, "SATA", "SATA Data/Index Configuration", kSata, {}, fixed_length<8>},
    {Kind::kStandard, 0, 0x13, "AF", "PCI Advanced Features", kAf, {}, fixed_length<6>},
    {Kind::kStandard, 0, 0x14, "EA", "Enhanced Allocation", kEa, kEaGroups, ea_length},
    {Kind::kStandard, 0, 0x15, "FPB", "Flattening Portal Bridge", kFpb, {}, fixed_length<0x24>}};

}  // namespace standard_tables

std::span<const Capability> standard() {
  return standard_tables::kCapabilities;
}

}  // namespace weft::wire::pcie::tables
