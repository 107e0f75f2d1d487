// SPDX-License-Identifier: Apache-2.0
// One page per cause, and none at night for what can wait.
#include "serve/notice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace weft::serve {
namespace {

using diagnose::Level;
using diagnose::LivingFinding;
using diagnose::Phase;

constexpr std::int64_t kHourNs = 3600LL * 1'000'000'000;
/// 2026-11-23T00:00Z is day 20780 since 1970.
base::WallTime at(double hours) {
  return {20780LL * 24 * kHourNs + static_cast<std::int64_t>(hours * static_cast<double>(kHourNs))};
}

LivingFinding finding(const std::string& id, Level level = Level::kWarning) {
  LivingFinding living;
  living.id = id;
  living.finding.level = level;
  living.finding.code = "up_but_wrong";
  living.finding.place = "server2/nic0/eth0 - leaf0/port2";
  living.finding.sentence = "lane 5 toward leaf0 is 2.1 decades worse since a flap.";
  living.finding.next_step = "re-initialise that data path.";
  living.opened = at(10);
  return living;
}

std::vector<NoticeKind> kinds(const std::vector<Notice>& notices) {
  std::vector<NoticeKind> out;
  for (const Notice& notice : notices) {
    out.push_back(notice.kind);
  }
  return out;
}

TEST(NoticesTest, TellsOnceWhenItOpensWorsensAndCloses) {
  Notices notices;
  std::vector<LivingFinding> now = {finding("fnd-1"), finding("fnd-2", Level::kNote)};
  EXPECT_EQ(kinds(notices.take(now, {}, at(10))), std::vector{NoticeKind::kOpened});
  EXPECT_TRUE(notices.take(now, {}, at(10.1)).empty());
  now[0].phase = Phase::kQuiet;
  EXPECT_TRUE(notices.take(now, {}, at(10.2)).empty());
  now[0].phase = Phase::kOpen;
  now[0].finding.level = Level::kCritical;
  EXPECT_EQ(kinds(notices.take(now, {}, at(10.3))), std::vector{NoticeKind::kWorse});
  now[0].phase = Phase::kClosed;
  EXPECT_EQ(kinds(notices.take(now, {}, at(10.4))), std::vector{NoticeKind::kClosed});
  EXPECT_TRUE(notices.take(now, {}, at(10.5)).empty());
}

TEST(NoticesTest, WhatWasNeverToldIsNotClosed) {
  Notices notices;
  auto closed = finding("fnd-1");
  closed.phase = Phase::kClosed;
  EXPECT_TRUE(notices.take(std::vector{closed}, {}, at(10)).empty());
}

TEST(NoticesTest, RepeatsAreHeldBackAndCounted) {
  Notices notices;
  auto flapping = finding("fnd-1");
  EXPECT_EQ(notices.take(std::vector{flapping}, {}, at(10)).size(), 1U);
  for (std::uint32_t n = 1; n <= 5; ++n) {
    flapping.recurrences = n;
    EXPECT_TRUE(notices.take(std::vector{flapping}, {}, at(10 + 0.5 * n)).empty());
  }
  const auto told = notices.take(std::vector{flapping}, {}, at(14));
  EXPECT_EQ(kinds(told), std::vector{NoticeKind::kRecurred});
  EXPECT_EQ(told[0].held_back, 4U);
}

TEST(NoticesTest, WarningsWaitThroughQuietHoursCriticalOnesDoNot) {
  Notices notices({.quiet = {*parse_quiet_hours("22:00-06:30")}});
  const std::vector<LivingFinding> now = {finding("fnd-1"), finding("fnd-2", Level::kCritical),
                                          finding("fnd-3")};
  const auto night = notices.take(now, {}, at(23));
  ASSERT_EQ(night.size(), 1U);
  EXPECT_EQ(night[0].finding.id, "fnd-2");
  EXPECT_TRUE(notices.take(now, {}, at(24 + 6.4)).empty());
  EXPECT_EQ(notices.take(now, {}, at(24 + 6.5)).size(), 2U) << "one digest in the morning";
}

TEST(NoticesTest, MaintenanceHoldsWhatItCovers) {
  Notices notices;
  const std::vector<diagnose::Mark> marks = {{"maintenance", "server2*", at(9), at(11), ""},
                                             {"job", "", at(0), {}, ""}};
  auto other = finding("fnd-2", Level::kCritical);
  other.finding.place = "server3/gpu0";
  const std::vector<LivingFinding> now = {finding("fnd-1", Level::kCritical), other};
  const auto during = notices.take(now, marks, at(10));
  ASSERT_EQ(during.size(), 1U);
  EXPECT_EQ(during[0].finding.id, "fnd-2");
  const auto after = notices.take(now, marks, at(11));
  ASSERT_EQ(after.size(), 1U);
  EXPECT_EQ(after[0].finding.id, "fnd-1");
}

TEST(NoticesTest, AMachinesMarkCoversItsLinksAtEitherEnd) {
  for (const char* kind : {"maintenance", "repair", "reboot"}) {
    Notices notices;
    const std::vector<diagnose::Mark> marks = {{kind, "server2", at(9), {}, ""}};
    std::vector<LivingFinding> now;
    for (const char* place : {"server2/nic0/eth0--leaf0/port0", "leaf0/port0--server2/nic0/eth0",
                              "server2", "server20/nic0/eth0--leaf0/port1"}) {
      now.push_back(finding("fnd-" + std::to_string(now.size()), Level::kCritical));
      now.back().finding.place = place;
    }
    const auto told = notices.take(now, marks, at(10));
    ASSERT_EQ(told.size(), 1U) << kind;
    EXPECT_EQ(told[0].finding.id, "fnd-3");
  }
}

TEST(NoticesTest, ARestartTellsNothingTwice) {
  Notices before;
  EXPECT_EQ(before.take(std::vector{finding("fnd-1")}, {}, at(10)).size(), 1U);
  Notices after;
  ASSERT_TRUE(after.restore(before.save()));
  EXPECT_TRUE(after.take(std::vector{finding("fnd-1")}, {}, at(11)).empty());
  for (const char* bad : {"", "{}", "[]", R"({"schema": "weftline/notices/1", "told": {"a": 1}})",
                          R"({"schema": "weftline/notices/1", "told": {"a": {"level": 99, "open":
                             true, "at_ns": 1, "recurrences": 0}}})"}) {
    EXPECT_EQ(after.restore(bad).error().code, base::Code::kDataLoss) << bad;
  }
  EXPECT_TRUE(after.take(std::vector{finding("fnd-1")}, {}, at(12)).empty()) << "unchanged";
}

