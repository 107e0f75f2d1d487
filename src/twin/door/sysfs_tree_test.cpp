// SPDX-License-Identifier: Apache-2.0
// What a machine's files say against what the kernel's ABI documents ask of them, and Debian's
// lspci over a snapshot of them. The joint tests with drivers and whole racks are in src/cli.
#include "twin/door/sysfs_tree.h"

#include "base/test_shell.h"
#include "bus/test_folder.h"
#include "twin/door/snapshot.h"
#include "twin/door/test_rack.h"
#include "twin/link/fake_physics.h"
#include "twin/test_rack.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft::twin::door {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kPort = "sys/devices/pci0000:00/0000:00:01.0";
constexpr const char* kNic = "sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0";
constexpr const char* kNicByBus = "sys/bus/pci/devices/0000:01:00.0";

TEST(SysfsTree, FunctionsStandBelowTheirPortsAndAreLinkedFromTheBus) {
  TestRack test;
  const auto tree = sysfs_tree(test.rack, 0);
  EXPECT_THAT(*tree->list("sys/bus/pci/devices"), ElementsAre("0000:00:01.0", "0000:01:00.0"));
  EXPECT_EQ(*tree->link(kNicByBus), "../../../devices/pci0000:00/0000:00:01.0/0000:01:00.0");
  EXPECT_EQ(*tree->link(std::string(kNic) + "/driver"), "../../../../bus/pci/drivers/mlx5_core");
  for (const auto& [file, text] :
       {std::pair{"vendor", "0x15b3\n"}, std::pair{"device", "0x1021\n"},
        std::pair{"class", "0x020000\n"}, std::pair{"subsystem_device", "0x0041\n"},
        std::pair{"revision", "0x00\n"}, std::pair{"power_state", "D0\n"},
        std::pair{"max_link_speed", "32.0 GT/s PCIe\n"}, std::pair{"max_link_width", "16\n"},
        std::pair{"power/runtime_status", "active\n"}}) {
    EXPECT_EQ(tree->read(std::string(kNicByBus) + "/" + file).value_or("?"), text) << file;
  }
  EXPECT_EQ(tree->read("sys/bus/pci/slots/7/address").value_or("?"), "0000:01:00\n");
  EXPECT_EQ(tree->read("proc/sys/kernel/hostname").value_or("?"), "pod-server0\n");
  EXPECT_TRUE(tree->exists("weft/simulated"));
  EXPECT_TRUE(tree->is_live());
}

TEST(SysfsTree, EachReadSeesTheDeviceAsItIsNow) {
  TestRack test;
  const auto tree = sysfs_tree(test.rack, 0);
  const auto speed = std::string(kNicByBus) + "/current_link_speed";
  EXPECT_EQ(tree->read(speed).value_or("?"), "32.0 GT/s PCIe\n");
  base::write_le(test.nic.bytes, kTestExpress + PCI_EXP_LNKSTA, 2, 3 | 8 << 4);
  EXPECT_EQ(tree->read(speed).value_or("?"), "8.0 GT/s PCIe\n");
  EXPECT_EQ(tree->read(std::string(kNicByBus) + "/current_link_width").value_or("?"), "8\n");
  base::write_le(test.nic.bytes, kTestPower + PCI_PM_CTRL, 2, 3);
  EXPECT_EQ(tree->read(std::string(kNicByBus) + "/power_state").value_or("?"), "D3hot\n");
  EXPECT_EQ(tree->read(std::string(kNicByBus) + "/config")->size(), 4096U);
  std::ranges::fill(test.nic.bytes, 0xFF);  // it fell off the bus
  EXPECT_EQ(tree->read(speed).value_or("?"), "Unknown\n");
  EXPECT_EQ(tree->read(std::string(kNicByBus) + "/vendor").value_or("?"), "0x15b3\n");
}

TEST(SysfsTree, WritesToConfigAreCutByAlignmentAsTheKernelCutsThem) {
  TestRack test;
  const auto tree = sysfs_tree(test.rack, 0);
  const auto config = std::string(kNicByBus) + "/config";
  const base::Bytes bytes = {1, 2, 3, 4, 5, 6, 7, 8};
  ASSERT_TRUE(tree->write_at(config, 0x41, bytes));
  using Write = std::pair<std::uint16_t, std::uint8_t>;
  EXPECT_THAT(test.nic.writes,
              ElementsAre(Write{0x41, 1}, Write{0x42, 2}, Write{0x44, 4}, Write{0x48, 1}));
  EXPECT_EQ(*tree->read_at(config, 0x41, 8), std::string("\1\2\3\4\5\6\7\10"));
  EXPECT_EQ(tree->read_at(config, 4095, 8)->size(), 1U);
  EXPECT_EQ(*tree->read_at(config, 5000, 8), "");
  EXPECT_EQ(tree->write_at(config, 4095, bytes).error().code, base::Code::kOutOfRange);
  EXPECT_EQ(tree->write_at(std::string(kNicByBus) + "/vendor", 0, bytes).error().code,
            base::Code::kPermissionDenied);
}

TEST(SysfsTree, PathsAreResolvedAsOnAHost) {
  TestRack test;
  const auto tree = sysfs_tree(test.rack, 0);
  EXPECT_EQ(tree->read("sys/class/net/eth0/device/vendor").value_or("?"), "0x15b3\n");
  EXPECT_EQ(tree->read("sys/class/net/eth0/../../device").value_or("?"), "0x1021\n");
  EXPECT_EQ(tree->read("sys/nothing").error().code, base::Code::kNotFound);
  EXPECT_EQ(tree->read("sys/bus").error().code, base::Code::kUnavailable);
  EXPECT_EQ(tree->read("../etc").error().code, base::Code::kInvalidArgument);
  EXPECT_EQ(tree->link("sys/bus").error().code, base::Code::kNotFound);
  EXPECT_EQ(tree->read(std::string(kPort) + "/config", 10).error().code,
            base::Code::kResourceExhausted);
}

