// SPDX-License-Identifier: Apache-2.0
// A module's memory and states as a host sees them, by byte addresses and values of OIF-CMIS-05.2.
#include "twin/cable_module/module.h"

#include "twin/cable_module/test_link.h"
#include "wire/cmis/identity.h"

#include <algorithm>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft::twin {
namespace {

using base::seconds;
using cable_module::Quirk;
using cable_module::TestCable;
using ::testing::Each;
using ::testing::ElementsAre;

/// 11h:128-131 of all lanes in one state.
base::Bytes states(unsigned state) {
  return base::Bytes(4, static_cast<std::uint8_t>(state << 4 | state));
}

TEST(CableModule, ComesUpByItself) {
  TestCable cable;
  cable.world.start();
  EXPECT_FALSE(cable.a->read({}, 1)) << "no management until it has initialised";
  cable.world.advance(seconds(0.01));
  EXPECT_FALSE(cable.link->ready[0]) << "it told that it does not pass on data yet";
  cable.world.advance(seconds(0.7));
  EXPECT_EQ(cable.byte(0, 3) & 0x0E, 2U << 1) << "ModulePwrUp";
  cable.world.advance(seconds(0.5));
  EXPECT_EQ(cable.byte(0, 3) & 0x0E, 3U << 1) << "ModuleReady";
  EXPECT_EQ(cable.read(0x11, 128, 4), states(2)) << "DPInit";
  cable.world.advance(seconds(1.5));
  EXPECT_EQ(cable.read(0x11, 128, 4), states(4)) << "DPActivated";
  EXPECT_TRUE(cable.link->ready[0]);
  EXPECT_TRUE(cable.link->ready[1]);
  EXPECT_GT(cable.link->heat[0], 25);
}

TEST(CableModule, SaysWhatItIs) {
  TestCable cable;
  cable.bring_up();
  EXPECT_EQ(cable.byte(0, 0), 0x19U) << "OSFP";
  EXPECT_EQ(cable.byte(0, 1), 0x52U);
  EXPECT_EQ(cable.byte(0, 2) & 0x80, 0U) << "paged";
  EXPECT_EQ(cable.byte(0, 85), 4U) << "active cable";
  EXPECT_THAT(cable.read(0, 86, 12), ElementsAre(0x51, 0x03, 0x88, 0x01,  // 800GAUI-8
                                                 0x4F, 0x03, 0x44, 0x11,  // 2 x 400GAUI-4
                                                 0x4D, 0x03, 0x22, 0x55));
  EXPECT_THAT(cable.read(0, 98, 5), ElementsAre(0x4B, 0x03, 0x11, 0xFF, 0xFF));
  EXPECT_THAT(cable.read(1, 176, 4), ElementsAre(0x01, 0x11, 0x55, 0xFF));
  EXPECT_EQ(cable.byte(0, 202), 25U) << "2.5 m: 25 times 0.1";
  EXPECT_EQ(cable.byte(0, 203), 0x23U) << "no separable connector";
  EXPECT_EQ(cable.byte(1, 142) & 0x60, 0x60U) << "VDM and diagnostics";
  EXPECT_EQ(cable.byte(1, 144) & 0x0F, 6U) << "DPInit of up to 1 s";
  EXPECT_EQ(cable.byte(1, 163) >> 6, 1U) << "one CDB";
  EXPECT_EQ(cable.read(2, 128, 4), (base::Bytes{0x4B, 0x00, 0xFB, 0x00})) << "75 and -5 Cel";
}

TEST(CableModule, TheReadersOfAnyModuleUnderstandIt) {
  TestCable cable;
  cable.bring_up();
  wire::cmis::ModuleMemory memory;
  for (bool is_new = true; is_new;) {
    is_new = false;
    static std::set<std::pair<int, int>> asked;
    for (const auto& request : wire::cmis::pages_wanted(memory)) {
      if (asked.emplace(request.page, request.offset).second) {
        memory.add(request, cable.read(request.page, request.offset, request.length));
        is_new = true;
      }
    }
  }
  const auto info = wire::cmis::decode_module(memory);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->vendor, "Weftline");
  EXPECT_EQ(info->part_number, "TEST-CABLE");
  EXPECT_EQ(info->serial, "S0001A");
  EXPECT_EQ(info->medium, wire::cmis::ModuleMedium::kActiveCopper);
  EXPECT_EQ(info->state, 3);
  EXPECT_EQ(info->lanes.size(), 8U);
  for (const auto& sum : info->checksums) {
    EXPECT_TRUE(sum.is_good()) << sum.name;
  }
  EXPECT_GT(info->temperature->value(), 30);
}

