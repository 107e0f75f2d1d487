// SPDX-License-Identifier: Apache-2.0
// What a kernel message says about a link or the device at its end: which kind of event, on which
// PCI function, network interface or controller, with which fields. The forms are those that
// kernels from 3.x to 6.x and NVIDIA's driver print; each is a row of patterns.cpp. Text in no row
// is nullopt: this never guesses. driver/kernel_log turns the result into events on devices.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::wire::kernel_log {

enum class Kind : std::uint8_t {
  kAerReceived,  ///< a root port received an error message; field "source" or "id"
  kAerError,     ///< a device's AER registers held an error; the lines that follow detail it
  kAerStatus,    ///< detail: status and mask registers
  kAerBit,       ///< detail: one error bit by name
  kAerHeader,    ///< detail: TLP header
  kAerSourceUnknown,
  kAerRecovered,
  kAerRecoveryFailed,
  kAerLinkReset,
  kDpc,        ///< Downstream Port Containment took the link down
  kDpcReason,  ///< detail of kDpc on kernels that print it on a line of its own
  kSlotLinkDown,
  kSlotLinkUp,
  kSlotLinkIgnored,  ///< link change that DPC recovered
  kSlotCardPresent,
  kSlotCardAbsent,
  kSlotButton,
  kSlotPowerFault,
  kSlotNoLink,
  kPcieBandwidth,         ///< what the path gives; not limited
  kPcieBandwidthLimited,  ///< something upstream narrows the path: field "at"
  kPcieRetrain,
  kPcieInaccessible,
  kXid,
  kSxid,
  kGpuLost,
  kModuleEvent,  ///< plugged or unplugged
  kModuleError,
  kNicHealth,
  kNicPower,
  kNicTemperature,
  kNetLinkUp,
  kNetLinkDown,
  kNvmeTimeout,
  kNvmeDown,
  kNvmeRemoved,
  kNvmeNotReady,
  kCxlEvent,
  kCxlAer,
  kMemoryError,  ///< EDAC
  kCount_,
};
/// "aer_error", "xid", "net_link_down", …
[[nodiscard]] std::string_view key(Kind kind);
/// Whether the message only adds to the one before it on the same device.
[[nodiscard]] bool is_detail(Kind kind);

enum class Severity : std::uint8_t { kInfo, kWarning, kCritical };

struct KernelMessage {
  Kind kind{};
  Severity severity = Severity::kInfo;
  std::string bdf;     ///< "0000:3b:00.0"; empty where none was named
  std::string netdev;  ///< "ens1f0"
  std::string device;  ///< "nvme0", "mem1", "nvidia-nvswitch3", "MC0"
  std::vector<std::pair<std::string, std::string>> fields;  ///< made printable
  bool is_victim = false;  ///< by its own words the consequence of another error

  /// The field's value; empty where there is none.
  [[nodiscard]] std::string_view field(std::string_view name) const;
};

/// What the message says; nullopt where it is none of ours.
[[nodiscard]] std::optional<KernelMessage> classify(std::string_view text);

/// "0000:3b:00.0" of "0000:3b:00.0", "0000:3b:00", "10003:00:00.0", "PCI:0000:3b:00"; nullopt for
/// others.
[[nodiscard]] std::optional<std::string> pci_address(std::string_view text);

}  // namespace weft::wire::kernel_log
