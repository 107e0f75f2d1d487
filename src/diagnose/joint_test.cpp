// SPDX-License-Identifier: Apache-2.0
// Joining hosts: with a plan by its names, without one by what machines tell of each other. The
// twin's racks are joined in src/cli/inventory_test.cpp.
#include "diagnose/joint.h"

#include "fabric/rack.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace weft::diagnose {
namespace {

using fabric::Device;
using fabric::DeviceId;
using fabric::DeviceKind;
using fabric::Link;
using fabric::LinkId;
using fabric::Port;
using fabric::PortId;
using observe::Metric;

/// A machine as drivers would tell it.
struct Machine {
  observe::Snapshot snapshot;

  explicit Machine(const std::string& name) {
    snapshot.host.name = name;
    snapshot.host.identity = "id-" + name;
  }
  [[nodiscard]] std::string path(const std::string& place) const {
    return snapshot.host.identity + '/' + place;
  }
  DeviceId device(const std::string& name, DeviceKind kind) {
    Device device;
    device.id = DeviceId::of(path(name));
    device.name = name;
    device.kind = kind;
    device.parent = snapshot.host.name;
    return snapshot.fabric.add(std::move(device)).value_or(DeviceId::of(path(name)));
  }
  PortId port(const std::string& device_name, const std::string& name, DeviceKind kind) {
    Port port;
    port.device = device(device_name, kind);
    port.id = PortId::of(path(device_name + '/' + name));
    port.name = name;
    return snapshot.fabric.add(std::move(port)).value();
  }
  LinkId link(PortId a, PortId b = {},
              fabric::ProtocolFamily family = fabric::ProtocolFamily::kEthernet) {
    Link link;
    link.name = snapshot.fabric.port_name(a) + " - " + snapshot.fabric.port_name(b);
    link.id = LinkId::of(path(link.name));
    link.a = a;
    link.b = b;
    observe::LinkState state;
    state.link = link.id;
    state.family = family;
    state.a.port = a;
    state.b.port = b;
    snapshot.links.push_back(state);
    return snapshot.fabric.add(std::move(link)).value();
  }
  void tell(const std::string& kind, const std::string& device_name, const std::string& name,
            std::vector<std::pair<std::string, std::string>> values) {
    observe::Attributes attributes{
        .device = DeviceId::of(path(device_name)), .kind = kind, .name = name, .values = {}};
    for (auto& [key, value] : values) {
      attributes.values.emplace_back(key, value);
    }
    snapshot.attributes.push_back(std::move(attributes));
  }
};

fabric::Fabric plan(const std::string& yaml) {
  auto rack = fabric::load_rack_text(yaml, "rack.yaml");
  EXPECT_EQ(rack.problem_text(), "");
  return std::move(rack.fabric);
}

constexpr const char* kPlan = R"(weftline: rack/1
name: pair
devices:
  a:
    kind: host
    match: {host: host-a}
    devices:
      cpu: {kind: processor, ports: {pcie0: pcie5 x16}, match: {address: "pci0000:00"}}
      gpu:
        kind: accelerator
        ports:
          pcie0: pcie5 x16
          nvl[0-1]: nvlink5 x2
        match: {bdf: "0000:03:00.0", address: gpu-a}
      nic:
        kind: nic
        ports: {eth0: eth-400g-100 x4}
        match: {bdf: "0000:05:00.0", ports: {eth0: enp5s0}}
      retimer: {kind: retimer, lanes: 16, match: {address: i2c-9/0x20}}
      end: {kind: cable-module, lanes: 4}
  leaf:
    kind: switch
    ports:
      port[0-3]: eth-400g-100 x4
    devices:
      end: {kind: cable-module, lanes: 4}
    match:
      host: leaf
      ports:
        port[k=0-3]: "Ethernet{k*4}"
links:
  - from: a/gpu/pcie0
    to: a/cpu/pcie0
    segments: [{medium: board, retimer: a/retimer}, {medium: board}]
  - from: leaf/port2
    to: a/nic/eth0
    segments:
      - {medium: board, retimer: leaf/end}
      - {medium: aec, length: 1 m, retimer: a/end}
      - {medium: board}
)";