// What SONiC's CMIS manager does to bring 2 x 400G out of 800G: decommission, then configure each.
TEST(CableModule, FollowsAnEthernetSwitchManager) {
  TestCable cable;
  cable.bring_up();
  // DPDeinit, Tx disable, high power.
  ASSERT_TRUE(cable.write(0x10, 128, {0xFF}));
  ASSERT_TRUE(cable.write(0x10, 130, {0xFF}));
  ASSERT_TRUE(cable.write(0x00, 26, {0x00}));
  EXPECT_EQ(cable.read(0x11, 128, 4), states(6)) << "DPTxTurnOff";
  cable.world.advance(seconds(0.1));
  EXPECT_EQ(cable.read(0x11, 128, 4), states(1)) << "DPDeactivated";
  EXPECT_FALSE(cable.link->ready[0]);
  // Decommission: AppSel 0 on every lane, ApplyDPInit.
  ASSERT_TRUE(cable.write(0x10, 145, base::Bytes(8)));
  ASSERT_TRUE(cable.write(0x10, 143, {0xFF}));
  EXPECT_EQ(cable.byte(0x10, 143), 0U) << "the trigger clears itself";
  EXPECT_THAT(cable.read(0x11, 202, 4), Each(0xCC)) << "ConfigInProgress";
  cable.world.advance(seconds(0.05));
  EXPECT_THAT(cable.read(0x11, 202, 4), Each(0x11)) << "ConfigSuccess";
  EXPECT_THAT(cable.read(0x11, 206, 8), Each(0));
  // AppSel 2 (400GAUI-4) on lanes 1 to 4.
  ASSERT_TRUE(cable.write(0x10, 145, {0x20, 0x20, 0x20, 0x20}));
  ASSERT_TRUE(cable.write(0x10, 143, {0x0F}));
  cable.world.advance(seconds(0.05));
  EXPECT_THAT(cable.read(0x11, 202, 4), ElementsAre(0x11, 0x11, 0x11, 0x11));
  EXPECT_THAT(cable.read(0x11, 206, 8), ElementsAre(0x20, 0x20, 0x20, 0x20, 0, 0, 0, 0));
  EXPECT_EQ(cable.byte(0x11, 235), 0x0FU) << "DPInitPending";
  // Lanes 5 to 8 follow: data path 4.
  ASSERT_TRUE(cable.write(0x10, 149, {0x28, 0x28, 0x28, 0x28}));
  ASSERT_TRUE(cable.write(0x10, 143, {0xF0}));
  cable.world.advance(seconds(0.05));
  EXPECT_EQ(cable.byte(0x11, 235), 0xFFU);
  // Deinit away: DPInit, which ends in DPInitialized because Tx is disabled.
  ASSERT_TRUE(cable.write(0x10, 128, {0xF0}));
  EXPECT_THAT(cable.read(0x11, 128, 4), ElementsAre(0x22, 0x22, 0x11, 0x11));
  cable.world.advance(seconds(1.0));
  EXPECT_THAT(cable.read(0x11, 128, 4), ElementsAre(0x77, 0x77, 0x11, 0x11));
  EXPECT_EQ(cable.byte(0x11, 235), 0xF0U) << "what was initialised is pending no more";
  ASSERT_TRUE(cable.write(0x10, 130, {0xF0}));
  EXPECT_THAT(cable.read(0x11, 128, 4), ElementsAre(0x55, 0x55, 0x11, 0x11)) << "DPTxTurnOn";
  cable.world.advance(seconds(0.1));
  EXPECT_THAT(cable.read(0x11, 128, 4), ElementsAre(0x44, 0x44, 0x11, 0x11));
  ASSERT_TRUE(cable.write(0x10, 128, {0x00}));
  ASSERT_TRUE(cable.write(0x10, 130, {0x00}));
  cable.world.advance(seconds(2.0));
  EXPECT_EQ(cable.read(0x11, 128, 4), states(4));
  EXPECT_TRUE(cable.link->ready[0]);
}

