// SPDX-License-Identifier: Apache-2.0
// A twin's files through the kernel: Debian's lspci and setpci over a mount in a temporary folder,
// while what they look at moves. Skipped where nothing can be mounted.
#include "twin/door/fuse_mount.h"

#include "base/test_shell.h"
#include "bus/test_folder.h"
#include "twin/door/sysfs_tree.h"
#include "twin/door/test_rack.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft::twin::door {
namespace {

using testing::HasSubstr;

bool is_mounted(const std::string& folder) {
  std::ifstream mounts("/proc/self/mounts");
  std::string line;
  while (std::getline(mounts, line)) {
    if (line.find(folder) != std::string::npos) {
      return true;
    }
  }
  return false;
}

TEST(FuseMount, LspciSeesTheTwinMoveAndSetpciWrites) {
  TestRack test;
  const auto tree = sysfs_tree(test.rack, 0);
  const bus::TestFolder folder;
  auto mount = FuseMount::open(*tree, folder.at("twin"));
  if (!mount) {
    GTEST_SKIP() << mount.error().text();
  }
  EXPECT_TRUE(is_mounted(folder.at("twin")));
  EXPECT_EQ(folder.content("twin/sys/class/net/eth0/operstate"), "up\n");
  EXPECT_EQ(folder.content("twin/sys/bus/pci/devices/0000:01:00.0/config").size(), 4096U);
  if (base::has_program("lspci") && base::has_program("setpci")) {
    const auto option = " -O sysfs.path=" + folder.at("twin/sys/bus/pci") + " ";
    const auto lspci = [&] { return base::shell("lspci" + option + "-vvv -s 01:00.0").out; };
    EXPECT_THAT(lspci(), HasSubstr("LnkSta:\tSpeed 32GT/s, Width x16"));
    {
      const Hold hold(test.rack.world->mutex());
      base::write_le(test.nic.bytes, kTestExpress + PCI_EXP_LNKSTA, 2, 4 | 8 << 4);
    }
    EXPECT_THAT(lspci(), HasSubstr("LnkSta:\tSpeed 16GT/s (downgraded), Width x8 (downgraded)"));
    // Target speed in Link Control 2: one write of a word, as with a real file.
    const auto set = base::shell("setpci" + option + "-s 01:00.0 CAP_EXP+30.w=0003");
    EXPECT_EQ(set.code, 0) << set.out;
    const Hold hold(test.rack.world->mutex());
    ASSERT_FALSE(test.nic.writes.empty());
    EXPECT_EQ(test.nic.writes.back(), (std::pair<std::uint16_t, std::uint8_t>{0x70, 2}));
    EXPECT_EQ(base::read_le(test.nic.bytes, 0x70, 2), 3U);
  }
  EXPECT_NE(
      base::shell("echo 1 > " + folder.at("twin/sys/bus/pci/devices/0000:01:00.0/vendor")).code, 0);
  mount->reset();
  EXPECT_FALSE(is_mounted(folder.at("twin")));
}

TEST(FuseMount, NothingIsMadeOrRemoved) {
  TestRack test;
  const auto tree = sysfs_tree(test.rack, 0);
  const bus::TestFolder folder;
  auto mount = FuseMount::open(*tree, folder.at("twin"));
  if (!mount) {
    GTEST_SKIP() << mount.error().text();
  }
  const auto said = [&](const std::string& command) {
    return base::shell("cd " + folder.at("twin/proc") + "; LC_ALL=C " + command).out;
  };
  EXPECT_THAT(said("rm -f uptime"), HasSubstr("Operation not permitted"));
  EXPECT_THAT(said("mkdir new"), HasSubstr("Operation not permitted"));
  EXPECT_THAT(said("mv uptime new"), HasSubstr("Operation not permitted"));
  EXPECT_THAT(said("cp uptime new"), HasSubstr("Permission denied"));
  EXPECT_NE(folder.content("twin/proc/uptime"), "");
}

TEST(FuseMount, IsUnmountedAlsoWhileAFileIsOpen) {
  TestRack test;
  const auto tree = sysfs_tree(test.rack, 0);
  const bus::TestFolder folder;
  auto mount = FuseMount::open(*tree, folder.at("twin"));
  if (!mount) {
    GTEST_SKIP() << mount.error().text();
  }
  std::ifstream open_file(folder.at("twin/proc/uptime"));
  mount->reset();
  EXPECT_FALSE(is_mounted(folder.at("twin")));
}

}  // namespace
}  // namespace weft::twin::door
