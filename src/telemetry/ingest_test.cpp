// SPDX-License-Identifier: Apache-2.0
// What ingest makes of looks at one small host: points, restarts, replaced parts, values that are
// left out at zero, logs that are read again.
#include "telemetry/ingest.h"

#include "telemetry/test_store.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace weft::telemetry {
namespace {

using observe::Metric;
using observe::Value;

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kBoot = 1'700'000'000 * kSecond;

const fabric::DeviceId kNic = fabric::DeviceId::of("nic");
const fabric::PortId kPort = fabric::PortId::of("nic/0");
const fabric::LinkId kLink = fabric::LinkId::of("nic/0");

/// A host with one NIC port, `uptime_s` after its boot.
observe::Snapshot look_at(double uptime_s, const std::string& nic_serial = "N1",
                          const std::string& module_serial = "M1") {
  observe::Snapshot out;
  out.host.name = "host-a";
  out.host.identity = "machine/a";
  out.host.uptime = base::seconds(uptime_s);
  out.taken = {kBoot + base::seconds(uptime_s).ns};
  fabric::Device nic;
  nic.id = kNic;
  nic.name = "0000:3b:00.0";
  nic.part = {.vendor = "V", .part_number = "P", .serial = nic_serial, .slot = "3", .firmware = ""};
  (void)out.fabric.add(std::move(nic));
  fabric::Port port;
  port.id = kPort;
  port.device = kNic;
  port.name = "eth0";
  (void)out.fabric.add(std::move(port));
  fabric::Link link;
  link.id = kLink;
  link.name = "eth0 - far end";
  link.a = kPort;
  (void)out.fabric.add(std::move(link));
  observe::LinkState state;
  state.link = kLink;
  state.family = fabric::ProtocolFamily::kEthernet;
  state.up = true;
  state.data_rate = base::BitsPerSecond(400e9);
  state.a.port = kPort;
  state.a.address = "eth0";
  out.links.push_back(std::move(state));
  out.attributes.push_back({.device = kNic,
                            .kind = "module",
                            .name = "eth0",
                            .values = {{"vendor", std::string("C")},
                                       {"part_number", std::string("AEC")},
                                       {"serial", module_serial}}});
  return out;
}

void add(observe::Snapshot& look, Metric metric, const std::string& label, Value value) {
  look.samples.push_back({kPort, metric, label, std::move(value)});
}

SeriesKey key_of(Metric metric, const std::string& label = "") {
  return {kPort.text(), metric, label};
}

TEST(Ingest, SamplesAndLinkStatesBecomePointsAndTracks) {
  TestStore store;
  Ingest ingest(&store);
  for (int i = 0; i < 10; ++i) {
    auto look = look_at(100 + i * 60);
    add(look, Metric::kFecCorrectedBlocks, "total", std::uint64_t{1000} + std::uint64_t(i) * 6);
    look.samples.push_back({kPort, Metric::kModuleTemperature, "",
                            observe::absent(observe::Absence::kNeedsRoot, "module memory")});
    const auto taken = ingest.take(look);
    ASSERT_TRUE(taken);
    EXPECT_EQ(taken->points, 2U + 4U);  // up, training, data rate; uptime
    EXPECT_EQ(taken->new_series, i == 0 ? 6U : 0U);
  }
  const auto rate =
      ingest.track(key_of(Metric::kFecCorrectedBlocks, "total"))->rate(Window::kTenMinutes);
  ASSERT_TRUE(rate);
  EXPECT_EQ(rate->events, 54U);
  EXPECT_EQ(store.points_of(key_of(Metric::kFecCorrectedBlocks, "total")).size(), 10U);
  EXPECT_EQ(store.points_of({kLink.text(), Metric::kLinkDataRate, ""}).back().value,
            observe::Reading<Value>(Value(400e9)));
  const auto absent = store.points_of(key_of(Metric::kModuleTemperature)).back().value;
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().why, observe::Absence::kNeedsRoot);
  EXPECT_EQ(store.subjects("*").size(), 3U);
}

TEST(Ingest, DuplicateLateAndTimelessLooks) {
  Ingest ingest(nullptr);
  EXPECT_TRUE(ingest.take(look_at(100)));
  EXPECT_TRUE(ingest.take(look_at(200)));
  EXPECT_TRUE(ingest.take(look_at(200))->is_duplicate);
  EXPECT_TRUE(ingest.take(look_at(150))->is_late);
  auto timeless = look_at(300);
  timeless.taken = {};
  EXPECT_EQ(ingest.take(timeless).error().code, base::Code::kInvalidArgument);
  EXPECT_EQ(ingest.take(look_at(4000), base::WallTime{kBoot + 400 * kSecond}).error().code,
            base::Code::kOutOfRange);
}

