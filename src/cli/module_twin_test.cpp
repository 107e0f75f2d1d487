// SPDX-License-Identifier: Apache-2.0
// The module driver against the module twin: what it reads, what it leaves alone, what its actions
// do, and that it puts back what it changed.
#include "driver/module_control.h"
#include "twin/cable_module/firmware.h"
#include "twin/cable_module/test_link.h"

#include <algorithm>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace weft {
namespace {

using base::seconds;
using driver::Journal;
using driver::ModuleControl;
using driver::ModuleSide;
using twin::cable_module::TestCable;
using wire::cmis::DataPathState;

struct Bench {
  Bench() {
    cable.bring_up();
    folder = std::filesystem::temp_directory_path() /
             ("weft_module_twin_test_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder);
    journal = std::make_unique<Journal>(*Journal::open(folder.string(), "test", "twin"));
  }
  ~Bench() { std::filesystem::remove_all(folder); }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;
  [[nodiscard]] ModuleControl control(bool apply = true) {
    return {*cable.a,
            {.apply = apply,
             .wait = [this](base::Duration span) { cable.world.advance(span); },
             .journal = journal.get()}};
  }
  TestCable cable;
  std::filesystem::path folder;
  std::unique_ptr<Journal> journal;
};

TEST(ModuleOnTwin, LookingClearsNoFlags) {
  Bench bench;
  const auto look = driver::look_at_module(*bench.cable.a);
  ASSERT_TRUE(look) << look.error().text();
  EXPECT_EQ(look->info.part_number, "TEST-CABLE");
  EXPECT_EQ(look->state, wire::cmis::ModuleState::kReady);
  EXPECT_TRUE(look->is_interrupting) << "nobody read the flags yet";
  ASSERT_EQ(look->lanes.size(), 8U);
  for (const auto& lane : look->lanes) {
    EXPECT_EQ(lane.state, DataPathState::kActivated);
    EXPECT_EQ(lane.application, 1);
  }
  EXPECT_FALSE(look->info.lanes[0].receive_loss_of_signal.has_value());
  EXPECT_LT(look->accesses, 40U);
  EXPECT_EQ(bench.cable.byte(0, 8) & 1, 1U) << "the flag is still there";
  const auto cleared = driver::look_at_module(*bench.cable.a, {.clears_flags = true});
  ASSERT_TRUE(cleared);
  EXPECT_TRUE(cleared->info.lanes[0].receive_loss_of_signal.has_value());
  EXPECT_FALSE(driver::look_at_module(*bench.cable.a)->is_interrupting);
}

TEST(ModuleOnTwin, StatisticsBecomeSamples) {
  Bench bench;
  const auto look = driver::look_at_module(*bench.cable.a);
  ASSERT_TRUE(look);
  observe::Snapshot snapshot;
  driver::add_module_statistics(*look, {}, snapshot);
  const auto find = [&](observe::Metric metric, std::string_view label) -> double {
    const auto it = std::ranges::find_if(snapshot.samples, [&](const auto& sample) {
      return sample.metric == metric && sample.label == label;
    });
    EXPECT_NE(it, snapshot.samples.end()) << label;
    return it == snapshot.samples.end() ? -1 : std::get<double>(*it->value);
  };
  EXPECT_NEAR(find(observe::Metric::kModulePreFecBer, "media 3 current"), 1e-8, 1e-11);
  EXPECT_NEAR(find(observe::Metric::kModuleSnr, "host 0 current"), 21.99, 0.01);
  EXPECT_EQ(find(observe::Metric::kModuleErroredFrames, "media 0 average"), 0);
}

TEST(ModuleOnTwin, APlanWritesNothing) {
  Bench bench;
  auto control = bench.control(false);
  EXPECT_TRUE(control.restart_data_paths(0xFF));
  EXPECT_TRUE(control.set_low_power(true));
  EXPECT_TRUE(control.soak(ModuleSide::kMedia, 0xFF, 0, seconds(1), false));
  EXPECT_TRUE(control.update_firmware(twin::cable_module::make_image(3, 0, 1, 100), {}));
  EXPECT_THAT(control.steps(), testing::Contains("10h:128 <- ff (DPDeinitLane)"));
  EXPECT_EQ(bench.cable.byte(0x10, 128), 0U);
  EXPECT_EQ(bench.cable.byte(0, 26), 0x40U);
  EXPECT_TRUE(bench.journal->entries().empty());
}

TEST(ModuleOnTwin, RestartsDataPaths) {
  Bench bench;
  const auto messages = bench.cable.link->ready_messages;
  auto control = bench.control();
  const auto done = control.restart_data_paths(0xFF);
  ASSERT_TRUE(done) << done.error().text();
  bench.cable.world.advance(seconds(0.01));
  EXPECT_EQ(bench.cable.link->ready_messages, messages + 2) << "down and up";
  EXPECT_TRUE(bench.journal->entries().empty());
}

TEST(ModuleOnTwin, AQuirkyModuleIsToldInTime) {
  Bench bench;
  bench.cable.world.set_quantity(bench.cable.a->id(), twin::Quantity::kFirmwareHang, 0, 1, 1.0);
  auto control = bench.control();
  EXPECT_EQ(control.restart_data_paths(0xFF).error().code, base::Code::kDeadlineExceeded);
}

TEST(ModuleOnTwin, LowPowerAndReset) {
  Bench bench;
  auto control = bench.control();
  ASSERT_TRUE(control.set_low_power(true));
  bench.cable.world.advance(seconds(1));
  EXPECT_EQ(driver::look_at_module(*bench.cable.a)->state, wire::cmis::ModuleState::kLowPwr);
  ASSERT_TRUE(control.set_low_power(false));
  bench.cable.world.advance(seconds(3));
  EXPECT_TRUE(bench.cable.link->ready[0]);
  const auto done = control.reset();
  ASSERT_TRUE(done) << done.error().text();
}

TEST(ModuleOnTwin, SoaksAndPutsBack) {
  Bench bench;
  ASSERT_TRUE(bench.cable.write(0x13, 152, {0xFF}, bench.cable.b));
  ASSERT_TRUE(bench.cable.write(0x14, 128, {0x06}));
  auto control = bench.control();
  const auto found = control.soak(ModuleSide::kMedia, 0x0F, 0, seconds(10), false);
  ASSERT_TRUE(found) << found.error().text();
  ASSERT_EQ(found->size(), 4U);
  for (const auto& lane : *found) {
    EXPECT_TRUE(lane.has_lock);
    EXPECT_NEAR(static_cast<double>(lane.bits), 1.0625e12, 2e9);
    EXPECT_NEAR(static_cast<double>(lane.errors), 10625, 20);
  }
  EXPECT_EQ(bench.cable.byte(0x13, 168), 0U) << "the checker is off again";
  EXPECT_EQ(bench.cable.byte(0x14, 128), 6U) << "the selector as it was";
  EXPECT_TRUE(bench.journal->entries().empty());
}

TEST(ModuleOnTwin, AKilledActionIsPutBackFromItsJournal) {
  Bench bench;
  ASSERT_TRUE(bench.journal->note(
      {.door = "module", .device = "eth0", .place = "0:0x10:0x82", .old = {0x00}}));
  ASSERT_TRUE(bench.cable.write(0x10, 130, {0xFF}));
  ASSERT_TRUE(bench.journal->undo([&](const driver::JournalEntry& entry) {
    return driver::restore_module(*bench.cable.a, entry);
  }));
  EXPECT_EQ(bench.cable.byte(0x10, 130), 0U);
  EXPECT_EQ(
      driver::restore_module(*bench.cable.a,
                             {.door = "module", .device = "eth0", .place = "nonsense", .old = {}})
          .error()
          .code,
      base::Code::kDataLoss);
}

TEST(ModuleOnTwin, UpdatesFirmware) {
  Bench bench;
  auto control = bench.control();
  const auto image = twin::cable_module::make_image(3, 1, 7, 5000);
  std::size_t last = 0;
  const auto info = control.update_firmware(image, [&](std::size_t done, std::size_t all) {
    EXPECT_GT(done, last);
    EXPECT_LE(done, all);
    last = done;
  });
  ASSERT_TRUE(info) << info.error().text();
  EXPECT_EQ(last, image.size());
  EXPECT_TRUE(info->images[1].is_running);
  EXPECT_TRUE(info->images[1].is_committed);
  EXPECT_EQ(info->images[1].major, 3);
  auto broken = twin::cable_module::make_image(4, 0, 0, 500);
  broken.back() ^= 1;
  const auto refused = control.update_firmware(broken, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, base::Code::kFailedPrecondition);
  EXPECT_TRUE(control.firmware()->images[1].is_running) << "the old image goes on";
}

TEST(ModuleOnTwin, EveryActionSaysWhatItDisturbs) {
  for (const auto* const action :
       {"restart", "low-power", "reset", "loopback", "soak", "firmware"}) {
    EXPECT_FALSE(driver::disturbs(action).empty()) << action;
  }
}

}  // namespace
}  // namespace weft
