// SPDX-License-Identifier: Apache-2.0
// A laser's life against the law that is stated, and what telemetry must show together.
#include "phy/optics/ageing.h"

#include <array>
#include <cmath>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace weft::phy::optics {
namespace {

constexpr std::array kPatterns = {AgeingPattern::kThreshold, AgeingPattern::kThresholdAndPower,
                                  AgeingPattern::kPower};

Ageing at_room(AgeingPattern pattern) {
  return {.pattern = pattern, .tau_hours = 1e5, .exponent = 0.5, .celsius_of_life = 25};
}

TEST(LaserAgeing, IsNewAtTheStart) {
  const auto state = laser_at({}, {}, 0, 25);
  ASSERT_TRUE(state);
  EXPECT_DOUBLE_EQ(state->bias_a, Laser{}.bias_a);
  EXPECT_DOUBLE_EQ(state->power_w, Laser{}.power_w);
  EXPECT_DOUBLE_EQ(state->bias_ratio, 1);
  EXPECT_FALSE(state->is_end_of_life);
}

TEST(LaserAgeing, BiasFollowsTheLawWhateverThePattern) {
  for (const auto pattern : kPatterns) {
    // x = (4000/1e5)^0.5 = 0.2: 20 % more bias, and power control hides it.
    const auto state = laser_at({}, at_room(pattern), 4000, 25);
    ASSERT_TRUE(state);
    EXPECT_NEAR(state->bias_ratio, 1.2, 1e-12) << key(pattern);
    EXPECT_NEAR(state->power_db, 0, 1e-12) << key(pattern);
  }
}

TEST(LaserAgeing, ThePatternsDifferInThresholdAndSlope) {
  const auto of = [](AgeingPattern pattern) { return *laser_at({}, at_room(pattern), 4000, 25); };
  const auto a = of(AgeingPattern::kThreshold);
  const auto b = of(AgeingPattern::kThresholdAndPower);
  const auto c = of(AgeingPattern::kPower);
  const double slope = Laser{}.power_w / (Laser{}.bias_a - Laser{}.threshold_a);
  EXPECT_DOUBLE_EQ(a.slope_w_per_a, slope);
  EXPECT_NEAR(a.threshold_a, Laser{}.threshold_a + 0.2 * Laser{}.bias_a, 1e-12);
  EXPECT_LT(b.slope_w_per_a, slope);
  EXPECT_GT(b.threshold_a, Laser{}.threshold_a);
  EXPECT_DOUBLE_EQ(c.threshold_a, Laser{}.threshold_a);
  EXPECT_LT(c.slope_w_per_a, b.slope_w_per_a);
}

TEST(LaserAgeing, EndsAtHalfMoreBias) {
  // x = 0.5 after a quarter of tau, as the square root has it.
  const auto hours = hours_to_end_of_life({}, at_room(AgeingPattern::kThreshold), 25);
  ASSERT_TRUE(hours);
  EXPECT_NEAR(*hours, 25'000, 1);
}

TEST(LaserAgeing, HeatShortensItByArrhenius) {
  // 0.7 eV between 25 and 45 C: exp(0.7/8.617e-5 (1/298.15 - 1/318.15)) = 5.54.
  auto warm = at_room(AgeingPattern::kPower);
  warm.celsius_of_life = 45;
  const double ratio = *hours_to_end_of_life({}, at_room(AgeingPattern::kPower), 25) /
                       *hours_to_end_of_life({}, warm, 25);
  EXPECT_NEAR(ratio, 5.54, 0.02);
}

TEST(LaserAgeing, PowerFallsOnceTheBiasIsClamped) {
  const auto state = laser_at({}, at_room(AgeingPattern::kThreshold), 1e5, 25);  // x = 1: 100 mA
  ASSERT_TRUE(state);
  EXPECT_TRUE(state->is_clamped);
  EXPECT_DOUBLE_EQ(state->bias_a, Laser{}.bias_max_a);
  EXPECT_LT(state->power_db, 0);
  EXPECT_TRUE(state->is_end_of_life);
}

TEST(LaserAgeing, WithoutPowerControlThePowerFallsAtOnce) {
  const auto state = laser_at({}, at_room(AgeingPattern::kThreshold), 4000, 25, false);
  ASSERT_TRUE(state);
  EXPECT_DOUBLE_EQ(state->bias_ratio, 1);
  EXPECT_NEAR(state->power_w, 2e-3 * (42.0 - 10.0) / 42.0, 1e-9);
}

TEST(LaserAgeing, ThresholdFollowsTheTemperature) {
  const auto warm = laser_at({}, {}, 0, 80);
  EXPECT_NEAR(warm->threshold_a, 8e-3 * std::exp(1.0), 1e-9);  // 55 K above 25 C
  Laser vcsel;
  vcsel.kind = LaserKind::kVcsel;
  const auto least = laser_at(vcsel, {}, 0, vcsel.t_min_celsius);
  EXPECT_LT(least->threshold_a, laser_at(vcsel, {}, 0, 0)->threshold_a);
  EXPECT_LT(least->threshold_a, laser_at(vcsel, {}, 0, 85)->threshold_a);
}

RC_GTEST_PROP(LaserAgeing, NeverGrowsYounger, ()) {
  const auto pattern = kPatterns[*rc::gen::inRange<std::size_t>(0, 3)];
  const double hours = *rc::gen::inRange(0, 500'000);
  const double celsius = *rc::gen::inRange(0, 85);
  const bool has_apc = *rc::gen::arbitrary<bool>();
  const auto before = laser_at({}, {.pattern = pattern}, hours, celsius, has_apc);
  const auto after = laser_at({}, {.pattern = pattern}, hours + 1000, celsius, has_apc);
  RC_ASSERT(after->bias_ratio >= before->bias_ratio - 1e-12);
  RC_ASSERT(after->power_w <= before->power_w * (1 + 1e-12));
  RC_ASSERT(!before->is_end_of_life || after->is_end_of_life);
}

TEST(LaserAgeing, RefusesWhatIsNoLaser) {
  Laser laser;
  laser.threshold_a = 60e-3;
  EXPECT_EQ(laser_at(laser, {}, 0, 25).error().code, base::Code::kOutOfRange);
  EXPECT_FALSE(laser_at({}, {.exponent = 0}, 0, 25));
  EXPECT_FALSE(laser_at({}, {}, -1, 25));
  EXPECT_FALSE(laser_at({}, {}, 0, 1000));
  EXPECT_FALSE(laser_at({}, {}, std::nan(""), 25));
  EXPECT_FALSE(hours_to_end_of_life(laser, {}, 25));
}

}  // namespace
}  // namespace weft::phy::optics
