// SPDX-License-Identifier: Apache-2.0
// Lane kinds of planned sections: they close, the engine's answer is that of its parts, kinds are
// shared, and what phy does not know is said. The table of all racks' kinds is in physics_bench.
#include "twin/plan/physics.h"

#include "phy/link/equalise.h"
#include "phy/media/path.h"
#include "twin/test_rack.h"

#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace weft::twin {
namespace {

SectionPlan section(std::string text) {
  SectionPlan out;
  out.text = std::move(text);
  return out;
}

fabric::ProtocolId protocol_named(std::string_view key) {
  return fabric::find_protocol(key).value();
}

TEST(Physics, ABoardTraceIsWhatTheEngineMakesOfIt) {
  Physics physics;
  const auto plan = section("pkg + megtron7:150mm + pkg");
  const auto kind = physics.lane_kind(plan, protocol_named("pcie5"));
  ASSERT_TRUE(kind) << kind.error().text();
  const auto& one = **kind;
  EXPECT_EQ(one.setup->key, "pcie5");
  // By hand at 16 GHz: 5.9 in of 0.340 + 0.135 dB, and 66 mm of package line at 0.063 dB/mm: 7 dB;
  // die and ball capacitance add some tenths.
  EXPECT_NEAR(one.channel_loss_db, 7.1, 0.6);
  EXPECT_LT(one.model.at({}).log10_ber, -12);
  EXPECT_EQ(one.model.options().code.n, 0U);
  phy::media::BuildOptions options;
  options.crosstalk = true;
  const auto built = phy::media::build(phy::media::parse_path(plan.text).value(),
                                       phy::media::standard_grid_hz(), options);
  phy::link::EqualiseOptions equalise;
  equalise.package = false;
  const auto expected = phy::link::equalise(*one.setup, built->sections[0].channel, equalise);
  ASSERT_TRUE(expected);
  EXPECT_EQ(one.built.dfe, expected->dfe);
  EXPECT_EQ(one.built.aggressors.size(), expected->aggressors.size());
  EXPECT_DOUBLE_EQ(one.built.pulse.at(one.built.cursor), expected->pulse.at(expected->cursor));
}

TEST(Physics, KindsAreSharedWhoeverAsksFirst) {
  Physics physics;
  const auto plan = section("sr8:50m");
  std::vector<std::shared_ptr<const LaneKind>> found(4);
  {
    std::vector<std::jthread> threads;
    threads.reserve(found.size());
    for (auto& place : found) {
      threads.emplace_back(
          [&] { place = physics.lane_kind(plan, protocol_named("cxl2")).value(); });
    }
  }
  for (const auto& kind : found) {
    EXPECT_EQ(kind, found[0]);
  }
  // The same set-up serves PCIe 5 and CXL 2.
  EXPECT_EQ(physics.lane_kind(plan, protocol_named("pcie5")).value(), found[0]);
  EXPECT_EQ(physics.kinds(), 1U);
}

TEST(Physics, LightHasTheMarginOfItsBudget) {
  Physics physics;
  const auto kind = physics.lane_kind(section("sr8:30m"), protocol_named("cxl2"));
  ASSERT_TRUE(kind) << kind.error().text();
  EXPECT_TRUE((*kind)->is_optical);
  // Two connectors of 0.5 dB and 30 m at 3 dB/km.
  EXPECT_NEAR((*kind)->channel_loss_db, 1.09, 1e-9);
  const auto neutral = (*kind)->model.at({});
  EXPECT_LT(neutral.log10_ber, -12);
  phy::lane::LaneState dirty;
  dirty.loss_delta = base::Decibel(8);  // 4 dB of light
  EXPECT_GT((*kind)->model.at(dirty).log10_ber, neutral.log10_ber + 3);
}

TEST(Physics, SaysWhatItDoesNotKnow) {
  Physics physics;
  const auto old =
      physics.lane_kind(section("pkg + megtron7:150mm + pkg"), protocol_named("pcie2"));
  ASSERT_FALSE(old);
  EXPECT_EQ(old.error().code, base::Code::kNotFound);
  const auto coherent =
      physics.lane_kind(section("coherent:20000m"), protocol_named("eth-800g-100"));
  ASSERT_FALSE(coherent);
  EXPECT_EQ(coherent.error().code, base::Code::kNotFound);
}

}  // namespace
}  // namespace weft::twin
