// SPDX-License-Identifier: Apache-2.0
#include "twin/door/doors.h"

#include "base/test_shell.h"
#include "bus/test_folder.h"
#include "twin/door/test_rack.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft::twin::door {
namespace {

using testing::HasSubstr;

TEST(Doors, TheMapNamesEveryDoorAndAllIsGoneAfterwards) {
  TestRack test;
  const bus::TestFolder folder;
  const auto at = folder.at("doors");
  {
    DoorsOptions options;
    options.folder = at;
    options.mounts = false;
    options.services.push_back(
        {"control", {"control 1", [](std::string_view) { return std::string("ok"); }}, "nc {}"});
    const auto doors = Doors::open(test.rack, std::move(options));
    ASSERT_TRUE(doors) << doors.error().text();
    const auto text = (*doors)->map_text();
    EXPECT_THAT(text, HasSubstr("snapshot  pod-server0"));
    EXPECT_THAT(text, HasSubstr(at + "/smbus.sock"));
    EXPECT_THAT(text, HasSubstr(at + "/module.sock"));
    EXPECT_THAT(text, HasSubstr("nc " + at + "/control.sock"));
    EXPECT_EQ(folder.content("doors/pod-server0/sys/class/net/eth0/carrier"), "1\n");
    test.links[1]->state = {};
    ASSERT_TRUE((*doors)->refresh());
    EXPECT_EQ(folder.content("doors/pod-server0/sys/class/net/eth0/carrier"), "0\n");
  }
  EXPECT_TRUE(std::filesystem::is_empty(at));
}

TEST(Doors, GuestsHaveASocketForEachSegmentAndTwoForEachFunction) {
  TestRack test;
  const bus::TestFolder folder;
  const auto at = folder.at("doors");
  DoorsOptions options;
  options.folder = at;
  options.mounts = false;
  options.has_guests = true;
  options.guest_machine = "pod-serverX";
  const auto refused = Doors::open(test.rack, options);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().text(), HasSubstr("pod-server0"));
  options.guest_machine = "pod-server0";
  {
    const auto doors = Doors::open(test.rack, options);
    ASSERT_TRUE(doors) << doors.error().text();
    std::map<std::string, std::size_t> count;
    for (const auto& row : (*doors)->map()) {
      ++count[row.door];
      if (row.door == "vfio-user" || row.door == "pcidev" || row.door == "guest-i2c") {
        EXPECT_TRUE(std::filesystem::is_socket(row.address)) << row.address;
        EXPECT_EQ(row.address.find(':'), std::string::npos) << "virtio_uml parts there";
        EXPECT_THAT(row.how, HasSubstr(row.address));
      }
    }
    const Machine& machine = test.rack.machines[0];
    const auto functions = machine.functions.size() -
                           static_cast<std::size_t>(std::ranges::count(machine.functions, nullptr));
    EXPECT_EQ(count["vfio-user"], functions);
    EXPECT_EQ(count["pcidev"], functions);
    EXPECT_EQ(count["guest-i2c"], machine.segments.size());
    EXPECT_GT(functions + machine.segments.size(), 0U);
  }
  EXPECT_TRUE(std::filesystem::is_empty(at));
}

TEST(Doors, WhatStoodAtAMountPointIsThereAfterwards) {
  TestRack test;
  const bus::TestFolder folder;
  folder.file("doors/pod-server0/notes", "precious");
  DoorsOptions options;
  options.folder = folder.at("doors");
  {
    const auto opened = Doors::open(test.rack, options);
    EXPECT_TRUE(opened || opened.error().code == base::Code::kAlreadyExists);
  }
  EXPECT_EQ(folder.content("doors/pod-server0/notes"), "precious");
}

}  // namespace
}  // namespace weft::twin::door
