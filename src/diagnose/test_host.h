// SPDX-License-Identifier: Apache-2.0
// A machine made by hand for the tests of the judgement: accelerators, each alone under a root
// port, all healthy.
#pragma once

#include "observe/snapshot.h"

#include <cstdint>
#include <string>
#include <vector>

namespace weft::diagnose {

/// A host of accelerators, each alone under a root port, all at 32 GT/s x16.
struct TestHost {
  observe::Snapshot snapshot;
  std::vector<fabric::PortId> ports_a, ports_b;

  explicit TestHost(int links, fabric::DeviceKind kind = fabric::DeviceKind::kAccelerator) {
    snapshot.host.name = "h";
    snapshot.host.is_live = true;
    snapshot.host.uptime = base::seconds(36000);
    for (int i = 0; i < links; ++i) {
      const auto n = std::to_string(i);
      fabric::Device root;
      root.name = "root" + n;
      fabric::Device device;
      device.name = "0000:0" + n + ":00.0";
      device.kind = kind;
      device.part.part_number = "10de:2330";
      const auto root_id = snapshot.fabric.add(root).value();
      const auto device_id = snapshot.fabric.add(device).value();
      fabric::Port a;
      a.device = root_id;
      a.name = "0000:00:0" + n + ".0";
      fabric::Port b;
      b.device = device_id;
      b.name = device.name;
      ports_a.push_back(snapshot.fabric.add(a).value());
      ports_b.push_back(snapshot.fabric.add(b).value());
      observe::LinkState link;
      link.link = fabric::LinkId::of(n);
      link.family = fabric::ProtocolFamily::kPcie;
      link.up = true;
      link.rate = base::giga_transfers(32);
      link.width = base::LaneCount(16);
      for (auto* end : {&link.a, &link.b}) {
        end->max_rate = base::giga_transfers(32);
        end->max_width = base::LaneCount(16);
        end->target_rate = base::giga_transfers(32);
        end->autonomous_speed_disabled = false;
        end->power_state = std::string("D0");
        end->answers = true;
      }
      link.a.port = ports_a.back();
      link.a.address = a.name;
      link.b.port = ports_b.back();
      link.b.address = b.name;
      snapshot.links.push_back(link);
    }
  }
  observe::LinkState& link(int i) { return snapshot.links[static_cast<std::size_t>(i)]; }
  void count(fabric::PortId port, observe::Metric metric, const char* label, std::uint64_t value) {
    snapshot.samples.push_back({port, metric, label, observe::Value(value)});
  }
};

}  // namespace weft::diagnose