TEST(CableModule, RefusesWhatCannotBeConfigured) {
  TestCable cable;
  cable.bring_up();
  const auto apply = [&](base::Bytes config, std::uint8_t mask) {
    EXPECT_TRUE(cable.write(0x10, 145, std::move(config)));
    EXPECT_TRUE(cable.write(0x10, 143, {mask}));
    cable.world.advance(seconds(0.05));
    return cable.read(0x11, 202, 4);
  };
  EXPECT_THAT(apply(base::Bytes(8, 0x20), 0x0F), ElementsAre(0x66, 0x66, 0x11 * 0, 0))
      << "lanes of a running 800G data path";
  ASSERT_TRUE(cable.write(0x10, 128, {0xFF}));
  cable.world.advance(seconds(0.1));
  EXPECT_THAT(apply(base::Bytes(8, 0x90), 0xFF), Each(0x33)) << "no such application";
  EXPECT_THAT(apply(base::Bytes(8, 0x12), 0xFF), Each(0x44)) << "800G cannot begin at lane 2";
  EXPECT_THAT(apply(base::Bytes(8, 0x10), 0x7F), ElementsAre(0x77, 0x77, 0x77, 0x47))
      << "a part of a data path; lane 8 keeps its last result";
  // Explicit control with an equaliser step that is not advertised (maximum 7).
  ASSERT_TRUE(cable.write(0x10, 162, {0x09}));
  EXPECT_THAT(apply(base::Bytes(8, 0x11), 0xFF), Each(0x55));
  ASSERT_TRUE(cable.write(0x10, 162, {0x02}));
  EXPECT_THAT(apply(base::Bytes(8, 0x11), 0xFF), Each(0x11));
  EXPECT_EQ(cable.byte(0x11, 223) & 0xF, 2U) << "the setting is active";
}

// 6.2.4: a configuration is applied or rejected for a data path as a whole.
TEST(CableModule, LanesInUseRejectAWholeDataPath) {
  TestCable cable;
  cable.bring_up();
  ASSERT_TRUE(cable.write(0x10, 128, {0xFF}));
  cable.world.advance(seconds(0.1));
  ASSERT_TRUE(cable.write(0x10, 145, {0x20, 0x20, 0x20, 0x20, 0x28, 0x28, 0x28, 0x28}));
  ASSERT_TRUE(cable.write(0x10, 143, {0xFF}));
  cable.world.advance(seconds(0.05));
  ASSERT_TRUE(cable.write(0x10, 128, {0xF0}));  // lanes 1 to 4 run, 5 to 8 stay down
  cable.world.advance(seconds(2));
  ASSERT_THAT(cable.read(0x11, 128, 4), ElementsAre(0x44, 0x44, 0x11, 0x11));
  // 800G over all lanes, half of which are in use.
  ASSERT_TRUE(cable.write(0x10, 145, base::Bytes(8, 0x10)));
  ASSERT_TRUE(cable.write(0x10, 143, {0xFF}));
  cable.world.advance(seconds(0.05));
  EXPECT_THAT(cable.read(0x11, 202, 4), Each(0x66));
  EXPECT_THAT(cable.read(0x11, 206, 8),
              ElementsAre(0x20, 0x20, 0x20, 0x20, 0x28, 0x28, 0x28, 0x28));
  EXPECT_THAT(cable.read(0x11, 128, 4), ElementsAre(0x44, 0x44, 0x11, 0x11));
  // One command, two data paths: each is judged by itself.
  ASSERT_TRUE(cable.write(0x10, 145, {0x30, 0x30, 0x34, 0x34, 0x38, 0x38, 0x3C, 0x3C}));
  ASSERT_TRUE(cable.write(0x10, 143, {0xFF}));
  cable.world.advance(seconds(0.05));
  EXPECT_THAT(cable.read(0x11, 202, 4), ElementsAre(0x66, 0x66, 0x11, 0x11));
  EXPECT_THAT(cable.read(0x11, 206, 8),
              ElementsAre(0x20, 0x20, 0x20, 0x20, 0x38, 0x38, 0x3C, 0x3C));
}

// Hosts decommission all eight lanes of a bank, however many the module has.
TEST(CableModule, LanesThatItDoesNotHaveAnswerToo) {
  TestCable cable(fabric::Medium::kAec, 4, true, 1, "eth-400g-100");
  cable.bring_up();
  ASSERT_TRUE(cable.write(0x10, 128, {0xFF}));
  cable.world.advance(seconds(0.1));
  ASSERT_TRUE(cable.write(0x10, 145, base::Bytes(8)));
  ASSERT_TRUE(cable.write(0x10, 143, {0xFF}));
  cable.world.advance(seconds(0.05));
  EXPECT_THAT(cable.read(0x11, 202, 4), Each(0x11)) << "ConfigSuccess";
  ASSERT_TRUE(cable.write(0x10, 145, {0x10, 0x10, 0x10, 0x10, 0x18, 0x18, 0x18, 0x18}));
  ASSERT_TRUE(cable.write(0x10, 143, {0xFF}));
  cable.world.advance(seconds(0.05));
  EXPECT_THAT(cable.read(0x11, 202, 4), ElementsAre(0x11, 0x11, 0x44, 0x44))
      << "ConfigRejectedInvalidDataPath";
  EXPECT_THAT(cable.read(0x11, 210, 4), Each(0));
}

