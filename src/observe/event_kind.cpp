// SPDX-License-Identifier: Apache-2.0
#include "observe/event_kind.h"

#include <algorithm>
#include <array>

namespace weft::observe {
namespace {

using enum EventOrigin;

constexpr std::array kKinds = std::to_array<EventKindRow>({
    {"aer_correctable", kKernelLog, "A PCIe function logged correctable errors", true},
    {"aer_nonfatal", kKernelLog, "A PCIe function logged uncorrectable, non-fatal errors", true},
    {"aer_fatal", kKernelLog, "A PCIe function logged fatal errors", true},
    {"aer_received", kKernelLog, "A root port received an error message from below", true, true},
    {"aer_source_unknown", kKernelLog, "A root port received an error whose source it cannot name",
     true},
    {"aer_recovered", kKernelLog, "Drivers recovered after PCIe errors"},
    {"aer_recovery_failed", kKernelLog, "Drivers could not recover after PCIe errors", true},
    {"aer_link_reset", kKernelLog, "The kernel reset a link to recover from errors", true},
    {"dpc", kKernelLog, "Downstream Port Containment took a link down", true},
    {"slot_link_down", kKernelLog, "The link below a slot went down", true},
    {"slot_link_up", kKernelLog, "The link below a slot came up", true},
    {"slot_link_ignored", kKernelLog, "A link below a slot changed and containment recovered it",
     true},
    {"slot_card_present", kKernelLog, "A card was plugged into a slot"},
    {"slot_card_absent", kKernelLog, "A slot's card went away"},
    {"slot_button", kKernelLog, "Somebody pressed a slot's attention button"},
    {"slot_power_fault", kKernelLog, "A slot's power failed"},
    {"slot_no_link", kKernelLog, "A slot has a card and no link came up", true},
    {"pcie_bandwidth", kKernelLog, "What a device's path gives; nothing narrows it"},
    {"pcie_bandwidth_limited", kKernelLog, "A link narrows a device's path", true},
    {"pcie_retrain", kKernelLog, "The kernel retrained a link", true},
    {"pcie_inaccessible", kKernelLog, "A device's configuration space does not answer", true},
    {"xid", kKernelLog, "NVIDIA's driver reported an error of a GPU", true},
    {"xid_victim", kKernelLog, "NVIDIA's driver reported an error that an earlier one caused",
     false, true},
    {"sxid", kKernelLog, "NVIDIA's driver reported an error of an NVLink switch", true},
    {"gpu_lost", kKernelLog, "A GPU fell off the bus", true},
    {"module_event", kKernelLog, "A cable or transceiver was plugged or unplugged"},
    {"module_error", kKernelLog, "A NIC's driver reported an error of the plugged module", true},
    {"nic_health", kKernelLog, "A NIC's driver reported bad health of its firmware"},
    {"nic_power", kKernelLog, "A NIC's driver reported too little power in its slot"},
    {"nic_temperature", kKernelLog, "A NIC's driver reported that it is too hot"},
    {"link_up", kKernelLog, "A network interface's link came up", true},
    {"link_down", kKernelLog, "A network interface's link went down", true},
    {"nvme_timeout", kKernelLog, "An NVMe command timed out", false, true},
    {"nvme_down", kKernelLog, "An NVMe controller stopped answering", true},
    {"nvme_removed", kKernelLog, "An NVMe controller went away after failures", false, true},
    {"nvme_not_ready", kKernelLog, "An NVMe controller did not become ready", true},
    {"cxl_event", kKernelLog, "A CXL device reported an event record"},
    {"cxl_aer", kKernelLog, "A CXL port logged protocol errors", true},
    {"memory_error", kKernelLog, "A memory controller reported an error (EDAC)"},
    {"nvlink_error_threshold", kManagement,
     "A management agent reported an NVLink's error rate above its threshold", true},
    {"nvlink_down", kManagement, "A management agent reported an NVLink down", true},
    {"reboot", kIngest, "The host's uptime fell: it restarted"},
    {"part_replaced", kIngest, "Another part is in this place than at the look before"},
    {"clock_set", kIngest, "The host's clock moved against its uptime"},
    {"subject_appeared", kIngest, "A device, port or link is there that was not"},
    {"subject_gone", kIngest, "A device, port or link that was there is not"},
    {"maintenance", kOperator, "Somebody works on it from now on, or for the stated time"},
    {"job_start", kOperator, "A job started"},
    {"job_end", kOperator, "A job ended"},
    {"repair", kOperator, "Somebody repaired it: reseated, cleaned, replaced"},
    {"note", kOperator, "Somebody's remark"},
});

}  // namespace

std::string_view key(EventOrigin origin) {
  constexpr std::array<std::string_view, 4> kKeys = {"kernel log", "management", "ingest",
                                                     "operator"};
  return kKeys.at(static_cast<std::size_t>(origin));
}

std::span<const EventKindRow> event_kinds() {
  return kKinds;
}

const EventKindRow* find_event_kind(std::string_view key) {
  const auto it = std::ranges::find(kKinds, key, &EventKindRow::key);
  return it == kKinds.end() ? nullptr : &*it;
}

}  // namespace weft::observe
