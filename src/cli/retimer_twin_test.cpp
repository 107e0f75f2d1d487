// SPDX-License-Identifier: Apache-2.0
// The driver of retimers against the twin's retimers, over the byte-level segment: what the driver
// says must be what the world is, and what it costs must be what it would cost on a real bus.
#include "driver/retimer.h"
#include "driver/retimer_actions.h"
#include "twin/retimer/test_link.h"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <set>

#include <fmt/format.h>
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

std::string fresh_folder(const char* name) {
  const auto path = std::filesystem::temp_directory_path() /
                    (std::string("weft-retimer-") + name + "-" + std::to_string(::getpid()));
  std::filesystem::remove_all(path);
  return path.string();
}

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
  // Counted on the segment itself: 32 lanes of 4, the fuses, and the rest.
  EXPECT_EQ(report->transactions, bench.segment.transactions());
  EXPECT_LT(report->transactions, 500U);
  // Fuses do not change: the next poll does without.
  const auto next = read_retimer(bus, {.fuses = report->fuses});
  ASSERT_TRUE(next);
  EXPECT_LT(next->transactions, 400U);
  EXPECT_EQ(next->temperature, report->temperature);
}

TEST_F(RetimerTwin, FusesGivePartChipAndTrueTemperature) {
  const auto fuses = read_fuses(bus);
  ASSERT_TRUE(fuses) << fuses.error().text();
  EXPECT_EQ(fuses->part, "PT5161L");
  EXPECT_EQ(fuses->serial().size(), 24U);
  EXPECT_EQ(std::string(fuses->lot.begin(), fuses->lot.end()), "WF2601");
  EXPECT_TRUE(fuses->is_calibrated);
  // Byte 34 + 4n is side A's code, 32 + 4n side B's.
  for (std::uint8_t slice = 0; slice < 4; ++slice) {
    bench.write(0x8F6, {static_cast<std::uint8_t>(34 + 4 * slice)});
    EXPECT_EQ(fuses->calibration_a[slice], bench.read(0x8F7)[0]);
    bench.write(0x8F6, {static_cast<std::uint8_t>(32 + 4 * slice)});
    EXPECT_EQ(fuses->calibration_b[slice], bench.read(0x8F7)[0]);
  }
  // What was in the two registers is there again.
  bench.write(0x8EC, {1, 2, 3, 0x54});
  bench.write(0x8F6, {0x25});
  ASSERT_TRUE(read_fuses(bus));
  EXPECT_EQ(bench.read(0x8EC, 4), (base::Bytes{1, 2, 3, 0x54}));
  EXPECT_EQ(bench.read(0x8F6)[0], 0x25);
  // With the default code instead, some parts would read more than 0.6 Cel beside their junction.
  for (const char* name : {"retimer/a", "retimer/b", "retimer/c", "retimer/d", "retimer/e"}) {
    Bench other({}, 1, name);
    RetimerBus its(other.segment, 0x24);
    const auto report = read_retimer(its, {.with_lanes = false});
    ASSERT_TRUE(report);
    EXPECT_NEAR(*report->temperature, other.device->junction().value(), 0.6) << name;
  }
}

TEST_F(RetimerTwin, NarrowPartHasTheLanesInTheMiddle) {
  Bench narrow({.is_x8 = true,
                .links = {{.link = bench.link, .id = bench.link->id(), .start = 0, .width = 8}}});
  RetimerBus its(narrow.segment, 0x24);
  const auto report = read_retimer(its);
  ASSERT_TRUE(report) << report.error().text();
  EXPECT_EQ(report->fuses->part, "PT5081L");
  ASSERT_EQ(report->links.size(), 1U);
  EXPECT_EQ(report->links[0].start, 4U);
  ASSERT_EQ(report->lanes.size(), 16U);
  EXPECT_EQ(report->lanes.front().lane, 4U);
  EXPECT_EQ(report->lanes.front().fom, 132);
}

TEST_F(RetimerTwin, ArpFindsAPartThatHasNoAddress) {
  EXPECT_EQ(find_by_arp(bench.segment).error().code, base::Code::kNotFound);
  bench.set(Quirk::kArpOnly);
  EXPECT_FALSE(read_retimer(bus));
  const auto found = find_by_arp(bench.segment);
  ASSERT_TRUE(found) << found.error().text();
  EXPECT_EQ(found->vendor, 0x1DFA);
  EXPECT_EQ(found->address, 0x7F);
  EXPECT_EQ(found->udid[0], 0x01);
  EXPECT_EQ(found->udid[15], 0x01);
  EXPECT_EQ(assign_by_arp(bench.segment, *found, 0x61).error().code, base::Code::kInvalidArgument);
  ASSERT_TRUE(assign_by_arp(bench.segment, *found, 0x26));
  RetimerBus assigned(bench.segment, 0x26);
  EXPECT_TRUE(read_retimer(assigned, {.with_lanes = false}));
}