TEST(Ingest, RestartIsNoticedAndCountersBeginAnew) {
  TestStore store;
  Ingest ingest(&store);
  auto first = look_at(1000);
  add(first, Metric::kAerCorrectable, "total", std::uint64_t{50});
  ASSERT_TRUE(ingest.take(first));
  auto second = look_at(60);  // booted again, an hour later
  second.taken.ns += 3600 * kSecond;
  add(second, Metric::kAerCorrectable, "total", std::uint64_t{4});
  const auto taken = ingest.take(second);
  ASSERT_TRUE(taken);
  EXPECT_TRUE(taken->has_restarted);
  ASSERT_EQ(taken->noticed.size(), 1U);
  EXPECT_EQ(taken->noticed[0].kind, "reboot");
  EXPECT_EQ(taken->noticed[0].at->ns, kBoot + 3600 * kSecond);
  const auto all = ingest.track(key_of(Metric::kAerCorrectable, "total"))->rate_of_all();
  ASSERT_TRUE(all);
  EXPECT_EQ(all->events, 4U);
  EXPECT_DOUBLE_EQ(all->over.seconds(), 60);
}

TEST(Ingest, ClockThatWasSetIsNoRestart) {
  Ingest ingest(nullptr);
  ASSERT_TRUE(ingest.take(look_at(1000)));
  auto back = look_at(1060);
  back.taken.ns -= 7200 * kSecond;
  const auto taken = ingest.take(back);
  ASSERT_TRUE(taken);
  EXPECT_TRUE(taken->clock_was_set);
  EXPECT_FALSE(taken->has_restarted);
  auto after = look_at(1120);
  after.taken.ns -= 7200 * kSecond;
  EXPECT_FALSE(ingest.take(after)->is_late);
}

TEST(Ingest, SubjectsGetTheirPlannedNamesWhenTheyAreKnown) {
  TestStore store;
  std::string name;
  Ingest ingest(&store, {.planned_name = [&](const observe::Subject&) { return name; }});
  const auto unplanned = ingest.take(look_at(100));
  ASSERT_TRUE(unplanned);
  ASSERT_FALSE(unplanned->subjects.empty());
  EXPECT_EQ(unplanned->subjects[0].planned, "");
  name = "pod/nic0";  // the far end's machine came, and with it what the link is
  const auto planned = ingest.take(look_at(110));
  ASSERT_EQ(planned->subjects.size(), unplanned->subjects.size());
  EXPECT_EQ(planned->subjects[0].planned, "pod/nic0");
  EXPECT_TRUE(ingest.take(look_at(120))->subjects.empty()) << "nothing is new";
}

TEST(Ingest, ReplacedPartsAreNoticedOneByOne) {
  TestStore store;
  Ingest ingest(&store);
  const auto look = [](double at, const char* nic, const char* module, std::uint64_t fec,
                       double power) {
    auto out = look_at(at, nic, module);
    add(out, Metric::kFecCorrectedBlocks, "total", fec);
    add(out, Metric::kLaneReceivePower, "0", power);
    return out;
  };
  ASSERT_TRUE(ingest.take(look(100, "N1", "M1", 10, -2.0)));
  ASSERT_TRUE(ingest.take(look(200, "N1", "M1", 20, -3.0)));
  const auto module = ingest.take(look(300, "N1", "M2", 30, -1.0));
  ASSERT_EQ(module->noticed.size(), 1U);
  EXPECT_EQ(module->noticed[0].kind, "part_replaced");
  ASSERT_EQ(module->subjects.size(), 2U);
  EXPECT_EQ(module->subjects[0].part.serial, "M1");
  EXPECT_EQ(module->subjects[0].until, module->subjects[1].since);
  // The port's own counter goes on, the module's light begins anew.
  EXPECT_EQ(ingest.track(key_of(Metric::kFecCorrectedBlocks, "total"))->rate_of_all()->events, 20U);
  EXPECT_EQ(ingest.track(key_of(Metric::kLaneReceivePower, "0"))->level(Window::kHour)->count, 1U);

  const auto nic = ingest.take(look(400, "N2", "M2", 7, -1.0));
  ASSERT_EQ(nic->noticed.size(), 1U);
  EXPECT_FALSE(ingest.track(key_of(Metric::kFecCorrectedBlocks, "total"))->rate_of_all());
  // A look that does not read serials replaces nothing.
  EXPECT_TRUE(ingest.take(look(500, "", "", 8, -1.0))->noticed.empty());
}

