// SPDX-License-Identifier: Apache-2.0
// Each quirk does what hosts met, and is gone when it is off.
#include "twin/cable_module/quirk.h"

#include "twin/cable_module/test_link.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft::twin {
namespace {

using base::seconds;
using cable_module::Quirk;
using cable_module::TestCable;
using ::testing::Each;

void set(TestCable& cable, Quirk quirk, bool is_on = true) {
  cable.world.set_quantity(cable.a->id(), Quantity::kQuirk, static_cast<std::uint32_t>(quirk), 1,
                           is_on ? std::optional(1.0) : std::nullopt);
}

/// Two data paths of four lanes, both active.
void break_out(TestCable& cable) {
  ASSERT_TRUE(cable.write(0x10, 128, {0xFF}));
  cable.world.advance(seconds(0.1));
  ASSERT_TRUE(cable.write(0x10, 145, {0x20, 0x20, 0x20, 0x20, 0x28, 0x28, 0x28, 0x28}));
  ASSERT_TRUE(cable.write(0x10, 143, {0xFF}));
  cable.world.advance(seconds(0.05));
  ASSERT_TRUE(cable.write(0x10, 128, {0x00}));
  cable.world.advance(seconds(2));
  ASSERT_THAT(cable.read(0x11, 128, 4), Each(0x44));
}

TEST(CableModuleQuirks, TableIsWhole) {
  std::set<std::string_view> keys;
  std::uint32_t number = 1;
  for (const auto& row : cable_module::quirks()) {
    EXPECT_EQ(static_cast<std::uint32_t>(row.quirk), number++);
    EXPECT_TRUE(keys.insert(row.key).second);
    EXPECT_TRUE(row.help.ends_with('.'));
    EXPECT_EQ(cable_module::find_quirk(row.key), row.quirk);
  }
  EXPECT_FALSE(cable_module::find_quirk("nonsense"));
}

TEST(CableModuleQuirks, PendingLostOnTheSameApplication) {
  TestCable cable;
  cable.bring_up();
  ASSERT_TRUE(cable.write(0x10, 128, {0xFF}));
  cable.world.advance(seconds(0.1));
  for (const bool is_on : {true, false}) {
    set(cable, Quirk::kNoPendingOnSame, is_on);
    ASSERT_TRUE(cable.write(0x10, 143, {0xFF}));
    cable.world.advance(seconds(0.05));
    EXPECT_THAT(cable.read(0x11, 202, 4), Each(0x11));
    EXPECT_EQ(cable.byte(0x11, 235), is_on ? 0U : 0xFFU);
  }
}

TEST(CableModuleQuirks, PendingShared) {
  TestCable cable;
  cable.bring_up();
  break_out(cable);
  for (const bool is_on : {true, false}) {
    set(cable, Quirk::kClearsForeignPending, is_on);
    ASSERT_TRUE(cable.write(0x10, 128, {0xFF}));
    cable.world.advance(seconds(0.1));
    ASSERT_TRUE(cable.write(0x10, 143, {0xFF}));
    cable.world.advance(seconds(0.05));
    ASSERT_TRUE(cable.write(0x10, 128, {0xF0}));
    EXPECT_EQ(cable.byte(0x11, 235), is_on ? 0U : 0xFFU);
  }
}

TEST(CableModuleQuirks, SlowAfterDecommission) {
  TestCable cable;
  cable.bring_up();
  ASSERT_TRUE(cable.write(0x10, 128, {0xFF}));
  cable.world.advance(seconds(0.1));
  set(cable, Quirk::kSlowAfterDecommission);
  ASSERT_TRUE(cable.write(0x10, 145, base::Bytes(8)));
  ASSERT_TRUE(cable.write(0x10, 143, {0xFF}));
  cable.world.advance(seconds(0.149));
  EXPECT_THAT(cable.read(0x11, 202, 4), Each(0xCC));
  cable.world.advance(seconds(0.06));
  EXPECT_THAT(cable.read(0x11, 202, 4), Each(0x11));
}

TEST(CableModuleQuirks, ConfigSticksNowAndThen) {
  TestCable cable;
  cable.bring_up();
  ASSERT_TRUE(cable.write(0x10, 128, {0xFF}));
  cable.world.advance(seconds(0.1));
  set(cable, Quirk::kConfigSticks);
  unsigned stuck = 0;
  constexpr unsigned kTries = 80;
  for (unsigned i = 0; i < kTries; ++i) {
    ASSERT_TRUE(cable.write(0x10, 143, {0xFF}));
    cable.world.advance(seconds(0.05));
    stuck += cable.byte(0x11, 202) == 0xCC ? 1U : 0U;
  }
  EXPECT_GT(stuck, kTries / 8);
  EXPECT_LT(stuck, kTries / 2);
}

TEST(CableModuleQuirks, LowPowerSticksAfterAFlap) {
  TestCable cable;
  cable.bring_up();
  set(cable, Quirk::kLowPowerSticks);
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(cable.write(0, 26, {0x10}));
    cable.world.advance(seconds(0.2));
    ASSERT_TRUE(cable.write(0, 26, {0x00}));
    cable.world.advance(seconds(0.1));
  }
  cable.world.advance(seconds(10));
  EXPECT_EQ(cable.byte(0, 3) & 0x0E, 1U << 1);
  ASSERT_TRUE(cable.write(0, 26, {0x08}));
  cable.world.advance(seconds(10));
  EXPECT_EQ(cable.byte(0, 3) & 0x0E, 3U << 1) << "a reset frees it";
}

