// SPDX-License-Identifier: Apache-2.0
// Error capabilities: Advanced Error Reporting (PCIe Base 7.8.4) and Downstream Port Containment
// (7.9.14) with the root port's programmed I/O registers. Keys of the error bits are lspci's.
#include "wire/pcie/show.h"
#include "wire/pcie/tables.h"

#include <algorithm>
#include <array>

namespace weft::wire::pcie::tables {
namespace error_tables {

template <Access access>
constexpr std::array<Field, 23> uncorrectable() {
  return {flag(4, "DLP", "Data Link Protocol Error", access),
          flag(5, "SDES", "Surprise Down Error", access),
          flag(12, "TLP", "Poisoned TLP Received", access),
          flag(13, "FCP", "Flow Control Protocol Error", access),
          flag(14, "CmpltTO", "Completion Timeout", access),
          flag(15, "CmpltAbrt", "Completer Abort", access),
          flag(16, "UnxCmplt", "Unexpected Completion", access),
          flag(17, "RxOF", "Receiver Overflow", access),
          flag(18, "MalfTLP", "Malformed TLP", access),
          flag(19, "ECRC", "ECRC Error", access),
          flag(20, "UnsupReq", "Unsupported Request Error", access),
          flag(21, "ACSViol", "ACS Violation", access),
          flag(22, "UncorrIntErr", "Uncorrectable Internal Error", access),
          flag(23, "BlockedTLP", "MC Blocked TLP", access),
          flag(24, "AtomicOpBlocked", "AtomicOp Egress Blocked", access),
          flag(25, "TLPBlockedErr", "TLP Prefix Blocked Error", access),
          flag(26, "PoisonTLPBlocked", "Poisoned TLP Egress Blocked", access),
          flag(27, "DMWrReqBlocked", "DMWr Request Egress Blocked", access),
          flag(28, "IDECheck", "IDE Check Failed", access),
          flag(29, "MisIDETLP", "Misrouted IDE TLP", access),
          flag(30, "PCRC_CHECK", "PCRC Check Failed", access),
          flag(31, "TLPXlatBlocked", "TLP Translation Egress Blocked", access),
          flag(0, "Undefined", "Undefined (training error before 1.1)", access)};
}
template <Access access>
constexpr std::array<Field, 8> correctable() {
  return {flag(0, "RxErr", "Receiver Error", access),
          flag(6, "BadTLP", "Bad TLP", access),
          flag(7, "BadDLLP", "Bad DLLP", access),
          flag(8, "Rollover", "REPLAY_NUM Rollover", access),
          flag(12, "Timeout", "Replay Timer Timeout", access),
          flag(13, "AdvNonFatalErr", "Advisory Non-Fatal Error", access),
          flag(14, "CorrIntErr", "Corrected Internal Error", access),
          flag(15, "HeaderOF", "Header Log Overflow", access)};
}
constexpr auto kUncorrectableStatus = uncorrectable<Access::kRw1cs>();
constexpr auto kUncorrectableMask = uncorrectable<Access::kRws>();
constexpr auto kCorrectableStatus = correctable<Access::kRw1cs>();
constexpr auto kCorrectableMask = correctable<Access::kRws>();

constexpr Field kAerCap[] = {
    hex(0, 5, "First Error Pointer", "First Error Pointer", Access::kRos),
    flag(5, "ECRCGenCap", "ECRC Generation Capable"),
    flag(6, "ECRCGenEn", "ECRC Generation Enable", Access::kRws),
    flag(7, "ECRCChkCap", "ECRC Check Capable"),
    flag(8, "ECRCChkEn", "ECRC Check Enable", Access::kRws),
    flag(9, "MultHdrRecCap", "Multiple Header Recording Capable"),
    flag(10, "MultHdrRecEn", "Multiple Header Recording Enable", Access::kRws),
    flag(11, "TLPPfxPres", "TLP Prefix Log Present", Access::kRos),
    flag(12, "HdrLogCap", "Completion Timeout Prefix/Header Log Capable"),
    number(13, 5, "HeaderLogSize", "Header Log Size"),
    flag(18, "LoggedFlitMode", "Logged TLP was Flit Mode", Access::kRos),
    number(19, 5, "LoggedTLPSize", "Logged TLP Size", Access::kRos)};
constexpr Field kDword[] = {hex(0, 32, "Value", "Value", Access::kRos)};
constexpr Field kRootCmd[] = {flag(0, "CERptEn", "Correctable Error Reporting Enable", Access::kRw),
                              flag(1, "NFERptEn", "Non-Fatal Error Reporting Enable", Access::kRw),
                              flag(2, "FERptEn", "Fatal Error Reporting Enable", Access::kRw)};
constexpr Choice kErrCorSubclass[] = {
    {0, "ECS Legacy"}, {1, "ECS SIG_SFW"}, {2, "ECS SIG_OS"}, {3, "ECS Extended"}};
constexpr Field kRootSta[] = {
    flag(0, "CERcvd", "ERR_COR Received", Access::kRw1cs),
    flag(1, "MultCERcvd", "Multiple ERR_COR Received", Access::kRw1cs),
    flag(2, "UERcvd", "ERR_FATAL/NONFATAL Received", Access::kRw1cs),
    flag(3, "MultUERcvd", "Multiple ERR_FATAL/NONFATAL Received", Access::kRw1cs),
    flag(4, "FirstFatal", "First Uncorrectable Fatal", Access::kRw1cs),
    flag(5, "NonFatalMsg", "Non-Fatal Error Messages Received", Access::kRw1cs),
    flag(6, "FatalMsg", "Fatal Error Messages Received", Access::kRw1cs),
    choice(7, 2, "Subclass", "ERR_COR Subclass", kErrCorSubclass, Access::kRw1cs),
    number(27, 5, "IntMsg", "Advanced Error Interrupt Message Number")};
constexpr Field kErrorSource[] = {
    hex(0, 16, "ERR_COR", "ERR_COR Source Identification", Access::kRos),
    hex(16, 16, "ERR_FATAL/NONFATAL", "ERR_FATAL/NONFATAL Source Identification", Access::kRos)};

/// Root ports and root complex event collectors. A dump without a PCI Express capability says
/// neither.
bool is_root(const Context& c) {
  return c.port_type == 0x4 || c.port_type == 0xA;
}
bool has_prefix_log(const Context& c) {
  return (c.read(0x18, 4) & 0xA00) != 0;
}
/// Header Log Size above 4 (flit mode) puts more dwords where the prefix log was.
bool has_flit_log(const Context& c) {
  return (c.read(0x18, 4) >> 13 & 0x1F) > 4;
}
bool has_prefix_only(const Context& c) {
  return has_prefix_log(c) || has_flit_log(c);
}

constexpr Register kAer[] = {
    {0x04, 4, "UESta", "Uncorrectable Error Status", kUncorrectableStatus},
    {0x08, 4, "UEMsk", "Uncorrectable Error Mask", kUncorrectableMask},
    {0x0C, 4, "UESvrt", "Uncorrectable Error Severity", kUncorrectableMask},
    {0x10, 4, "CESta", "Correctable Error Status", kCorrectableStatus},
    {0x14, 4, "CEMsk", "Correctable Error Mask", kCorrectableMask},
    {0x18, 4, "AERCap", "Advanced Error Capabilities and Control", kAerCap},
    {0x1C, 4, "HeaderLog0", "Header Log, 1st dword", kDword},
    {0x20, 4, "HeaderLog1", "Header Log, 2nd dword", kDword},
    {0x24, 4, "HeaderLog2", "Header Log, 3rd dword", kDword},
    {0x28, 4, "HeaderLog3", "Header Log, 4th dword", kDword},
    {0x2C, 4, "RootCmd", "Root Error Command", kRootCmd, is_root},
    {0x30, 4, "RootSta", "Root Error Status", kRootSta, is_root},
    {0x34, 4, "ErrorSrc", "Error Source Identification", kErrorSource, is_root},
    {0x38, 4, "PrefixLog0", "TLP Prefix Log / 5th header dword", kDword, has_prefix_only},
    {0x3C, 4, "PrefixLog1", "TLP Prefix Log / 6th header dword", kDword, has_prefix_only},
    {0x40, 4, "PrefixLog2", "TLP Prefix Log / 7th header dword", kDword, has_prefix_only},
    {0x44, 4, "PrefixLog3", "TLP Prefix Log / 8th header dword", kDword, has_prefix_only}};
std::uint32_t more_header(const Context& c) {
  const auto size = static_cast<std::uint32_t>(c.read(0x18, 4) >> 13 & 0x1F);
  return size > 8 ? std::min(size, 14U) - 8 : 0;
}
constexpr Register kHeaderDword[] = {{0, 4, "", "Header Log dword", kDword}};
constexpr Group kMoreHeader[] = {
    {"FlitHeaderLog", locate_every<more_header, 0x48, 4>, kHeaderDword}};
std::uint32_t aer_length(const Context& c) {
  return 0x48 + 4 * more_header(c) - (has_prefix_only(c) ? 0 : is_root(c) ? 0x10 : 0x1C);
}

constexpr Choice kTriggerReason[] = {{0, "unmasked uncorrectable error"},
                                     {1, "ERR_NONFATAL received"},
                                     {2, "ERR_FATAL received"},
                                     {3, "see extension"}};
constexpr Choice kTriggerExtension[] = {
    {0, "RP PIO error"}, {1, "software trigger"}, {2, "reserved"}, {3, "reserved"}};
constexpr Choice kTriggerEnable[] = {
    {0, "disabled"}, {1, "ERR_FATAL"}, {2, "ERR_NONFATAL or ERR_FATAL"}, {3, "reserved"}};
constexpr Choice kCompletion[] = {{0, "Completer Abort"}, {1, "Unsupported Request"}};
constexpr Field kDpcCap[] = {number(0, 5, "IntMsg", "DPC Interrupt Message Number"),
                             flag(5, "RPExt", "RP Extensions for DPC"),
                             flag(6, "PoisonedTLP", "Poisoned TLP Egress Blocking Supported"),
                             flag(7, "SwTrigger", "DPC Software Triggering Supported"),
                             number(8, 4, "RP PIO Log", "RP PIO Log Size 3:0"),
                             flag(12, "DL_ActiveErr", "DL_Active ERR_COR Signaling Supported"),
                             flag(13, "RP PIO Log4", "RP PIO Log Size 4")};
constexpr Field kDpcCtl[] = {
    choice(0, 2, "Trigger", "DPC Trigger Enable", kTriggerEnable, Access::kRw),
    choice(2, 1, "Cmpl", "DPC Completion Control", kCompletion, Access::kRw),
    flag(3, "INT", "DPC Interrupt Enable", Access::kRw),
    flag(4, "ErrCor", "DPC ERR_COR Enable", Access::kRw),
    flag(5, "PoisonedTLP", "Poisoned TLP Egress Blocking Enable", Access::kRw),
    flag(6, "SwTrigger", "DPC Software Trigger", Access::kWo),
    flag(7, "DL_ActiveErr", "DL_Active ERR_COR Enable", Access::kRw),
    flag(8, "SIG_SFW", "DPC SIG_SFW Enable", Access::kRw)};
constexpr Field kDpcSta[] = {
    flag(0, "Trigger", "DPC Trigger Status", Access::kRw1cs),
    choice(1, 2, "Reason", "DPC Trigger Reason", kTriggerReason, Access::kRos),
    flag(3, "INT", "DPC Interrupt Status", Access::kRw1cs),
    flag(4, "RPBusy", "DPC RP Busy"),
    choice(5, 2, "TriggerExt", "DPC Trigger Reason Extension", kTriggerExtension, Access::kRos),
    hex(8, 5, "RP PIO ErrPtr", "RP PIO First Error Pointer", Access::kRos),
    flag(13, "SIG_SFW", "DPC SIG_SFW Status", Access::kRw1cs)};
constexpr Field kSource[] = {hex(0, 16, "Source", "DPC Error Source ID", Access::kRos)};
template <Access access>
constexpr std::array<Field, 9> rp_pio() {
  return {flag(0, "CfgUR", "Cfg Request received UR Completion", access),
          flag(1, "CfgCA", "Cfg Request received CA Completion", access),
          flag(2, "CfgTO", "Cfg Request Completion Timeout", access),
          flag(8, "IOUR", "I/O Request received UR Completion", access),
          flag(9, "IOCA", "I/O Request received CA Completion", access),
          flag(10, "IOTO", "I/O Request Completion Timeout", access),
          flag(16, "MemUR", "Memory Request received UR Completion", access),
          flag(17, "MemCA", "Memory Request received CA Completion", access),
          flag(18, "MemTO", "Memory Request Completion Timeout", access)};
}
constexpr auto kRpPioStatus = rp_pio<Access::kRw1cs>();
constexpr auto kRpPioMask = rp_pio<Access::kRws>();

std::uint32_t rp_pio_dwords(const Context& c) {
  const std::uint64_t cap = c.read(4, 2);
  return static_cast<std::uint32_t>((cap >> 8 & 0xF) | (cap >> 13 & 1) << 4);
}
bool has_rp_pio(const Context& c) {
  return (c.read(4, 2) & 0x20) != 0;
}
bool has_rp_log(const Context& c) {
  return has_rp_pio(c) && rp_pio_dwords(c) >= 4;
}
bool has_impspec(const Context& c) {
  return has_rp_pio(c) && rp_pio_dwords(c) >= 5;
}
/// Log size 5 is header and ImpSpec; each more is one TLP prefix (up to 4) or header dword.
std::uint32_t rp_more(const Context& c) {
  return has_impspec(c) ? std::min(rp_pio_dwords(c), 14U) - 5 : 0;
}
constexpr Register kDpc[] = {
    {0x04, 2, "DpcCap", "DPC Capability", kDpcCap},
    {0x06, 2, "DpcCtl", "DPC Control", kDpcCtl},
    {0x08, 2, "DpcSta", "DPC Status", kDpcSta},
    {0x0A, 2, "Source", "DPC Error Source ID", kSource},
    {0x0C, 4, "RpPioSta", "RP PIO Status", kRpPioStatus, has_rp_pio},
    {0x10, 4, "RpPioMsk", "RP PIO Mask", kRpPioMask, has_rp_pio},
    {0x14, 4, "RpPioSvrt", "RP PIO Severity", kRpPioMask, has_rp_pio},
    {0x18, 4, "RpPioSysErr", "RP PIO SysError", kRpPioMask, has_rp_pio},
    {0x1C, 4, "RpPioExc", "RP PIO Exception", kRpPioMask, has_rp_pio},
    {0x20, 4, "RpPioHeaderLog0", "RP PIO Header Log, 1st dword", kDword, has_rp_log},
    {0x24, 4, "RpPioHeaderLog1", "RP PIO Header Log, 2nd dword", kDword, has_rp_log},
    {0x28, 4, "RpPioHeaderLog2", "RP PIO Header Log, 3rd dword", kDword, has_rp_log},
    {0x2C, 4, "RpPioHeaderLog3", "RP PIO Header Log, 4th dword", kDword, has_rp_log},
    {0x30, 4, "RpPioImpSpecLog", "RP PIO ImpSpec Log", kDword, has_impspec}};
constexpr Register kPrefixDword[] = {{0, 4, "", "RP PIO TLP Prefix Log dword", kDword}};
constexpr Group kRpMore[] = {{"RpPioPrefixLog", locate_every<rp_more, 0x34, 4>, kPrefixDword}};
std::uint32_t dpc_length(const Context& c) {
  if (!has_rp_pio(c)) {
    return 0x0C;
  }
  return 0x20 + (has_rp_log(c) ? 0x10U : 0U) + (has_impspec(c) ? 4U : 0U) + 4 * rp_more(c);
}

constexpr Capability kCapabilities[] = {
    {Kind::kExtended, 0, 0x01, "AER", "Advanced Error Reporting", kAer, kMoreHeader, aer_length},
    {Kind::kExtended, 0, 0x1D, "DPC", "Downstream Port Containment", kDpc, kRpMore, dpc_length}};

}  // namespace error_tables

std::span<const Capability> errors() {
  return error_tables::kCapabilities;
}

}  // namespace weft::wire::pcie::tables