TEST(CableModule, WithoutExplicitControlTheApplicationsSettingsHold) {
  TestCable cable;
  cable.bring_up();
  ASSERT_TRUE(cable.write(0x10, 145, base::Bytes(8, 0x11)));
  ASSERT_TRUE(cable.write(0x10, 153, {0x00}));                // adaptive equaliser off
  ASSERT_TRUE(cable.write(0x10, 156, base::Bytes(4, 0x55)));  // fixed equaliser
  ASSERT_TRUE(cable.write(0x10, 162, base::Bytes(4, 0x33)));  // pre-cursor
  ASSERT_TRUE(cable.write(0x10, 170, base::Bytes(4, 0x11)));  // amplitude
  ASSERT_TRUE(cable.write(0x10, 144, {0xFF}));
  cable.world.advance(seconds(0.05));
  EXPECT_EQ(cable.byte(0x11, 214), 0x00U);
  EXPECT_THAT(cable.read(0x11, 217, 4), Each(0x55));
  EXPECT_THAT(cable.read(0x11, 223, 4), Each(0x33));
  EXPECT_THAT(cable.read(0x11, 231, 4), Each(0x11));
  EXPECT_THAT(cable.read(0x11, 206, 8), Each(0x11)) << "explicit control shows";
  ASSERT_TRUE(cable.write(0x10, 145, base::Bytes(8, 0x10)));
  ASSERT_TRUE(cable.write(0x10, 143, {0xFF}));
  cable.world.advance(seconds(3));
  EXPECT_EQ(cable.byte(0x11, 214), 0xFFU);
  EXPECT_THAT(cable.read(0x11, 217, 4), Each(0x00));
  EXPECT_THAT(cable.read(0x11, 223, 4), Each(0x00));
  EXPECT_THAT(cable.read(0x11, 231, 4), Each(0x22));
  EXPECT_THAT(cable.read(0x11, 206, 8), Each(0x10));
}

TEST(CableModule, AppliesOnARunningDataPathByInitialisingAnew) {
  TestCable cable;
  cable.bring_up();
  ASSERT_TRUE(cable.write(0x10, 145, base::Bytes(8, 0x10)));
  ASSERT_TRUE(cable.write(0x10, 143, {0xFF}));
  cable.world.advance(seconds(0.05));
  EXPECT_FALSE(cable.link->ready[0]);
  EXPECT_EQ(cable.byte(0x11, 235), 0xFFU);
  cable.world.advance(seconds(2));
  EXPECT_EQ(cable.read(0x11, 128, 4), states(4));
  EXPECT_EQ(cable.byte(0x11, 235), 0U);
  // ApplyImmediate leaves the data path alone.
  const auto messages = cable.link->ready_messages;
  ASSERT_TRUE(cable.write(0x10, 145, base::Bytes(8, 0x11)));
  ASSERT_TRUE(cable.write(0x10, 170, {0x33, 0x33, 0x33, 0x33}));
  ASSERT_TRUE(cable.write(0x10, 144, {0xFF}));
  cable.world.advance(seconds(2));
  EXPECT_EQ(cable.link->ready_messages, messages);
  EXPECT_THAT(cable.read(0x11, 231, 4), Each(0x33));
}