TEST(Ingest, WhatIsLeftOutAtZeroIsZero) {
  Ingest ingest(nullptr);
  for (int i = 0; i < 3; ++i) {
    auto quiet = look_at(100 + i * 60);
    add(quiet, Metric::kAerCorrectable, "total", std::uint64_t{0});
    ASSERT_TRUE(ingest.take(quiet));
  }
  auto moved = look_at(280);
  add(moved, Metric::kAerCorrectable, "RxErr", std::uint64_t{7});
  add(moved, Metric::kAerCorrectable, "total", std::uint64_t{7});
  add(moved, Metric::kLaneErrorStatus, "", std::uint64_t{8});
  ASSERT_TRUE(ingest.take(moved));
  const auto rate = ingest.track(key_of(Metric::kAerCorrectable, "RxErr"))->rate(Window::kMinute);
  ASSERT_TRUE(rate);
  EXPECT_EQ(rate->events, 7U);
  EXPECT_DOUBLE_EQ(rate->over.seconds(), 60);
  auto cleared = look_at(340);
  add(cleared, Metric::kAerCorrectable, "total", std::uint64_t{7});
  ASSERT_TRUE(ingest.take(cleared));
  const Track* status = ingest.track(key_of(Metric::kLaneErrorStatus));
  EXPECT_EQ(status->last()->value, observe::Reading<Value>(Value(0.0)));
  EXPECT_EQ(status->change()->at.ns, kBoot + 340 * kSecond);
}

observe::Event logged(double since_boot_s, const std::string& text) {
  observe::Event event;
  event.since_boot = base::seconds(since_boot_s);
  event.kind = "link_down";
  event.address = "eth0";
  event.text = text;
  event.subject = kLink;
  return event;
}

TEST(Ingest, ALogThatIsReadWholeGivesEachLineOnce) {
  TestStore store;
  const auto look = [](double at, int lines) {
    auto out = look_at(at);
    for (int i = 0; i < lines; ++i) {
      const int second = 10 + i / 2;  // two equal lines each time
      auto event = logged(second, "eth0: Link is Down");
      // The time is worked out anew with each look and is some milliseconds off.
      event.at = {kBoot + event.since_boot->ns + static_cast<std::int64_t>(at) * 10'000};
      out.events.push_back(event);
    }
    return out;
  };
  {
    Ingest ingest(&store);
    EXPECT_EQ(ingest.take(look(100, 6))->events, 6U);
    const auto again = ingest.take(look(160, 8));
    EXPECT_EQ(again->events, 2U);
    EXPECT_EQ(again->events_known, 6U);
    // After a restart the same text at the same time since boot is another event.
    auto rebooted = look(120, 2);
    rebooted.taken.ns += 86400 * kSecond;
    for (auto& event : rebooted.events) {
      event.at->ns += 86400 * kSecond;
    }
    EXPECT_EQ(ingest.take(rebooted)->events, 2U);
  }
  // And after a restart of this program the store knows them.
  Ingest ingest(&store);
  EXPECT_EQ(ingest.take(look(220, 8))->events, 0U);
  EXPECT_EQ(std::ranges::count(store.all_events(), "link_down",
                               [](const StoredEvent& event) { return event.event.kind; }),
            10);
}

TEST(Ingest, ImportedPointsAndEvents) {
  TestStore store;
  Ingest ingest(&store);
  const SeriesKey key{"prt-0000000000000001", Metric::kNvlinkRecovery, ""};
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(ingest.take({key, {{kBoot + i * 60 * kSecond}, Value(std::uint64_t(i))}}));
  }
  EXPECT_EQ(ingest.track(key)->rate_of_all()->events, 3U);
  int seen = 0;
  ingest.each_track([&](const SeriesKey& each, const Track&) { seen += each == key ? 1 : 0; });
  EXPECT_EQ(seen, 1);
  auto event = logged(5, "down");
  EXPECT_TRUE(*ingest.take(event, "host-b"));
  EXPECT_FALSE(*ingest.take(event, "host-b"));
  EXPECT_TRUE(*ingest.take(event, "host-c"));
}

TEST(Ingest, CountersAreAsWideAsTheCatalogueSays) {
  const auto infiniband = fabric::ProtocolFamily::kInfiniband;
  EXPECT_EQ(counter_kind(Metric::kSymbolErrors, infiniband).bits, 16U);
  EXPECT_TRUE(counter_kind(Metric::kSymbolErrors, infiniband).saturates);
  EXPECT_EQ(counter_kind(Metric::kSymbolErrors, fabric::ProtocolFamily::kEthernet).bits, 64U);
  EXPECT_EQ(counter_kind(Metric::kL0ToRecovery, fabric::ProtocolFamily::kPcie).bits, 8U);
  EXPECT_FALSE(counter_kind(Metric::kL0ToRecovery, fabric::ProtocolFamily::kPcie).saturates);
}

TEST(Ingest, SeriesHaveALimit) {
  Ingest ingest(nullptr, {.keeps_tracks = true, .series_most = 3});
  EXPECT_EQ(ingest.take(look_at(100)).error().code, base::Code::kResourceExhausted);
}

}  // namespace
}  // namespace weft::telemetry
