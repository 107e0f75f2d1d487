// SPDX-License-Identifier: Apache-2.0
// Configuration space through a file of sysfs' shape, and the machine's own where it has PCI.
#include "bus/linux/devices.h"
#include "bus/test_folder.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace weft::bus::linux_host {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Root {
  void add(const std::string& address, std::size_t bytes) const {
    std::string text(bytes, '\0');
    for (std::size_t i = 0; i < bytes; ++i) {
      text[i] = static_cast<char>(i & 0x7F);
    }
    folder.file("sys/bus/pci/devices/" + address + "/config", text);
  }
  TestFolder folder;
  std::string path = folder.path().string();
};

TEST(LinuxConfigSpace, ReadsAndWritesInPlace) {
  const Root root;
  root.add("0000:3b:00.0", 4096);
  root.add("0000:3b:00.1", 64);
  const auto devices = live_devices(root.path);
  EXPECT_THAT(devices->names(DoorKind::kConfigSpace), ElementsAre("0000:3b:00.0", "0000:3b:00.1"));
  auto config = devices->config_space("0000:3b:00.0");
  ASSERT_TRUE(config) << config.error().text();
  EXPECT_EQ((*config)->read(0x10, 4).value(), 0x13121110U);
  EXPECT_EQ((*config)->read(0xFFE, 2).value(), 0x7F7EU);
  ASSERT_TRUE((*config)->write(0x10, 2, 0xBEEF));
  EXPECT_EQ((*config)->read(0x10, 4).value(), 0x1312BEEFU);
  EXPECT_EQ(fs::file_size(root.path + "/sys/bus/pci/devices/0000:3b:00.0/config"), 4096U);
  EXPECT_FALSE((*config)->read(0x11, 2));
  EXPECT_FALSE((*config)->read(4096, 1));
}

TEST(LinuxConfigSpace, SaysWhatIsMissing) {
  const Root root;
  root.add("0000:3b:00.1", 64);
  const auto devices = live_devices(root.path);
  auto config = devices->config_space("0000:3b:00.1");
  ASSERT_TRUE(config);
  const auto past = (*config)->read(0x100, 4);
  ASSERT_FALSE(past);
  EXPECT_EQ(past.error().code, base::Code::kPermissionDenied);
  EXPECT_THAT(past.error().hint, HasSubstr("root"));
  EXPECT_EQ(devices->config_space("0000:00:00.0").error().code, base::Code::kNotFound);
  EXPECT_EQ(devices->config_space("../../../etc/x").error().code, base::Code::kInvalidArgument);
}

TEST(LinuxConfigSpace, ReadsThisMachinesFunctions) {
  const auto devices = live_devices();
  const auto names = devices->names(DoorKind::kConfigSpace);
  if (names.empty()) {
    GTEST_SKIP() << "this machine has no PCI";
  }
  auto config = devices->config_space(names.front());
  ASSERT_TRUE(config) << config.error().text();
  EXPECT_NE((*config)->read(0, 4).value(), 0U);
}

}  // namespace
}  // namespace weft::bus::linux_host