TEST(SysfsTree, InterfacesFollowTheirLink) {
  TestRack test;
  const auto tree = sysfs_tree(test.rack, 0);
  const auto file = [&](const char* leaf) {
    return tree->read(std::string("sys/class/net/eth0/") + leaf).value_or("?");
  };
  EXPECT_EQ(file("operstate"), "up\n");
  EXPECT_EQ(file("carrier"), "1\n");
  EXPECT_EQ(file("speed"), "400000\n");
  auto& link = *test.links[1];
  link.counters[0][static_cast<std::size_t>(LinkCounter::kTrainings)] = 3;
  link.counters[0][static_cast<std::size_t>(LinkCounter::kLinkDowns)] = 2;
  link.counters[0][static_cast<std::size_t>(LinkCounter::kBlockErrors)] = 9;
  link.counters[1][static_cast<std::size_t>(LinkCounter::kBlockErrors)] = 50;
  EXPECT_EQ(file("carrier_changes"), "5\n");
  EXPECT_EQ(file("carrier_down_count"), "2\n");
  EXPECT_EQ(file("statistics/rx_crc_errors"), "9\n") << "the far end's receiver is not ours";
  link.state = {};
  EXPECT_EQ(file("operstate"), "down\n");
  EXPECT_EQ(file("speed"), "-1\n");
}

TEST(SysfsTree, UptimeIsTheWorldsTime) {
  TestRack test;
  const auto tree = sysfs_tree(test.rack, 0);
  test.rack.world->advance(base::seconds(61.5));
  EXPECT_EQ(tree->read("proc/uptime").value_or("?"), "61.50 61.50\n");
}

/// Whoever copies the whole tree takes nothing from who watches a module's flags.
TEST(SysfsTree, ReadingEveryFileLeavesLatchedFlags) {
  RackOptions options;
  options.physics = std::make_shared<FakePhysics>();
  const auto rack =
      std::move(*build_rack(twin::test::rack_of(twin::test::kSmallRack), {}, options));
  rack->world->advance(base::seconds(20));
  std::size_t modules = 0;
  for (std::size_t i = 0; i < rack->machines.size(); ++i) {
    const auto tree = sysfs_tree(*rack, i);
    std::size_t pages = 0;
    tree->visit([&](const std::string& path, const LiveTree::Entry& entry) {
      if (entry.kind == LiveTree::Kind::kFile) {
        pages += tree->read(path) && path.find("module") != std::string::npos ? 1 : 0;
      }
    });
    for (const auto& [interface, module] : rack->machines[i].modules) {
      EXPECT_GT(pages, 9U);
      // 11h:134, data path states that changed: latched since the module came up (CMIS 8.9.2).
      const bus::ModuleAddress flags{.bank = 0, .page = 0x11, .offset = 134};
      EXPECT_NE(module->read(flags, 1).value().at(0), 0) << interface;
      EXPECT_EQ(module->read(flags, 1).value().at(0), 0) << interface << ": reading clears it";
      ++modules;
    }
  }
  EXPECT_GE(modules, 2U);
}

TEST(Snapshot, IsReplacedInOneStepAndOnlyWhereASnapshotStands) {
  TestRack test;
  const auto tree = sysfs_tree(test.rack, 0);
  const bus::TestFolder folder;
  const auto at = folder.at("twin");
  const auto first = write_snapshot(*tree, at);
  ASSERT_TRUE(first) << first.error().text();
  EXPECT_GT(first->entries, 100U);
  EXPECT_EQ(folder.content("twin/sys/class/net/eth0/speed"), "400000\n");
  base::write_le(test.nic.bytes, kTestExpress + PCI_EXP_LNKSTA, 2, 1 | 1 << 4);
  ASSERT_TRUE(write_snapshot(*tree, at));
  EXPECT_EQ(folder.content(std::string("twin/") + kNicByBus + "/current_link_width"), "1\n");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1)
      << "nothing is left beside it";
  folder.file("other/file", "precious");
  EXPECT_EQ(write_snapshot(*tree, folder.at("other")).error().code, base::Code::kAlreadyExists);
  EXPECT_EQ(folder.content("other/file"), "precious");
}

TEST(Snapshot, IsReadByLspci) {
  if (!base::has_program("lspci")) {
    GTEST_SKIP() << "lspci is not installed";
  }
  TestRack test;
  const auto tree = sysfs_tree(test.rack, 0);
  const bus::TestFolder folder;
  ASSERT_TRUE(write_snapshot(*tree, folder.at("twin")));
  const auto lspci = [&] {
    return base::shell("lspci -O sysfs.path=" + folder.at("twin/sys/bus/pci") + " -vvv").out;
  };
  EXPECT_THAT(lspci(), HasSubstr("LnkSta:\tSpeed 32GT/s, Width x16"));
  EXPECT_THAT(lspci(), HasSubstr("Kernel driver in use: mlx5_core"));
  EXPECT_THAT(lspci(), HasSubstr("Bus: primary=00, secondary=01, subordinate=01"));
  EXPECT_THAT(lspci(), HasSubstr("Physical Slot: 7"));
  base::write_le(test.nic.bytes, kTestExpress + PCI_EXP_LNKSTA, 2, 1 | 4 << 4);
  ASSERT_TRUE(write_snapshot(*tree, folder.at("twin")));
  EXPECT_THAT(lspci(), HasSubstr("LnkSta:\tSpeed 2.5GT/s (downgraded), Width x4 (downgraded)"));
}

}  // namespace
}  // namespace weft::twin::door