struct Pair : ::testing::Test {
  fabric::Fabric rack = plan(kPlan);
  Machine host{"host-a"};
  Machine leaf{"leaf"};
  LinkId pcie, eth, far_eth;
  DeviceId retimer;

  Pair() {
    const auto root = host.port("pci0000:00", "0000:00:01.0", DeviceKind::kProcessor);
    const auto gpu = host.port("0000:03:00.0", "0000:03:00.0", DeviceKind::kAccelerator);
    pcie = host.link(root, gpu, fabric::ProtocolFamily::kPcie);
    host.port("gpu-a", "nvl1", DeviceKind::kUnknown);
    eth = host.link(host.port("0000:05:00.0", "enp5s0", DeviceKind::kNic));
    retimer = host.device("host-a/i2c-9/0x20", DeviceKind::kRetimer);
    far_eth = leaf.link(leaf.port("switch-leaf", "Ethernet8", DeviceKind::kNic));
    leaf.link(leaf.port("switch-leaf", "Ethernet12", DeviceKind::kNic));
    host.tell("module", "0000:05:00.0", "enp5s0",
              {{"vendor", "ACME"}, {"part_number", "C1"}, {"serial", "X1-b"}});
    leaf.tell("module", "switch-leaf", "Ethernet8",
              {{"vendor", "ACME"}, {"part_number", "C1"}, {"serial", "X1-a"}});
  }
};

TEST_F(Pair, TakesThePlansNames) {
  Joint joint(&rack);
  EXPECT_TRUE(joint.take(host.snapshot));
  EXPECT_TRUE(joint.take(leaf.snapshot));
  EXPECT_FALSE(joint.take(host.snapshot));
  EXPECT_FALSE(joint.take(leaf.snapshot));

  const auto planned = [&](const char* name) { return rack.link_named(name)->id; };
  EXPECT_EQ(joint.link(eth)->link, planned("leaf/port2--a/nic/eth0"));
  EXPECT_TRUE(joint.link(eth)->is_turned);
  EXPECT_EQ(joint.link(far_eth)->link, planned("leaf/port2--a/nic/eth0"));
  EXPECT_FALSE(joint.link(far_eth)->is_turned);
  EXPECT_EQ(joint.link(pcie)->link, planned("a/gpu/pcie0--a/cpu/pcie0"));
  EXPECT_TRUE(joint.link(pcie)->is_turned);
  EXPECT_TRUE(joint.is_seen_at_a(joint.link(eth)->link));
  EXPECT_TRUE(joint.is_seen_at_b(joint.link(eth)->link));

  const auto gpu = rack.device_named("a/gpu")->id;
  EXPECT_EQ(joint.device(DeviceId::of(host.path("0000:03:00.0"))), gpu);
  EXPECT_EQ(joint.device(DeviceId::of(host.path("gpu-a"))), gpu);
  EXPECT_EQ(joint.port(PortId::of(host.path("gpu-a/nvl1"))), rack.port_named("a/gpu/nvl1")->id);
  EXPECT_EQ(joint.device(retimer), rack.device_named("a/retimer")->id);
  EXPECT_EQ(joint.fabric().links().size(), 3U) << "two planned and the leaf's other port";
  EXPECT_EQ(joint.planned_name(retimer), "a/retimer");
  EXPECT_EQ(joint.planned_name(eth), "leaf/port2--a/nic/eth0");
  EXPECT_EQ(joint.planned_name(PortId::of(host.path("gpu-a/nvl1"))), "a/gpu/nvl1");
  EXPECT_EQ(joint.planned_name(DeviceId::of("elsewhere")), "");
  EXPECT_EQ(Joint().planned_name(retimer), "") << "no plan";
}

