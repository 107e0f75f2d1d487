// SPDX-License-Identifier: Apache-2.0
// Roll-ups against sums made by hand, and retention.
#include "telemetry/store/rolls.h"

#include "base/random.h"
#include "telemetry/store/test_store.h"

#include <bit>

#include <gtest/gtest.h>

namespace weft::telemetry {
namespace {

constexpr std::int64_t kHour = 3600 * kSecond;
constexpr std::int64_t kDay = 24 * kHour;

store_parts::Strip counter(const std::vector<std::uint64_t>& values) {
  store_parts::Strip strip;
  for (std::size_t i = 0; i < values.size(); ++i) {
    strip.push(kStart + static_cast<std::int64_t>(i) * kSecond,
               {.kind = store_parts::Kind::kWhole, .bits = values[i]});
  }
  return strip;
}

std::uint64_t increase_of(const std::vector<std::uint64_t>& values, const CounterKind& kind) {
  return store_parts::roll_up(counter(values), kind, 0, INT64_MAX, kDay).at(0).increase;
}

TEST(StoreRolls, counters_increase_through_resets_and_wraps) {
  EXPECT_EQ(increase_of({10, 12, 12, 20}, {}), 10U);
  EXPECT_EQ(increase_of({10, 12, 3, 5}, {}), 7U);           // 2, then 3 from 0, then 2
  EXPECT_EQ(increase_of({250, 254, 3}, {.bits = 8}), 9U);   // 4, then over 256
  EXPECT_EQ(increase_of({100, 120, 3}, {.bits = 8}), 23U);  // too low to have wrapped
  EXPECT_EQ(increase_of({250, 255, 3}, {.bits = 8, .saturates = true}), 8U);
  EXPECT_EQ(increase_of({5, 3, 4}, {.clears_on_read = true}), 7U);
}

TEST(StoreRolls, a_bucket_says_what_its_points_were) {
  store_parts::Strip strip;
  const observe::NotMeasured absent{observe::Absence::kAsleep, ""};
  strip.push(kStart - 10 * kSecond, {.kind = store_parts::Kind::kReal, .bits = 0});
  for (int i = 0; i < 6; ++i) {
    strip.push(kStart + i * 10 * kSecond,
               {.kind = store_parts::Kind::kReal,
                .bits = std::bit_cast<std::uint64_t>(40.0 + (i * 2) % 5)});
  }
  strip.push(kStart + 65 * kSecond, {.kind = store_parts::Kind::kAbsent, .absent = &absent});
  const auto buckets = store_parts::roll_up(strip, {}, kStart, INT64_MAX, 60 * kSecond);
  ASSERT_EQ(buckets.size(), 2U);
  EXPECT_EQ(buckets[0].count, 6U);
  EXPECT_EQ(buckets[0].min, 40);  // 40 42 44 41 43 40
  EXPECT_EQ(buckets[0].max, 44);
  EXPECT_EQ(buckets[0].sum, 250);
  EXPECT_EQ(buckets[0].first, 40);
  EXPECT_EQ(buckets[0].last, 40);
  EXPECT_EQ(buckets[0].covered.ns, 60 * kSecond);
  EXPECT_EQ(buckets[1].count, 0U);
  EXPECT_EQ(buckets[1].not_measured, 1U);
  const auto back = store_parts::decode_buckets(store_parts::encode_buckets(buckets));
  ASSERT_TRUE(back);
  ASSERT_EQ(back->size(), 2U);
  EXPECT_EQ((*back)[0].sum, 250);
  EXPECT_EQ((*back)[0].covered, buckets[0].covered);
  EXPECT_EQ((*back)[1].not_measured, 1U);
}

/// Three days of a counter and a gauge, by the minute.
class StoreKeeping : public testing::Test {
 protected:
  void fill(const StoreOptions& options, bool noisy = false) {
    store_ = std::move(*Store::open(folder_.path() + "/store", options));
    const SeriesId c = store_->series(test_key(1, observe::Metric::kAerCorrectable)).value();
    const SeriesId g = store_->series(test_key(2)).value();
    base::Random random(3, "keeping");
    for (std::int64_t minute = 0; minute < 3 * 1440; ++minute) {
      const std::int64_t at = kStart + minute * 60 * kSecond;
      ASSERT_TRUE(store_->append(
          std::vector{whole(c, at, static_cast<std::uint64_t>(minute) * 3),
                      real(g, at, noisy ? random.uniform() : static_cast<double>(minute % 60))}));
      if (minute % 360 == 359) {
        ASSERT_TRUE(store_->maintain({at}));
      }
    }
    ASSERT_TRUE(store_->maintain({kStart + 3 * kDay}));
  }
  std::vector<Bucket> buckets(const std::string& subject, Roll roll) {
    const auto found = store_->buckets({.subject = subject}, {kStart}, {kStart + 3 * kDay}, roll);
    return found && !found->empty() ? found->front().buckets : std::vector<Bucket>{};
  }
  StoreFolder folder_;
  std::unique_ptr<Store> store_;
};

TEST_F(StoreKeeping, rolls_are_the_same_before_and_after_points_are_dropped) {
  fill({.keep_raw = {30 * kHour}});
  const auto raw = store_->points({.subject = "prt-1"}, {0}, {INT64_MAX});
  ASSERT_EQ(raw->size(), 1U);
  EXPECT_EQ(raw->front().points.front().at.ns, kStart + 42 * kHour);  // whole stretches are dropped
  const auto minutes = buckets("prt-1", Roll::kMinute);
  ASSERT_EQ(minutes.size(), 3U * 1440);
  const auto hours = buckets("prt-1", Roll::kHour);
  ASSERT_EQ(hours.size(), 72U);
  const auto days = buckets("prt-2", Roll::kDay);
  ASSERT_EQ(days.size(), 3U);
  std::uint64_t by_minute = 0;
  std::uint64_t by_hour = 0;
  for (const Bucket& bucket : minutes) {
    by_minute += bucket.increase;
  }
  for (const Bucket& bucket : hours) {
    by_hour += bucket.increase;
    EXPECT_EQ(bucket.count, 60U);
  }
  EXPECT_EQ(by_minute, 3U * (3 * 1440 - 1));
  EXPECT_EQ(by_hour, by_minute);
  EXPECT_EQ(days[1].count, 1440U);
  EXPECT_EQ(days[1].min, 0);
  EXPECT_EQ(days[1].max, 59);
  EXPECT_EQ(days[1].sum, 24 * 59 * 30);
  EXPECT_TRUE(store_->damage().empty());
}

TEST_F(StoreKeeping, a_late_point_is_rolled_again) {
  fill({});
  const SeriesId late = store_->series(test_key(9)).value();
  ASSERT_TRUE(store_->append(std::vector{real(late, kStart + kHour, 7)}));
  ASSERT_TRUE(store_->maintain({kStart + 3 * kDay}));
  ASSERT_EQ(buckets("prt-9", Roll::kHour).size(), 1U);
  EXPECT_EQ(buckets("prt-9", Roll::kDay).front().max, 7);
  EXPECT_EQ(buckets("prt-2", Roll::kHour).size(), 72U);
}

TEST_F(StoreKeeping, room_is_kept_by_dropping_the_oldest_points_and_said_so) {
  fill({.bytes_most = 60'000}, true);
  EXPECT_FALSE(store_->damage().empty());
  EXPECT_NE(store_->damage().front().find("on purpose"), std::string::npos);
  const auto left = store_->points({.subject = "prt-2"}, {0}, {INT64_MAX});
  ASSERT_FALSE(left->empty());
  EXPECT_EQ(left->front().points.back().at.ns, kStart + 3 * kDay - 60 * kSecond);
  EXPECT_EQ(buckets("prt-2", Roll::kHour).size(), 72U);
}

TEST(StoreSelect, patterns_match_every_name_of_a_subject) {
  const StoreFolder folder;
  auto store = std::move(*Store::open(folder.path() + "/store"));
  const SeriesId a = store->series(test_key(1)).value();
  const SeriesId b = store->series(test_key(2)).value();
  ASSERT_TRUE(store->append(std::vector{real(a, kStart, 1), real(b, kStart, 2)}));
  SubjectRecord record;
  record.subject = "prt-1";
  record.host = "node7";
  record.name = "eth0";
  record.planned = "pod0/server3/nic1";
  record.part.serial = "SN123";
  ASSERT_TRUE(store->put_subject(record));
  ASSERT_TRUE(store->commit());
  store.reset();
  store = std::move(*Store::open(folder.path() + "/store"));
  for (const char* pattern : {"prt-1", "eth?", "node7/eth0", "*/server3/*", "SN12*"}) {
    const auto found = store->list({.subject = pattern});
    ASSERT_EQ(found.size(), 1U) << pattern;
    EXPECT_EQ(found[0].subject, "prt-1");
    EXPECT_EQ(store->subjects(pattern).size(), 1U);
  }
  EXPECT_EQ(store->list({}).size(), 2U);
  EXPECT_EQ(store->list({.subject = "prt-*", .label = "t2"}).size(), 1U);
  EXPECT_EQ(store->list({.metric = observe::Metric::kUtilization}).size(), 0U);
}

}  // namespace
}  // namespace weft::telemetry