TEST(QuietHoursTest, AreReadAndHold) {
  const auto day = parse_quiet_hours("12:00-13:30");
  ASSERT_TRUE(day);
  EXPECT_FALSE(day->hold(at(11.99)));
  EXPECT_TRUE(day->hold(at(12)));
  EXPECT_FALSE(day->hold(at(13.5)));
  for (const char* bad : {"", "12:00", "24:00-01:00", "1-2", "10:00-10:00", "aa:bb-cc:dd"}) {
    EXPECT_FALSE(parse_quiet_hours(bad)) << bad;
  }
}

TEST(NoticeJsonTest, SaysWhatAPersonNeeds) {
  auto living = finding("fnd-1", Level::kCritical);
  diagnose::Hypothesis first;
  first.cause = "adapted_on_transient";
  first.words = "the receiver adapted on a transient";
  first.probability = 0.84;
  first.part = diagnose::PartRef{"module", "leaf0 port2", {}, {"", "PN1", "SN7", "", ""}};
  living.finding.hypotheses = {first};
  const std::vector<Notice> one = {{NoticeKind::kOpened, at(10), living, 0}};
  const auto json = nlohmann::json::parse(notice_json(one, "pod"));
  EXPECT_EQ(json["notices"][0]["part"]["serial"], "SN7");
  EXPECT_EQ(json["notices"][0]["opened"], "2026-11-23T10:00:00.000Z");
  EXPECT_THAT(json["text"].get<std::string>(),
              testing::AllOf(testing::HasSubstr("84 %"), testing::HasSubstr("re-initialise")));
}

}  // namespace
}  // namespace weft::serve
