// SPDX-License-Identifier: Apache-2.0
// What a driver wants from one PCIe function's configuration space, as typed values: identity, bus
// numbers, link, slot, power and error registers. The complete decode of every capability, field by
// field, is decode.h; both stand on registers.h. Source of offsets and bits: linux/pci_regs.h
// (uapi).
#pragma once

#include "base/bytes.h"
#include "base/units.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace weft::wire::pcie {

/// PCI Express Capabilities register, Device/Port Type (bits 7:4).
enum class PortType : std::uint8_t {
  kEndpoint = 0x0,
  kLegacyEndpoint = 0x1,
  kRootPort = 0x4,
  kUpstreamPort = 0x5,
  kDownstreamPort = 0x6,
  kPciePciBridge = 0x7,
  kPciPcieBridge = 0x8,
  kRootComplexIntegratedEndpoint = 0x9,
  kRootComplexEventCollector = 0xA,
};

/// Registers of the PCI Express capability that concern the link. A speed that a code does not name
/// is nullopt; code 0 in Link Status means the link is down or the port has none.
struct LinkRegisters {
  std::optional<base::TransferRate> max_rate;  ///< Link Capabilities / Link Capabilities 2
  base::LaneCount max_width;                   ///< Link Capabilities, 0 where reserved
  std::vector<base::TransferRate>
      supported_rates;  ///< Link Capabilities 2 vector, ascending; may be empty
  std::uint8_t port_number = 0;
  std::uint8_t aspm_support = 0;  ///< bit 0 L0s, bit 1 L1
  bool surprise_down_reporting = false;
  bool active_reporting_capable = false;   ///< Data Link Layer Link Active Reporting
  std::optional<base::TransferRate> rate;  ///< Link Status, current speed
  base::LaneCount width;                   ///< Link Status, negotiated width
  bool training = false;
  bool active = false;                ///< Data Link Layer Link Active (if capable)
  bool bandwidth_management = false;  ///< LBMS: bandwidth changed by software or to correct
  bool autonomous_bandwidth = false;  ///< LABS: hardware changed it on its own
  std::uint8_t aspm_control = 0;      ///< bit 0 L0s, bit 1 L1
  bool disabled = false;              ///< Link Disable
  bool clock_power_management = false;
  bool autonomous_width_disabled = false;         ///< Hardware Autonomous Width Disable
  bool autonomous_speed_disabled = false;         ///< Link Control 2 bit 5
  std::optional<base::TransferRate> target_rate;  ///< Link Control 2, Target Link Speed
  bool has_registers_2 = false;                   ///< capability version 2 or later
  bool retimer_present = false;                   ///< Link Status 2
  bool two_retimers_present = false;
  bool detects_retimers = false;       ///< Link Capabilities 2, Retimer Presence Detect Supported
  bool equalization_complete = false;  ///< Link Status 2, 8 GT/s
  bool equalization_requested = false;
  bool flit_mode = false;  ///< Link Status 2, Flit Mode Status
  /// Link Status 2, Downstream Component Presence: a downstream port's receivers found another's,
  /// or its slot did; absent where it is not determined, or the port has no such field.
  std::optional<bool> component_present;
};

struct SlotRegisters {
  bool hot_plug_capable = false;
  std::uint16_t physical_number = 0;
  std::optional<bool> card_present;  ///< Presence Detect State
  bool power_fault = false;
  bool powered_off = false;  ///< a slot with a power controller that software switched off
};

/// Device 3 (2Fh): flit mode's link control.
struct Device3Registers {
  bool l0p_enabled = false;
  /// Width when the link last trained; nullopt for a reserved code.
  std::optional<base::LaneCount> initial_width;
};

struct AerRegisters {
  std::uint32_t uncorrectable_status = 0;
  std::uint32_t uncorrectable_mask = 0;
  std::uint32_t uncorrectable_severity = 0;
  std::uint32_t correctable_status = 0;
  std::uint32_t correctable_mask = 0;
  std::optional<std::uint32_t> root_status;
};

struct DpcRegisters {
  bool triggered = false;
  std::uint8_t trigger_reason = 0;
  std::uint16_t source_id = 0;
};

struct Function {
  std::uint16_t vendor = 0;
  std::uint16_t device = 0;
  std::uint16_t subsystem_vendor = 0;
  std::uint16_t subsystem_device = 0;
  std::uint8_t revision = 0;
  std::uint32_t class_code = 0;  ///< base, sub, interface: 0x010802
  std::uint8_t header_type = 0;  ///< bits 6:0
  bool multifunction = false;
  std::uint8_t primary_bus = 0, secondary_bus = 0, subordinate_bus = 0;  ///< bridges only
  bool answers = true;                ///< false: its registers read all ones, or there were none
  bool has_capabilities = false;      ///< bytes past the 64-byte header were there to read
  bool has_extended = false;          ///< bytes past 256 were there to read
  std::optional<PortType> port_type;  ///< absent: no PCI Express capability seen
  std::optional<LinkRegisters> link;  ///< absent where the port type has no link
  std::optional<SlotRegisters> slot;
  std::optional<AerRegisters> aer;
  std::optional<DpcRegisters> dpc;
  std::optional<Device3Registers> device_3;
  std::optional<std::uint64_t> serial_number;  ///< Device Serial Number capability
  std::optional<std::uint8_t> power_state;  ///< Power Management Control/Status, 0 = D0 … 3 = D3hot
  std::optional<std::uint32_t> lane_error_status;  ///< Secondary PCI Express
  bool cxl = false;                                ///< a CXL DVSEC (vendor 1E98h) is there
  std::vector<std::string> problems;               ///< "extended capability list loops at 0x140", …
};

/// Reads the function out of 64, 256 or 4096 bytes (any other length is taken as far as it goes).
/// Never fails: what cannot be read is absent, and why stands in `problems`. All ones in the vendor
/// id gives a problem "device does not answer (all ones)", unless the class is there: a virtual
/// function.
[[nodiscard]] Function read_function(base::ByteView config);

/// The rate that a Link Capabilities / Status / Control 2 speed code names (1 = 2.5 … 7 = 128
/// GT/s).
[[nodiscard]] std::optional<base::TransferRate> rate_of_code(std::uint32_t code);

}  // namespace weft::wire::pcie
