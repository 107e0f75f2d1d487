// SPDX-License-Identifier: Apache-2.0
// See port_counters.h. A port's name is "DEVICE/PORT", the device's own name with slashes kept
// before the last one. The far end is not seen from here, so a link between two ports of one host
// is there twice, once from each end.
#include "driver/port_counters.h"

#include "base/text.h"

#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace weft::driver {
namespace port_counters {

using observe::Absence;
using observe::absent;
using observe::Metric;

struct PortCounterReader {
  Collection& collection;

  fabric::DeviceId device_named(const std::string& name) {
    auto& fabric = collection.snapshot.fabric;
    fabric::Device device;
    device.id = collection.id_of<fabric::DeviceId>("port-counters/" + name);
    const auto id = device.id;
    if (fabric.device(id) == nullptr) {
      device.name = name;
      device.parent = collection.snapshot.host.name;
      if (!fabric.add(std::move(device))) {
        return {};
      }
    }
    return id;
  }

  void add_sample(fabric::PortId port, Metric metric, std::string label, observe::Value value) {
    collection.snapshot.samples.push_back({port, metric, std::move(label), std::move(value)});
  }

  void add_samples(fabric::PortId port, const bus::PortStatus& status) {
    add_sample(port, Metric::kFecCorrectedBlocks, "total", status.corrected_codewords);
    add_sample(port, Metric::kFecUncorrectableBlocks, "total", status.uncorrectable_codewords);
    add_sample(port, Metric::kPortRetries, "", status.retries);
    add_sample(port, Metric::kPortRecoveries, "", status.recoveries);
    add_sample(port, Metric::kPortLinkDowns, "", status.link_downs);
    for (std::size_t lane = 0; lane < status.receivers.size(); ++lane) {
      const auto label = fmt::format("{}", lane);
      const auto& receiver = status.receivers[lane];
      add_sample(port, Metric::kLaneBits, label, receiver.bits);
      add_sample(port, Metric::kLaneBitErrors, label, receiver.bit_errors);
      if (receiver.fom) {
        add_sample(port, Metric::kPortFigureOfMerit, label, receiver.fom->value());
      }
    }
  }

  void add_link(fabric::PortId port, const std::string& name, const bus::PortStatus& status) {
    observe::LinkState state;
    state.link = collection.id_of<fabric::LinkId>("port-counters/" + name);
    state.family = fabric::ProtocolFamily::kOther;
    state.up = status.is_up;
    state.training = status.is_training;
    if (status.is_up) {
      state.rate = status.lane_rate;
      state.width = status.lanes;
    } else {
      state.rate = absent(Absence::kNotApplicable, "the link is down");
      state.width = absent(Absence::kNotApplicable, "the link is down");
    }
    state.a.port = port;
    state.a.address = name;
    fabric::Link link;
    link.id = state.link;
    link.name = name;
    link.a = port;
    if (collection.snapshot.fabric.add(std::move(link))) {
      collection.snapshot.links.push_back(std::move(state));
    }
  }

  void read(const std::string& raw_name) {
    const auto name = base::printable(raw_name, 128);
    const auto slash = name.rfind('/');
    if (slash == std::string::npos || slash == 0 || slash + 1 == name.size()) {
      collection.snapshot.problems.push_back(name + ": a port's name without its device");
      return;
    }
    auto door = collection.host.devices->port_counters(raw_name);
    const auto status = door ? (*door)->read() : tl::unexpected(door.error());
    if (!status) {
      collection.snapshot.problems.push_back(name + ": " + status.error().text());
      return;
    }
    fabric::Port port;
    port.device = device_named(name.substr(0, slash));
    port.name = name.substr(slash + 1);
    port.id = collection.id_of<fabric::PortId>("port-counters/" + name);
    port.lanes = base::LaneCount(static_cast<std::uint32_t>(status->receivers.size()));
    const auto id = port.id;
    if (port.device.is_null() || !collection.snapshot.fabric.add(std::move(port))) {
      return;
    }
    // Nothing is plugged where no receiver counts.
    if (!status->receivers.empty()) {
      add_link(id, name, *status);
      add_samples(id, *status);
    }
  }
};

}  // namespace port_counters

void collect_port_counters(Collection& collection) {
  if (collection.host.devices == nullptr) {
    return;
  }
  port_counters::PortCounterReader reader{collection};
  for (const auto& name : collection.host.devices->names(bus::DoorKind::kPortCounters)) {
    reader.read(name);
  }
}

}  // namespace weft::driver