TEST(CableModule, LowPowerAndReset) {
  TestCable cable;
  cable.bring_up();
  ASSERT_TRUE(cable.write(0, 26, {0x10}));
  EXPECT_EQ(cable.byte(0, 3) & 0x0E, 3U << 1) << "data paths go down first";
  cable.world.advance(seconds(0.2));
  EXPECT_EQ(cable.byte(0, 3) & 0x0E, 1U << 1) << "ModuleLowPwr";
  EXPECT_EQ(cable.read(0x11, 128, 4), states(1));
  cable.a->set_low_power_pin(true);
  ASSERT_TRUE(cable.write(0, 26, {0x40}));
  cable.world.advance(seconds(3));
  EXPECT_EQ(cable.byte(0, 3) & 0x0E, 1U << 1) << "the pin is heeded";
  ASSERT_TRUE(cable.write(0, 26, {0x00}));
  cable.world.advance(seconds(3));
  EXPECT_EQ(cable.read(0x11, 128, 4), states(4)) << "the pin is not heeded";
  cable.a->set_low_power_pin(false);
  // Software reset: everything but the user's memory is as at the start.
  ASSERT_TRUE(cable.write(3, 128, {0xAB}));
  ASSERT_TRUE(cable.write(0x10, 130, {0xFF}));
  ASSERT_TRUE(cable.write(0, 26, {0x08}));
  EXPECT_FALSE(cable.a->read({}, 1));
  cable.world.advance(seconds(5));
  EXPECT_EQ(cable.byte(0, 26), 0x40U);
  EXPECT_EQ(cable.byte(0x10, 130), 0U);
  EXPECT_EQ(cable.byte(3, 128), 0xABU);
  EXPECT_EQ(cable.read(0x11, 128, 4), states(4));
}

TEST(CableModule, FlagsLatchUntilTheyAreRead) {
  TestCable cable;
  cable.bring_up();
  EXPECT_EQ(cable.byte(0, 8) & 1, 1U) << "the module's state changed";
  EXPECT_EQ(cable.byte(0, 8), 0U) << "reading took it away";
  static_cast<void>(cable.read(0x11, 134, 20));
  static_cast<void>(cable.read(0x2C, 128, 128));
  EXPECT_EQ(cable.byte(0, 3) & 1, 1U) << "no interrupt";
  // The far end stops sending on lane 3: loss of signal and lock there.
  cable.world.set_quantity(cable.link->id(), Quantity::kOpen, lane_sub(1, 1, 2), 1, 1.0);
  EXPECT_EQ(cable.byte(0x11, 154), 0U);
  cable.world.set_quantity(cable.link->id(), Quantity::kOpen, lane_sub(1, 1, 2), 1, std::nullopt);
  EXPECT_EQ(cable.byte(0, 3) & 1, 0U) << "interrupt";
  EXPECT_EQ(cable.byte(0, 4) & 1, 1U) << "summary of page 11h";
  EXPECT_THAT(cable.read(0x11, 147, 2), ElementsAre(0x04, 0x04));
  EXPECT_THAT(cable.read(0x11, 147, 2), ElementsAre(0, 0));
  static_cast<void>(cable.read(0x11, 153, 1));
  EXPECT_EQ(cable.byte(0, 3) & 1, 1U);
  // A masked flag raises no interrupt.
  ASSERT_TRUE(cable.write(0x10, 213, base::Bytes(20, 0xFF)));
  cable.world.set_quantity(cable.link->id(), Quantity::kOpen, lane_sub(0, 0, 0), 1, 1.0);
  EXPECT_EQ(cable.byte(0, 3) & 1, 1U);
  EXPECT_EQ(cable.byte(0x11, 136), 0x01U) << "loss of signal from the host";
  EXPECT_EQ(cable.byte(0x11, 136), 0x01U) << "it is still there";
}

TEST(CableModule, TemperatureAlarms) {
  TestCable cable;
  cable.bring_up();
  static_cast<void>(cable.read(0, 8, 6));
  cable.world.set_quantity(cable.a->id(), Quantity::kHeatSink, 0, 1, 2.7);
  cable.world.advance(seconds(600));
  EXPECT_GT(cable.word(0, 14), 76U * 256);
  EXPECT_EQ(cable.byte(0, 9) & 0x0F, 0x05U) << "high alarm and high warning";
  cable.world.set_quantity(cable.a->id(), Quantity::kHeatSink, 0, 1, 5.0);
  cable.world.advance(seconds(60));
  EXPECT_EQ(cable.byte(0, 3) & 0x0E, 5U << 1) << "ModuleFault";
  EXPECT_EQ(cable.byte(0, 41), 1U);
  EXPECT_EQ(cable.read(0x11, 128, 4), states(1));
  cable.world.set_quantity(cable.a->id(), Quantity::kHeatSink, 0, 1, std::nullopt);
  cable.world.advance(seconds(600));
  EXPECT_EQ(cable.read(0x11, 128, 4), states(4)) << "it starts again when it has cooled";
}

