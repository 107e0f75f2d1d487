// SPDX-License-Identifier: Apache-2.0
// Plans of racks: counts by port arithmetic from the rack files' own comments, addresses and buses
// numbered by hand as firmware numbers them (depth first), sections read from what the files say.
#include "twin/plan/plan.h"

#include "twin/test_rack.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace weft::twin {
namespace {

using Role = FunctionPlan::Role;

WorldPlan plan_of(fabric::Fabric rack) {
  auto plan = plan_world(std::move(rack));
  EXPECT_TRUE(plan) << (plan ? "" : plan.error().text());
  return plan ? std::move(*plan) : WorldPlan{};
}

std::size_t links(const WorldPlan& plan, LinkRole role) {
  return static_cast<std::size_t>(std::ranges::count(plan.links, role, &LinkPlan::role));
}

const MachinePlan& machine(const WorldPlan& plan, std::string_view name) {
  const auto found = std::ranges::find(plan.machines, name, &MachinePlan::name);
  EXPECT_NE(found, plan.machines.end()) << name;
  return found == plan.machines.end() ? plan.machines.front() : *found;
}

const LinkPlan& link_named(const WorldPlan& plan, std::string_view name) {
  const auto found = std::ranges::find(plan.links, name, &LinkPlan::name);
  EXPECT_NE(found, plan.links.end()) << name;
  return found == plan.links.end() ? plan.links.front() : *found;
}

std::vector<std::string> texts(const LinkPlan& link) {
  std::vector<std::string> out;
  for (const auto& section : link.sections) {
    out.push_back(section.text);
  }
  return out;
}

/// What must hold for any rack.
void check_rules(const WorldPlan& plan) {
  for (const auto& link : plan.links) {
    EXPECT_EQ(link.sections.size(), link.repeaters.size() + 1) << link.name;
    EXPECT_FALSE(link.a.is_null()) << link.name;
  }
  std::set<fabric::DeviceId> members;
  for (const auto& m : plan.machines) {
    for (const auto member : m.members) {
      EXPECT_TRUE(members.insert(member).second) << "in two machines";
    }
    std::set<std::string> addresses;
    for (std::size_t i = 0; i < m.functions.size(); ++i) {
      const auto& f = m.functions[i];
      EXPECT_TRUE(addresses.insert(f.address).second) << m.name << " " << f.address;
      EXPECT_EQ(f.parent.has_value(), f.role != Role::kRootPort);
      if (!f.parent) {
        continue;
      }
      ASSERT_LT(*f.parent, i) << "parents come first";
      const auto& parent = m.functions[*f.parent];
      EXPECT_EQ(f.address.substr(5, 2), fmt::format("{:02x}", parent.secondary));
      if (f.role != Role::kEndpoint) {
        EXPECT_GT(f.secondary, parent.secondary);
        EXPECT_LE(f.subordinate, parent.subordinate);
      }
    }
    std::set<std::pair<std::string, int>> straps;
    for (const auto& retimer : m.retimers) {
      EXPECT_TRUE(straps.emplace(retimer.segment, retimer.address).second);
      EXPECT_GE(retimer.address, 0x20);
      EXPECT_LE(retimer.address, 0x27);
    }
    std::set<std::string> interfaces;
    for (const auto& module : m.modules) {
      EXPECT_TRUE(interfaces.insert(module.interface).second) << m.name << module.interface;
      ASSERT_LT(module.link, plan.links.size());
    }
  }
  EXPECT_EQ(members.size(), plan.fabric.devices().size());
}

struct Count {
  const char* rack;
  std::size_t pcie, ethernet, generic;
  const char* machine;
  std::size_t functions, retimers, modules, netdevs, counters;
};

// Per machine: root ports + switches (one upstream port and their downstream ports) + endpoints.
const Count kCounts[] = {
    // 4 retimed + 4 CXL + 8 to GPUs; the link between the switches is outside of any hierarchy.
    // A host: 4 root ports, half of 6 downstream ports and an upstream port of each switch (one of
    // whose ports is the outside link), its GPUs, 2 memory controllers. Plugs: 2 PCIe and 2 CXL at
    // the host, 2 CXL at its memory controllers.
    {"active-optical-pcie", 4 + 4 + 8, 0, 1, "host0", 0, 0, 6, 0, 0},
    {"gpu-server-8", 4 + 8 + 8 + 8, 0, 0, "server0", 4 + 4 * 7 + 24, 0, 0, 8, 0},
    // GPUs' counters belong to the host that drives them.
    {"hgx-h100", 8, 0, 144, "host0", 8 + 8, 0, 0, 0, 8 * 18},
    {"hgx-h100", 8, 0, 144, "hgx0", 0, 8, 0, 0, 4 * 64},
    {"nvl72", 18 * 4, 0, 1296 + 72, "compute1", 4 + 4, 0, 0, 4, 4 * 18 + 8},
    {"pcie6-fabric-rack", 8 * (4 + 4 + 4 + 16), 32, 0, "fabric0", 4 + 4 * 7 + 24, 4, 4, 4, 0},
    // 8 servers of 32 PCIe and CXL links; 64 NICs and 4 campus spans; 64 GPUs to 16 switches.
    {"reference-pod", 8 * 32, 64 + 4, 64 * 16, "pod-server0", 8 + 4 + 4 * 7 + 24, 8, 8, 8, 8 * 16},
    {"reference-pod", 8 * 32, 64 + 4, 64 * 16, "switch0", 0, 0, 0, 0, 80},
    {"reference-pod", 8 * 32, 64 + 4, 64 * 16, "leaf0", 0, 0, 16, 17, 0},
    // Passive cables of links that nobody reads have no module: 96 optical faces do.
    {"tpu-cube", 0, 0, 144 + 96, "ocs", 0, 0, 96, 0, 96},
    {"trn2-ultraserver", 4 * 16, 0, 64 * 3, "instance0", 16 + 16, 0, 32, 16, 16 * 6},
    // An accelerator that forwards to its three NICs: upstream, inner bridge, 3 ports, itself.
    {"ualink-72", 18 * 17, 0, 72 * 24, "tray1", 5 + 4 * 6 + 12 + 1, 0, 0, 12, 4 * 24},
    // Without PCIe to the CPU: root ports of the accelerator.
    {"vr200-nvl72", 18 * 10, 0, 72 * 36 + 72, "compute1", 2 + 2 + 8 + 8, 0, 0, 8, 4 * 37 + 4},
};

TEST(Plan, CountsOfTheReferenceRacks) {
  for (const auto& row : kCounts) {
    SCOPED_TRACE(row.rack);
    const auto plan = plan_of(test::reference_rack(row.rack));
    check_rules(plan);
    EXPECT_EQ(links(plan, LinkRole::kPcie), row.pcie);
    EXPECT_EQ(links(plan, LinkRole::kEthernet), row.ethernet);
    EXPECT_EQ(links(plan, LinkRole::kGeneric), row.generic);
    const auto& one = machine(plan, row.machine);
    if (row.functions > 0) {
      EXPECT_EQ(one.functions.size(), row.functions);
    }
    EXPECT_EQ(one.retimers.size(), row.retimers);
    EXPECT_EQ(one.modules.size(), row.modules);
    EXPECT_EQ(one.netdevs.size(), row.netdevs);
    EXPECT_EQ(one.counters.size(), row.counters);
  }
}

TEST(Plan, NumbersBusesDepthFirst) {
  const auto plan = plan_of(test::rack_of(test::kSmallRack));
  check_rules(plan);
  const auto& server = machine(plan, "small-server");
  const std::vector<std::tuple<std::string, std::string, int, int>> expected = {
      {"0000:00:01.0", "server0/cpu0/pcie0", 0x01, 0x07},
      {"0000:01:00.0", "server0/psw0/up0", 0x02, 0x07},
      {"0000:02:00.0", "server0/psw0/gpu0", 0x03, 0x03},
      {"0000:03:00.0", "server0/gpu0/pcie0", 0, 0},
      {"0000:02:01.0", "server0/psw0/gpu1", 0x04, 0x04},
      {"0000:04:00.0", "server0/gpu1/pcie0", 0, 0},
      {"0000:02:02.0", "server0/psw0/nic0", 0x05, 0x05},
      {"0000:05:00.0", "server0/nic0/pcie0", 0, 0},
      {"0000:02:03.0", "server0/psw0/nvme0", 0x06, 0x06},
      {"0000:06:00.0", "server0/nvme0/pcie0", 0, 0},
      {"0000:02:04.0", "server0/psw0/nvme1", 0x07, 0x07},  // nothing plugged: a bus is kept
      {"0000:00:02.0", "server0/cpu0/pcie1", 0x08, 0x08},
      {"0000:00:03.0", "server0/cpu0/cxl0", 0x09, 0x09},
      {"0000:09:00.0", "server0/mem0/cxl0", 0, 0},
  };
  ASSERT_EQ(server.functions.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const auto& [address, port, secondary, subordinate] = expected[i];
    EXPECT_EQ(server.functions[i].address, address);
    EXPECT_EQ(plan.fabric.port_name(server.functions[i].port), port);
    EXPECT_EQ(server.functions[i].secondary, secondary) << address;
    EXPECT_EQ(server.functions[i].subordinate, subordinate) << address;
  }
  EXPECT_FALSE(server.functions[10].link);
  EXPECT_FALSE(server.functions[11].link);
  EXPECT_EQ(plan.links.at(server.functions[1].link.value()).name,
            "server0/cpu0/pcie0--server0/psw0/up0");
}

TEST(Plan, EachRootDeviceHasARangeOfBuses) {
  const auto plan = plan_of(test::reference_rack("vr200-nvl72"));
  std::vector<std::string> roots;
  for (const auto& f : machine(plan, "compute1").functions) {
    if (f.role == Role::kRootPort) {
      roots.push_back(f.address);
    }
  }
  EXPECT_EQ(roots,
            (std::vector<std::string>{
                "0000:00:01.0", "0000:20:01.0", "0000:40:01.0", "0000:40:02.0", "0000:60:01.0",
                "0000:60:02.0", "0000:80:01.0", "0000:80:02.0", "0000:a0:01.0", "0000:a0:02.0"}));
}

TEST(Plan, NamesWhatClientsFind) {
  const auto plan = plan_of(test::rack_of(test::kSmallRack));
  const auto& server = machine(plan, "small-server");
  ASSERT_EQ(server.retimers.size(), 2U);
  EXPECT_EQ(server.retimers[0].segment, "i2c-9");
  EXPECT_EQ(server.retimers[0].address, 0x20);
  EXPECT_EQ(server.retimers[1].address, 0x21);
  ASSERT_EQ(server.netdevs.size(), 1U);
  EXPECT_EQ(server.netdevs[0].interface, "eth0");
  EXPECT_EQ(server.functions.at(server.netdevs[0].function.value()).address, "0000:05:00.0");
  ASSERT_EQ(server.modules.size(), 1U);
  EXPECT_EQ(server.modules[0].interface, "eth0");
  EXPECT_EQ(server.modules[0].module, plan.fabric.device_named("server0/cable0")->id);
  EXPECT_TRUE(server.modules[0].is_end_a);
  ASSERT_EQ(server.counters.size(), 4U);
  EXPECT_EQ(server.counters[0].name, "server0/gpu0/up0");
  EXPECT_TRUE(server.counters[0].link);
  EXPECT_FALSE(server.counters[1].link);
  ASSERT_EQ(server.not_modelled.size(), 2U);  // the switch's and the memory controller's management
  const auto& leaf = machine(plan, "leaf0");
  ASSERT_EQ(leaf.netdevs.size(), 2U);
  EXPECT_FALSE(leaf.netdevs[1].link);
  ASSERT_EQ(leaf.modules.size(), 1U);
  EXPECT_FALSE(leaf.modules[0].is_end_a);
}

TEST(Plan, CutsWaysWhereBitsAreDecided) {
  const auto plan = plan_of(test::rack_of(test::kSmallRack));
  const auto& retimed = link_named(plan, "server0/cpu0/pcie0--server0/psw0/up0");
  EXPECT_EQ(texts(retimed), (std::vector<std::string>{"pkg + megtron7:200mm + pkg-small",
                                                      "pkg-small + megtron7:150mm + pkg"}));
  EXPECT_EQ(retimed.repeaters, (std::vector{plan.fabric.device_named("server0/retimer0")->id}));
  const auto& cable = link_named(plan, "server0/nic0/eth0--leaf0/port0");
  EXPECT_EQ(texts(cable), (std::vector<std::string>{"pkg + megtron7:80mm + osfp + pkg-small",
                                                    "pkg-small + twinax30:2500mm + pkg-small",
                                                    "pkg-small + osfp + megtron7:150mm + pkg"}));
  EXPECT_EQ(texts(link_named(plan, "server0/gpu0/up0--switch0/port0")),
            (std::vector<std::string>{"pkg + megtron7:50mm + backplane + twinax30:1200mm + "
                                      "backplane + megtron7:50mm + pkg"}));
}

TEST(Plan, FillsInWhatARackFileLeavesOpen) {
  const auto fabric = plan_of(test::reference_rack("pcie6-fabric-rack"));
  const auto& aec = link_named(fabric, "server0/nic0/eth0--leaf0/port0");
  EXPECT_EQ(texts(aec), (std::vector<std::string>{"pkg + megtron7:100mm + osfp + pkg-small",
                                                  "pkg-small + twinax30:2500mm + pkg-small",
                                                  "pkg-small + osfp + megtron7:100mm + pkg"}));
  ASSERT_EQ(aec.repeaters.size(), 2U);
  EXPECT_TRUE(aec.repeaters[0].is_null());
  EXPECT_TRUE(std::ranges::any_of(fabric.notes, [](const std::string& note) {
    return note.find("100 mm of board") != std::string::npos;
  }));
  const auto optical = plan_of(test::reference_rack("active-optical-pcie"));
  const auto& aoc = link_named(optical, "host0/pcie0--switch0/up0");
  ASSERT_EQ(aoc.sections.size(), 3U);
  EXPECT_TRUE(aoc.sections[1].is_optical);
  EXPECT_EQ(aoc.sections[1].text, "sr8:50000mm");
  EXPECT_FALSE(aoc.repeaters[0].is_null());
  // Linear optics decide nothing: one section, with light in its middle.
  const auto& lpo = link_named(optical, "switch0/peer0--switch1/peer0");
  ASSERT_EQ(lpo.sections.size(), 1U);
  EXPECT_TRUE(lpo.sections[0].is_optical);
  EXPECT_EQ(lpo.role, LinkRole::kGeneric);
}

TEST(Plan, DividesASwitchAmongItsWaysUp) {
  const auto plan = plan_of(test::reference_rack("active-optical-pcie"));
  std::map<std::string, std::set<std::string>> gpus;
  for (const auto* name : {"host0", "host1"}) {
    for (const auto& f : machine(plan, name).functions) {
      const auto device = plan.fabric.device(f.device)->name;
      if (f.role == Role::kEndpoint && device.starts_with("gpu")) {
        gpus[name].insert(device);
      }
    }
  }
  EXPECT_EQ(gpus["host0"].size() + gpus["host1"].size(), 8U);
  EXPECT_GT(gpus["host1"].size(), 0U);
}

TEST(Plan, TurnsALinkThatIsWrittenFromItsFarEnd) {
  const auto plan = plan_of(test::rack_of(R"(
weftline: rack/1
name: turned
devices:
  host0:
    kind: host
    devices:
      cpu0: {kind: processor, ports: {pcie0: pcie5 x4}}
      nvme0: {kind: storage, ports: {pcie0: pcie5 x4}}
      retimer0: {kind: retimer, lanes: 4}
    links:
      - from: nvme0/pcie0
        to: cpu0/pcie0
        segments:
          - {medium: board, length: 100 mm, retimer: retimer0}
          - {medium: board, length: 200 mm}
)"));
  ASSERT_EQ(plan.links.size(), 1U);
  EXPECT_EQ(plan.fabric.port_name(plan.links[0].a), "host0/cpu0/pcie0");
  EXPECT_EQ(texts(plan.links[0]), (std::vector<std::string>{"pkg + megtron7:200mm + pkg-small",
                                                            "pkg-small + megtron7:100mm + pkg"}));
}

}  // namespace
}  // namespace weft::twin
