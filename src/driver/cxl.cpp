// SPDX-License-Identifier: Apache-2.0
// CXL as the kernel's cxl subsystem shows it under sys/bus/cxl/devices: memory devices, ports,
// decoders, regions. memN and endpointN numbers change from boot to boot, so a memory device is
// known by its serial and by the PCI function it sits on. Adds attributes; the link itself is the
// PCIe driver's.
#include "base/text.h"
#include "driver/collect.h"
#include "driver/read.h"

#include <array>

#include <fmt/format.h>

namespace weft::driver {
namespace {

constexpr const char* kCxlDevices = "sys/bus/cxl/devices/";

/// A kind of object in sys/bus/cxl/devices, and the files that describe it
/// (kernel ABI: sysfs-bus-cxl).
struct ObjectKind {
  std::string_view prefix;
  const char* kind;
  std::span<const std::pair<const char*, const char*>> files;  ///< key, file
};
constexpr std::pair<const char*, const char*> kMemdevFiles[] = {
    {"serial", "serial"},
    {"firmware_version", "firmware_version"},
    {"ram_bytes", "ram/size"},
    {"pmem_bytes", "pmem/size"},
    {"numa_node", "numa_node"},
    {"payload_max", "payload_max"},
    {"security_state", "security/state"}};
constexpr std::pair<const char*, const char*> kPortFiles[] = {
    {"decoders_committed", "decoders_committed"}};
constexpr std::pair<const char*, const char*> kDecoderFiles[] = {
    {"start", "start"},
    {"size", "size"},
    {"target_type", "target_type"},
    {"interleave_ways", "interleave_ways"},
    {"interleave_granularity", "interleave_granularity"},
    {"mode", "mode"},
    {"locked", "locked"},
    {"region", "region"},
    {"target_list", "target_list"}};
constexpr std::pair<const char*, const char*> kRegionFiles[] = {
    {"size", "size"},
    {"uuid", "uuid"},
    {"resource", "resource"},
    {"interleave_ways", "interleave_ways"},
    {"interleave_granularity", "interleave_granularity"},
    {"mode", "mode"},
    {"commit", "commit"}};
constexpr auto kKinds = std::to_array<ObjectKind>({
    {"mem", "cxl_memdev", kMemdevFiles},
    {"endpoint", "cxl_endpoint", kPortFiles},
    {"port", "cxl_port", kPortFiles},
    {"root", "cxl_root", {}},
    {"decoder", "cxl_decoder", kDecoderFiles},
    {"region", "cxl_region", kRegionFiles},
});

const ObjectKind* kind_of(std::string_view name) {
  for (const auto& kind : kKinds) {
    if (name.starts_with(kind.prefix) && name.size() > kind.prefix.size() &&
        name[kind.prefix.size()] >= '0' && name[kind.prefix.size()] <= '9') {
      return &kind;
    }
  }
  return nullptr;
}

void add_object(Collection& collection, const std::string& name, const ObjectKind& kind) {
  const auto& tree = *collection.host.tree;
  const auto path = kCxlDevices + name;
  observe::Attributes attributes;
  attributes.kind = kind.kind;
  attributes.name = name;
  for (const auto& [key, file] : kind.files) {
    attributes.values.emplace_back(key, read_text(tree, path + "/" + file));
  }
  const auto where = tree.link(path);
  const auto function = where ? last_pci_address(*where) : std::string();
  attributes.values.emplace_back(
      "pci_function", function.empty() ? observe::Reading<std::string>(
                                             observe::absent(observe::Absence::kNotApplicable))
                                       : function);
  if (const auto device = collection.device_of_function.find(function);
      device != collection.device_of_function.end()) {
    attributes.device = device->second;
    auto* known = collection.snapshot.fabric.device(device->second);
    if (kind.prefix == "mem" && known != nullptr) {
      const auto serial = read_text(tree, path + "/serial");
      const auto firmware = read_text(tree, path + "/firmware_version");
      known->kind = fabric::DeviceKind::kMemoryController;
      if (serial && known->part.serial.empty()) {
        known->part.serial = base::printable(*serial, 40);
      }
      known->part.firmware = base::printable(firmware.value_or(""), 40);
    }
  }
  collection.snapshot.attributes.push_back(std::move(attributes));
}

}  // namespace

void collect_cxl(Collection& collection) {
  const auto names = collection.host.tree->list("sys/bus/cxl/devices");
  if (!names) {
    return;
  }
  for (const auto& name : *names) {
    if (const auto* kind = kind_of(name)) {
      add_object(collection, name, *kind);
    }
  }
}

}  // namespace weft::driver