TEST_F(Pair, KnowsTheModuleAtEachEnd) {
  Joint joint(&rack);
  joint.take(host.snapshot);
  joint.take(leaf.snapshot);
  EXPECT_EQ(joint.module_at(rack.port_named("a/nic/eth0")->id)->serial, "X1-b");
  EXPECT_EQ(joint.module_at(rack.port_named("leaf/port2")->id)->serial, "X1-a");
  EXPECT_EQ(joint.part(rack.device_named("a/end")->id)->serial, "X1-b");
  EXPECT_EQ(joint.part(rack.device_named("leaf/end")->id)->serial, "X1-a");
  EXPECT_EQ(joint.module_at(rack.port_named("leaf/port1")->id), nullptr);
}

TEST_F(Pair, SaysWhenAPartIsReplaced) {
  Joint joint(&rack);
  joint.take(host.snapshot);
  host.snapshot.attributes.clear();
  EXPECT_FALSE(joint.take(host.snapshot)) << "a look at counters only tells nothing of modules";
  EXPECT_EQ(joint.part(rack.device_named("a/end")->id)->serial, "X1-b");
  host.tell("module", "0000:05:00.0", "enp5s0", {{"vendor", "ACME"}, {"serial", "X2-b"}});
  EXPECT_TRUE(joint.take(host.snapshot));
  EXPECT_EQ(joint.part(rack.device_named("a/end")->id)->serial, "X2-b");
}

TEST_F(Pair, SaysWhatEachReceiverHears) {
  Joint joint(&rack);
  joint.take(host.snapshot);
  joint.take(leaf.snapshot);
  const auto pcie_link = joint.link(pcie)->link;
  // The host is at this link's end b: what looks upstream looks to b.
  const auto up =
      joint.heard(rack.device_named("a/retimer")->id, Metric::kLaneFigureOfMerit, "upstream.3");
  ASSERT_TRUE(up);
  EXPECT_EQ(up->link, pcie_link);
  EXPECT_EQ(up->section, 1U);
  EXPECT_EQ(up->direction, fabric::LaneDirection::kTowardHost);
  const auto down =
      joint.heard(rack.device_named("a/retimer")->id, Metric::kLaneFigureOfMerit, "downstream.0");
  EXPECT_EQ(down->section, 0U);
  EXPECT_EQ(down->direction, fabric::LaneDirection::kTowardDevice);

  const auto nic = rack.port_named("a/nic/eth0")->id;  // end b
  const auto fec = joint.heard(nic, Metric::kFecCorrectedBits, "total");
  EXPECT_EQ(fec->section, 2U);
  EXPECT_EQ(fec->direction, fabric::LaneDirection::kTowardDevice);
  const auto media = joint.heard(nic, Metric::kModulePreFecBer, "media 0 current");
  EXPECT_EQ(media->section, 1U);
  EXPECT_EQ(media->direction, fabric::LaneDirection::kTowardDevice);
  const auto from_port = joint.heard(nic, Metric::kModulePreFecBer, "host 0 current");
  EXPECT_EQ(from_port->section, 2U);
  EXPECT_EQ(from_port->direction, fabric::LaneDirection::kTowardHost);
  const auto leaf_port = rack.port_named("leaf/port2")->id;  // end a
  EXPECT_EQ(joint.heard(leaf_port, Metric::kModulePreFecBer, "media 0 current")->section, 1U);
  EXPECT_EQ(joint.heard(leaf_port, Metric::kFecCorrectedBits, "0")->section, 0U);
  EXPECT_FALSE(joint.heard(nic, Metric::kModuleTemperature, ""));
}

TEST_F(Pair, SaysWhatIsMissing) {
  Joint joint(&rack);
  Machine empty("host-a");
  joint.take(empty.snapshot);
  joint.take(leaf.snapshot);
  const auto words = joint.unmatched();
  EXPECT_NE(std::ranges::find(words, "a/gpu is planned on host-a and was not seen"), words.end());
  Machine other("host-z");
  other.device("0000:01:00.0", DeviceKind::kNic);
  joint.take(other.snapshot);
  const auto more = joint.unmatched();
  EXPECT_NE(std::ranges::find(more, "host-z/0000:01:00.0 was seen and is not planned"), more.end());
}