TEST(CableModule, FaultsOfSensorsFirmwareAndMemory) {
  TestCable cable;
  cable.bring_up();
  cable.world.advance(seconds(600));
  const auto before = cable.word(0, 14);
  cable.world.set_quantity(cable.a->id(), Quantity::kSensorOffset, 0, 1, 10);
  EXPECT_EQ(cable.word(0, 14), before + 10 * 256);
  cable.world.set_quantity(cable.a->id(), Quantity::kSensorOffset, 0, 1, std::nullopt);
  cable.world.set_quantity(cable.a->id(), Quantity::kSensorStuck, 0, 1, 1);
  cable.world.set_quantity(cable.a->id(), Quantity::kHeatSink, 0, 1, 2);
  cable.world.advance(seconds(300));
  EXPECT_EQ(cable.word(0, 14), before);
  cable.world.set_quantity(cable.a->id(), Quantity::kSensorStuck, 0, 1, std::nullopt);
  EXPECT_GT(cable.word(0, 14), before + 256);
  cable.world.set_quantity(cable.a->id(), Quantity::kHeatSink, 0, 1, std::nullopt);
  // A hung firmware answers with what stood there and does nothing.
  cable.world.set_quantity(cable.a->id(), Quantity::kFirmwareHang, 0, 1, 1);
  ASSERT_TRUE(cable.write(0x10, 128, {0xFF}));
  cable.world.advance(seconds(10));
  EXPECT_EQ(cable.read(0x11, 128, 4), states(4));
  EXPECT_EQ(cable.byte(0x10, 128), 0U);
  cable.world.set_quantity(cable.a->id(), Quantity::kFirmwareHang, 0, 1, std::nullopt);
  ASSERT_TRUE(cable.write(0x10, 128, {0xFF}));
  cable.world.advance(seconds(1));
  EXPECT_EQ(cable.read(0x11, 128, 4), states(1));
  // Flipped bits show in the pages, and in their sums.
  const auto good = cable.read(0, 128, 128);
  cable.world.set_quantity(cable.a->id(), Quantity::kEepromFlips, 0, 1, 200);
  EXPECT_NE(cable.read(0, 128, 128), good);
  cable.world.set_quantity(cable.a->id(), Quantity::kEepromFlips, 0, 1, std::nullopt);
  EXPECT_EQ(cable.read(0, 128, 128), good);
}

TEST(CableModule, PassiveCopperIsFlat) {
  TestCable cable(fabric::Medium::kDac, 8, false);
  cable.bring_up();
  EXPECT_EQ(cable.byte(0, 2), 0x84U);
  EXPECT_EQ(cable.byte(0, 85), 3U);
  EXPECT_THAT(cable.read(0, 86, 4), ElementsAre(0x49, 0x01, 0x88, 0x01)) << "800GBASE-CR8";
  EXPECT_EQ(cable.byte(0, 212), 0x0AU);
  EXPECT_EQ(cable.read(0x11, 128, 16), cable.read(0, 128, 16)) << "every page is the one there is";
  cable.world.set_quantity(cable.a->id(), Quantity::kQuirk,
                           static_cast<std::uint32_t>(Quirk::kFlatNotSaid), 1, 1);
  EXPECT_EQ(cable.byte(0, 2) & 0x80, 0U);
}

