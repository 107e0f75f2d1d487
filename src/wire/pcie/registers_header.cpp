// SPDX-License-Identifier: Apache-2.0
// The first 64 bytes: type 0 (functions), type 1 (PCI-to-PCI bridges, root and switch ports) and
// type 2 (CardBus bridges). PCI Local Bus 3.0 6.1, PCI-to-PCI Bridge 1.2 3.2, PCIe Base 7.5.1.
// Sizes of base addresses are not to be had from a read and are not guessed.
#include "wire/pcie/show.h"
#include "wire/pcie/tables.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace weft::wire::pcie::tables {
namespace header_tables {

constexpr Choice kDevsel[] = {{0, "fast"}, {1, "medium"}, {2, "slow"}};
constexpr Choice kPin[] = {{0, "none"}, {1, "A"}, {2, "B"}, {3, "C"}, {4, "D"}};
constexpr Choice kLayout[] = {{0, "type 0"}, {1, "type 1 (bridge)"}, {2, "type 2 (CardBus)"}};
constexpr Choice kIoType[] = {{0, "16-bit"}, {1, "32-bit"}};
constexpr Choice kMemoryType[] = {{0, "32-bit"}, {1, "below 1 MB"}, {2, "64-bit"}};
constexpr Choice kPrefetchType[] = {{0, "32-bit"}, {1, "64-bit"}};

constexpr Field kCommand[] = {flag(0, "I/O", "I/O Space Enable", Access::kRw),
                              flag(1, "Mem", "Memory Space Enable", Access::kRw),
                              flag(2, "BusMaster", "Bus Master Enable", Access::kRw),
                              flag(3, "SpecCycle", "Special Cycle Enable"),
                              flag(4, "MemWINV", "Memory Write and Invalidate"),
                              flag(5, "VGASnoop", "VGA Palette Snoop"),
                              flag(6, "ParErr", "Parity Error Response", Access::kRw),
                              flag(7, "Stepping", "IDSEL Stepping / Wait Cycle Control"),
                              flag(8, "SERR", "SERR# Enable", Access::kRw),
                              flag(9, "FastB2B", "Fast Back-to-Back Transactions Enable"),
                              flag(10, "DisINTx", "Interrupt Disable", Access::kRw)};

constexpr Field kStatus[] = {flag(0, "ImmRdy", "Immediate Readiness"),
                             flag(3, "INTx", "Interrupt Status"),
                             flag(4, "Cap", "Capabilities List"),
                             flag(5, "66MHz", "66 MHz Capable"),
                             flag(6, "UDF", "User Definable Features"),
                             flag(7, "FastB2B", "Fast Back-to-Back Transactions Capable"),
                             flag(8, "ParErr", "Master Data Parity Error", Access::kRw1c),
                             choice(9, 2, "DEVSEL", "DEVSEL Timing", kDevsel),
                             flag(11, ">TAbort", "Signaled Target Abort", Access::kRw1c),
                             flag(12, "<TAbort", "Received Target Abort", Access::kRw1c),
                             flag(13, "<MAbort", "Received Master Abort", Access::kRw1c),
                             flag(14, ">SERR", "Signaled System Error", Access::kRw1c),
                             flag(15, "<PERR", "Detected Parity Error", Access::kRw1c)};

constexpr Field kSecondaryStatus[] = {flag(5, "66MHz", "66 MHz Capable"),
                                      flag(7, "FastB2B", "Fast Back-to-Back Transactions Capable"),
                                      flag(8, "ParErr", "Master Data Parity Error", Access::kRw1c),
                                      choice(9, 2, "DEVSEL", "DEVSEL Timing", kDevsel),
                                      flag(11, ">TAbort", "Signaled Target Abort", Access::kRw1c),
                                      flag(12, "<TAbort", "Received Target Abort", Access::kRw1c),
                                      flag(13, "<MAbort", "Received Master Abort", Access::kRw1c),
                                      flag(14, "<SERR", "Received System Error", Access::kRw1c),
                                      flag(15, "<PERR", "Detected Parity Error", Access::kRw1c)};

constexpr Field kBridgeControl[] = {flag(0, "Parity", "Parity Error Response Enable", Access::kRw),
                                    flag(1, "SERR", "SERR# Enable", Access::kRw),
                                    flag(2, "NoISA", "ISA Enable", Access::kRw),
                                    flag(3, "VGA", "VGA Enable", Access::kRw),
                                    flag(4, "VGA16", "VGA 16-bit Decode", Access::kRw),
                                    flag(5, "MAbort", "Master Abort Mode"),
                                    flag(6, ">Reset", "Secondary Bus Reset", Access::kRw),
                                    flag(7, "FastB2B", "Fast Back-to-Back Transactions Enable"),
                                    flag(8, "PriDiscTmr", "Primary Discard Timer"),
                                    flag(9, "SecDiscTmr", "Secondary Discard Timer"),
                                    flag(10, "DiscTmrStat", "Discard Timer Status"),
                                    flag(11, "DiscTmrSERREn", "Discard Timer SERR# Enable")};

constexpr Field kVendor[] = {hex(0, 16, "VendorID", "Vendor ID", Access::kHwInit)};
constexpr Field kDevice[] = {hex(0, 16, "DeviceID", "Device ID", Access::kHwInit)};
constexpr Field kRevision[] = {hex(0, 8, "Rev", "Revision ID", Access::kHwInit)};
constexpr Field kClass[] = {
    hex(0, 8, "Interface", "Programming Interface"), hex(8, 8, "SubClass", "Sub-Class Code"),
    hex(16, 8, "BaseClass", "Base Class Code"), hex(0, 24, "Class", "Class Code", Access::kView)};
constexpr Field kCacheLine[] = {
    number(0, 8, "CacheLineSize", "Cache Line Size", Access::kRw, "x 4 bytes")};
constexpr Field kLatency[] = {number(0, 8, "Latency", "Latency Timer")};
constexpr Field kHeaderType[] = {choice(0, 7, "Layout", "Header Layout", kLayout),
                                 flag(7, "MultiFunction", "Multi-Function Device")};
constexpr Field kBist[] = {hex(0, 4, "Code", "Completion Code"),
                           flag(6, "Start", "Start BIST", Access::kRw),
                           flag(7, "Capable", "BIST Capable")};
constexpr Field kBarIo[] = {
    flag(0, "I/O", "Memory Space Indicator"),
    shown(
        2, 30, "Address", "Base Address",
        [](std::uint64_t v) { return fmt::format("{:x}", v << 2); }, Access::kRw)};
constexpr Field kBarMemory32[] = {
    flag(0, "I/O", "Memory Space Indicator"), choice(1, 2, "Type", "Memory Type", kMemoryType),
    flag(3, "Prefetchable", "Prefetchable"),
    shown(
        4, 28, "Address", "Base Address",
        [](std::uint64_t v) { return fmt::format("{:08x}", v << 4); }, Access::kRw)};
constexpr Field kBarMemory64[] = {
    flag(0, "I/O", "Memory Space Indicator"), choice(1, 2, "Type", "Memory Type", kMemoryType),
    flag(3, "Prefetchable", "Prefetchable"),
    shown(
        4, 60, "Address", "Base Address",
        [](std::uint64_t v) { return fmt::format("{:016x}", v << 4); }, Access::kRw)};
constexpr Field kCapabilities[] = {hex(0, 8, "Pointer", "Capabilities Pointer")};
constexpr Field kLine[] = {number(0, 8, "IRQ", "Interrupt Line", Access::kRw)};
constexpr Field kPinField[] = {choice(0, 8, "Pin", "Interrupt Pin", kPin)};
constexpr Field kBus[] = {hex(0, 8, "Bus", "Bus Number", Access::kRw)};
constexpr Field kIoLimit[] = {choice(0, 4, "Type", "I/O Addressing Capability", kIoType),
                              hex(4, 4, "Address", "Address 15:12", Access::kRw)};
constexpr Field kMemory16[] = {hex(4, 12, "Address", "Address 31:20", Access::kRw)};
constexpr Field kPrefetch16[] = {
    choice(0, 4, "Type", "Prefetchable Memory Addressing", kPrefetchType),
    hex(4, 12, "Address", "Address 31:20", Access::kRw)};
constexpr Field kUpper32[] = {hex(0, 32, "Upper", "Address 63:32", Access::kRw)};
constexpr Field kUpper16[] = {hex(0, 16, "Upper", "Address 31:16", Access::kRw)};
constexpr Field kAddress32[] = {hex(0, 32, "Address", "Address", Access::kRw)};
constexpr Field kValue8[] = {number(0, 8, "Value", "Value")};
constexpr Field kValue32[] = {hex(0, 32, "Value", "Value")};

std::string window(std::uint64_t low, std::uint64_t high, std::string_view kind) {
  if (low > high) {
    return "disabled";
  }
  return fmt::format("{:x}-{:x}{} [{}]", low, high, kind, show_bytes(high - low + 1));
}
std::string io_window(const Context& c) {
  const bool wide = (c.read(0x1C, 1) & 0xF) == 1;
  const std::uint64_t low = (c.read(0x1C, 1) & 0xF0) << 8 | (wide ? c.read(0x30, 2) << 16 : 0);
  const std::uint64_t high = (c.read(0x1D, 1) & 0xF0) << 8 | (wide ? c.read(0x32, 2) << 16 : 0);
  return window(low, high | 0xFFF, wide ? " 32-bit" : " 16-bit");
}
std::string memory_window(const Context& c) {
  return window((c.read(0x20, 2) & 0xFFF0) << 16, (c.read(0x22, 2) & 0xFFF0) << 16 | 0xFFFFF,
                " 32-bit");
}
std::string prefetch_window(const Context& c) {
  const bool wide = (c.read(0x24, 2) & 0xF) == 1;
  const std::uint64_t low = (c.read(0x24, 2) & 0xFFF0) << 16 | (wide ? c.read(0x28, 4) << 32 : 0);
  const std::uint64_t high = (c.read(0x26, 2) & 0xFFF0) << 16 | (wide ? c.read(0x2C, 4) << 32 : 0);
  return window(low, high | 0xFFFFF, wide ? " 64-bit" : " 32-bit");
}

std::uint32_t bars(const Context& c) {
  return c.header_type == 0 ? 6 : c.header_type == 1 ? 2 : 1;
}
bool is_io(const Context& c) {
  return (c.read_element(0, 4) & 1) != 0;
}
bool is_64(const Context& c) {
  return (c.read_element(0, 4) & 7) == 4 && c.index + 1U < bars(c);
}
/// The element is the upper half of a 64-bit address that starts one before.
bool is_upper(const Context& c) {
  bool upper = false;
  for (std::uint16_t i = 0; i < c.index; ++i) {
    upper = !upper && (c.read(0x10U + 4U * i, 4) & 7) == 4;
  }
  return upper;
}
constexpr Register kBarRegisters[] = {
    {0, 4, "", "Base Address (I/O)", kBarIo,
     [](const Context& c) { return !is_upper(c) && is_io(c); }},
    {0, 4, "", "Base Address (memory)", kBarMemory32,
     [](const Context& c) { return !is_upper(c) && !is_io(c) && !is_64(c); }},
    {0, 8, "", "Base Address (memory, 64-bit)", kBarMemory64,
     [](const Context& c) { return !is_upper(c) && !is_io(c) && is_64(c); }}};
constexpr Group kBars[] = {{"BAR", locate_every<bars, 0x10, 4>, kBarRegisters}};

constexpr Field kRomBar[] = {
    flag(0, "Enable", "Expansion ROM Enable", Access::kRw),
    shown(
        11, 21, "Address", "Expansion ROM Base Address",
        [](std::uint64_t v) { return fmt::format("{:08x}", v << 11); }, Access::kRw)};

constexpr Register kCommon[] = {{0x00, 2, "Vendor", "Vendor ID", kVendor},
                                {0x02, 2, "Device", "Device ID", kDevice},
                                {0x04, 2, "Control", "Command", kCommand},
                                {0x06, 2, "Status", "Status", kStatus},
                                {0x08, 1, "Revision", "Revision ID", kRevision},
                                {0x09, 3, "Class", "Class Code", kClass},
                                {0x0C, 1, "CacheLine", "Cache Line Size", kCacheLine},
                                {0x0D, 1, "LatencyTimer", "Latency Timer", kLatency},
                                {0x0E, 1, "HeaderType", "Header Type", kHeaderType},
                                {0x0F, 1, "BIST", "Built-in Self Test", kBist},
                                {0x3C, 1, "InterruptLine", "Interrupt Line", kLine},
                                {0x3D, 1, "InterruptPin", "Interrupt Pin", kPinField}};

constexpr Register kType0Only[] = {{0x28, 4, "CardbusCIS", "Cardbus CIS Pointer", kValue32},
                                   {0x2C, 2, "SubsystemVendor", "Subsystem Vendor ID", kVendor},
                                   {0x2E, 2, "SubsystemDevice", "Subsystem ID", kDevice},
                                   {0x30, 4, "ROM", "Expansion ROM Base Address", kRomBar},
                                   {0x34, 1, "Capabilities", "Capabilities Pointer", kCapabilities},
                                   {0x3E, 1, "MinGnt", "Min_Gnt", kValue8},
                                   {0x3F, 1, "MaxLat", "Max_Lat", kValue8}};

constexpr Register kType1Only[] = {
    {0x18, 1, "PrimaryBus", "Primary Bus Number", kBus},
    {0x19, 1, "SecondaryBus", "Secondary Bus Number", kBus},
    {0x1A, 1, "SubordinateBus", "Subordinate Bus Number", kBus},
    {0x1B, 1, "SecondaryLatency", "Secondary Latency Timer", kLatency},
    {0x1C, 1, "IOBase", "I/O Base", kIoLimit, nullptr, io_window},
    {0x1D, 1, "IOLimit", "I/O Limit", kIoLimit},
    {0x1E, 2, "Secondary status", "Secondary Status", kSecondaryStatus},
    {0x20, 2, "MemoryBase", "Memory Base", kMemory16, nullptr, memory_window},
    {0x22, 2, "MemoryLimit", "Memory Limit", kMemory16},
    {0x24, 2, "PrefetchBase", "Prefetchable Memory Base", kPrefetch16, nullptr, prefetch_window},
    {0x26, 2, "PrefetchLimit", "Prefetchable Memory Limit", kPrefetch16},
    {0x28, 4, "PrefetchBaseUpper", "Prefetchable Base Upper 32 Bits", kUpper32},
    {0x2C, 4, "PrefetchLimitUpper", "Prefetchable Limit Upper 32 Bits", kUpper32},
    {0x30, 2, "IOBaseUpper", "I/O Base Upper 16 Bits", kUpper16},
    {0x32, 2, "IOLimitUpper", "I/O Limit Upper 16 Bits", kUpper16},
    {0x34, 1, "Capabilities", "Capabilities Pointer", kCapabilities},
    {0x38, 4, "ROM", "Expansion ROM Base Address", kRomBar},
    {0x3E, 2, "BridgeCtl", "Bridge Control", kBridgeControl}};

constexpr Field kCardbusControl[] = {
    flag(0, "Parity", "Parity Error Response Enable", Access::kRw),
    flag(1, "SERR", "SERR# Enable", Access::kRw),
    flag(2, "ISA", "ISA Enable", Access::kRw),
    flag(3, "VGA", "VGA Enable", Access::kRw),
    flag(5, "MAbort", "Master Abort Mode", Access::kRw),
    flag(6, ">Reset", "CardBus Reset", Access::kRw),
    flag(7, "16bInt", "IREQ/INT Enable", Access::kRw),
    flag(8, "PrefetchMem0", "Memory 0 Prefetch Enable", Access::kRw),
    flag(9, "PrefetchMem1", "Memory 1 Prefetch Enable", Access::kRw),
    flag(10, "PostWrite", "Write Posting Enable", Access::kRw)};
constexpr Register kType2Only[] = {
    {0x14, 1, "Capabilities", "Capabilities Pointer", kCapabilities},
    {0x16, 2, "Secondary status", "Secondary Status", kSecondaryStatus},
    {0x18, 1, "PrimaryBus", "PCI Bus Number", kBus},
    {0x19, 1, "SecondaryBus", "CardBus Bus Number", kBus},
    {0x1A, 1, "SubordinateBus", "Subordinate Bus Number", kBus},
    {0x1B, 1, "SecondaryLatency", "CardBus Latency Timer", kLatency},
    {0x1C, 4, "MemoryBase0", "Memory Base 0", kAddress32},
    {0x20, 4, "MemoryLimit0", "Memory Limit 0", kAddress32},
    {0x24, 4, "MemoryBase1", "Memory Base 1", kAddress32},
    {0x28, 4, "MemoryLimit1", "Memory Limit 1", kAddress32},
    {0x2C, 4, "IOBase0", "I/O Base 0", kAddress32},
    {0x30, 4, "IOLimit0", "I/O Limit 0", kAddress32},
    {0x34, 4, "IOBase1", "I/O Base 1", kAddress32},
    {0x38, 4, "IOLimit1", "I/O Limit 1", kAddress32},
    {0x3E, 2, "BridgeCtl", "Bridge Control", kCardbusControl}};

template <std::size_t n, std::size_t m>
consteval std::array<Register, n + m> join(const Register (&a)[n], const Register (&b)[m]) {
  std::array<Register, n + m> out{};
  std::copy(a, a + n, out.begin());
  std::copy(b, b + m, out.begin() + n);
  return out;
}
constexpr auto kType0 = join(kCommon, kType0Only);
constexpr auto kType1 = join(kCommon, kType1Only);
constexpr auto kType2 = join(kCommon, kType2Only);

constexpr Capability kHeaders[] = {
    {Kind::kHeader, 0, 0, "Header", "Type 0 Header", kType0, kBars, fixed_length<kHeaderBytes>},
    {Kind::kHeader, 0, 1, "Header", "Type 1 Header", kType1, kBars, fixed_length<kHeaderBytes>},
    {Kind::kHeader, 0, 2, "Header", "Type 2 Header", kType2, kBars, fixed_length<kHeaderBytes>}};

}  // namespace header_tables

std::span<const Capability> header() {
  return header_tables::kHeaders;
}

}  // namespace weft::wire::pcie::tables
