// SPDX-License-Identifier: Apache-2.0
// What a network driver of a twin answers, through the decoders that read a kernel's answers.
#include "twin/door/netdev.h"

#include "bus/replay.h"
#include "twin/door/sysfs_tree.h"
#include "twin/door/test_rack.h"
#include "wire/ethtool/link_mode.h"
#include "wire/ethtool/replies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft::twin::door {
namespace {

namespace ethtool = wire::ethtool;
using ethtool::Request;
using testing::Contains;
using testing::ElementsAre;

base::Bytes ask(const bus::Netdev& netdev, Request request) {
  return netdev.query("eth0", static_cast<std::uint8_t>(request)).value_or(base::Bytes{});
}

TEST(TwinNetdev, ModesAreThoseOfTheCableAndTheLanes) {
  TestRack test;
  test.rack.plan->links[1].sections[0].segments = {{fabric::Medium::kDac, "", {}, {}}};
  const auto netdev = netdev_of(test.rack, 0);
  const auto modes = ethtool::decode_link_modes(ask(*netdev, Request::kLinkModesGet));
  constexpr std::uint32_t k400GCr4 = 89;
  constexpr std::uint32_t k400GKr4 = 85;
  EXPECT_THAT(modes.supported, Contains(k400GCr4));
  EXPECT_THAT(modes.supported, testing::Not(Contains(k400GKr4)));
  EXPECT_EQ(modes.speed_mbps, 400'000U);
  EXPECT_EQ(modes.lanes, 4U);
  EXPECT_TRUE(modes.peer.has_value());
  test.links[1]->state = {};
  const auto down = ethtool::decode_link_modes(ask(*netdev, Request::kLinkModesGet));
  EXPECT_FALSE(down.speed_mbps.has_value());
  EXPECT_FALSE(down.peer.has_value());
  EXPECT_THAT(down.supported, Contains(k400GCr4));
}

TEST(TwinNetdev, FecStatisticsAreTheReceiversOfItsOwnEnd) {
  TestRack test;
  auto& lane = test.links[1]->lane_fec[2];
  lane.codewords = 1000;
  lane.bit_errors = 25;
  lane.uncorrectable = 3;
  lane.histogram[0] = 980;
  lane.histogram[1] = 12;
  lane.histogram[4] = 5;
  lane.histogram[16] = 3;
  const auto fec = ethtool::decode_fec(ask(*netdev_of(test.rack, 0), Request::kFecGet));
  EXPECT_EQ(fec.active, ethtool::kFecRsBit);
  ASSERT_TRUE(fec.corrected_blocks);
  EXPECT_THAT(fec.corrected_blocks->lanes, ElementsAre(0, 0, 17, 0));
  EXPECT_EQ(fec.corrected_blocks->total, 17U);
  EXPECT_EQ(fec.uncorrectable_blocks->total, 3U);
  EXPECT_EQ(fec.corrected_bits->total, 25U);
  ASSERT_EQ(fec.histogram.size(), 16U);
  EXPECT_EQ(fec.histogram[4].codewords, 5U);
  EXPECT_THAT(fec.histogram[1].lanes, ElementsAre(0, 0, 12, 0));
}

TEST(TwinNetdev, ALinkThatIsDownSaysWhy) {
  TestRack test;
  const auto netdev = netdev_of(test.rack, 0);
  auto& state = test.links[1]->state;
  state = {};
  state.state = TrainingState::kConfiguration;
  EXPECT_EQ(ethtool::decode_link_state(ask(*netdev, Request::kLinkStateGet)).down_text(),
            "link training failure");
  state.state = TrainingState::kDetectQuiet;
  EXPECT_EQ(ethtool::decode_link_state(ask(*netdev, Request::kLinkStateGet)).down_text(),
            "no cable");
}

TEST(TwinNetdev, ModuleMemoryIsAtItsAddressAndBusyModulesSaySo) {
  TestRack test;
  const auto netdev = netdev_of(test.rack, 0);
  const base::Bytes name = {'W', 'E', 'F', 'T'};
  ASSERT_TRUE(test.module.write({0, 0, 129}, name));
  EXPECT_EQ(*netdev->module_page("eth0", 0x50, 0, 0, 129, 4), name);
  EXPECT_EQ(netdev->module_page("eth0", 0x51, 0, 0, 0, 4).error().code, base::Code::kUnimplemented);
  EXPECT_EQ(netdev->query("eth7", 4).error().code, base::Code::kNotFound);
  EXPECT_EQ(netdev->query("eth0", 99).error().code, base::Code::kUnimplemented);
  const base::Bytes ready = {3 << 1};
  ASSERT_TRUE(test.module.write({0, 0, 3}, ready));
  EXPECT_EQ(ethtool::decode_module(ask(*netdev, Request::kModuleGet)).mode, 2);
  test.module.is_busy = true;
  EXPECT_EQ(netdev->module_page("eth0", 0x50, 0, 0, 0, 4).error().code, base::Code::kUnavailable);
}

TEST(TwinNetdev, AnswersStandInTheTreeWhereACaptureKeepsThem) {
  TestRack test;
  const auto tree = sysfs_tree(test.rack, 0);
  const auto replayed = bus::replay_netdev(*tree);
  EXPECT_EQ(ethtool::decode_link_modes(ask(*replayed, Request::kLinkModesGet)).speed_mbps,
            400'000U);
  // 11h: states, then flags that reading would clear (134 to 153), which have no file, monitors.
  EXPECT_EQ(replayed->module_page("eth0", 0x50, 0, 0x11, 128, 128)->size(), 6U);
  EXPECT_FALSE(replayed->module_page("eth0", 0x50, 0, 0x11, 134, 1));
  EXPECT_EQ(replayed->module_page("eth0", 0x50, 0, 0x11, 154, 102)->size(), 102U);
  EXPECT_EQ(replayed->module_page("eth0", 0x50, 0, 0x10, 128, 128)->size(), 128U);
  test.links[1]->state.width = base::LaneCount(2);
  EXPECT_EQ(ethtool::decode_link_modes(ask(*replayed, Request::kLinkModesGet)).lanes, 2U);
}

}  // namespace
}  // namespace weft::twin::door
