// SPDX-License-Identifier: Apache-2.0
// Differences, matches with a machine, and graph questions, on small fabrics written out here.
#include "fabric/diff.h"

#include "fabric/graph.h"
#include "fabric/match.h"
#include "fabric/rack.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace weft::fabric {
namespace {

using testing::ElementsAre;

Fabric rack(const std::string& devices, const std::string& links = "") {
  auto loaded = load_rack_text(
      "weftline: rack/1\nname: x\ndevices:\n" + devices + (links.empty() ? "" : "links:\n" + links),
      "f");
  EXPECT_EQ(loaded.problem_text(), "");
  return std::move(loaded.fabric);
}

constexpr const char* kPair =
    "  a: {kind: switch, part: {serial: SA, firmware: \"1\"}, ports: {p0: pcie5 x16, p1: pcie5 "
    "x16}}\n"
    "  b: {kind: nic, part: {number: N1, serial: SB}, ports: {p0: pcie5 x16, p1: pcie5 x16}}\n";

TEST(Diff, EqualFabricsDoNotDiffer) {
  const Fabric one = rack(kPair, "  - {from: a/p0, to: b/p0}\n");
  EXPECT_THAT(diff(one, one), testing::IsEmpty());
  EXPECT_EQ(diff_text({}), "no difference\n");
}

TEST(Diff, TellsWhatChangedOnADevice) {
  const Fabric before = rack(kPair);
  const Fabric after = rack(
      "  a: {kind: switch, part: {serial: SA, firmware: \"2\"}, position: {rack: r9}, "
      "ports: {p0: pcie4 x16, p2: pcie5 x16}}\n"
      "  b: {kind: storage, part: {number: N2, serial: SC}, ports: {p0: pcie5 x16, p1: pcie5 "
      "x16}}\n");
  EXPECT_THAT(diff(before, after),
              ElementsAre(Difference{Change::kFirmwareChanged, "a", "1", "2"},
                          Difference{Change::kPositionChanged, "a", "", "rack r9"},
                          Difference{Change::kPortChanged, "a/p0", "pcie5 x16", "pcie4 x16"},
                          Difference{Change::kPortRemoved, "a/p1", "pcie5 x16", ""},
                          Difference{Change::kPortAdded, "a/p2", "", "pcie5 x16"},
                          Difference{Change::kKindChanged, "b", "nic", "storage"},
                          Difference{Change::kPartChanged, "b", "N1", "N2"},
                          Difference{Change::kSerialChanged, "b", "SB", "SC"}));
}

TEST(Diff, APartThatMovedIsFoundBySerialAndKeepsItsLinks) {
  const Fabric before = rack(kPair, "  - {from: a/p0, to: b/p0}\n");
  const Fabric after = rack(
      "  a: {kind: switch, part: {serial: SA, firmware: \"1\"}, ports: {p0: pcie5 x16, p1: pcie5 "
      "x16}}\n"
      "  c: {kind: nic, part: {number: N1, serial: SB}, ports: {p0: pcie5 x16, p1: pcie5 x16}}\n"
      "  d: {kind: nic}\n",
      "  - {from: c/p0, to: a/p0, protocol: pcie4, lanes: 8}\n");
  EXPECT_THAT(diff(before, after),
              ElementsAre(Difference{Change::kDeviceMoved, "b", "b", "c"},
                          Difference{Change::kDeviceAdded, "d", "", "nic"},
                          Difference{Change::kProtocolChanged, "a/p0--b/p0", "pcie5", "pcie4"},
                          Difference{Change::kWidthChanged, "a/p0--b/p0", "x16", "x8"}));
}

TEST(Diff, ASharedSerialMovesNothing) {
  const Fabric before =
      rack("  a: {kind: nic, part: {serial: S}}\n  b: {kind: nic, part: {serial: S}}\n");
  const Fabric after = rack("  c: {kind: nic, part: {serial: S}}\n");
  EXPECT_THAT(diff(before, after), ElementsAre(Difference{Change::kDeviceRemoved, "a", "nic", ""},
                                               Difference{Change::kDeviceRemoved, "b", "nic", ""},
                                               Difference{Change::kDeviceAdded, "c", "", "nic"}));
}

TEST(Diff, LinksAreAddedRemovedMovedAndRerouted) {
  const Fabric before =
      rack(kPair, "  - {from: a/p0, to: b/p0, segments: [{medium: dac, length: 1 m}]}\n");
  const Fabric moved =
      rack(kPair, "  - {from: a/p1, to: b/p0, segments: [{medium: dac, length: 1 m}]}\n");
  EXPECT_THAT(diff(before, moved), ElementsAre(Difference{Change::kLinkMoved, "a/p0--b/p0",
                                                          "a/p0 -- b/p0", "a/p1 -- b/p0"}));
  const Fabric none = rack(kPair);
  EXPECT_THAT(diff(before, none),
              ElementsAre(Difference{Change::kLinkRemoved, "a/p0--b/p0", "pcie5 x16", ""}));
  EXPECT_THAT(diff(none, before),
              ElementsAre(Difference{Change::kLinkAdded, "a/p0--b/p0", "", "pcie5 x16"}));
  const Fabric longer =
      rack(kPair, "  - {from: a/p0, to: b/p0, segments: [{medium: aec, length: 3 m}]}\n");
  EXPECT_THAT(diff(before, longer), ElementsAre(Difference{Change::kSegmentsChanged, "a/p0--b/p0",
                                                           "dac 1000 mm", "aec 3000 mm"}));
  EXPECT_EQ(diff_text(diff(before, none)),
            "link removed      a/p0--b/p0  (pcie5 x16)\n1 difference\n");
  const auto json = nlohmann::json::parse(diff_json(diff(before, longer)));
  EXPECT_EQ(json["schema"], "weftline/rack-diff/1");
  EXPECT_EQ(json["differences"][0]["change"], "segments-changed");
}

/// A machine as driver/ makes it: a root port's bridge, and cards behind it, named by address.
Fabric machine() {
  Fabric live;
  const auto add = [&](const char* name, DeviceKind kind, PartIdentity part) {
    Device device;
    device.name = name;
    device.kind = kind;
    device.parent = "host1";
    device.part = std::move(part);
    return *live.add(device);
  };
  const auto port = [&](DeviceId device, const char* name, const char* key, std::uint32_t lanes) {
    Port out;
    out.device = device;
    out.name = name;
    out.protocol = *find_protocol(key);
    out.lanes = base::LaneCount(lanes);
    return *live.add(out);
  };
  const auto root = add("pci0000:00", DeviceKind::kProcessor, {});
  const auto gpu = add("0000:1b:00.0", DeviceKind::kAccelerator, {"V", "GPU-A", "G1", "1", ""});
  const auto nic = add("0000:1c:00.0", DeviceKind::kNic, {"V", "NIC-A", "N1", "2", ""});
  Link link;
  link.name = "root-gpu";
  link.a = port(root, "0000:00:01.0", "pcie5", 16);
  link.b = port(gpu, "0000:1b:00.0", "pcie5", 16);
  link.protocol = *find_protocol("pcie5");
  link.lanes = base::LaneCount(8);
  EXPECT_TRUE(live.add(link));
  Link other;
  other.name = "root-nic";
  other.a = port(root, "0000:00:02.0", "pcie4", 16);
  other.b = port(nic, "0000:1c:00.0", "pcie4", 16);
  other.protocol = *find_protocol("pcie4");
  other.lanes = base::LaneCount(16);
  EXPECT_TRUE(live.add(other));
  return live;
}

TEST(Match, KeysMustAllFit) {
  const Fabric live = machine();
  const Device& gpu = *live.device_named("0000:1b:00.0");
  EXPECT_TRUE(answers({.host = "host1", .bdf = "1b:00.0", .slot = "1", .part = "GPU-A"}, gpu));
  EXPECT_TRUE(answers({.bdf = "0000:1b:00.0"}, gpu));
  EXPECT_TRUE(answers({.serial = "G1"}, gpu));
  EXPECT_FALSE(answers({.host = "host2", .bdf = "1b:00.0"}, gpu));
  EXPECT_FALSE(answers({.bdf = "1b:00.1"}, gpu));
  EXPECT_FALSE(answers({}, gpu));
}

TEST(Match, PciIdentitiesAreComparedWithEachOtherOnly) {
  EXPECT_EQ(is_same_part("10de:2330", "10de:2330/10de:16c1"), true);
  EXPECT_EQ(is_same_part("10de:2330/10de:16c1", "10de:2330/10de:16c1"), true);
  EXPECT_EQ(is_same_part("10de:2330", "10de:2331/10de:16c1"), false);
  EXPECT_EQ(is_same_part("10de:233", "10de:2330"), std::nullopt);
  EXPECT_EQ(is_same_part("H100", "10de:2330/10de:16c1"), std::nullopt);
  EXPECT_EQ(is_same_part("MCX75", "MCX75"), true);
  EXPECT_EQ(is_same_part("MCX75", "MCX755"), false);
  EXPECT_EQ(is_same_part("", "10de:2330"), std::nullopt);
  Device live;
  live.part.part_number = "10de:2330/10de:16c1";
  EXPECT_TRUE(answers({.part = "10de:2330"}, live));
  EXPECT_FALSE(answers({.part = "H100"}, live));
}

TEST(Match, PlannedLinksFindTheirLiveOnes) {
  const Fabric live = machine();
  auto loaded = load_rack_text(R"(weftline: rack/1
name: plan
devices:
  cpu: {kind: processor, ports: {p0: pcie5 x16, p1: pcie5 x16, p2: pcie5 x4}}
  gpu: {kind: accelerator, part: {number: GPU-A}, ports: {p0: pcie5 x16}, match: {slot: 1}}
  nic: {kind: nic, part: {number: NIC-B}, ports: {p0: pcie5 x16}, match: {bdf: "1c:00.0"}}
  ssd: {kind: storage, ports: {p0: pcie5 x4}, match: {slot: 9}}
links:
  - {from: cpu/p0, to: gpu/p0}
  - {from: cpu/p1, to: nic/p0, expect: pcie4 x16}
  - {from: cpu/p2, to: ssd/p0}
)",
                               "f");
  ASSERT_EQ(loaded.problem_text(), "");
  const Fabric& plan = loaded.fabric;
  EXPECT_EQ(match_devices(plan, live).size(), 2U);
  const auto links = expected_links(plan, live);
  ASSERT_EQ(links.size(), 2U);
  EXPECT_EQ(links[0].live, live.link_named("root-gpu")->id);
  EXPECT_EQ(links[0].lanes, base::LaneCount(16));
  EXPECT_EQ(links[1].live, live.link_named("root-nic")->id);
  EXPECT_EQ(protocol(links[1].protocol).key, "pcie4");
  EXPECT_THAT(diff_with_machine(plan, live),
              ElementsAre(Difference{Change::kPartChanged, "nic", "NIC-B", "NIC-A"},
                          Difference{Change::kDeviceRemoved, "ssd", "storage", ""},
                          Difference{Change::kWidthChanged, "cpu/p0--gpu/p0", "x16", "x8"}));
}