/// Lets a driver write and notes where: direct registers and the PMA words behind the mailbox.
class Watch final : public bus::Smbus {
 public:
  explicit Watch(bus::Smbus& to) : to_(to) {}
  base::Result<base::Bytes> run(const bus::SmbusTransaction& one) override {
    if (one.kind == bus::SmbusKind::kWriteBlock && one.command == 0x0F && one.data.size() > 3) {
      note(one.data);
    }
    return to_.run(one);
  }
  std::uint64_t transactions() const override { return to_.transactions(); }
  std::string description() const override { return to_.description(); }
  void lock() override { to_.lock(); }
  void unlock() override { to_.unlock(); }
  std::set<std::string> places;

 private:
  void note(const base::Bytes& data) {
    const unsigned address = (data[0] & 1U) << 16U | data[1] << 8U | data[2];
    constexpr unsigned kMailbox = 0xD99;
    for (std::size_t i = 3; i < data.size(); ++i) {
      const unsigned at = address + static_cast<unsigned>(i) - 3;
      if (at >= kMailbox && at < kMailbox + 14) {
        mailbox_[at - kMailbox] = data[i];
        if (at == 0xD9D && (data[i] == 0x0F || data[i] == 0x10)) {
          const unsigned word = mailbox_[0] | mailbox_[1] << 8U;
          const unsigned lane = (mailbox_[2] >> 4U) + (word >> 9U & 3U);
          places.insert(fmt::format("pma/{}/{}/0x{:04x}", data[i] == 0x0F ? 0 : 1, lane,
                                    word - (lane % 4) * 0x200));
        }
      } else if (i == 3 && (at < 0x8EC || at > 0x8F6)) {  // but for the fuses' registers
        places.insert(at > 0x88E7 && at < 0x88E7 + 32 ? "0x88e7" : fmt::format("0x{:04x}", at));
      }
    }
  }
  bus::Smbus& to_;
  std::array<std::uint8_t, 14> mailbox_{};
};

std::set<std::string> places_of(const RetimerPlan& plan) {
  std::set<std::string> out;
  for (const RetimerWrite& write : plan.writes) {
    if (!write.place.starts_with("eeprom/")) {
      out.insert(write.place);
    }
  }
  return out;
}

TEST_F(RetimerTwin, PlansWriteNothingAndActionsWriteNoMoreThanTheyPlanned) {
  Watch watch(bench.segment);
  RetimerBus watched(watch, 0x24);
  const auto folder = fresh_folder("plan");
  const RetimerMarginOptions margin{
      .side = 1, .lanes = {2, 7}, .dwell = base::seconds(0.01), .journal_folder = folder};
  const RetimerSoakOptions soak{
      .lanes = {1, 3}, .span = base::seconds(1), .journal_folder = folder};
  const auto image = wire::retimer::make_image({2, 9, 1});
  const auto margin_plan = plan_margin(watched, margin);
  const auto soak_plan = plan_soak(watched, soak);
  const auto reset_plan = plan_reset(watched);
  const auto update_plan = plan_update(watched, image);
  ASSERT_TRUE(margin_plan && soak_plan && reset_plan && update_plan);
  EXPECT_TRUE(watch.places.empty()) << *watch.places.begin();
  EXPECT_FALSE(std::filesystem::exists(folder));
  EXPECT_TRUE(bench.link->asked.empty());
  EXPECT_TRUE(bench.device->eeprom().is_factory());
  EXPECT_EQ(bench.device->firmware().text(), "2.8.14");
  EXPECT_NE(margin_plan->disturbs.find("link 0 (lanes 0 to 15, Gen5 x16)"), std::string::npos);
  EXPECT_NE(reset_plan->disturbs.find("go down"), std::string::npos);
  EXPECT_NE(update_plan->writes.front().what.find("firmware 2.9.1 in place of 2.8.14"),
            std::string::npos);
  EXPECT_TRUE(margin_plan->is_restored && soak_plan->is_restored);
  EXPECT_FALSE(reset_plan->is_restored || update_plan->is_restored);

  ASSERT_TRUE(margin_retimer(watched, margin, wait));
  EXPECT_EQ(watch.places, places_of(*margin_plan));
  watch.places.clear();
  ASSERT_TRUE(soak_retimer(watched, soak, wait));
  EXPECT_EQ(watch.places, places_of(*soak_plan));
  watch.places.clear();
  ASSERT_TRUE(reset_retimer(watched, wait));
  EXPECT_EQ(watch.places, places_of(*reset_plan));
  watch.places.clear();
  ASSERT_TRUE(update_retimer(watched, image, {}, wait));
  EXPECT_EQ(watch.places, places_of(*update_plan));
  std::filesystem::remove_all(folder);
}

TEST_F(RetimerTwin, PlansRefuseWhatActionsRefuse) {
  RetimerMarginOptions margin{.lanes = {16}, .journal_folder = fresh_folder("refuse")};
  EXPECT_EQ(plan_margin(bus, margin).error().code, base::Code::kInvalidArgument);
  margin.lanes = {2};
  bench.link->now_.state = twin::TrainingState::kDetectQuiet;
  EXPECT_EQ(plan_margin(bus, margin).error().code, base::Code::kFailedPrecondition);
  EXPECT_EQ(margin_retimer(bus, margin, wait).error().code, base::Code::kFailedPrecondition);
  EXPECT_FALSE(std::filesystem::exists(margin.journal_folder));
  EXPECT_EQ(plan_update(bus, base::Bytes(100)).error().code, base::Code::kDataLoss);
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