TEST(CableModuleQuirks, SettingsLateFlapsAgain) {
  TestCable cable;
  cable.bring_up();
  set(cable, Quirk::kSettingsLate);
  ASSERT_TRUE(cable.write(0x10, 143, {0xFF}));
  cable.world.advance(seconds(3));
  EXPECT_TRUE(cable.link->ready[0]);
  const auto messages = cable.link->ready_messages;
  cable.world.advance(seconds(9));
  EXPECT_EQ(cable.link->ready_messages, messages + 2) << "down and up once more";
}

TEST(CableModuleQuirks, BreakoutCrosstalk) {
  TestCable cable;
  cable.bring_up();
  break_out(cable);
  set(cable, Quirk::kBreakoutCrosstalk);
  ASSERT_TRUE(cable.write(0x10, 143, {0x0F}));
  cable.world.advance(seconds(0.1));
  EXPECT_NE(cable.byte(0x11, 130), 0x44U) << "lanes 5 and 6 were not asked";
  cable.world.advance(seconds(3));
  EXPECT_THAT(cable.read(0x11, 128, 4), Each(0x44));
}

/// What the link was told of far receivers' lanes.
unsigned misadapted(TestCable& cable, std::uint32_t direction) {
  unsigned lanes = 0;
  for (std::uint32_t lane = 0; lane < 8; ++lane) {
    const double residual =
        cable.link->own_quantities().value(Quantity::kMisadaptation, lane_sub(1, direction, lane));
    EXPECT_TRUE(residual == 0 || (residual >= 0.04 && residual <= 0.06));
    lanes += residual > 0 ? 1 : 0;
  }
  return lanes;
}

TEST(CableModuleQuirks, PoorTransientIsKeptByFarReceiversUntilTheyStartAnew) {
  TestCable cable(fabric::Medium::kAoc);
  cable.bring_up();
  const auto flap = [&](double was_cut) {
    for (const bool is_up : {false, true}) {
      cable.link->say(is_up ? MessageKind::kLinkUp : MessageKind::kLinkDown, is_up ? 0 : was_cut,
                      cable.a->id());
      cable.world.advance(seconds(0.1));
    }
  };
  flap(1);
  EXPECT_EQ(misadapted(cable, 0), 0U) << "a sound module";
  set(cable, Quirk::kPoorTransient);
  unsigned most = 0;
  for (int i = 0; i < 10; ++i) {
    flap(1);
    most = std::max(most, misadapted(cable, 0));
  }
  EXPECT_GE(most, 1U);
  EXPECT_LT(most, 8U);
  EXPECT_EQ(misadapted(cable, 1), 0U) << "its own receivers see other light";
  while (misadapted(cable, 0) == 0) {
    flap(1);
  }
  const unsigned kept = misadapted(cable, 0);
  flap(0);  // the far module restarted: this one's light was there all the time
  EXPECT_EQ(misadapted(cable, 0), kept);
  ASSERT_TRUE(cable.write(0x10, 128, {0xFF}, cable.b));
  cable.world.advance(seconds(3));
  ASSERT_TRUE(cable.write(0x10, 128, {0x00}, cable.b));
  cable.world.advance(seconds(10));
  EXPECT_EQ(misadapted(cable, 0), 0U);
}

TEST(CableModuleQuirks, SingleLanesNeverActivate) {
  TestCable cable;
  cable.bring_up();
  set(cable, Quirk::kSingleNeverActivates);
  ASSERT_TRUE(cable.write(0x10, 128, {0xFF}));
  cable.world.advance(seconds(0.1));
  ASSERT_TRUE(cable.write(0x10, 145, {0x40, 0x42, 0x44, 0x46, 0x48, 0x4A, 0x4C, 0x4E}));
  ASSERT_TRUE(cable.write(0x10, 143, {0xFF}));
  cable.world.advance(seconds(0.05));
  ASSERT_TRUE(cable.write(0x10, 128, {0x00}));
  cable.world.advance(seconds(60));
  EXPECT_THAT(cable.read(0x11, 128, 4), Each(0x22)) << "DPInit for good";
}

}  // namespace
}  // namespace weft::twin
