// SPDX-License-Identifier: Apache-2.0
#include "bus/linux/module_memory.h"

#include "bus/linux/devices.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft::bus::linux_host {
namespace {

TEST(LinuxModuleMemory, NamesInterfacesWithADevice) {
  const auto root = std::filesystem::temp_directory_path() / "weft_module_memory_test";
  std::filesystem::remove_all(root);
  std::filesystem::create_directories(root / "sys/class/net/eth0/device");
  std::filesystem::create_directories(root / "sys/class/net/lo");
  EXPECT_THAT(module_interfaces(root.string()), testing::ElementsAre("eth0"));
  EXPECT_THAT(live_devices(root.string())->names(DoorKind::kModuleMemory),
              testing::ElementsAre("eth0"));
  EXPECT_EQ(open_module_memory(root.string(), "eth9").error().code, base::Code::kNotFound);
  EXPECT_EQ(open_module_memory(root.string(), "eth0").error().code, base::Code::kUnimplemented);
  std::filesystem::remove_all(root);
}

TEST(LinuxModuleMemory, RefusesWritesAndImpossibleReads) {
  auto memory = open_module_memory("/", "lo");
  if (!memory) {
    GTEST_SKIP() << "no interface lo here: " << memory.error().text();
  }
  const auto written = (*memory)->write({.offset = 26}, base::Bytes{0});
  EXPECT_EQ(written.error().code, base::Code::kUnimplemented);
  EXPECT_FALSE(written.error().hint.empty());
  EXPECT_EQ((*memory)->read({.offset = 120}, 16).error().code, base::Code::kInvalidArgument);
  EXPECT_FALSE((*memory)->read({}, 1)) << "lo has no module";
}

}  // namespace
}  // namespace weft::bus::linux_host
