// SPDX-License-Identifier: Apache-2.0
// The PCIe driver over hosts that do not exist: topology, links, what an unprivileged look gives,
// and trees that are garbled.
#include "bus/replay.h"
#include "bus/synthetic/host.h"
#include "driver/collect.h"

#include <cstdio>

#include <gtest/gtest.h>

namespace weft::driver {
namespace {

using bus::synthetic::Port;
using bus::synthetic::Role;

bus::Host host_of(bus::MemoryTree tree) {
  bus::Host host;
  host.tree = std::make_unique<bus::MemoryTree>(std::move(tree));
  host.netdev = bus::replay_netdev(*host.tree);
  host.accelerators = bus::replay_accelerators(*host.tree);
  return host;
}

observe::Snapshot collected(const bus::Host& host) {
  auto snapshot = collect(host, {});
  EXPECT_TRUE(snapshot) << snapshot.error().text();
  return snapshot ? std::move(*snapshot) : observe::Snapshot{};
}

const observe::LinkState* link_to(const observe::Snapshot& snapshot, const std::string& address) {
  for (const auto& link : snapshot.links) {
    if (link.b.address == address) {
      return &link;
    }
  }
  return nullptr;
}

Port endpoint() {
  return {.vendor = 0x10de, .device = 0x2330, .class_code = 0x030200};
}
Port bridge(Role role) {
  return {.role = role};
}

struct SwitchedHost {
  bus::synthetic::Host host{"h"};
  int root = 0, upstream = 0, down[2] = {0, 0}, device[2] = {0, 0};
  SwitchedHost() {
    root = host.add_root_port(0, bridge(Role::kRootPort));
    upstream = host.add_below(root, bridge(Role::kSwitchUpstream));
    for (int i = 0; i < 2; ++i) {
      down[i] = host.add_below(upstream, bridge(Role::kSwitchDownstream));
      device[i] = host.add_below(down[i], endpoint());
    }
  }
};

TEST(PcieDriver, FindsSwitchAndEndpointsAsDevicesJoinedByLinks) {
  SwitchedHost made;
  const auto host = host_of(made.host.tree());
  const auto snapshot = collected(host);
  EXPECT_TRUE(snapshot.problems.empty());
  ASSERT_EQ(snapshot.links.size(), 3U);
  const auto* link = link_to(snapshot, made.host.address(made.device[1]));
  ASSERT_NE(link, nullptr);
  EXPECT_EQ(link->a.address, made.host.address(made.down[1]));
  EXPECT_EQ(link->rate, base::giga_transfers(32));
  EXPECT_EQ(link->width, base::LaneCount(16));
  EXPECT_EQ(link->up, true);
  const auto* upper = snapshot.fabric.port(link->a.port);
  const auto* above = link_to(snapshot, made.host.address(made.upstream));
  ASSERT_TRUE(upper != nullptr && above != nullptr);
  EXPECT_EQ(snapshot.fabric.port(above->b.port)->device, upper->device)
      << "a switch's upstream and downstream ports belong to one device";
  EXPECT_EQ(snapshot.fabric.device(upper->device)->kind, fabric::DeviceKind::kSwitch);
}

TEST(PcieDriver, GivesTheSameIdsWhenBusNumbersChange) {
  // The second root port's device gets another bus number once a switch stands below the first.
  const auto link_below_second_port = [](bool has_switch_first) {
    bus::synthetic::Host host("h");
    const int first = host.add_root_port(0, bridge(Role::kRootPort));
    const int second = host.add_root_port(0, bridge(Role::kRootPort));
    if (has_switch_first) {
      const int upstream = host.add_below(first, bridge(Role::kSwitchUpstream));
      host.add_below(host.add_below(upstream, bridge(Role::kSwitchDownstream)), endpoint());
    }
    const int device = host.add_below(second, endpoint());
    const auto source = host_of(host.tree());
    const auto snapshot = collected(source);
    const auto* link = link_to(snapshot, host.address(device));
    EXPECT_NE(link, nullptr);
    return std::make_pair(host.address(device), link == nullptr ? fabric::LinkId{} : link->link);
  };
  const auto [plain_address, plain_id] = link_below_second_port(false);
  const auto [shifted_address, shifted_id] = link_below_second_port(true);
  EXPECT_NE(plain_address, shifted_address);
  EXPECT_EQ(plain_id, shifted_id);
}

TEST(PcieDriver, UnprivilegedLookSaysNeedsRootAndStillFindsSpeeds) {
  SwitchedHost made;
  made.host.as_root = false;
  made.host.port(made.device[0]).width = 4;
  const auto host = host_of(made.host.tree());
  const auto snapshot = collected(host);
  ASSERT_EQ(snapshot.links.size(), 3U);
  const auto* link = link_to(snapshot, made.host.address(made.device[0]));
  ASSERT_NE(link, nullptr);
  EXPECT_EQ(link->rate, base::giga_transfers(32));
  EXPECT_EQ(link->width, base::LaneCount(4));
  EXPECT_EQ(link->a.max_width, base::LaneCount(16));
  ASSERT_FALSE(link->a.target_rate);
  EXPECT_EQ(link->a.target_rate.error().why, observe::Absence::kNeedsRoot);
  ASSERT_FALSE(link->retimers);
  EXPECT_EQ(link->retimers.error().why, observe::Absence::kNeedsRoot);
}

TEST(PcieDriver, DoesNotReadWhatSleeps) {
  SwitchedHost made;
  made.host.port(made.device[0]).power_state = "D3cold";
  const auto host = host_of(made.host.tree());
  const auto snapshot = collected(host);
  const auto* link = link_to(snapshot, made.host.address(made.device[0]));
  ASSERT_NE(link, nullptr) << "the port above tells of the link";
  ASSERT_FALSE(link->b.max_rate);
  EXPECT_EQ(link->b.max_rate.error().why, observe::Absence::kAsleep);
  EXPECT_EQ(link->b.power_state, "D3cold");
  EXPECT_FALSE(snapshot.notes.empty());
}

TEST(PcieDriver, CountsErrorsByTypeAndTotal) {
  SwitchedHost made;
  made.host.port(made.device[0]).correctable = {{"RxErr", 7}, {"BadTLP", 2}};
  const auto host = host_of(made.host.tree());
  const auto snapshot = collected(host);
  std::map<std::string, std::uint64_t> counts;
  const auto* link = link_to(snapshot, made.host.address(made.device[0]));
  ASSERT_NE(link, nullptr);
  for (const auto& sample : snapshot.samples) {
    if (sample.subject == observe::Subject(link->b.port) &&
        sample.metric == observe::Metric::kAerCorrectable && sample.value) {
      counts[sample.label] = std::get<std::uint64_t>(*sample.value);
    }
  }
  EXPECT_EQ(counts,
            (std::map<std::string, std::uint64_t>{{"RxErr", 7}, {"BadTLP", 2}, {"total", 9}}));
}

TEST(PcieDriver, KeepsRootBusesOfOneDomainApartWithoutSysfs) {
  // What an lspci dump gives: no links to say where a function sits, two root buses in domain 0.
  bus::synthetic::Host made("h");
  const int root = made.add_root_port(0, bridge(Role::kRootPort));
  const int device = made.add_below(root, endpoint());
  bus::MemoryTree::Builder builder;
  for (const int bus : {0x00, 0x40}) {
    auto config = made.config(root);
    config[0x18] = static_cast<std::uint8_t>(bus);
    config[0x19] = static_cast<std::uint8_t>(bus + 1);
    config[0x1A] = static_cast<std::uint8_t>(bus + 1);
    const auto add = [&](int number, const char* rest, const std::vector<std::uint8_t>& bytes) {
      char name[64];
      std::snprintf(name, sizeof name, "sys/bus/pci/devices/0000:%02x:%s/config", number, rest);
      ASSERT_TRUE(builder.add_file(name, base::as_text(bytes)));
    };
    add(bus, "01.0", config);
    add(bus + 1, "00.0", made.config(device));
  }
  const auto host = host_of(builder.freeze("dump"));
  const auto snapshot = collected(host);
  EXPECT_EQ(snapshot.links.size(), 2U);
  EXPECT_NE(link_to(snapshot, "0000:41:00.0"), nullptr);
}

TEST(PcieDriver, SurvivesGarbledTrees) {
  bus::MemoryTree::Builder builder;
  ASSERT_TRUE(
      builder.add_file("sys/bus/pci/devices/0000:00:01.0/config", std::string(4096, '\xFF')));
  ASSERT_TRUE(builder.add_file("sys/bus/pci/devices/nonsense/config", "x"));
  ASSERT_TRUE(builder.add_file("sys/bus/pci/devices/0000:00:02.0/config", ""));
  ASSERT_TRUE(
      builder.add_file("sys/bus/pci/devices/0000:00:02.0/aer_dev_correctable", "RxErr many\n"));
  const auto host = host_of(builder.freeze("garbled"));
  const auto snapshot = collected(host);
  EXPECT_FALSE(snapshot.problems.empty());
}

TEST(PcieDriver, NoSysfsIsAnErrorThatSaysWhatToDo) {
  bus::MemoryTree::Builder builder;
  ASSERT_TRUE(builder.add_file("etc/hostname", "h\n"));
  const auto host = host_of(builder.freeze("empty"));
  const auto snapshot = collect(host, {});
  ASSERT_FALSE(snapshot);
  EXPECT_EQ(snapshot.error().code, base::Code::kUnavailable);
  EXPECT_FALSE(snapshot.error().hint.empty());
}

}  // namespace
}  // namespace weft::driver