TEST(Match, WhatIsAmbiguousIsNotMatched) {
  const Fabric live = machine();
  auto loaded = load_rack_text(R"(weftline: rack/1
name: plan
devices:
  one: {kind: nic, match: {slot: 2}}
  two: {kind: nic, match: {serial: N1}}
  any: {kind: nic, match: {part: NIC-A, host: host1}}
)",
                               "f");
  EXPECT_TRUE(match_devices(loaded.fabric, live).empty());
}

/// cpu - switch - (gpu, nic); gpu - nic beside it.
Fabric tree() {
  return rack(
      "  cpu: {kind: processor, ports: {p0: pcie5 x16}}\n"
      "  sw: {kind: switch, ports: {up: pcie5 x16, d0: pcie5 x16, d1: pcie5 x16}}\n"
      "  gpu: {kind: accelerator, ports: {p0: pcie5 x16, side: pcie5 x4}}\n"
      "  nic: {kind: nic, ports: {p0: pcie5 x16, side: pcie5 x4}}\n"
      "  lone: {kind: nic}\n",
      "  - {from: cpu/p0, to: sw/up, name: up}\n"
      "  - {from: sw/d0, to: gpu/p0, name: gpu}\n"
      "  - {from: sw/d1, to: nic/p0, name: nic}\n");
}

