// SPDX-License-Identifier: Apache-2.0
// What a machine's looks become: width at once, speed only where the link is accused, replays as a
// share of the line.
#include "diagnose/fabric_state.h"

#include "fabric/rack.h"

#include <string>

#include <gtest/gtest.h>

namespace weft::diagnose {
namespace {

constexpr const char* kRack = R"(weftline: rack/1
name: one
devices:
  a:
    kind: host
    match: {host: host-a}
    devices:
      cpu: {kind: processor, ports: {pcie0: pcie5 x16}, match: {address: "pci0000:00"}}
      gpu: {kind: accelerator, ports: {pcie0: pcie5 x16}, match: {bdf: "0000:03:00.0"}}
links:
  - {from: a/cpu/pcie0, to: a/gpu/pcie0, segments: [{medium: board}]}
)";

struct OneLink : ::testing::Test {
  fabric::LoadedRack rack = fabric::load_rack_text(kRack, "rack.yaml");
  observe::Snapshot look;

  OneLink() {
    look.host.name = "host-a";
    look.host.identity = "id-a";
    look.host.uptime = base::seconds(1e6);
    const auto root = port("pci0000:00", "0000:00:01.0", fabric::DeviceKind::kProcessor);
    const auto gpu = port("0000:03:00.0", "0000:03:00.0", fabric::DeviceKind::kAccelerator);
    fabric::Link link;
    link.name = "root - gpu";
    link.a = root;
    link.b = gpu;
    observe::LinkState state;
    state.link = look.fabric.add(link).value();
    state.family = fabric::ProtocolFamily::kPcie;
    state.up = true;
    state.rate = base::giga_transfers(32);
    state.width = base::LaneCount(16);
    for (auto* end : {&state.a, &state.b}) {
      end->max_rate = base::giga_transfers(32);
      end->max_width = base::LaneCount(16);
      end->target_rate = base::giga_transfers(32);
    }
    state.a.port = root;
    state.b.port = gpu;
    look.links.push_back(state);
  }
  fabric::PortId port(const std::string& device, const std::string& name, fabric::DeviceKind kind) {
    fabric::Device made;
    made.name = device;
    made.kind = kind;
    made.parent = "host-a";
    fabric::Port out;
    out.device = look.fabric.add(made).value();
    out.name = name;
    return look.fabric.add(out).value();
  }
  /// The state after looks ten seconds apart.
  fabric::FabricState seen(int looks, std::uint64_t bad_tlps_each = 0) {
    Watch watch({.plan = &rack.fabric, .plan_source = "rack.yaml"});
    for (int i = 0; i < looks; ++i) {
      look.taken = base::WallTime{base::seconds(1e9 + 10 * i).ns};
      look.samples.clear();
      look.samples.push_back({look.links[0].a.port, observe::Metric::kAerCorrectable, "BadTLP",
                              observe::Value(bad_tlps_each * static_cast<std::uint64_t>(i))});
      watch.take(look);
      watch.judge(look.taken);
    }
    return watch.fabric_state().value();
  }
};

TEST_F(OneLink, AHealthyLinkIsNotInIt) {
  ASSERT_EQ(rack.problem_text(), "");
  const auto state = seen(3);
  EXPECT_EQ(state.rack, "one");
  EXPECT_TRUE(state.links.empty());
  EXPECT_FALSE(Watch().fabric_state()) << "without a plan there are no names";
}

TEST_F(OneLink, LanesThatAreMissingAreThereByThePlansName) {
  look.links[0].width = base::LaneCount(8);
  const auto state = seen(2);
  ASSERT_EQ(state.links.size(), 1U);
  EXPECT_EQ(state.links[0].link, "a/cpu/pcie0--a/gpu/pcie0");
  EXPECT_EQ(state.links[0].lanes, 8U);
  // Lanes that rest are not missing.
  look.links[0].trained_width = base::LaneCount(16);
  EXPECT_TRUE(seen(2).links.empty());
}

TEST_F(OneLink, ALinkThatIsDownIsDown) {
  look.links[0].up = false;
  const auto state = seen(2);
  ASSERT_EQ(state.links.size(), 1U);
  EXPECT_TRUE(state.links[0].is_down);
}

TEST_F(OneLink, SpeedOfAnIdleLinkIsNotHeldAgainstIt) {
  look.links[0].rate = base::mega_transfers(2500);
  for (const auto& link : seen(2).links) {
    EXPECT_TRUE(link.protocol.empty());
  }
}

TEST_F(OneLink, WhatGoesAgainIsAShareOfTheLine) {
  // 1,000 packets a second of 256 bytes on a line of 512 Gb/s.
  const auto state = seen(5, 10'000);
  ASSERT_EQ(state.links.size(), 1U);
  ASSERT_TRUE(state.links[0].flit_error_ratio);
  EXPECT_NEAR(*state.links[0].flit_error_ratio / (1000 * 2048 / 512e9), 1, 0.3);
}

}  // namespace
}  // namespace weft::diagnose
