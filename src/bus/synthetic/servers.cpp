// SPDX-License-Identifier: Apache-2.0
// The hosts that the demo and the benchmarks use. Part ids are public PCI ids of parts of that
// class; counts and faults are made up.
#include "bus/synthetic/host.h"

#include <fmt/format.h>

namespace weft::bus::synthetic {
namespace {

Port root_port() {
  return {.role = Role::kRootPort, .vendor = 0x8086, .device = 0x352a};
}

Port switch_port(Role role, int width) {
  return {
      .role = role, .vendor = 0x1000, .device = 0xc030, .max_width = width, .driver = "pcieport"};
}

Port accelerator(int index) {
  return {.vendor = 0x10de,
          .device = 0x2330,
          .subsystem_vendor = 0x10de,
          .subsystem_device = 0x16c1,
          .class_code = 0x030200,
          .serial = 0x48b02d0000000100ULL + static_cast<unsigned>(index),
          .slot = fmt::format("GPU{}", index),
          .driver = "nvidia",
          .numa_node = index / 4};
}

Port nic(int index) {
  return {.vendor = 0x15b3,
          .device = 0x1021,
          .subsystem_vendor = 0x15b3,
          .subsystem_device = 0x0041,
          .class_code = 0x020000,
          .serial = 0xb83fd20300a00000ULL + static_cast<unsigned>(index),
          .slot = fmt::format("NIC{}", index),
          .driver = "mlx5_core",
          .numa_node = index / 4,
          .netdev = fmt::format("eth{}", index),
          .netdev_mbps = 400000,
          .temperature = 58.0 + index};
}

Port drive(int index) {
  return {.vendor = 0x144d,
          .device = 0xa824,
          .subsystem_vendor = 0x1028,
          .subsystem_device = 0x2135,
          .class_code = 0x010802,
          .max_speed = 4,
          .max_width = 4,
          .serial = 0x0025380000000a00ULL + static_cast<unsigned>(index),
          .slot = fmt::format("NVME{}", index),
          .driver = "nvme",
          .temperature = 41.0};
}

/// A switch below a root port; returns its upstream port.
int add_switch(Host& host, int root_complex) {
  const int root = host.add_root_port(root_complex, root_port());
  return host.add_below(root, switch_port(Role::kSwitchUpstream, 16));
}

}  // namespace

Host demo_server() {
  Host host("demo-gpu-server");
  host.taken_ns = 1'767'225'600'000'000'000;  // 2026-01-01T00:00:00Z
  int upstream = 0;
  for (int i = 0; i < 8; ++i) {
    if (i % 2 == 0) {  // two accelerators and two NICs share a switch
      upstream = add_switch(host, i / 2);
    }
    const int down = host.add_below(upstream, switch_port(Role::kSwitchDownstream, 16));
    auto gpu = accelerator(i);
    if (i == 5) {
      // The wrong one: eight lanes lost, and the receiver of the port above counts errors.
      gpu.width = 8;
      host.port(down).correctable = {{"RxErr", 3107}, {"BadTLP", 42}, {"BadDLLP", 19}};
      host.port(down).lane_errors = 0xFF00;
    } else if (i == 2) {
      gpu.speed = 1;  // idle, and well
    }
    host.port(down).retimers = 1;
    host.add_below(down, gpu);
    const int nic_down = host.add_below(upstream, switch_port(Role::kSwitchDownstream, 16));
    host.add_below(nic_down, nic(i));
  }
  for (int i = 0; i < 4; ++i) {
    auto port = root_port();
    port.max_width = 4;
    host.add_below(host.add_root_port(4, port), drive(i));
  }
  return host;
}

Host large_host(int functions) {
  Host host("large-host");
  constexpr int kPortsPerSwitch = 15;
  int made = 0;
  for (int complex = 0; made < functions; ++complex) {
    const int upstream = add_switch(host, complex);
    made += 2;
    for (int i = 0; i < kPortsPerSwitch && made < functions; ++i, made += 2) {
      const int down = host.add_below(upstream, switch_port(Role::kSwitchDownstream, 16));
      auto gpu = accelerator(made);
      gpu.slot.clear();
      if (complex == 3 && i == 4) {
        gpu.width = 4;
      }
      host.add_below(down, gpu);
    }
  }
  return host;
}

}  // namespace weft::bus::synthetic