std::vector<std::string> names(const Fabric& fabric, const std::vector<DeviceId>& ids) {
  std::vector<std::string> out;
  for (const DeviceId id : ids) {
    out.push_back(fabric.device(id)->name);
  }
  return out;
}

TEST(Graph, PathsDownstreamAndBlastRadius) {
  const Fabric fabric = tree();
  const Graph graph(fabric);
  const auto id = [&](const char* name) { return fabric.device_named(name)->id; };
  const auto path = graph.path(id("gpu"), id("nic"));
  ASSERT_TRUE(path);
  EXPECT_THAT(*path, ElementsAre(Hop{fabric.link_named("gpu")->id, id("sw")},
                                 Hop{fabric.link_named("nic")->id, id("nic")}));
  EXPECT_TRUE(graph.path(id("cpu"), id("cpu"))->empty());
  EXPECT_FALSE(graph.path(id("cpu"), id("lone")));
  EXPECT_FALSE(graph.path(id("cpu"), DeviceId(1)));
  EXPECT_THAT(names(fabric, graph.downstream(fabric.link_named("up")->id)),
              ElementsAre("sw", "gpu", "nic"));
  EXPECT_THAT(names(fabric, graph.cut_off(fabric.link_named("up")->id)),
              ElementsAre("sw", "gpu", "nic"));
  EXPECT_THAT(names(fabric, graph.cut_off(fabric.link_named("gpu")->id)), ElementsAre("gpu"));
  EXPECT_EQ(graph.links_of(id("sw")).size(), 3U);
  EXPECT_TRUE(graph.links_of(DeviceId(1)).empty());
  EXPECT_TRUE(graph.downstream(LinkId(1)).empty());
  EXPECT_TRUE(graph.cut_off(LinkId(1)).empty());
}

TEST(Graph, ASecondWayLeavesNothingCutOff) {
  Fabric fabric = tree();
  Link side;
  side.name = "side";
  side.a = fabric.port_named("gpu/side")->id;
  side.b = fabric.port_named("nic/side")->id;
  ASSERT_TRUE(fabric.add(side));
  const Graph graph(fabric);
  EXPECT_TRUE(graph.cut_off(fabric.link_named("gpu")->id).empty());
  EXPECT_EQ(graph.cut_off(fabric.link_named("up")->id).size(), 3U);
}

}  // namespace
}  // namespace weft::fabric
