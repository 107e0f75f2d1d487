// SPDX-License-Identifier: Apache-2.0
// The schedule driven by a clock of its own: how rates follow moves, that the budgets hold over any
// second, and that nobody starves.
#include "telemetry/schedule.h"

#include <algorithm>
#include <map>

#include <gtest/gtest.h>

namespace weft::telemetry {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr base::WallTime kStart{1'700'000'000 * kSecond};

PollSource source(const std::string& name) {
  PollSource out;
  out.name = name;
  out.host = "host-a";
  out.fastest = {kSecond};
  out.slowest = {60 * kSecond};
  return out;
}

/// Runs the schedule for a while; `moves` says whether a source's values move at a time. Gives the
/// times at which each was read.
template <class Moves>
std::map<SourceId, std::vector<double>> run(Schedule& schedule, double from_s, double until_s,
                                            Moves moves) {
  std::map<SourceId, std::vector<double>> reads;
  base::WallTime now = kStart + base::seconds(from_s);
  const base::WallTime end = kStart + base::seconds(until_s);
  while (now < end) {
    for (const SourceId id : schedule.due(now)) {
      const double at = (now - kStart).seconds();
      reads[id].push_back(at);
      schedule.done(id, now, {.has_moved = moves(id, at)});
    }
    now = std::max(now + base::Duration{kSecond / 10}, std::min(schedule.next(), end));
  }
  return reads;
}

TEST(Schedule, CalmIsReadSlowlyAndMovingFast) {
  Schedule schedule;
  const SourceId id = schedule.add(source("eth0"), kStart);
  EXPECT_EQ(schedule.state(id, kStart).reason, PollReason::kNew);
  (void)run(schedule, 0, 1000, [](SourceId, double) { return false; });
  auto state = schedule.state(id, kStart + base::seconds(1000));
  EXPECT_EQ(state.reason, PollReason::kCalm);
  EXPECT_EQ(state.interval.ns, 60 * kSecond);
  EXPECT_EQ(state.text, "every 60 s: nothing ever moved");

  const auto reads = run(schedule, 1000, 1200, [](SourceId, double) { return true; });
  EXPECT_GT(reads.at(id).size(), 80U);  // within four reads at its fastest
  state = schedule.state(id, kStart + base::seconds(1200));
  EXPECT_EQ(state.reason, PollReason::kMoving);
  EXPECT_EQ(state.interval.ns, kSecond);

  // And back: three calm reads first, then half as fast again each time.
  const auto after = run(schedule, 1200, 1500, [](SourceId, double) { return false; });
  EXPECT_LT(after.at(id).size(), 20U);
}

TEST(Schedule, StirredIsReadAtOnce) {
  Schedule schedule;
  const SourceId id = schedule.add(source("eth0"), kStart);
  (void)run(schedule, 0, 1000, [](SourceId, double) { return false; });
  const base::WallTime now = kStart + base::seconds(1000.5);
  schedule.stir(id, now);
  EXPECT_EQ(schedule.state(id, now).reason, PollReason::kStirred);
  EXPECT_EQ(schedule.due(now), std::vector<SourceId>{id});
  EXPECT_TRUE(schedule.due(now).empty()) << "it is being read";
}

TEST(Schedule, FailingIsLeftAloneEverLonger) {
  Schedule schedule;
  const SourceId id = schedule.add(source("eth0"), kStart);
  base::WallTime now = kStart + base::seconds(1);
  for (int i = 0; i < 10; ++i) {
    now = schedule.next();
    ASSERT_EQ(schedule.due(now).size(), 1U);
    schedule.done(id, now, {.has_failed = true});
  }
  EXPECT_EQ(schedule.state(id, now).reason, PollReason::kFailing);
  EXPECT_EQ(schedule.state(id, now).interval.ns, 60 * kSecond);
}

TEST(Schedule, BudgetsHoldAndNobodyStarves) {
  ScheduleOptions options;
  options.host_milliseconds_per_s = 20;
  options.burst = {kSecond};
  Schedule schedule(options);
  std::vector<SourceId> ids;
  for (int i = 0; i < 200; ++i) {
    PollSource one = source("port" + std::to_string(i));
    one.milliseconds = 2;
    ids.push_back(schedule.add(one, kStart));
  }
  // Half of them move all the time: they alone would take 100 reads a second; 10 fit.
  const auto reads = run(schedule, 0, 600, [](SourceId id, double) { return id % 2 == 0; });
  std::map<int, int> per_second;
  for (const auto& [id, times] : reads) {
    for (const double at : times) {
      ++per_second[static_cast<int>(at)];
    }
  }
  int all = 0;
  for (const auto& [second, count] : per_second) {
    EXPECT_LE(count, 21) << second;  // a full second saved and one that passes
    all += count;
  }
  EXPECT_GT(all, 5500);
  EXPECT_LE(all, 6010);
  for (const SourceId id : ids) {
    ASSERT_TRUE(reads.contains(id));
    EXPECT_GT(reads.at(id).back(), 450) << "read late in the run too";
  }
  const auto waits = std::ranges::find_if(
      ids, [&](SourceId id) { return schedule.state(id, kStart).limit == PollLimit::kHostBudget; });
  ASSERT_NE(waits, ids.end());
  const auto text = schedule.state(*waits, kStart + base::seconds(600)).text;
  EXPECT_NE(text.find("waits for host-a (20 ms/s)"), std::string::npos) << text;
}

TEST(Schedule, ADevicesBusHasItsOwnBudget) {
  ScheduleOptions options;
  options.device_transactions_per_s = 10;
  options.burst = {kSecond};
  Schedule schedule(options);
  PollSource slow = source("eth0 module");
  slow.device = "eth0";
  slow.transactions = 20;  // more than a full budget: goes when it is full
  const SourceId id = schedule.add(slow, kStart);
  const auto reads = run(schedule, 0, 100, [](SourceId, double) { return true; });
  EXPECT_GT(reads.at(id).size(), 40U);
  EXPECT_LE(reads.at(id).size(), 52U);  // 1,000 transactions in 100 s
}

TEST(Schedule, LearnsWhatReadsCost) {
  ScheduleOptions options;
  options.host_milliseconds_per_s = 10;
  Schedule schedule(options);
  (void)schedule.add(source("host-a"), kStart);
  int reads = 0;
  base::WallTime now = kStart;
  while (now < kStart + base::seconds(1000)) {
    now = schedule.next();
    for (const SourceId one : schedule.due(now)) {
      schedule.done(one, now, {.has_moved = true, .milliseconds = 100});
      ++reads;
    }
  }
  EXPECT_LT(reads, 130);  // ten seconds of budget each, once it is known
}

TEST(Schedule, SameInputsSameOrder) {
  const auto one_run = [] {
    Schedule schedule;
    for (int i = 0; i < 50; ++i) {
      schedule.add(source("s" + std::to_string(i)), kStart);
    }
    return run(schedule, 0, 100, [](SourceId id, double at) { return (id + int(at)) % 7 == 0; });
  };
  EXPECT_EQ(one_run(), one_run());
}

TEST(Schedule, RemovedIsGone) {
  Schedule schedule;
  const SourceId id = schedule.add(source("eth0"), kStart);
  schedule.remove(id);
  EXPECT_EQ(schedule.size(), 0U);
  EXPECT_TRUE(schedule.due(kStart + base::seconds(100)).empty());
  schedule.done(id, kStart, {});
  EXPECT_EQ(schedule.next().ns, std::numeric_limits<std::int64_t>::max());
}

}  // namespace
}  // namespace weft::telemetry
