// SPDX-License-Identifier: Apache-2.0
// The store by what it promises: what was acknowledged is there after it was opened again, what was
// refused is counted, what queries give is what was put in.
#include "base/random.h"
#include "telemetry/store.h"
#include "telemetry/store/test_store.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace weft::telemetry {
namespace {

class StoreTest : public testing::Test {
 protected:
  void open(const StoreOptions& options = {}) {
    store_.reset();
    auto opened = Store::open(folder_.path() + "/store", options);
    ASSERT_TRUE(opened) << opened.error().text();
    store_ = std::move(*opened);
  }
  SeriesId series(const SeriesKey& k) { return store_->series(k).value(); }
  std::vector<Point> points_of(const std::string& subject, std::int64_t from = 0,
                               std::int64_t until = INT64_MAX) {
    const auto found = store_->points({.subject = subject}, {from}, {until});
    return found && !found->empty() ? found->front().points : std::vector<Point>{};
  }

  StoreFolder folder_;
  std::unique_ptr<Store> store_;
};

TEST_F(StoreTest, what_was_committed_is_there_again) {
  open();
  const SeriesId a = series(test_key(1));
  const SeriesId b = series(test_key(2, observe::Metric::kAerCorrectable));
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(store_->append(std::vector{real(a, kStart + i * kSecond, 45.0 + i % 4),
                                           whole(b, kStart + i * kSecond, 7U * i)}));
    if (i % 20 == 19) {
      ASSERT_TRUE(store_->commit());
    }
  }
  ASSERT_TRUE(store_->append(std::vector{real(a, kStart + 100 * kSecond, 1)}));
  EXPECT_EQ(points_of("prt-1").size(), 101U);
  open();  // the last one was not committed
  EXPECT_TRUE(store_->damage().empty());
  const std::vector<Point> points = points_of("prt-1");
  ASSERT_EQ(points.size(), 100U);
  EXPECT_EQ(points[7].at.ns, kStart + 7 * kSecond);
  EXPECT_EQ(*points[7].value, observe::Value(48.0));
  EXPECT_EQ(*points_of("prt-2")[99].value, observe::Value(std::uint64_t{693}));
  EXPECT_EQ(series(test_key(2, observe::Metric::kAerCorrectable)), b);
  EXPECT_EQ(store_->counts().series, 2U);
}

/// Enough points that chunks are cut, joined and read back, over several stretches and openings.
TEST_F(StoreTest, many_points_go_through_the_log_into_chunks) {
  open();
  constexpr int kSeries = 40;
  std::vector<std::vector<Point>> expected(kSeries);
  base::Random random(7, "store");
  std::int64_t at = kStart;
  for (int round = 0; round < 1500; ++round) {
    if (round % 400 == 399) {
      open();
    }
    at += 30 * kSecond;
    std::vector<StorePoint> batch;
    for (int i = 0; i < kSeries; ++i) {
      const SeriesId s = series(test_key(i));
      batch.push_back(real(s, at, 40 + static_cast<double>(random.below(16)) / 16));
      expected[static_cast<std::size_t>(i)].push_back(batch.back().point);
    }
    ASSERT_TRUE(store_->append(batch));
    if (round % 400 == 398 || round % 20 == 0) {
      ASSERT_TRUE(store_->commit());
    }
  }
  ASSERT_TRUE(store_->commit());
  open();
  EXPECT_TRUE(store_->damage().empty());
  for (int i = 0; i < kSeries; ++i) {
    const std::vector<Point> points = points_of("prt-" + std::to_string(i));
    const auto& want = expected[static_cast<std::size_t>(i)];
    ASSERT_EQ(points.size(), want.size());
    for (std::size_t k = 0; k < want.size(); ++k) {
      ASSERT_EQ(points[k].at, want[k].at);
      ASSERT_EQ(*points[k].value, *want[k].value);
    }
  }
  const auto middle = points_of("prt-3", kStart + 7 * 3600 * kSecond, kStart + 8 * 3600 * kSecond);
  EXPECT_EQ(middle.size(), 120U);
}

