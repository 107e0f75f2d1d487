// SPDX-License-Identifier: Apache-2.0
// Dates are judged by what date(1) prints: date -u -d @1764000000 +%FT%TZ.
#include "base/time.h"

#include <limits>
#include <type_traits>

#include <gtest/gtest.h>

namespace weft::base {
namespace {

template <class A, class B>
concept Subtracts = requires(A a, B b) { a - b; };
template <class A, class B>
concept Adds = requires(A a, B b) { a + b; };

static_assert(Subtracts<WallTime, WallTime>);
static_assert(!Subtracts<WallTime, WorldTime>, "the two clocks do not mix");
static_assert(!std::is_convertible_v<WorldTime, WallTime>);
static_assert(!Adds<WallTime, WallTime>, "points of a clock do not add");
static_assert(Adds<WallTime, Duration>);

TEST(Time, Iso8601) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  EXPECT_EQ(iso8601({0}), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(iso8601({1'764'000'000 * kSecond + 5'999'999}), "2025-11-24T16:00:00.005Z");
  EXPECT_EQ(iso8601({951'782'400 * kSecond}), "2000-02-29T00:00:00.000Z");
  EXPECT_EQ(iso8601({-1}), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(iso8601({std::numeric_limits<std::int64_t>::max()}), "2262-04-11T23:47:16.854Z");
}

TEST(Time, Arithmetic) {
  const WallTime start{1000};
  EXPECT_EQ((start + seconds(1.5)).ns, 1'500'001'000);
  EXPECT_EQ((start + seconds(2)) - start, seconds(2));
  EXPECT_DOUBLE_EQ(seconds(2.5).seconds(), 2.5);
  EXPECT_LT(start, start + Duration{1});
}

TEST(Time, TheClockGoesForward) {
  const WallTime before = wall_now();
  EXPECT_LE(before, wall_now());
  EXPECT_GT(before.ns, 1'700'000'000LL * 1'000'000'000LL) << "this machine's clock is before 2023";
}

}  // namespace
}  // namespace weft::base
