// SPDX-License-Identifier: Apache-2.0
// Designated vendor-specific capabilities of the CXL consortium (vendor 1E98h). CXL 3.1 8.1.3
// to 8.1.10; which registers are there follows from the DVSEC's revision. Where lspci and the
// specification differ (initiate-reset bits of Control 2), these tables follow the specification.
#include "wire/pcie/show.h"
#include "wire/pcie/tables.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace weft::wire::pcie::tables {
namespace cxl_tables {

constexpr Field kDword[] = {hex(0, 32, "Value", "Value")};
constexpr Field kWord[] = {hex(0, 16, "Value", "Value")};

std::uint64_t length(const Context& c) {
  return c.read(4, 4) >> 20;
}
std::uint32_t cxl_length(const Context& c) {
  return std::max<std::uint32_t>(10, static_cast<std::uint32_t>(length(c)));
}
template <std::uint16_t end>
bool reaches(const Context& c) {
  return length(c) >= end;
}

constexpr Field kHeader1[] = {hex(0, 16, "Vendor", "DVSEC Vendor ID"),
                              number(16, 4, "Rev", "DVSEC Revision"),
                              number(20, 12, "Len", "DVSEC Length", Access::kRo, "bytes")};
constexpr Field kHeader2[] = {hex(0, 16, "ID", "DVSEC ID")};
#define WEFT_DVSEC_HEADER                                              \
  {4, 4, "DVSEC1", "Designated Vendor-Specific Header 1", kHeader1}, { \
    8, 2, "DVSEC2", "Designated Vendor-Specific Header 2", kHeader2    \
  }

// ---- 0: PCIe DVSEC for CXL devices ----
constexpr Choice kResetTimeout[] = {
    {0, "10 ms"}, {1, "100 ms"}, {2, "1 s"}, {3, "10 s"}, {4, "100 s"}};
constexpr Field kCap[] = {flag(0, "Cache", "Cache_Capable"),
                          flag(1, "IO", "IO_Capable"),
                          flag(2, "Mem", "Mem_Capable"),
                          flag(3, "MemHWInit", "Mem_HwInit_Mode"),
                          number(4, 2, "HDMCount", "HDM_Count"),
                          flag(6, "CacheWBInval", "Cache Writeback and Invalidate Capable"),
                          flag(7, "Reset", "CXL Reset Capable"),
                          choice(8, 3, "ResetTimeout", "CXL Reset Timeout", kResetTimeout),
                          flag(11, "ResetMemClr", "CXL Reset Mem Clr Capable"),
                          flag(12, "TSP", "TSP Capable"),
                          flag(13, "MultLogDev", "Multiple Logical Device"),
                          flag(14, "Viral", "Viral_Capable"),
                          flag(15, "PMInitReport", "PM Init Completion Reporting Capable")};
constexpr Field kCtl[] = {flag(0, "Cache", "Cache_Enable", Access::kRw),
                          flag(1, "IO", "IO_Enable"),
                          flag(2, "Mem", "Mem_Enable", Access::kRw),
                          number(3, 5, "CacheSFCov", "Cache_SF_Coverage", Access::kRw),
                          number(8, 3, "CacheSFGran", "Cache_SF_Granularity", Access::kRw),
                          flag(11, "CacheClean", "Cache_Clean_Eviction", Access::kRw),
                          flag(12, "DirectP2P", "Direct P2P Mem Enable", Access::kRw),
                          flag(14, "Viral", "Viral_Enable", Access::kRws)};
constexpr Field kSta[] = {flag(14, "Viral", "Viral_Status", Access::kRw1cs)};
constexpr Field kCtl2[] = {
    flag(0, "DisableCaching", "Disable Caching", Access::kRw),
    flag(1, "InitCacheWB&Inval", "Initiate Cache Write Back and Invalidation", Access::kWo),
    flag(2, "InitRst", "Initiate CXL Reset", Access::kWo),
    flag(3, "RstMemClrEn", "CXL Reset Mem Clr Enable", Access::kRw),
    flag(4, "DesiredVolatileHDMStateAfterHotReset", "Desired Volatile HDM State after Hot Reset",
         Access::kRws),
    flag(5, "ModifiedCompletion", "Modified Completion Enable", Access::kRw)};
constexpr Field kSta2[] = {
    flag(0, "CacheInvalid", "Cache Invalid"), flag(1, "ResetComplete", "CXL Reset Complete"),
    flag(2, "ResetError", "CXL Reset Error"),
    flag(3, "HDMPreservationError", "Volatile HDM Preservation Error", Access::kRw1cs),
    flag(15, "PMComplete", "Power Management Initialization Complete")};
constexpr Field kLock[] = {flag(0, "Lock", "CONFIG_LOCK", Access::kRw)};
constexpr Choice kCacheUnit[] = {{0, "not reported"}, {1, "64 KB"}, {2, "1 MB"}};
constexpr Field kCap2[] = {choice(0, 4, "CacheUnit", "Cache Size Unit", kCacheUnit),
                           number(4, 2, "Fallback", "Fallback Capability"),
                           flag(6, "ModifiedCompletion", "Modified Completion Capable"),
                           flag(7, "NoCleanWriteback", "No Clean Writeback"),
                           number(8, 8, "CacheSize", "Cache Size", Access::kRo, "units")};
std::string cache_size(const Context& c) {
  const std::uint64_t cap = c.read(0x16, 2);
  const std::uint64_t unit = cap & 0xF;
  if (unit == 0 || unit > 2) {
    return "not reported";
  }
  return show_bytes((cap >> 8) * (unit == 1 ? 64 << 10 : 1 << 20));
}
constexpr Choice kMediaType[] = {{0, "Volatile"}, {1, "Non-volatile"}, {2, "CDAT"}};
constexpr Choice kMemoryClass[] = {{0, "DRAM"}, {1, "Storage"}, {2, "CDAT"}};
constexpr Choice kInterleave[] = {{0, "0"},    {1, "256"},  {2, "4096"}, {3, "512"},
                                  {4, "1024"}, {5, "2048"}, {6, "8192"}, {7, "16384"}};
constexpr Choice kActiveTimeout[] = {{0, "1s"}, {1, "4s"}, {2, "16s"}, {3, "64s"}, {4, "256s"}};
constexpr Field kSizeLow[] = {flag(0, "Valid", "Memory_Info_Valid"),
                              flag(1, "Active", "Memory_Active"),
                              choice(2, 3, "Type", "Media_Type", kMediaType),
                              choice(5, 3, "Class", "Memory_Class", kMemoryClass),
                              choice(8, 5, "interleave", "Desired_Interleave", kInterleave),
                              choice(13, 3, "timeout", "Memory_Active_Timeout", kActiveTimeout),
                              flag(16, "ActiveDegraded", "Memory_Active_Degraded"),
                              hex(28, 4, "SizeLow", "Memory_Size_Low")};
constexpr Field kSizeHigh[] = {hex(0, 32, "SizeHigh", "Memory_Size_High")};
constexpr Field kBaseLow[] = {hex(28, 4, "BaseLow", "Memory_Base_Low", Access::kRw)};
constexpr Field kBaseHigh[] = {hex(0, 32, "BaseHigh", "Memory_Base_High", Access::kRw)};
template <std::uint16_t at>
std::string range(const Context& c) {
  const std::uint64_t mask = ~0x0FFFFFFFULL;
  const std::uint64_t size = (c.read(at, 4) << 32 | c.read(at + 4U, 4)) & mask;
  const std::uint64_t base = (c.read(at + 8U, 4) << 32 | c.read(at + 12U, 4)) & mask;
  return fmt::format("{:016x}-{:016x} [size=0x{:x}]", base, base + size - 1, size);
}
constexpr Field kCap3[] = {
    flag(0, "ColdReset", "Default Volatile HDM State after Cold Reset"),
    flag(1, "WarmReset", "Default Volatile HDM State after Warm Reset"),
    flag(2, "HotReset", "Default Volatile HDM State after Hot Reset"),
    flag(3, "HotResetConfigurability", "Volatile HDM State after Hot Reset, Configurability"),
    flag(4, "DirectP2P", "Direct P2P Mem Capable")};
bool revision_1(const Context& c) {
  return c.version >= 1 && reaches<0x38>(c);
}
bool revision_2(const Context& c) {
  return c.version >= 2 && reaches<0x3C>(c);
}
constexpr Register kDevice[] = {
    WEFT_DVSEC_HEADER,
    {0x0A, 2, "CXLCap", "DVSEC CXL Capability", kCap},
    {0x0C, 2, "CXLCtl", "DVSEC CXL Control", kCtl, reaches<0x0E>},
    {0x0E, 2, "CXLSta", "DVSEC CXL Status", kSta, reaches<0x10>},
    {0x10, 2, "CXLCtl2", "DVSEC CXL Control2", kCtl2, revision_1},
    {0x12, 2, "CXLSta2", "DVSEC CXL Status2", kSta2, revision_1},
    {0x14, 2, "CXLLock", "DVSEC CXL Lock", kLock, revision_1},
    {0x16, 2, "CXLCap2", "DVSEC CXL Capability2", kCap2, revision_1, cache_size},
    {0x18, 4, "Range1SizeHigh", "DVSEC CXL Range 1 Size High", kSizeHigh, revision_1},
    {0x1C, 4, "Range1", "DVSEC CXL Range 1 Size Low", kSizeLow, revision_1, range<0x18>},
    {0x20, 4, "Range1BaseHigh", "DVSEC CXL Range 1 Base High", kBaseHigh, revision_1},
    {0x24, 4, "Range1BaseLow", "DVSEC CXL Range 1 Base Low", kBaseLow, revision_1},
    {0x28, 4, "Range2SizeHigh", "DVSEC CXL Range 2 Size High", kSizeHigh, revision_1},
    {0x2C, 4, "Range2", "DVSEC CXL Range 2 Size Low", kSizeLow, revision_1, range<0x28>},
    {0x30, 4, "Range2BaseHigh", "DVSEC CXL Range 2 Base High", kBaseHigh, revision_1},
    {0x34, 4, "Range2BaseLow", "DVSEC CXL Range 2 Base Low", kBaseLow, revision_1},
    {0x38, 2, "CXLCap3", "DVSEC CXL Capability3", kCap3, revision_2}};

// ---- 2: non-CXL function map ----
constexpr Field kMap[] = {hex(0, 32, "Functions", "Non-CXL functions, one bit each")};
std::uint32_t eight(const Context&) {
  return 8;
}
constexpr Register kFunctionMap[] = {WEFT_DVSEC_HEADER};
constexpr Register kMapRegister[] = {{0, 4, "", "Non-CXL Function Map", kMap}};
constexpr Group kMaps[] = {{"FuncMap", locate_every<eight, 0x0C, 4>, kMapRegister}};

// ---- 3: extensions for ports ----
constexpr Field kPortSta[] = {
    flag(0, "PMComplete", "Port Power Management Initialization Complete"),
    flag(14, "Viral", "Viral Status", Access::kRw1cs)};
constexpr Field kPortCtl[] = {flag(0, "UnmaskSBR", "Unmask SBR", Access::kRw),
                              flag(1, "UnmaskLinkDisable", "Unmask Link Disable", Access::kRw),
                              flag(2, "AltMem", "Alt Memory and ID Space Enable", Access::kRw),
                              flag(3, "AltBME", "Alt BME", Access::kRw),
                              flag(4, "UIOToHDM", "UIO To HDM Enable", Access::kRw),
                              flag(14, "ViralEnable", "Viral Enable", Access::kRw)};
constexpr Field kAltBus[] = {hex(0, 8, "Base", "Alternate Bus Base", Access::kRw),
                             hex(8, 8, "Limit", "Alternate Bus Limit", Access::kRw)};
constexpr Field kAltMemory[] = {hex(4, 12, "Address", "Address 31:20", Access::kRw)};
constexpr Register kPort[] = {
    WEFT_DVSEC_HEADER,
    {0x0A, 2, "CXLPortSta", "CXL Port Extension Status", kPortSta},
    {0x0C, 2, "CXLPortCtl", "Port Control Override", kPortCtl},
    {0x0E, 2, "AlternateBus", "Alternate Bus Base and Limit", kAltBus},
    {0x10, 2, "AltMemBase", "Alternate Memory Base", kAltMemory},
    {0x12, 2, "AltMemLimit", "Alternate Memory Limit", kAltMemory},
    {0x14, 2, "AltPrefetchBase", "Alternate Prefetchable Base", kAltMemory},
    {0x16, 2, "AltPrefetchLimit", "Alternate Prefetchable Limit", kAltMemory},
    {0x18, 4, "AltPrefetchBaseHigh", "Alternate Prefetchable Base High", kDword},
    {0x1C, 4, "AltPrefetchLimitHigh", "Alternate Prefetchable Limit High", kDword},
    {0x20, 4, "RCRBBase", "CXL RCRB Base", kDword},
    {0x24, 4, "RCRBBaseHigh", "CXL RCRB Base High", kDword}};

// ---- 4 and 5: global persistent flush ----
constexpr Field kGpf1[] = {
    shown(0, 12, "GPF Phase 1 Timeout", "Port GPF Phase 1 Timeout", show_duration, Access::kRw)};
constexpr Field kGpf2[] = {
    shown(0, 12, "GPF Phase 2 Timeout", "Port GPF Phase 2 Timeout", show_duration, Access::kRw)};
constexpr Field kGpfDuration[] = {
    shown(0, 12, "GPF Phase 2 Duration", "Device GPF Phase 2 Duration", show_duration)};
constexpr Field kGpfPower[] = {
    number(0, 32, "GPF Phase 2 Power", "Device GPF Phase 2 Power", Access::kRo, "mW")};
constexpr Register kGpfPort[] = {WEFT_DVSEC_HEADER,
                                 {0x0C, 2, "GpfPhase1", "GPF Phase 1 Control", kGpf1},
                                 {0x0E, 2, "GpfPhase2", "GPF Phase 2 Control", kGpf2}};
constexpr Register kGpfDevice[] = {WEFT_DVSEC_HEADER,
                                   {0x0A, 2, "GpfDuration", "GPF Phase 2 Duration", kGpfDuration},
                                   {0x0C, 4, "GpfPower", "GPF Phase 2 Power", kGpfPower}};

// ---- 7: flex bus port ----
constexpr Field kFbCap[] = {flag(0, "Cache", "Cache_Capable"),
                            flag(1, "IO", "IO_Capable"),
                            flag(2, "Mem", "Mem_Capable"),
                            flag(5, "68BFlit", "CXL 68B Flit and VH Capable"),
                            flag(6, "MltLogDev", "CXL Multi-Logical Device Capable"),
                            flag(13, "256BFlit", "CXL Latency Optimized 256B Flit Capable"),
                            flag(14, "PBRFlit", "CXL PBR Flit Capable")};
constexpr Field kFbCtl[] = {
    flag(0, "Cache", "Cache_Enable", Access::kRw),
    flag(1, "IO", "IO_Enable"),
    flag(2, "Mem", "Mem_Enable", Access::kRw),
    flag(3, "SynHdrByp", "CXL Sync Header Bypass Enable", Access::kRw),
    flag(4, "DrftBuf", "Drift Buffer Enable", Access::kRw),
    flag(5, "68BFlit", "CXL 68B Flit and VH Enable", Access::kRw),
    flag(6, "MltLogDev", "CXL Multi-Logical Device Enable", Access::kRw),
    flag(7, "RCD", "Disable RCD Training", Access::kRw),
    flag(8, "Retimer1", "Retimer1 Present", Access::kRw),
    flag(9, "Retimer2", "Retimer2 Present", Access::kRw),
    flag(13, "256BFlit", "CXL Latency Optimized 256B Flit Enable", Access::kRw),
    flag(14, "PBRFlit", "CXL PBR Flit Enable", Access::kRw)};
constexpr Field kFbSta[] = {
    flag(0, "Cache", "Cache_Enabled"),
    flag(1, "IO", "IO_Enabled"),
    flag(2, "Mem", "Mem_Enabled"),
    flag(3, "SynHdrByp", "CXL Sync Header Bypass Enabled"),
    flag(4, "DrftBuf", "Drift Buffer Enabled"),
    flag(5, "68BFlit", "CXL 68B Flit and VH Enabled"),
    flag(6, "MltLogDev", "CXL Multi-Logical Device Enabled"),
    flag(7, "EvenHalfFailed", "Even Half Failed", Access::kRw1cs),
    flag(8, "CorrectableFraming", "CXL Correctable Protocol ID Framing Error", Access::kRw1cs),
    flag(9, "UncorrectableFraming", "CXL Uncorrectable Protocol ID Framing Error", Access::kRw1cs),
    flag(10, "UnexpectedDrop", "CXL Unexpected Protocol ID Dropped", Access::kRw1cs),
    flag(11, "RetimersMismatch", "CXL Retimers Present Mismatched", Access::kRw1cs),
    flag(12, "FlexBusEnableMismatch", "FlexBusEnableBits Phase2 Mismatch", Access::kRw1cs),
    flag(13, "256BFlit", "CXL Latency Optimized 256B Flit Enabled"),
    flag(14, "PBRFlit", "CXL PBR Flit Enabled")};
constexpr Field kFbTs[] = {hex(0, 24, "Received FB Data", "Received Flex Bus Data Phase 1")};
constexpr Field kFbCap2[] = {flag(0, "NOPHint", "NOP Hint Capable")};
constexpr Field kFbCtl2[] = {flag(0, "NOPHint", "NOP Hint Enable", Access::kRw)};
constexpr Field kFbSta2[] = {hex(0, 2, "NOPHintInfo", "NOP Hint Info")};
bool flex_1(const Context& c) {
  return c.version >= 1 && reaches<0x14>(c);
}
bool flex_2(const Context& c) {
  return c.version >= 2 && reaches<0x20>(c);
}
constexpr Register kFlex[] = {
    WEFT_DVSEC_HEADER,
    {0x0A, 2, "FBCap", "Flex Bus Port Capability", kFbCap},
    {0x0C, 2, "FBCtl", "Flex Bus Port Control", kFbCtl},
    {0x0E, 2, "FBSta", "Flex Bus Port Status", kFbSta},
    {0x10, 4, "FBModTS", "Flex Bus Port Received Modified TS Data Phase1", kFbTs, flex_1},
    {0x14, 4, "FBCap2", "Flex Bus Port Capability2", kFbCap2, flex_2},
    {0x18, 4, "FBCtl2", "Flex Bus Port Control2", kFbCtl2, flex_2},
    {0x1C, 4, "FBSta2", "Flex Bus Port Status2", kFbSta2, flex_2}};

// ---- 8: register locator ----
constexpr Choice kBlock[] = {{0, "empty"},
                             {1, "component registers"},
                             {2, "BAR virtualization"},
                             {3, "CXL device registers"},
                             {4, "CPMU registers"},
                             {0xFF, "vendor-specific"}};
constexpr Field kBlockField[] = {
    number(0, 3, "BIR", "Register BIR"), choice(8, 8, "ID", "Register Block Identifier", kBlock),
    shown(16, 48, "offset", "Register Block Offset",
          [](std::uint64_t v) { return fmt::format("{:016x}", v << 16); })};
constexpr Register kRegisterLocator[] = {WEFT_DVSEC_HEADER};
constexpr Register kBlockRegister[] = {{0, 8, "", "Register Block", kBlockField}};
std::uint32_t blocks(const Context& c) {
  const auto bytes = static_cast<std::uint32_t>(length(c));
  return bytes > 0x0C ? (bytes - 0x0C) / 8 : 0;
}
constexpr Group kBlocks[] = {{"Block", locate_every<blocks, 0x0C, 8>, kBlockRegister}};

// ---- 9: multi-logical device, Ah: test ----
constexpr Field kLds[] = {number(0, 16, "NumLogDevs", "Number of LDs Supported")};
constexpr Register kMld[] = {WEFT_DVSEC_HEADER, {0x0A, 2, "MLD", "Number of LDs Supported", kLds}};
constexpr Register kTest[] = {
    WEFT_DVSEC_HEADER,
    {0x0A, 2, "TestLock", "DVSEC CXL Test Lock", kWord},
    {0x0C, 4, "TestCap1", "DVSEC CXL Test Capability1", kDword},
    {0x10, 2, "TestCap2", "DVSEC CXL Test Capability2", kWord},
    {0x14, 4, "TestBaseLow", "DVSEC CXL Test Configuration Base Low", kDword},
    {0x18, 4, "TestBaseHigh", "DVSEC CXL Test Configuration Base High", kDword}};
#undef WEFT_DVSEC_HEADER

constexpr Capability kCapabilities[] = {
    {Kind::kDvsec,
     kCxlVendor,
     0x0,
     "CXLDevice",
     "PCIe DVSEC for CXL Devices",
     kDevice,
     {},
     cxl_length},
    {Kind::kDvsec, kCxlVendor, 0x2, "CXLFunctionMap", "Non-CXL Function Map DVSEC", kFunctionMap,
     kMaps, cxl_length},
    {Kind::kDvsec,
     kCxlVendor,
     0x3,
     "CXLPort",
     "CXL Extensions DVSEC for Ports",
     kPort,
     {},
     cxl_length},
    {Kind::kDvsec,
     kCxlVendor,
     0x4,
     "CXLGpfPort",
     "GPF DVSEC for CXL Ports",
     kGpfPort,
     {},
     cxl_length},
    {Kind::kDvsec,
     kCxlVendor,
     0x5,
     "CXLGpfDevice",
     "GPF DVSEC for CXL Devices",
     kGpfDevice,
     {},
     cxl_length},
    {Kind::kDvsec,
     kCxlVendor,
     0x7,
     "CXLFlexBus",
     "PCIe DVSEC for Flex Bus Port",
     kFlex,
     {},
     cxl_length},
    {Kind::kDvsec, kCxlVendor, 0x8, "CXLRegisters", "Register Locator DVSEC", kRegisterLocator,
     kBlocks, cxl_length},
    {Kind::kDvsec, kCxlVendor, 0x9, "CXLMld", "MLD DVSEC", kMld, {}, cxl_length},
    {Kind::kDvsec,
     kCxlVendor,
     0xA,
     "CXLTest",
     "PCIe DVSEC for Test Capability",
     kTest,
     {},
     cxl_length}};

}  // namespace cxl_tables

std::span<const Capability> cxl() {
  return cxl_tables::kCapabilities;
}

}  // namespace weft::wire::pcie::tables
