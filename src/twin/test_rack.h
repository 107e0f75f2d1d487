// SPDX-License-Identifier: Apache-2.0
// Racks for the tests of this folder: small ones as text, and the reference racks by name.
#pragma once

#include "fabric/rack.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace weft::twin::test {

/// A server with a link to a card, small enough to come up at once.
inline constexpr std::string_view kOneLinkRack = R"(
weftline: rack/1
name: pair
devices:
  server0:
    kind: host
    devices:
      cpu0: {kind: processor, ports: {pcie0: pcie5 x4}}
      nvme0: {kind: storage, ports: {pcie0: pcie5 x4}}
    links:
      - {from: cpu0/pcie0, to: nvme0/pcie0, segments: [{medium: board, length: 150 mm}]}
)";

/// One server: a CPU with a retimed x16 to a switch (GPU, NIC, drive below it), and a CXL memory
/// controller; its NIC goes over a smart cable to a leaf; two GPUs and a scale-up switch.
inline constexpr std::string_view kSmallRack = R"(
weftline: rack/1
name: small
templates:
  gpu:
    kind: accelerator
    ports: {"up[0-1]": pcie6 x4, pcie0: pcie6 x16}
  cpu:
    kind: processor
    ports: {pcie0: pcie6 x16, pcie1: pcie6 x16, cxl0: cxl2 x16}
  psw:
    kind: switch
    lanes: 144
    ports: {up0: pcie6 x16, "gpu[0-1]": pcie6 x16, nic0: pcie6 x16, "nvme[0-1]": pcie6 x4}
  nic:
    kind: nic
    ports: {pcie0: pcie6 x16, eth0: eth-800g-100 x8}
devices:
  server0:
    kind: host
    match: {host: small-server}
    devices:
      cpu0: cpu
      psw0: psw
      gpu[0-1]: gpu
      nic0: nic
      nvme0: {kind: storage, ports: {pcie0: pcie6 x4}}
      mem0: {kind: memory-controller, ports: {cxl0: cxl2 x16}}
      retimer[0-1]: {kind: retimer, lanes: 16}
      cable0: {kind: cable-module, lanes: 8}
    links:
      - from: cpu0/pcie0
        to: psw0/up0
        segments:
          - {medium: board, length: 200 mm, retimer: retimer0}
          - {medium: board, length: 150 mm}
      - from: cpu0/cxl0
        to: mem0/cxl0
        segments:
          - {medium: board, length: 200 mm, retimer: retimer1}
          - {medium: board, length: 200 mm}
      - {from: "psw0/gpu[g]", to: "gpu[g]/pcie0", for: {g: 0-1},
         segments: [{medium: board, length: 150 mm}]}
      - {from: psw0/nic0, to: nic0/pcie0, segments: [{medium: board, length: 150 mm}]}
      - {from: psw0/nvme0, to: nvme0/pcie0, segments: [{medium: board, length: 250 mm}]}
  switch0: {kind: switch, lanes: 8, ports: {"port[0-2]": pcie6 x4}}
  leaf0:
    kind: switch
    ports: {"port[0-1]": eth-800g-100 x8}
    devices: {cable0: {kind: cable-module, lanes: 8}}
links:
  - {from: "server0/gpu[g]/up0", to: "switch0/port[g]", for: {g: 0-1},
     segments: [{medium: backplane, length: 1.2 m}]}
  - from: server0/nic0/eth0
    to: leaf0/port0
    segments:
      - {medium: board, length: 80 mm, retimer: server0/cable0}
      - {medium: aec, length: 2.5 m, retimer: leaf0/cable0}
      - {medium: board, length: 150 mm}
)";

/// The smallest PCIe link: one CPU, one drive; and the same over one retimer.
inline constexpr std::string_view kPairRack = R"(
weftline: rack/1
name: pair
devices:
  host0:
    kind: host
    devices:
      cpu0: {kind: processor, ports: {pcie0: pcie5 x4, pcie1: pcie5 x4}}
      nvme[0-1]: {kind: storage, ports: {pcie0: pcie5 x4}}
      retimer0: {kind: retimer, lanes: 4}
    links:
      - {from: cpu0/pcie0, to: nvme0/pcie0, segments: [{medium: board, length: 150 mm}]}
      - from: cpu0/pcie1
        to: nvme1/pcie0
        segments:
          - {medium: board, length: 200 mm, retimer: retimer0}
          - {medium: board, length: 150 mm}
)";

/// The fabric of a rack that must be in order.
inline fabric::Fabric rack_of(std::string_view yaml) {
  auto loaded = fabric::load_rack_text(yaml, "test");
  EXPECT_EQ(loaded.problem_text(), "");
  return std::move(loaded.fabric);
}

/// A file of racks/, by its name.
inline fabric::Fabric reference_rack(const std::string& name) {
  auto loaded = fabric::rack_fabric(std::string(WEFT_SOURCE_DIR) + "/racks/" + name + ".yaml");
  EXPECT_TRUE(loaded) << (loaded ? "" : loaded.error().text());
  return loaded ? std::move(*loaded) : fabric::Fabric{};
}

}  // namespace weft::twin::test
