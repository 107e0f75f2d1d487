// SPDX-License-Identifier: Apache-2.0
// Sets of lanes, the wide links that need them, and every link of every reference rack: each comes
// up at all its lanes, or the rack file names why it cannot.
#include "twin/link/lane_mask.h"

#include "twin/link/fake_physics.h"
#include "twin/link/generic_link.h"
#include "twin/link/test_link.h"
#include "twin/machine.h"
#include "twin/test_rack.h"
#include "twin/world/archive.h"

#include <filesystem>

#include <gtest/gtest.h>

namespace weft::twin {
namespace {

constexpr auto kToDevice = fabric::LaneDirection::kTowardDevice;

TEST(LaneMask, HoldsLanesPastAWord) {
  LaneMask mask;
  EXPECT_TRUE(mask.empty());
  for (const std::uint32_t lane : {0U, 31U, 32U, 63U, 64U, 89U, 255U}) {
    mask.set(lane);
    EXPECT_TRUE(mask.has(lane));
  }
  EXPECT_EQ(mask.count(), 7U);
  mask.set(89, false);
  EXPECT_FALSE(mask.has(89));
  EXPECT_EQ(mask.low(), 1U | 1ULL << 31 | 1ULL << 32 | 1ULL << 63);
}

TEST(LaneMask, ALaneThatIsNoneIsInNoSet) {
  LaneMask mask = LaneMask::range(0, 1000);
  EXPECT_EQ(mask.count(), LaneMask::kMost);
  mask.set(LaneMask::kMost);
  EXPECT_FALSE(mask.has(LaneMask::kMost));
  EXPECT_FALSE(mask.has(~0U));
  EXPECT_TRUE(LaneMask::range(256, 1).empty());
  EXPECT_EQ(LaneMask::range(250, 16).count(), 6U);
  EXPECT_TRUE(LaneMask::range(3, 0).empty());
}

TEST(LaneMask, KnowsWhatItIncludes) {
  const LaneMask all = LaneMask::range(0, 90);
  EXPECT_TRUE(all.includes(LaneMask::range(74, 16)));
  EXPECT_FALSE(all.includes(LaneMask::range(75, 16)));
  EXPECT_TRUE(all.includes({}));
  EXPECT_EQ(LaneMask::range(8, 8), LaneMask(0xFF00));
}

TEST(LaneMask, IsTheSameOutOfAnArchive) {
  LaneMask mask = LaneMask::range(17, 100);
  Archive out;
  out.field(mask);
  EXPECT_EQ(out.bytes().size(), LaneMask::kMost / 8);
  Archive in(out.bytes());
  LaneMask again;
  in.field(again);
  EXPECT_FALSE(in.failed());
  EXPECT_EQ(again, mask);
}

TEST(LaneMask, ALinkOfNinetyLanesTrainsAndLosesOne) {
  TestLink<GenericLink> test({.protocol = "nvlink-c2c", .lanes = 90});
  test.run_s(1);
  EXPECT_TRUE(test.link->status().is_up);
  EXPECT_EQ(test.link->status().width.value(), 90U);
  EXPECT_EQ(test.link->status().lane_mask, LaneMask::range(0, 90));
  EXPECT_TRUE(test.link->lane({0, kToDevice, 89}).is_active);
  test.set(Quantity::kOpen, 1, {0, kToDevice, 89});
  test.run_s(1);
  EXPECT_FALSE(test.link->status().lane_mask.has(89));
  test.clear(Quantity::kOpen, {0, kToDevice, 89});
  test.link->retrain(End::kA);
  test.run_s(1);
  EXPECT_EQ(test.link->status().width.value(), 90U);
  test.link->set_lane_enabled(64, false);
  test.run_s(1);
  EXPECT_FALSE(test.link->status().lane_mask.has(64));
}

class ReferenceRack : public testing::TestWithParam<std::string> {};

/// The lane models are made up: what a rack's own media do is measured by `weft up`, this is that
/// nothing but physics is in the way of a link.
TEST_P(ReferenceRack, TrainsEveryLinkAtAllItsLanes) {
  RackOptions options;
  options.physics = std::make_shared<FakePhysics>();
  auto rack = build_rack(test::reference_rack(GetParam()), {}, options);
  ASSERT_TRUE(rack) << rack.error().text();
  (*rack)->world->advance(base::seconds(30));  // optical modules take some to power up
  std::size_t partnered = 0;
  for (const Link* link : (*rack)->links) {
    const LinkPlan& plan = link->plan();
    const LinkStatus status = link->status();
    if (plan.b.is_null()) {
      EXPECT_FALSE(status.is_up) << plan.name << " has nothing at its far end";
      continue;
    }
    ++partnered;
    EXPECT_TRUE(status.is_up) << plan.name << " x" << plan.lanes.value() << " is in "
                              << key(status.state);
    EXPECT_EQ(status.width, plan.lanes) << plan.name;
    EXPECT_EQ(status.rate, fabric::protocol(plan.protocol).lane_rate) << plan.name;
  }
  EXPECT_GT(partnered, 0U);
}

std::vector<std::string> reference_racks() {
  std::vector<std::string> names;
  for (const auto& file :
       std::filesystem::directory_iterator(std::string(WEFT_SOURCE_DIR) + "/racks")) {
    if (file.path().extension() == ".yaml") {
      names.push_back(file.path().stem().string());
    }
  }
  std::ranges::sort(names);
  return names;
}

INSTANTIATE_TEST_SUITE_P(Every, ReferenceRack, testing::ValuesIn(reference_racks()),
                         [](const testing::TestParamInfo<std::string>& info) {
                           std::string name = info.param;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace weft::twin