/// Two machines that nobody has planned.
struct Strangers : ::testing::Test {
  Machine one{"one"};
  Machine two{"two"};
  LinkId first = one.link(one.port("0000:01:00.0", "eth0", DeviceKind::kNic));
  LinkId second = two.link(two.port("0000:01:00.0", "eth3", DeviceKind::kNic));

  [[nodiscard]] bool are_joined(Joint& joint) const {
    joint.take(one.snapshot);
    joint.take(two.snapshot);
    return joint.link(first)->link == joint.link(second)->link;
  }
};

TEST_F(Strangers, StayApartWhereNobodyTells) {
  Joint joint;
  EXPECT_FALSE(are_joined(joint));
  EXPECT_TRUE(joint.fabric().link(first)->b.is_null());
  EXPECT_EQ(joint.fabric().device_named("two/0000:01:00.0")->id,
            DeviceId::of(two.path("0000:01:00.0")));
}

TEST_F(Strangers, MeetBySerialOfTheirCable) {
  one.tell("module", "0000:01:00.0", "eth0", {{"vendor", "ACME"}, {"serial", "CAB0017"}});
  two.tell("module", "0000:01:00.0", "eth3", {{"vendor", "ACME"}, {"serial", "CAB0017"}});
  Joint joint;
  ASSERT_TRUE(are_joined(joint));
  EXPECT_TRUE(joint.link(second)->is_turned);
  EXPECT_EQ(joint.fabric().link(first)->b, PortId::of(two.path("0000:01:00.0/eth3")));
  // A third end with that serial is a copied serial, not a cable with three ends.
  Machine three("three");
  const auto third = three.link(three.port("0000:01:00.0", "eth0", DeviceKind::kNic));
  three.tell("module", "0000:01:00.0", "eth0", {{"vendor", "ACME"}, {"serial", "CAB0017"}});
  joint.take(three.snapshot);
  EXPECT_EQ(joint.link(third)->link, third);
}

TEST_F(Strangers, DoNotMeetBySerialsThatNameNothing) {
  for (auto* machine : {&one, &two}) {
    machine->tell("module", "0000:01:00.0", machine == &one ? "eth0" : "eth3",
                  {{"vendor", "ACME"}, {"serial", "0000000000"}});
  }
  Joint joint;
  EXPECT_FALSE(are_joined(joint));
}

TEST_F(Strangers, MeetByLldp) {
  one.tell("lldp", "0000:01:00.0", "eth0", {{"system_name", "two"}, {"port_id", "eth3"}});
  two.tell("lldp", "0000:01:00.0", "eth3", {{"system_name", "one"}, {"port_id", "eth0"}});
  Joint joint;
  EXPECT_TRUE(are_joined(joint));
}

TEST(Joint, MeetsNvlinkWhereThereIsOneLinkOnly) {
  const auto machine_of = [](int links) {
    Machine machine("gpus");
    for (const auto& [own, far] :
         {std::pair("0000:01:00.0", "0000:02:00.0"), std::pair("0000:02:00.0", "0000:01:00.0")}) {
      for (int i = 0; i < links; ++i) {
        machine.link(machine.port(own, "nvl" + std::to_string(i), DeviceKind::kAccelerator), {},
                     fabric::ProtocolFamily::kNvlink);
        machine.snapshot.links.back().b.address = far;
      }
    }
    return machine;
  };
  const auto one = machine_of(1);
  Joint joint;
  joint.take(one.snapshot);
  EXPECT_EQ(joint.fabric().links().size(), 1U);
  const auto three = machine_of(3);
  Joint apart;
  apart.take(three.snapshot);
  EXPECT_EQ(apart.fabric().links().size(), 6U) << "which of the three it is, nobody tells";
}

}  // namespace
}  // namespace weft::diagnose
