// SPDX-License-Identifier: Apache-2.0
// Accelerators as their management library sees them: identity and use on the PCIe device that the
// PCIe driver found, and each NVLink as a link of which this end is known. A link between two
// accelerators of one host is therefore there twice, once from each end: the library names the
// device at the far end, not its port. NVLink versions are numbered as the public NVML API
// reference does.
#include "driver/collect.h"

#include <fmt/format.h>

namespace weft::driver {
namespace accelerator {

using observe::Absence;
using observe::absent;
using observe::Metric;
using observe::Reading;

constexpr double kBitsPerMegabyte = 8e6;

/// nvmlNvlinkVersion_t: 4 and 5 are NVLink 3.x, 6 is 4.0, 7 is 5.0.
fabric::ProtocolId protocol_of(std::optional<std::uint32_t> version) {
  std::string_view key;
  switch (version.value_or(0)) {
    case 4:
    case 5:
      key = "nvlink3";
      break;
    case 6:
      key = "nvlink4";
      break;
    case 7:
      key = "nvlink5";
      break;
    default:
      return fabric::ProtocolId::kUnknown;
  }
  return fabric::find_protocol(key).value_or(fabric::ProtocolId::kUnknown);
}

template <class T>
Reading<T> or_absent(const std::optional<T>& value) {
  return value ? Reading<T>(*value) : absent(Absence::kNotSupported, "NVML gave none");
}

class AcceleratorBuilder {
 public:
  AcceleratorBuilder(Collection& collection, const bus::Accelerator& seen)
      : collection_(collection), snapshot_(collection.snapshot), seen_(seen) {}

  void build() {
    if (!find_device()) {
      return;
    }
    snapshot_.samples.push_back(
        {device_, Metric::kUtilization, "",
         seen_.utilization_percent
             ? Reading<observe::Value>(std::uint64_t{*seen_.utilization_percent})
             : absent(Absence::kNotSupported, "NVML gave none")});
    if (!collection_.links_only) {
      add_attributes();
    }
    for (const auto& link : seen_.links) {
      add_link(link);
    }
  }

 private:
  bool find_device() {
    const auto known = collection_.device_of_function.find(seen_.bdf);
    const auto place = collection_.path_of_function.find(seen_.bdf);
    path_ = place == collection_.path_of_function.end() ? "uuid/" + seen_.uuid : place->second;
    if (known != collection_.device_of_function.end()) {
      device_ = known->second;
    } else {
      fabric::Device device;
      device.id = collection_.id_of<fabric::DeviceId>("accelerator/" + path_);
      device.name = seen_.bdf.empty() ? seen_.uuid : seen_.bdf;
      device.kind = fabric::DeviceKind::kAccelerator;
      device.parent = snapshot_.host.name;
      device_ = device.id;
      if (snapshot_.fabric.device(device_) == nullptr && !snapshot_.fabric.add(std::move(device))) {
        return false;
      }
    }
    auto* device = snapshot_.fabric.device(device_);
    if (device == nullptr) {
      return false;
    }
    if (device->part.serial.empty()) {
      device->part.serial = seen_.serial;
    }
    if (device->part.firmware.empty()) {
      device->part.firmware = seen_.firmware;
    }
    return true;
  }

  void add_attributes() {
    observe::Attributes attributes{
        .device = device_, .kind = "accelerator", .name = seen_.bdf, .values = {}};
    const auto add = [&](const char* key, const std::string& value) {
      attributes.values.emplace_back(
          key, value.empty() ? Reading<std::string>(absent(Absence::kNotSupported)) : value);
    };
    add("model", seen_.name);
    add("uuid", seen_.uuid);
    add("serial", seen_.serial);
    add("firmware", seen_.firmware);
    snapshot_.attributes.push_back(std::move(attributes));
  }

  void add_link(const bus::AcceleratorLink& seen) {
    const auto path = fmt::format("nvlink/{}/{}", path_, seen.index);
    fabric::Port port;
    port.id = collection_.id_of<fabric::PortId>(path);
    port.device = device_;
    port.name = fmt::format("nvl{}", seen.index);
    port.protocol = protocol_of(seen.version);
    const auto protocol = port.protocol;
    const auto port_id = port.id;
    if (!snapshot_.fabric.add(std::move(port))) {
      return;
    }
    observe::LinkState state;
    state.link = collection_.id_of<fabric::LinkId>(path);
    state.family = fabric::ProtocolFamily::kNvlink;
    state.up = or_absent(seen.is_active);
    state.rate = absent(Absence::kNotApplicable, "an NVLink is rated as a whole");
    state.width = absent(Absence::kNotProvided, "NVML does not say");
    const bool is_down = seen.is_active && !*seen.is_active;
    if (is_down) {
      state.data_rate = absent(Absence::kNotApplicable, "the link is inactive");
    } else if (seen.speed_mbytes_per_s && *seen.speed_mbytes_per_s > 0) {
      state.data_rate = base::BitsPerSecond(*seen.speed_mbytes_per_s * kBitsPerMegabyte);
    } else {
      state.data_rate = absent(Absence::kNotSupported, "NVML gave none");
    }
    state.a.port = port_id;
    state.a.address = fmt::format("{}/nvl{}", seen_.bdf, seen.index);
    state.b.address = seen.remote_bdf.value_or("");
    fabric::Link link;
    link.id = state.link;
    link.name = state.a.address + " - " + (seen.remote_bdf ? *seen.remote_bdf : "far end");
    link.a = port_id;
    link.protocol = protocol;
    if (snapshot_.fabric.add(std::move(link))) {
      snapshot_.links.push_back(std::move(state));
      add_errors(port_id, seen);
    }
  }

  void add_errors(fabric::PortId port, const bus::AcceleratorLink& seen) {
    const auto add = [&](Metric metric, const std::optional<std::uint64_t>& count) {
      snapshot_.samples.push_back({port, metric, "",
                                   count ? Reading<observe::Value>(*count)
                                         : absent(Absence::kNotSupported, "NVML gave none")});
    };
    add(Metric::kNvlinkReplay, seen.replay_errors);
    add(Metric::kNvlinkRecovery, seen.recovery_errors);
    add(Metric::kNvlinkCrcFlit, seen.crc_flit_errors);
    add(Metric::kNvlinkCrcData, seen.crc_data_errors);
  }

  Collection& collection_;
  observe::Snapshot& snapshot_;
  const bus::Accelerator& seen_;
  fabric::DeviceId device_;
  std::string path_;
};

}  // namespace accelerator

void collect_accelerator(Collection& collection) {
  if (!collection.host.accelerators) {
    return;
  }
  const auto found = collection.host.accelerators->list();
  if (!found) {
    // No library and no driver is the ordinary case and worth no words; rights and the like are.
    if (found.error().code != base::Code::kUnavailable &&
        found.error().code != base::Code::kNotFound) {
      collection.snapshot.notes.push_back("NVLinks: " + found.error().text());
    }
    return;
  }
  for (const auto& seen : *found) {
    accelerator::AcceleratorBuilder(collection, seen).build();
  }
}

}  // namespace weft::driver
