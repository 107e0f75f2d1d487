// SPDX-License-Identifier: Apache-2.0
#include "twin/door/doors.h"

#include "base/test_shell.h"
#include "bus/test_folder.h"
#include "twin/door/test_rack.h"

#include <filesystem>

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
