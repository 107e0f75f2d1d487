// SPDX-License-Identifier: Apache-2.0
// The driver of retimers against the twin's retimers, over the byte-level segment: what the driver
// says must be what the world is, and what it costs must be what it would cost on a real bus.
#include "driver/retimer.h"
#include "driver/retimer_actions.h"
#include "twin/retimer/test_link.h"

#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>

namespace weft::driver {
namespace {

using twin::Quantity;
using twin::retimer::Quirk;
using twin::retimer::test::Bench;

struct RetimerTwin : testing::Test {
  Bench bench;
  RetimerBus bus{bench.segment, 0x24};
  Wait wait = [this](base::Duration span) { bench.world.advance(span); };
};

TEST_F(RetimerTwin, PollSaysWhatTheWorldIs) {
  bench.link->recoveries = 7;
  const auto report = read_retimer(bus);
  ASSERT_TRUE(report) << report.error().text();
  EXPECT_TRUE(report->problems.empty()) << report->problems.front();
  EXPECT_EQ(report->vendor, 0x1DFA);
  EXPECT_TRUE(report->is_loaded);
  EXPECT_TRUE(report->is_beating);
  EXPECT_EQ(report->firmware.text(), "2.8.14");
  ASSERT_TRUE(report->temperature);
  EXPECT_NEAR(*report->temperature, bench.device->junction().value(), 3.0);
  ASSERT_EQ(report->links.size(), 1U);
  EXPECT_EQ(report->links[0].state, wire::retimer::LinkState::kForwarding);
  EXPECT_EQ(report->links[0].generation, 5U);
  EXPECT_EQ(report->links[0].detected_width, 16U);
  EXPECT_EQ(report->links[0].recoveries, 7);
  ASSERT_EQ(report->lanes.size(), 32U);
  EXPECT_EQ(report->lanes[0].fom, 132);  // 22 dB at 6 codes a dB
  // Counted on the segment itself: 32 lanes of 4, and the rest.
  EXPECT_EQ(report->transactions, bench.segment.transactions());
  EXPECT_LT(report->transactions, 400U);
}

TEST_F(RetimerTwin, EqualiserInUnits) {
  const auto report = read_retimer(bus, {.with_lanes = true, .with_equaliser = true});
  ASSERT_TRUE(report);
  const RetimerLane& lane = report->lanes.front();
  ASSERT_EQ(lane.dfe.size(), 8U);
  EXPECT_NEAR(lane.dfe[0].value(), -12.95, 0.93);
  EXPECT_NEAR(lane.ctle->value(), 5.2, 0.33);
}

TEST_F(RetimerTwin, LivesWithFieldQuirks) {
  bench.set(Quirk::kAllOnesReads);
  bench.set(Quirk::kWrongBlockCount);
  bench.set(Quirk::kSlowMailbox);
  const auto report = read_retimer(bus);
  ASSERT_TRUE(report) << report.error().text();
  EXPECT_EQ(report->vendor, 0x1DFA);
  EXPECT_EQ(report->firmware.text(), "2.8.14");
  EXPECT_EQ(report->links.size(), 1U);
}

TEST_F(RetimerTwin, SaysNotReadyRatherThanZeroDegrees) {
  bench.set(Quirk::kTemperatureNotReady);
  ASSERT_TRUE(reset_retimer(bus, wait));
  const auto report = read_retimer(bus);
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->is_loaded);
  EXPECT_FALSE(report->temperature);
}

TEST_F(RetimerTwin, HangIsSeen) {
  bench.set(Quantity::kFirmwareHang, 1);
  const auto report = read_retimer(bus, {.with_lanes = false});
  ASSERT_TRUE(report);
  EXPECT_FALSE(report->is_beating);
  EXPECT_FALSE(report->problems.empty());
}

TEST_F(RetimerTwin, AbsentDeviceIsUnavailable) {
  RetimerBus absent(bench.segment, 0x26);
  const auto report = read_retimer(absent);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, base::Code::kUnavailable);
}

std::string fresh_folder(const char* name) {
  const auto path = std::filesystem::temp_directory_path() /
                    (std::string("weft-retimer-") + name + "-" + std::to_string(::getpid()));
  std::filesystem::remove_all(path);
  return path.string();
}

TEST_F(RetimerTwin, MarginsALaneAndPutsItsWordsBack) {
  const auto folder = fresh_folder("margin");
  RetimerMarginOptions options;
  options.side = 1;
  options.lanes = {2};
  options.dwell = base::seconds(0.05);
  options.journal_folder = folder;
  const auto margins = margin_retimer(bus, options, wait);
  ASSERT_TRUE(margins) << margins.error().text();
  ASSERT_EQ(margins->size(), 1U);
  // The fake's eye is open within 0.25 UI and 60 mV: 8 steps of 0.4/14 UI, 32 of 200/108 mV.
  EXPECT_EQ(margins->front().left_steps, 8);
  EXPECT_EQ(margins->front().right_steps, 8);
  EXPECT_EQ(margins->front().up_steps, 32);
  EXPECT_EQ(margins->front().down_steps, 32);
  EXPECT_EQ(bench.pma(1, 2, 0x200C), 0);
  EXPECT_EQ(bench.pma(1, 2, 0x203A), 0);
  EXPECT_EQ(bench.pma(1, 2, 0x2020), 0);
  EXPECT_TRUE(std::filesystem::is_empty(folder));
  std::filesystem::remove_all(folder);
}

TEST_F(RetimerTwin, SoaksALaneWithAPattern) {
  RetimerSoakOptions options;
  options.lanes = {1};
  options.span = base::seconds(1);
  options.journal_folder = fresh_folder("soak");
  const auto soaked = soak_retimer(bus, options, [this](base::Duration span) {
    bench.link->bit_errors += 3;
    bench.world.advance(span);
  });
  ASSERT_TRUE(soaked) << soaked.error().text();
  ASSERT_EQ(soaked->size(), 1U);
  EXPECT_EQ(soaked->front().errors, 3U);
  EXPECT_EQ(bench.pma(1, 1, 0x108C), 0);
  std::filesystem::remove_all(options.journal_folder);
}

TEST_F(RetimerTwin, UpdatesFirmwareWithProgressAndReloads) {
  const auto image = wire::retimer::make_image({2, 9, 1});
  int steps = 0;
  double last = 0;
  const auto version = update_retimer(
      bus, image,
      [&](double share) {
        EXPECT_GE(share, last);
        last = share;
        ++steps;
      },
      wait);
  ASSERT_TRUE(version) << version.error().text();
  EXPECT_EQ(version->text(), "2.9.1");
  EXPECT_GT(steps, 20);
  EXPECT_DOUBLE_EQ(last, 1.0);
  EXPECT_TRUE(bench.link->is_ready);
  auto bad = image;
  bad[100] ^= 1;
  EXPECT_EQ(update_retimer(bus, bad, {}, wait).error().code, base::Code::kDataLoss);
}

TEST_F(RetimerTwin, RecoversADeviceWhoseFirmwareDoesNotLoad) {
  bench.set(Quantity::kEepromFlips, 8);
  EXPECT_EQ(reset_retimer(bus, wait).error().code, base::Code::kDataLoss);
  EXPECT_FALSE(bench.link->is_ready);
  bench.world.set_quantity(bench.id, Quantity::kEepromFlips, 0, 1, std::nullopt);
  const auto version = update_retimer(bus, wire::retimer::make_image({2, 9, 1}), {}, wait);
  ASSERT_TRUE(version) << version.error().text();
  EXPECT_EQ(version->text(), "2.9.1");
}

}  // namespace
}  // namespace weft::driver