TEST(CableModule, OpticsShowTheirLight) {
  TestCable cable(fabric::Medium::kDspOptics);
  cable.bring_up();
  EXPECT_EQ(cable.byte(0, 85), 2U);
  EXPECT_THAT(cable.read(0, 86, 4), ElementsAre(0x51, 0x56, 0x88, 0x01)) << "800GBASE-DR8";
  EXPECT_EQ(cable.byte(1, 160) & 7, 7U);
  const auto transmitted = cable.word(0x11, 154);
  const auto received = cable.word(0x11, 186);
  EXPECT_NEAR(transmitted, 12589, 50) << "1 dBm in 0.1 uW";
  EXPECT_NEAR(received, 10000, 50) << "1 dB of connectors";
  EXPECT_EQ(cable.word(0x11, 170), 60U * 500);
  // Dirt on the fibre toward this end takes 3 dB.
  cable.world.set_quantity(cable.link->id(), Quantity::kOpticalLoss, lane_sub(1, 1, 0), 1, 3);
  EXPECT_NEAR(cable.word(0x11, 186), received / 1.995, 50);
  EXPECT_NEAR(cable.word(0x11, 188), received, 50) << "the next lane is clean";
  // An ageing laser takes more current, then gives less light.
  cable.world.set_quantity(cable.link->id(), Quantity::kLaserBias, lane_sub(1, 0, 0), 1, 0.8);
  EXPECT_NEAR(cable.word(0x11, 170), 60 * 500 / 0.8, 20);
  EXPECT_EQ(cable.word(0x11, 154), transmitted);
  cable.world.set_quantity(cable.link->id(), Quantity::kLaserBias, lane_sub(1, 0, 0), 1, 0.5);
  EXPECT_LT(cable.word(0x11, 154), transmitted);
  EXPECT_EQ(cable.byte(0x11, 143), 1U) << "bias high alarm";
  EXPECT_EQ(cable.byte(0x24, 128, cable.b) * 0, 0U);
  // Aux2 is the laser's temperature, and there.
  EXPECT_EQ(cable.byte(1, 145) & 0x02, 0U);
  EXPECT_EQ(cable.byte(1, 159) & 0x08, 0x08U);
  EXPECT_GT(cable.word(0, 20), cable.word(0, 14)) << "warmer than the case";
  EXPECT_LT(cable.word(0, 20), 80U * 256) << "below its high alarm";
  EXPECT_THAT(cable.read(2, 152, 8), ElementsAre(80, 0, 0xFB, 0, 75, 0, 0, 0));
  EXPECT_EQ(cable.byte(0, 10), 0U);
  // Its transmitter off: dark, the far end loses the signal.
  ASSERT_TRUE(cable.write(0x10, 130, {0x01}));
  cable.world.advance(seconds(1));
  EXPECT_EQ(cable.word(0x11, 154), 0U);
  EXPECT_EQ(cable.word(0x11, 186, cable.b), 0U);
  EXPECT_EQ(cable.byte(0x11, 147, cable.b) & 1, 1U);
}

TEST(CableModule, CopperHasNoLaserTemperature) {
  TestCable cable;
  cable.bring_up();
  EXPECT_EQ(cable.byte(1, 159), 0x03U) << "temperature and supply";
  EXPECT_EQ(cable.byte(1, 145) & 0x06, 0x06U) << "neither Aux2 nor Aux3 is a laser's temperature";
  EXPECT_EQ(cable.word(0, 20), 0U);
}

TEST(CableModule, LinearOpticsCountNothing) {
  TestCable cable(fabric::Medium::kLpo, 8, false);
  cable.bring_up();
  EXPECT_EQ(cable.byte(1, 142) & 0x60, 0U) << "no VDM, no diagnostics";
  EXPECT_EQ(cable.byte(1, 157) & 4, 0U) << "no clock recovery to lose";
  EXPECT_EQ(cable.read(0x11, 128, 4), states(4));
  EXPECT_TRUE(cable.link->ready[0]);
}

TEST(CableModule, SixteenLanesTakeTwoBanks) {
  TestCable cable(fabric::Medium::kAec, 16);
  cable.bring_up();
  EXPECT_EQ(cable.byte(1, 142) & 3, 1U);
  EXPECT_EQ(cable.read(0x11, 128, 4, nullptr, 1), states(4));
  EXPECT_TRUE(cable.link->ready[0]);
}

TEST(CableModule, SomeAccessesAreRefused) {
  TestCable cable;
  cable.bring_up();
  EXPECT_EQ(cable.a->read({.offset = 120}, 16).error().code, base::Code::kInvalidArgument);
  EXPECT_EQ(cable.a->read({}, 0).error().code, base::Code::kInvalidArgument);
  EXPECT_EQ(cable.a->write({.offset = 250}, base::Bytes(10)).error().code,
            base::Code::kInvalidArgument);
  const auto name = cable.read(0, 129, 16);
  ASSERT_TRUE(cable.write(0, 129, base::Bytes(16)));
  EXPECT_EQ(cable.read(0, 129, 16), name) << "read only";
  ASSERT_TRUE(cable.write(0, 122, {0, 0, 0x10, 0x11}));
  EXPECT_THAT(cable.read(0, 122, 4), Each(0)) << "passwords cannot be read";
  EXPECT_EQ(cable.read(0x70, 128, 4), cable.read(0, 128, 4)) << "a page that is not there";
  EXPECT_EQ(cable.read(0x12, 128, 128), cable.read(0, 128, 128)) << "page 00h, every byte of it";
  EXPECT_EQ(cable.read(0x10, 128, 128, nullptr, 1), cable.read(0, 128, 128)) << "nor this bank";
  EXPECT_EQ(cable.read(0x9F, 128, 8, nullptr, 1), cable.read(0, 128, 8)) << "one CDB instance";
}

