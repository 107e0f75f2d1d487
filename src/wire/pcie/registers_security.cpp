// SPDX-License-Identifier: Apache-2.0
// Data Object Exchange, Device 3, Integrity and Data Encryption, MMIO Register Block Locator. PCIe
// Base 6.x 7.9.24, 7.7.9, 7.9.26, 7.9.30. Reading the DOE mailbox has side effects on a machine;
// here it is a value like any other.
#include "wire/pcie/show.h"
#include "wire/pcie/tables.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace weft::wire::pcie::tables {
namespace security_tables {

constexpr Field kDword[] = {hex(0, 32, "Value", "Value", Access::kRw)};

// ---- 2Eh data object exchange ----
constexpr Field kDoeCap[] = {flag(0, "IntSup", "DOE Interrupt Support"),
                             number(1, 11, "IntMsgNum", "DOE Interrupt Message Number")};
constexpr Field kDoeCtl[] = {flag(0, "Abort", "DOE Abort", Access::kWo),
                             flag(1, "IntEn", "DOE Interrupt Enable", Access::kRw),
                             flag(31, "Go", "DOE Go", Access::kWo)};
constexpr Field kDoeSta[] = {
    flag(0, "Busy", "DOE Busy"), flag(1, "IntSta", "DOE Interrupt Status", Access::kRw1c),
    flag(2, "Error", "DOE Error"), flag(31, "ObjectReady", "Data Object Ready")};
constexpr Register kDoe[] = {{0x04, 4, "DOECap", "DOE Capabilities", kDoeCap},
                             {0x08, 4, "DOECtl", "DOE Control", kDoeCtl},
                             {0x0C, 4, "DOESta", "DOE Status", kDoeSta},
                             {0x10, 4, "DOEWrite", "DOE Write Data Mailbox", kDword},
                             {0x14, 4, "DOERead", "DOE Read Data Mailbox", kDword}};

// ---- 2Fh device 3 ----
constexpr Choice kL0pExit[] = {{0, "Less than 1us"},
                               {1, "1us to less than 2us"},
                               {2, "2us to less than 4us"},
                               {3, "4us to less than 8us"},
                               {4, "8us to less than 16us"},
                               {5, "16us to less than 32us"},
                               {6, "32us-64us"},
                               {7, "More than 64us"}};
constexpr Field kDev3Cap[] = {
    flag(0, "DMWr Request Routing", "DMWr Request Routing Supported", Access::kHwInit),
    flag(1, "14-Bit Tag Completer", "14-Bit Tag Completer Supported", Access::kHwInit),
    flag(2, "14-Bit Tag Requester", "14-Bit Tag Requester Supported", Access::kHwInit),
    flag(3, "L0p", "L0p Supported", Access::kHwInit),
    choice(4, 3, "Port L0p Exit Latency", "Port L0p Exit Latency", kL0pExit, Access::kHwInit),
    choice(7, 3, "Retimer L0p Exit Latency", "Retimer L0p Exit Latency", kL0pExit, Access::kHwInit),
    flag(10, "UIO Mem RdWr Completer", "UIO Mem RdWr Completer Supported", Access::kHwInit),
    flag(11, "UIO Mem RdWr Requester", "UIO Mem RdWr Requester Supported", Access::kHwInit)};
constexpr Field kDev3Ctl[] = {
    flag(0, "DMWr Requester", "DMWr Requester Enable", Access::kRw),
    flag(1, "DMWr Egress Blocking", "DMWr Egress Blocking", Access::kRw),
    flag(2, "14-Bit Tag Requester", "14-Bit Tag Requester Enable", Access::kRw),
    flag(3, "L0p", "L0p Enable", Access::kRw),
    shown(4, 3, "Target Link Width", "Target Link Width", show_width_code, Access::kRw),
    flag(7, "UIO Mem RdWr Requester", "UIO Mem RdWr Requester Enable", Access::kRw),
    flag(8, "UIO Request 256B Boundary Disable", "UIO Request 256B Boundary Disable", Access::kRw)};
constexpr Field kDev3Sta[] = {
    shown(0, 3, "Initial Link Width", "Initial Link Width", show_width_code),
    flag(3, "Segment Captured", "Segment Captured", Access::kRw1c),
    flag(4, "Remote L0p", "Remote L0p Supported")};
constexpr Register kDev3[] = {{0x04, 4, "DevCap3", "Device Capabilities 3", kDev3Cap},
                              {0x08, 4, "DevCtl3", "Device Control 3", kDev3Ctl},
                              {0x0C, 4, "DevSta3", "Device Status 3", kDev3Sta}};

// ---- 30h integrity and data encryption ----
constexpr Choice kAlgorithm[] = {{0, "AES-GCM-256-96b"}};
constexpr Choice kAggregation[] = {{0, "off"}, {1, "2"}, {2, "4"}, {3, "8"}};
constexpr Choice kPartial[] = {{0, "no"}, {1, "17:2"}, {2, "25:2"}, {3, "33:2"}, {4, "41:2"}};
constexpr Choice kStream[] = {{0, "insecure"}, {2, "secure"}};
constexpr Field kIdeCap[] = {
    flag(0, "LinkIDE", "Link IDE Stream Supported", Access::kHwInit),
    flag(1, "SelectiveIDE", "Selective IDE Streams Supported", Access::kHwInit),
    flag(2, "FlowThru", "Flow-Through IDE Stream Supported", Access::kHwInit),
    flag(3, "PartHdr", "Partial Header Encryption Supported", Access::kHwInit),
    flag(4, "Aggr", "Aggregation Supported", Access::kHwInit),
    flag(5, "PCRC", "PCRC Supported", Access::kHwInit),
    flag(6, "IDE_KM", "IDE_KM Protocol Supported", Access::kHwInit),
    flag(7, "SelCfg", "Selective IDE for Configuration Requests Supported", Access::kHwInit),
    choice(8, 5, "Alg", "Supported Algorithms", kAlgorithm, Access::kHwInit),
    number(13, 3, "TCs", "Number of TCs Supported for Link IDE", Access::kHwInit, {}, 1),
    number(16, 8, "Sel", "Number of Selective IDE Streams Supported", Access::kHwInit, {}, 1),
    flag(24, "TeeLim", "TEE-Limited Stream Supported", Access::kHwInit),
    flag(25, "XT", "XT Supported", Access::kHwInit)};
constexpr Field kIdeCtl[] = {flag(2, "FTEn", "Flow-Through IDE Stream Enabled", Access::kRw)};
template <bool selective>
constexpr std::array<Field, 13> stream_control() {
  return {
      flag(0, "En", "IDE Stream Enable", Access::kRw),
      flag(1, "XT", "XT Enable", Access::kRw),
      choice(2, 2, "NPR", "Tx Aggregation Mode NPR", kAggregation, Access::kRw),
      choice(4, 2, "PR", "Tx Aggregation Mode PR", kAggregation, Access::kRw),
      choice(6, 2, "CPL", "Tx Aggregation Mode CPL", kAggregation, Access::kRw),
      flag(8, "PCRC", "PCRC Enable", Access::kRw),
      flag(9, selective ? "CFG" : "Reserved9",
           selective ? "Selective IDE for Configuration Requests Enable" : "Reserved",
           selective ? Access::kRw : Access::kRo),
      choice(10, 4, "HdrEnc", "Partial Header Encryption Mode", kPartial, Access::kRw),
      choice(14, 5, "Alg", "Selected Algorithm", kAlgorithm, Access::kRw),
      number(19, 3, "TC", "Traffic Class", Access::kRw),
      flag(22, selective ? "Default" : "Reserved22", selective ? "Default Stream" : "Reserved",
           selective ? Access::kRw : Access::kRo),
      flag(23, selective ? "TeeLim" : "Reserved23", selective ? "TEE-Limited Stream" : "Reserved",
           selective ? Access::kRw : Access::kRo),
      number(24, 8, "ID", "Stream ID", Access::kRw)};
}
constexpr auto kLinkControl = stream_control<false>();
constexpr auto kSelectiveControl = stream_control<true>();
constexpr Field kStreamStatus[] = {
    choice(0, 4, "Status", "IDE Stream State", kStream),
    flag(31, "RecvChkFail", "Received Integrity Check Fail Message", Access::kRw1c)};
constexpr Field kSelectiveCap[] = {
    number(0, 4, "Blocks", "Number of Address Association Register Blocks")};
constexpr Field kRid1[] = {hex(8, 16, "Limit", "RID Limit", Access::kRw)};
constexpr Field kRid2[] = {flag(0, "Valid", "Valid", Access::kRw),
                           hex(8, 16, "Base", "RID Base", Access::kRw),
                           hex(24, 8, "SegBase", "Segment Base", Access::kRw)};
constexpr Field kAddress1[] = {flag(0, "Valid", "Valid", Access::kRw),
                               hex(8, 12, "BaseLower", "Memory Base Lower", Access::kRw),
                               hex(20, 12, "LimitLower", "Memory Limit Lower", Access::kRw)};
constexpr Register kIde[] = {{4, 4, "IDECap", "IDE Capability", kIdeCap},
                             {8, 4, "IDECtl", "IDE Control", kIdeCtl}};
constexpr Register kLinkStream[] = {{0, 4, "Ctl", "Link IDE Stream Control", kLinkControl},
                                    {4, 4, "Sta", "Link IDE Stream Status", kStreamStatus}};
constexpr Register kSelectiveStream[] = {
    {0x00, 4, "Cap", "Selective IDE Stream Capability", kSelectiveCap},
    {0x04, 4, "Ctl", "Selective IDE Stream Control", kSelectiveControl},
    {0x08, 4, "Sta", "Selective IDE Stream Status", kStreamStatus},
    {0x0C, 4, "RID1", "IDE RID Association 1", kRid1},
    {0x10, 4, "RID2", "IDE RID Association 2", kRid2}};
constexpr Register kAddressBlock[] = {{0, 4, "Addr1", "IDE Address Association 1", kAddress1},
                                      {4, 4, "Addr2", "Memory Limit Upper", kDword},
                                      {8, 4, "Addr3", "Memory Base Upper", kDword}};
constexpr std::uint32_t kStreamBytes = 0x14;
constexpr std::uint32_t kBlockBytes = 0xC;
std::uint32_t link_streams(const Context& c) {
  const std::uint64_t cap = c.read(4, 4);
  return (cap & 1) != 0 ? static_cast<std::uint32_t>(cap >> 13 & 7) + 1 : 0;
}
std::uint32_t selective_streams(const Context& c) {
  const std::uint64_t cap = c.read(4, 4);
  return (cap & 2) != 0 ? static_cast<std::uint32_t>(cap >> 16 & 0xFF) + 1 : 0;
}
std::uint32_t blocks_of(const Context& c, std::uint32_t stream) {
  return static_cast<std::uint32_t>(c.read(stream, 1) & 0xF);
}
/// Offset from the capability of selective stream `index`: after the link streams and all before
/// it.
std::uint32_t selective_offset(const Context& c, std::uint32_t index) {
  std::uint32_t offset = 0xC + 8 * link_streams(c);
  for (std::uint32_t i = 0; i < index && c.base + offset < kConfigBytes; ++i) {
    offset += kStreamBytes + kBlockBytes * blocks_of(c, offset);
  }
  return offset;
}
std::optional<std::uint32_t> locate_selective(const Context& c, std::uint32_t index) {
  if (index >= selective_streams(c)) {
    return std::nullopt;
  }
  return c.base + selective_offset(c, index);
}
/// The address blocks of all selective streams, counted through.
std::optional<std::uint32_t> locate_block(const Context& c, std::uint32_t index) {
  std::uint32_t offset = 0xC + 8 * link_streams(c);
  for (std::uint32_t i = 0; i < selective_streams(c) && c.base + offset < kConfigBytes; ++i) {
    const std::uint32_t blocks = blocks_of(c, offset);
    if (index < blocks) {
      return c.base + offset + kStreamBytes + kBlockBytes * index;
    }
    index -= blocks;
    offset += kStreamBytes + kBlockBytes * blocks;
  }
  return std::nullopt;
}
std::uint32_t ide_length(const Context& c) {
  return selective_offset(c, selective_streams(c));
}
constexpr Group kIdeGroups[] = {{"LinkIDE", locate_every<link_streams, 0xC, 8>, kLinkStream},
                                {"SelectiveIDE", locate_selective, kSelectiveStream},
                                {"SelectiveAddr", locate_block, kAddressBlock}};

// ---- 36h MMIO register block locator ----
constexpr Choice kBlockId[] = {{0x00, "Empty"}, {0x01, "MCAP"}, {0xFF, "MDVS"}};
constexpr Field kMrblCap[] = {number(0, 12, "Len", "MRBL Structure Length", Access::kRo, "bytes")};
constexpr Field kLocator[] = {
    number(0, 3, "BIR", "Register BIR"), choice(8, 8, "ID", "Register Block Identifier", kBlockId),
    shown(16, 48, "offset", "Register Block Offset",
          [](std::uint64_t v) { return fmt::format("{:016x}", v << 16); })};
constexpr Register kMrbl[] = {{4, 4, "MRBLCap", "MRBL Capabilities", kMrblCap}};
constexpr Register kLocatorRegister[] = {{0, 8, "", "MRBL Locator", kLocator}};
std::uint32_t locators(const Context& c) {
  const auto bytes = static_cast<std::uint32_t>(c.read(4, 4) & 0xFFF);
  return bytes >= 8 ? bytes / 8 - 1 : 0;
}
constexpr Group kLocators[] = {{"Locator", locate_every<locators, 8, 8>, kLocatorRegister}};
std::uint32_t mrbl_length(const Context& c) {
  return 8 + 8 * locators(c);
}

constexpr Capability kCapabilities[] = {
    {Kind::kExtended, 0, 0x2E, "DOE", "Data Object Exchange", kDoe, {}, fixed_length<0x18>},
    {Kind::kExtended, 0, 0x2F, "Dev3", "Device 3", kDev3, {}, fixed_length<0x10>},
    {Kind::kExtended, 0, 0x30, "IDE", "Integrity and Data Encryption", kIde, kIdeGroups,
     ide_length},
    {Kind::kExtended, 0, 0x36, "MRBL", "MMIO Register Block Locator", kMrbl, kLocators,
     mrbl_length}};

}  // namespace security_tables

std::span<const Capability> security() {
  return security_tables::kCapabilities;
}

}  // namespace weft::wire::pcie::tables