TEST_F(StoreTest, late_points_duplicates_and_odd_ones_are_counted) {
  open();
  const SeriesId s = series(test_key(1));
  const auto add = [&](std::int64_t seconds) {
    ASSERT_TRUE(store_->append(std::vector{real(s, kStart + seconds * kSecond, 1)}));
  };
  add(1000);
  add(1000);
  add(700);
  add(700);
  add(399);  // 601 s late
  add(400);
  EXPECT_EQ(store_->counts().duplicates, 2U);
  EXPECT_EQ(store_->counts().late_refused, 1U);
  EXPECT_EQ(points_of("prt-1").size(), 3U);
  ASSERT_TRUE(store_->append(std::vector{real(s, INT64_MIN, 1)}));
  const std::string endless(70'000, 'x');
  ASSERT_TRUE(store_->append(
      std::vector{StorePoint{s, {.at = {kStart}, .value = observe::Value(endless)}}}));
  EXPECT_EQ(store_->counts().refused, 2U);
  EXPECT_FALSE(store_->append(std::vector{real(99, kStart, 1)}));
  ASSERT_TRUE(store_->commit());
  open();
  add(1000);
  add(399);
  EXPECT_EQ(store_->counts().duplicates, 1U);
  EXPECT_EQ(store_->counts().late_refused, 1U);
}

/// Hundred events an hour apart, of which each fifth is a fall; two came late, one has no time.
/// Pages are held against what a whole reading gives.
TEST_F(StoreTest, a_page_of_events_is_what_a_whole_reading_would_give) {
  open();
  constexpr std::int64_t kHour = 3600 * kSecond;
  const auto add = [&](std::optional<std::int64_t> at, const char* kind) {
    std::vector<StoredEvent> one(1);
    one[0].event.kind = kind;
    one[0].host = at && *at % (2 * kHour) == 0 ? "even" : "odd";
    if (at) {
      one[0].event.at = base::WallTime{*at};
    }
    ASSERT_TRUE(store_->append(one));
  };
  for (int i = 0; i < 100; ++i) {
    add(kStart + i * kHour, i % 5 == 0 ? "link_down" : "xid");
    if (i == 60) {
      ASSERT_TRUE(store_->commit());
      add(kStart + kHour, "link_down");  // late: an old stretch, a high number
      add(std::nullopt, "xid");
      add(kStart + 2 * kHour, "xid");
    }
  }
  const auto is_even = [](const StoredEvent& event) { return event.host == "even"; };
  const auto numbers = [](const std::vector<StoredEvent>& events) {
    std::vector<std::uint64_t> out;
    for (const StoredEvent& event : events) {
      out.push_back(event.sequence);
    }
    return out;
  };
  for (const bool is_reopened : {false, true}) {  // the last ones are in memory, then on disk
    if (is_reopened) {
      ASSERT_TRUE(store_->commit());
      open();
    }
    for (const char* kind : {"*", "link_*"}) {
      for (const std::int64_t from : {std::int64_t{0}, kStart + 7 * kHour}) {
        for (const std::uint64_t after : {0U, 1U, 50U, 63U, 102U, 200U}) {
          for (const std::size_t most : {0U, 1U, 7U, 1000U}) {
            for (const bool takes_newest : {true, false}) {
              for (const bool all_fit : {true, false}) {
                EventPage page{.kind = kind,
                               .from = {from},
                               .until = {kStart + 90 * kHour},
                               .after = after,
                               .takes_newest = takes_newest,
                               .most = most};
                if (!all_fit) {
                  page.fits = is_even;
                }
                auto whole = store_->events(kind, "*", page.from, page.until).value();
                std::erase_if(whole, [&](const StoredEvent& event) {
                  return event.sequence <= after || (!all_fit && !is_even(event));
                });
                const auto size = static_cast<std::ptrdiff_t>(std::min(most, whole.size()));
                whole = takes_newest ? std::vector(whole.end() - size, whole.end())
                                     : std::vector(whole.begin(), whole.begin() + size);
                const auto paged = store_->events(page);
                ASSERT_TRUE(paged);
                ASSERT_EQ(numbers(*paged), numbers(whole))
                    << kind << " from " << from << " after " << after << " most " << most
                    << " newest " << takes_newest << " all " << all_fit;
              }
            }
          }
        }
      }
    }
  }
}

TEST_F(StoreTest, events_and_records_stay) {
  open();
  std::vector<StoredEvent> events(3);
  for (int i = 0; i < 3; ++i) {
    StoredEvent& event = events[static_cast<std::size_t>(i)];
    event.event.kind = i == 1 ? "link_down" : "xid";
    event.event.at = base::WallTime{kStart + i * 8 * 3600 * kSecond};
    event.event.fields = {{"code", std::to_string(79 + i)}};
    event.subject = "prt-" + std::to_string(i);
    event.host = "h1";
  }
  events[2].event.at.reset();
  ASSERT_TRUE(store_->append(events));
  EXPECT_EQ(events[0].sequence, 1U);
  ASSERT_TRUE(store_->put("finding", "f1", base::as_bytes("open")));
  ASSERT_TRUE(store_->put("finding", "f2", base::as_bytes("closed")));
  ASSERT_TRUE(store_->commit());
  ASSERT_TRUE(store_->put("finding", "f2", {}));
  ASSERT_TRUE(store_->commit());
  open();
  const auto all = store_->events("", "", {0}, {INT64_MAX});
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 3U);
  EXPECT_EQ((*all)[1].event.kind, "link_down");
  EXPECT_EQ((*all)[1].event.fields, events[1].event.fields);
  EXPECT_FALSE((*all)[2].event.at);
  EXPECT_EQ(store_->events("x*", "prt-0", {kStart}, {kStart + 1})->size(), 1U);
  EXPECT_EQ(store_->events("", "", {kStart + 1}, {INT64_MAX})->size(), 1U);
  EXPECT_EQ(base::as_text(store_->get("finding", "f1").value()), "open");
  EXPECT_FALSE(store_->get("finding", "f2"));
  std::vector<std::string> seen;
  store_->each("finding", [&](std::string_view k, base::ByteView) { seen.emplace_back(k); });
  EXPECT_EQ(seen, std::vector<std::string>{"f1"});
}

TEST_F(StoreTest, only_one_process_writes_and_others_may_read) {
  open();
  const SeriesId s = series(test_key(1));
  ASSERT_TRUE(store_->append(std::vector{real(s, kStart, 45)}));
  ASSERT_TRUE(store_->commit());
  const auto second = Store::open(folder_.path() + "/store");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, base::Code::kFailedPrecondition);
  const auto reader = Store::open(folder_.path() + "/store", {.read_only = true});
  ASSERT_TRUE(reader) << reader.error().text();
  EXPECT_EQ((*reader)->points({}, {0}, {INT64_MAX})->size(), 1U);
  EXPECT_FALSE((*reader)->append(std::vector{real(s, kStart + 1, 45)}));
  EXPECT_FALSE((*reader)->series(test_key(5)));
}

}  // namespace
}  // namespace weft::telemetry