// 8.2.15: PageSelect falls back to page 00h, bank 0 where the module has no such page.
TEST(CableModule, PageSelectFallsBack) {
  TestCable cable;
  cable.bring_up();
  ASSERT_TRUE(cable.write(0, 126, {0, 0x11}));
  EXPECT_THAT(cable.read(0, 126, 2), ElementsAre(0, 0x11));
  ASSERT_TRUE(cable.write(0, 127, {0x12}));
  EXPECT_THAT(cable.read(0, 126, 2), ElementsAre(0, 0));
  ASSERT_TRUE(cable.write(0, 126, {1, 0x11}));
  EXPECT_THAT(cable.read(0, 126, 2), ElementsAre(0, 0)) << "eight lanes: one bank";
  TestCable flat(fabric::Medium::kDac, 8, false);
  flat.bring_up();
  ASSERT_TRUE(flat.write(0, 26, {0x08}));
  ASSERT_TRUE(flat.write(0, 127, {0x11}));
  EXPECT_EQ(flat.byte(0, 26), 0x40U) << "flat memory is read only";
  EXPECT_EQ(flat.byte(0, 127), 0U);
}

TEST(CableModule, EndsThatPointAtEachOther) {
  TestCable cable;
  cable.bring_up();
  ASSERT_TRUE(cable.write(0, 64, {1}));
  ASSERT_TRUE(cable.write(0, 64, {1}, cable.b));
  ASSERT_TRUE(cable.write(3, 128, {0xA1}));
  ASSERT_TRUE(cable.write(3, 128, {0xB1}, cable.b));
  EXPECT_EQ(cable.byte(3, 128), 0xA1U) << "a reads what it wrote into b";
  ASSERT_TRUE(cable.write(0, 37, base::Bytes(28)));
  EXPECT_EQ(cable.byte(3, 128), 0xB1U);
  EXPECT_EQ(cable.byte(0, 64, cable.b), 1U) << "lower memory is each end's own";
}

TEST(CableModule, TheFarEndCanBeReached) {
  TestCable cable;
  cable.bring_up();
  EXPECT_EQ(cable.read(0, 166, 6), (base::Bytes{'S', '0', '0', '0', '1', 'A'}));
  ASSERT_TRUE(cable.write(0, 64, {1}));
  EXPECT_EQ(cable.read(0, 166, 6), (base::Bytes{'S', '0', '0', '0', '1', 'B'}));
  ASSERT_TRUE(cable.write(0, 64, {2}));
  EXPECT_THAT(cable.read(0, 166, 6), Each(0xFF)) << "there is no second far end";
  ASSERT_TRUE(cable.write(0, 64, {0}));
  EXPECT_EQ(cable.byte(0, 171), unsigned{'A'});
}

TEST(CableModule, PowerLossTakesItDown) {
  TestCable cable;
  cable.bring_up();
  cable.world.advance(seconds(1));
  cable.a->on_message({.kind = MessageKind::kPower, .sub = 0});
  cable.world.advance(seconds(1));
  EXPECT_FALSE(cable.a->read({}, 1));
  EXPECT_FALSE(cable.link->ready[0]);
  cable.a->on_message({.kind = MessageKind::kPower, .sub = 1});
  cable.world.advance(seconds(5));
  EXPECT_EQ(cable.read(0x11, 128, 4), states(4));
}

TEST(CableModule, ACheckpointInMidFlightChangesNothing) {
  const auto run = [](TestCable& cable) {
    cable.world.start();
    cable.world.advance(seconds(3));
    static_cast<void>(cable.write(0x10, 145, base::Bytes(8, 0x10)));
    static_cast<void>(cable.write(0x10, 143, {0xFF}));
    cable.world.advance(seconds(0.3));
  };
  TestCable whole;
  run(whole);
  whole.world.advance(seconds(5));
  TestCable cut;
  run(cut);
  const auto bytes = cut.world.checkpoint();
  TestCable restored;
  ASSERT_TRUE(restored.world.restore(bytes));
  restored.world.advance(seconds(5));
  EXPECT_EQ(restored.world.hash(), whole.world.hash());
  EXPECT_EQ(restored.read(0x11, 128, 128), whole.read(0x11, 128, 128));
}

TEST(CableModule, ACalmModuleSetsNoTimers) {
  TestCable cable;
  cable.bring_up();
  cable.world.advance(seconds(3600));
  const auto events = cable.world.events();
  cable.world.advance(seconds(86400));
  EXPECT_EQ(cable.world.events(), events);
}

}  // namespace
}  // namespace weft::twin
