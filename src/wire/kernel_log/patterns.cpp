// SPDX-License-Identifier: Apache-2.0
#include "wire/kernel_log/patterns.h"

#include "base/text.h"

#include <array>

namespace weft::wire::kernel_log {
namespace pattern_table {

using K = Kind;
using S = Scope;
constexpr auto kInfo = Severity::kInfo;
constexpr auto kWarning = Severity::kWarning;
constexpr auto kCritical = Severity::kCritical;

// Order matters within a scope: the first row that matches wins, so the longer form stands first.
// The severity of AER rows and Xids is refined in message.cpp by the message's own words.
constexpr auto kPatterns = std::to_array<Pattern>({
    // drivers/pci/pcie/aer.c: before 5.x "id=00e0", then "received: BDF", from 6.10 "received
    // from".
    {S::kAer, K::kAerReceived, kInfo, "{severity} error received: id={id:hex}"},
    {S::kAer, K::kAerReceived, kInfo, "{severity} error received: {source:bdf}"},
    {S::kAer, K::kAerReceived, kInfo, "{severity} error message received from {source:bdf}"},
    {S::kAer, K::kAerReceived, kInfo, "{severity} error received from {source:bdf}"},
    {S::kAer, K::kAerError, kInfo,
     "PCIe Bus Error: severity={severity}, type={layer}, id={id:hex}({agent})"},
    {S::kAer, K::kAerError, kInfo, "PCIe Bus Error: severity={severity}, type={layer}, ({agent})"},
    {S::kAer, K::kAerStatus, kInfo,
     "device [{vendor:hex}:{device:hex}] error status/mask={status:hex}/{mask:hex}"},
    {S::kAer, K::kAerStatus, kInfo, "aer_status: {status:hex}, aer_mask: {mask:hex}"},
    {S::kAer, K::kAerHeader, kInfo, "TLP Header: {header:rest}"},
    {S::kAer, K::kAerBit, kInfo, "[{bit:num}] {error:rest}"},
    {S::kAer, K::kAerSourceUnknown, kWarning, "can't find device of ID{id:hex}"},
    {S::kAer, K::kAerRecovered, kInfo, "device recovery successful"},
    {S::kAer, K::kAerRecoveryFailed, kCritical, "device recovery failed"},
    {S::kAer, K::kAerRecoveryFailed, kCritical, "subordinate device reset failed"},
    {S::kAer, K::kAerRecoveryFailed, kWarning, "can't recover ({reason})"},
    {S::kAer, K::kAerLinkReset, kWarning, "{port} link has been reset ({result})"},
    // The trace event of the same name, as tracefs and rasdaemon print it.
    {S::kAny, K::kAerError, kInfo,
     "aer_event: {bdf:bdf} PCIe Bus Error: severity=Uncorrected, non-fatal, {error}, TLP Header="},
    {S::kAny, K::kAerError, kInfo,
     "aer_event: {bdf:bdf} PCIe Bus Error: severity={severity}, {error}, TLP Header="},

    // drivers/pci/pcie/dpc.c; the forms with the reason on the same line are of 6.16 and later.
    {S::kDpc, K::kDpc, kCritical,
     "containment event, status:{status:hex}, {reason} received from {source:bdf}"},
    {S::kDpc, K::kDpc, kCritical, "containment event, status:{status:hex}: {reason} detected"},
    {S::kDpc, K::kDpc, kCritical, "containment event, status:{status:hex} source:{source_id:hex}"},
    {S::kDpc, K::kDpcReason, kCritical, "{reason} detected"},

    // drivers/pci/hotplug/pciehp_ctrl.c
    {S::kSlot, K::kSlotLinkIgnored, kWarning, "Slot({slot}): Link Down/Up ignored{detail:rest}"},
    {S::kSlot, K::kSlotLinkDown, kWarning, "Slot({slot}): Link Down"},
    {S::kSlot, K::kSlotLinkUp, kInfo, "Slot({slot}): Link Up"},
    {S::kSlot, K::kSlotCardAbsent, kWarning, "Slot({slot}): Card not present"},
    {S::kSlot, K::kSlotCardPresent, kInfo, "Slot({slot}): Card present"},
    {S::kSlot, K::kSlotButton, kInfo, "Slot({slot}): Attention button pressed"},
    {S::kSlot, K::kSlotButton, kInfo, "Slot({slot}): Button {detail:rest}"},
    {S::kSlot, K::kSlotPowerFault, kCritical, "Slot({slot}): Power fault"},
    {S::kSlot, K::kSlotPowerFault, kCritical, "Power fault on slot {slot:rest}"},
    {S::kSlot, K::kSlotNoLink, kWarning, "Slot({slot}): No link"},
    {S::kSlot, K::kSlotNoLink, kWarning, "Slot({slot}): No device found"},

    // drivers/pci/pci.c: pcie_print_link_status, link retraining, power states
    {S::kPci, K::kPcieBandwidthLimited, kInfo,
     "{available} Gb/s available PCIe bandwidth, limited by {rate} x{width:num} link at {at:bdf} "
     "(capable of {capable} Gb/s with {max_rate} x{max_width:num} link)"},
    {S::kPci, K::kPcieBandwidth, kInfo,
     "{available} Gb/s available PCIe bandwidth ({rate} x{width:num} link)"},
    {S::kPci, K::kPcieRetrain, kWarning,
     "broken device, retraining non-functional downstream link at {rate:rest}"},
    {S::kPci, K::kPcieRetrain, kCritical, "retraining failed"},
    {S::kPci, K::kPcieRetrain, kInfo, "removing {rate} downstream link speed restriction"},
    {S::kPci, K::kPcieRetrain, kInfo, "retraining sucessfully{detail:rest}"},
    {S::kPci, K::kPcieRetrain, kInfo, "retraining successfully{detail:rest}"},
    {S::kPci, K::kPcieRetrain, kWarning, "Data Link Layer Link Active not set in {ms:num} msec"},
    {S::kPci, K::kPcieRetrain, kWarning, "link training error: status {status:hex}"},
    {S::kPci, K::kPcieInaccessible, kCritical,
     "Unable to change power state from {from} to {to}, device inaccessible"},
    {S::kPci, K::kPcieInaccessible, kCritical,
     "can't change power state from {from} to {to} (config space inaccessible)"},

    // NVIDIA's driver: GPUs, and the switches of an NVLink fabric
    {S::kAny, K::kXid, kWarning, "NVRM: Xid (PCI:{pci}): {code:num}, {detail:rest}"},
    {S::kAny, K::kXid, kWarning, "NVRM: Xid ({pci}): {code:num}, {detail:rest}"},
    {S::kAny, K::kXid, kWarning, "NVRM: Xid (PCI:{pci}): {code:num}"},
    {S::kAny, K::kGpuLost, kCritical, "NVRM: GPU {bdf:bdf}: GPU has fallen off the bus"},
    {S::kAny, K::kGpuLost, kCritical, "NVRM: GPU at PCI:{pci}: GPU has fallen off the bus"},
    {S::kAny, K::kSxid, kCritical,
     "{device}: SXid (PCI:{bdf:bdf}): {code:num}, Fatal, {detail:rest}"},
    {S::kAny, K::kSxid, kWarning,
     "{device}: SXid (PCI:{bdf:bdf}): {code:num}, Non-fatal, {detail:rest}"},

    // drivers/net/ethernet/mellanox/mlx5/core: events.c, health.c
    {S::kMlx5, K::kModuleError, kCritical,
     "Port module event[error]: module {module:num}, {status}, {error:rest}"},
    {S::kMlx5, K::kModuleEvent, kInfo, "Port module event: module {module:num}, {status:rest}"},
    {S::kMlx5, K::kNicHealth, kCritical, "device's health compromised - {reason:rest}"},
    {S::kMlx5, K::kNicHealth, kCritical, "Fatal error {error:num} detected"},
    {S::kMlx5, K::kNicPower, kWarning,
     "Detected insufficient power on the PCIe slot ({watts:num}W)"},
    {S::kMlx5, K::kNicTemperature, kWarning,
     "High temperature on sensors with bit set {sensors:rest}"},

    // drivers/nvme/host: "I/O 12 QID 3", "I/O 12 (I/O Cmd) QID 3", "I/O tag 12 (1234) opcode … QID
    // 3"
    {S::kNvme, K::kNvmeTimeout, kWarning, "I/O {tag} QID {qid:num} timeout, {action:rest}"},
    {S::kNvme, K::kNvmeDown, kCritical,
     "controller is down; will reset: CSTS={csts:hex}, PCI_STATUS={pci_status:hex}"},
    {S::kNvme, K::kNvmeDown, kCritical, "controller is down; will reset: CSTS={csts:hex}"},
    {S::kNvme, K::kNvmeDown, kCritical, "frozen state error detected, reset controller"},
    {S::kNvme, K::kNvmeRemoved, kCritical, "Removing after probe failure status: {status:rest}"},
    {S::kNvme, K::kNvmeRemoved, kCritical, "Disabling device after reset failure: {status:rest}"},
    {S::kNvme, K::kNvmeNotReady, kCritical, "Device not ready; aborting {action}, CSTS={csts:hex}"},

    // drivers/edac
    {S::kAny, K::kMemoryError, kWarning, "EDAC {device}: {count:num} CE {detail:rest}"},
    {S::kAny, K::kMemoryError, kCritical, "EDAC {device}: {count:num} UE {detail:rest}"},
    // The trace events ras:mc_event and ras:memory_failure_event (include/ras/ras_event.h).
    {S::kAny, K::kMemoryError, kWarning,
     "mc_event: {count:num} Corrected {detail} (mc:{mc:num} {place:rest}"},
    {S::kAny, K::kMemoryError, kWarning,
     "mc_event: {count:num} Deferred {detail} (mc:{mc:num} {place:rest}"},
    {S::kAny, K::kMemoryError, kInfo,
     "mc_event: {count:num} Info {detail} (mc:{mc:num} {place:rest}"},
    {S::kAny, K::kMemoryError, kCritical,
     "mc_event: {count:num} {severity} {detail} (mc:{mc:num} {place:rest}"},
    {S::kAny, K::kMemoryError, kWarning,
     "memory_failure_event: pfn {pfn:hex}: recovery action for {page}: Recovered"},
    {S::kAny, K::kMemoryError, kWarning,
     "memory_failure_event: pfn {pfn:hex}: recovery action for {page}: Delayed"},
    {S::kAny, K::kMemoryError, kCritical,
     "memory_failure_event: pfn {pfn:hex}: recovery action for {page}: {result:rest}"},
});

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool is_decimal(char c) {
  return c >= '0' && c <= '9';
}
bool is_address(char c) {
  return is_hex(c) || c == ':' || c == '.';
}

/// The run of characters at the front of `text` that `is_part` takes.
template <class Predicate>
std::string_view run(std::string_view text, Predicate is_part) {
  std::size_t length = 0;
  while (length < text.size() && is_part(text[length])) {
    ++length;
  }
  return text.substr(0, length);
}

std::string_view skip_spaces(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  return first == std::string_view::npos ? std::string_view{} : text.substr(first);
}

/// Takes one literal (no braces in it) off the front of `text`.
bool take_literal(std::string_view literal, std::string_view& text) {
  for (const char c : literal) {
    if (text.empty() || (c == ' ' ? text[0] != ' ' && text[0] != '\t' : text[0] != c)) {
      return false;
    }
    text = c == ' ' ? skip_spaces(text) : text.substr(1);
  }
  return true;
}

/// Takes what a capture of this type holds; `stop` is the literal that follows it.
std::optional<std::string> take_capture(std::string_view type, std::string_view stop,
                                        std::string_view& text) {
  std::string_view taken;
  if (type == "rest") {
    taken = base::trim(text);
    text = {};
    return base::printable(taken);
  }
  if (type == "num") {
    text = skip_spaces(text);
    taken = run(text, is_decimal);
  } else if (type == "hex") {
    const std::size_t prefix = text.starts_with("0x") ? 2 : 0;
    taken = text.substr(0, prefix + run(text.substr(prefix), is_hex).size());
    if (taken.size() == prefix) {
      return std::nullopt;
    }
  } else if (type == "bdf") {
    taken = run(text, is_address);
    while (taken.ends_with(':') || taken.ends_with('.')) {
      taken.remove_suffix(1);
    }
    auto address = pci_address(taken);
    if (address) {
      text.remove_prefix(taken.size());
    }
    return address;
  } else {
    taken = text.substr(0, stop.empty() ? text.size() : text.find(stop));
  }
  if (taken.empty()) {
    return std::nullopt;
  }
  text.remove_prefix(taken.size());
  return base::printable(base::trim(taken));
}

}  // namespace pattern_table

std::span<const Pattern> patterns() {
  return pattern_table::kPatterns;
}

std::optional<Fields> match(std::string_view form, std::string_view text) {
  Fields fields;
  while (!form.empty()) {
    const auto open = form.find('{');
    if (!pattern_table::take_literal(form.substr(0, open), text)) {
      return std::nullopt;
    }
    if (open == std::string_view::npos) {
      return fields;
    }
    const auto close = form.find('}', open);
    const auto capture = form.substr(open + 1, close - open - 1);
    form.remove_prefix(close + 1);
    const auto colon = capture.find(':');
    const auto type =
        colon == std::string_view::npos ? std::string_view{} : capture.substr(colon + 1);
    // A plain capture ends where the whole literal behind it begins, so a comma inside stays
    // inside.
    auto value = pattern_table::take_capture(type, form.substr(0, form.find('{')), text);
    if (!value) {
      return std::nullopt;
    }
    fields.emplace_back(capture.substr(0, colon), std::move(*value));
  }
  return fields;
}

}  // namespace weft::wire::kernel_log
