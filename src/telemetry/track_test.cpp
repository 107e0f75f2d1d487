// SPDX-License-Identifier: Apache-2.0
// Judges of a track: a simulated counter whose true events are known, through resets, wraps and
// gaps; the coverage of the bounds; and the order in which looks arrive.
#include "telemetry/track.h"

#include "base/random.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace weft::telemetry {
namespace {

using observe::MetricKind;

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kStart = 1'700'000'000 * kSecond;

Point count_at(double seconds, std::uint64_t value) {
  return {{kStart + static_cast<std::int64_t>(seconds * 1e9)}, observe::Value(value)};
}
Point level_at(double seconds, double value) {
  return {{kStart + static_cast<std::int64_t>(seconds * 1e9)}, observe::Value(value)};
}

TEST(TrackCounter, CalmIsProvenQuietAndSmall) {
  Track track(MetricKind::kCounter);
  EXPECT_FALSE(track.rate(Window::kMinute));
  for (int s = 0; s <= 7200; s += 30) {
    ASSERT_EQ(track.add(count_at(s, 12)), Discontinuity::kNone);
  }
  const auto hour = track.rate(Window::kHour);
  ASSERT_TRUE(hour);
  EXPECT_EQ(hour->events, 0U);
  EXPECT_DOUBLE_EQ(hour->over.seconds(), 3600);
  EXPECT_EQ(hour->per_s.low, 0);
  // Garwood's bound for no events is 3.6889 (half of chi-squared 0.975 with 2 degrees of freedom).
  EXPECT_NEAR(hour->per_s.high, 3.6889 / 3600, 1e-7);
  EXPECT_DOUBLE_EQ(track.rate_of_all()->over.seconds(), 7200);
  EXPECT_LT(track.bytes(), 200U);
  // 3.6889 / d < 1e-4 needs 36,889 s; 7,200 are there.
  EXPECT_NEAR(track.rate_of_all()->until_proven_below(1e-4).seconds(), 36889 - 7200, 1);
  EXPECT_EQ(track.rate_of_all()->until_proven_below(1).ns, 0);
}

TEST(TrackCounter, WindowsEndAtLooks) {
  Track track(MetricKind::kCounter);
  for (int s = 0; s <= 100'000; s += 10) {
    (void)track.add(count_at(s, static_cast<std::uint64_t>(s)));  // one event each second
  }
  for (const Window window : {Window::kMinute, Window::kTenMinutes, Window::kHour, Window::kDay}) {
    const auto rate = track.rate(window);
    ASSERT_TRUE(rate);
    EXPECT_DOUBLE_EQ(static_cast<double>(rate->events), rate->over.seconds());
    EXPECT_GE(rate->over.seconds(), 0.99 * length(window).seconds());
    EXPECT_LE(rate->over.seconds(), 1.25 * length(window).seconds());
    EXPECT_LT(rate->per_s.low, 1);
    EXPECT_GT(rate->per_s.high, 1);
  }
  EXPECT_LT(track.bytes(), 2400U);
}

TEST(TrackCounter, SparseLooksGiveTheShortWindowsNothing) {
  Track track(MetricKind::kCounter);
  for (int i = 0; i < 20; ++i) {
    (void)track.add(count_at(i * 900, static_cast<std::uint64_t>(i) * 3));
  }
  EXPECT_FALSE(track.rate(Window::kMinute));
  EXPECT_FALSE(track.rate(Window::kTenMinutes));
  ASSERT_TRUE(track.rate(Window::kHour));
  EXPECT_EQ(track.rate(Window::kHour)->events, 3U * 5U);
}

TEST(TrackCounter, FallsAreResetsOrWraps) {
  Track wide(MetricKind::kCounter);
  (void)wide.add(count_at(0, 100));
  (void)wide.add(count_at(10, 150));
  EXPECT_EQ(wide.add(count_at(20, 7)), Discontinuity::kReset);
  EXPECT_EQ(wide.rate_of_all()->events, 57U);
  EXPECT_TRUE(wide.rate_of_all()->is_lower_bound);
  // Only the first ten seconds prove anything upward.
  EXPECT_GT(wide.rate_of_all()->per_s.high, 5.7);

  Track narrow(MetricKind::kCounter, {.bits = 8});
  (void)narrow.add(count_at(0, 100));
  (void)narrow.add(count_at(10, 150));
  (void)narrow.add(count_at(20, 200));
  EXPECT_EQ(narrow.add(count_at(30, 4)), Discontinuity::kWrapped);
  EXPECT_EQ(narrow.rate_of_all()->events, 160U);
  EXPECT_FALSE(narrow.rate_of_all()->is_lower_bound);
  // Five a second for a minute may have gone round once and more: not known.
  EXPECT_EQ(narrow.add(count_at(130, 90)), Discontinuity::kGap);
  EXPECT_TRUE(narrow.rate_of_all()->is_lower_bound);

  Track cleared(MetricKind::kCounter, {.bits = 8});
  for (int i = 0; i < 100; ++i) {
    (void)cleared.add(count_at(i * 10, 200));
  }
  EXPECT_EQ(cleared.add(count_at(1000, 0)), Discontinuity::kReset);
  EXPECT_EQ(cleared.rate_of_all()->events, 0U);
}

TEST(TrackCounter, SaturatedIsALowerBound) {
  Track track(MetricKind::kCounter, {.bits = 16, .saturates = true});
  (void)track.add(count_at(0, 65000));
  (void)track.add(count_at(10, 65400));
  EXPECT_EQ(track.add(count_at(20, 65535)), Discontinuity::kSaturated);
  EXPECT_EQ(track.add(count_at(30, 65535)), Discontinuity::kSaturated);
  EXPECT_EQ(track.rate_of_all()->events, 535U);
  EXPECT_TRUE(track.rate_of_all()->is_lower_bound);
  EXPECT_GT(track.rate_of_all()->per_s.high, 40);
}

TEST(TrackCounter, ClearOnReadAddsUp) {
  Track track(MetricKind::kCounter, {.bits = 16, .clears_on_read = true});
  (void)track.add(count_at(0, 55));
  (void)track.add(count_at(10, 0));
  (void)track.add(count_at(20, 3));
  (void)track.add(count_at(30, 3));
  EXPECT_EQ(track.rate_of_all()->events, 6U);
  EXPECT_DOUBLE_EQ(track.rate_of_all()->over.seconds(), 30);
}

TEST(TrackCounter, RestartAndReplacementBeginAnew) {
  Track track(MetricKind::kCounter);
  (void)track.add(count_at(0, 10));
  (void)track.add(count_at(100, 30));
  track.restart({kStart + 150 * kSecond}, Discontinuity::kReset);
  EXPECT_EQ(track.add(count_at(200, 5)), Discontinuity::kReset);
  EXPECT_EQ(track.rate_of_all()->events, 25U);
  EXPECT_DOUBLE_EQ(track.rate_of_all()->over.seconds(), 150);
  EXPECT_FALSE(track.rate_of_all()->is_lower_bound);
  // A counter in the module outlives its host's restart.
  track.restart({kStart + 250 * kSecond}, Discontinuity::kReset);
  EXPECT_EQ(track.add(count_at(300, 9)), Discontinuity::kReset);
  EXPECT_EQ(track.rate_of_all()->events, 29U);
  EXPECT_TRUE(track.rate_of_all()->is_lower_bound);

  track.restart({kStart + 350 * kSecond}, Discontinuity::kReplaced);
  EXPECT_EQ(track.last_discontinuity(), Discontinuity::kReplaced);
  (void)track.add(count_at(400, 1000));
  (void)track.add(count_at(500, 1001));
  EXPECT_EQ(track.rate_of_all()->events, 1U);
  EXPECT_DOUBLE_EQ(track.rate_of_all()->over.seconds(), 100);
}

TEST(TrackCounter, ClockSetBackDoesNotStopIt) {
  Track track(MetricKind::kCounter);
  for (int i = 0; i < 10; ++i) {
    (void)track.add(count_at(i * 10, static_cast<std::uint64_t>(i)));
  }
  EXPECT_FALSE(track.add(count_at(-3600, 10)));
  track.restart({kStart - 3600 * kSecond}, Discontinuity::kClock);
  EXPECT_TRUE(track.add(count_at(-3600, 10)));
  EXPECT_TRUE(track.add(count_at(-3590, 12)));
  EXPECT_EQ(track.rate_of_all()->events, 2U);
}

/// A counter of some width as a machine shows it, with the truth beside it.
struct Simulated {
  std::vector<Point> looks;
  std::uint64_t events = 0;
  std::int64_t covered = 0;
};

Simulated wrapping(base::Random& random, unsigned bits) {
  Simulated out;
  const std::uint64_t mask = bits == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
  std::uint64_t value = random() & mask;
  double at = random.uniform() * 100;
  // Never more than an eighth of the way round between looks, and steady enough to be expected.
  const double mean = std::min(static_cast<double>(mask) / 32, 1e6) * (0.5 + random.uniform() / 2);
  const double start = at;
  out.looks.push_back(count_at(at, value));
  for (int i = 0; i < 300; ++i) {
    const double span = 5 + random.uniform() * 5;
    at += span;
    std::poisson_distribution<std::uint64_t> draw(mean * span / 10);
    const std::uint64_t events = draw(random);
    out.events += events;
    value = (value + events) & mask;
    out.looks.push_back(count_at(at, value));
  }
  out.covered = static_cast<std::int64_t>((at - start) * 1e9);
  return out;
}

TEST(TrackCounter, CountsThroughWrapsOfEveryWidth) {
  base::Random random(7, "wraps");
  for (const unsigned bits : {8U, 12U, 16U, 24U, 32U, 48U, 64U}) {
    for (int round = 0; round < 20; ++round) {
      const Simulated truth = wrapping(random, bits);
      Track track(MetricKind::kCounter, {.bits = bits});
      for (const Point& look : truth.looks) {
        ASSERT_TRUE(track.add(look));
      }
      const auto all = track.rate_of_all();
      ASSERT_TRUE(all);
      EXPECT_EQ(all->events, truth.events) << bits << " bits";
      EXPECT_NEAR(all->over.seconds(), static_cast<double>(truth.covered) * 1e-9, 1e-3);
      EXPECT_FALSE(all->is_lower_bound);
    }
  }
}

TEST(TrackCounter, NeverCountsMoreThanTheTruthThroughUnannouncedResets) {
  base::Random random(8, "resets");
  for (int round = 0; round < 100; ++round) {
    Track track(MetricKind::kCounter);
    std::uint64_t value = random.below(1000);
    std::uint64_t truth = 0;
    (void)track.add(count_at(0, value));
    for (int i = 1; i < 200; ++i) {
      const std::uint64_t before = random.below(20);
      const std::uint64_t after = random.below(20);
      truth += before + after;
      value = random.below(10) == 0 ? after : value + before + after;
      (void)track.add(count_at(i * 10, value));
    }
    const auto all = track.rate_of_all();
    EXPECT_LE(all->events, truth);
    EXPECT_GT(all->events, truth / 2);
    EXPECT_TRUE(all->is_lower_bound);
    EXPECT_GE(all->per_s.high, static_cast<double>(truth) / all->over.seconds() * 0.9);
  }
}

TEST(TrackCounter, AnnouncedResetsFromZeroAreExact) {
  base::Random random(9, "announced");
  for (int round = 0; round < 100; ++round) {
    Track track(MetricKind::kCounter);
    std::uint64_t value = 1'000'000;  // so that the first reset is seen as a fall
    std::uint64_t seen = 0;
    (void)track.add(count_at(0, value));
    for (int i = 1; i < 200; ++i) {
      const std::uint64_t events = random.below(20);
      if (i % 40 == 20) {
        track.restart({kStart + (i * 10 - 5) * kSecond}, Discontinuity::kReset);
        value = events;
        seen += events;
      } else {
        value += events;
        seen += events;
      }
      (void)track.add(count_at(i * 10, value));
      if (i == 1) {
        value += 1'000'000;
        seen += 1'000'000;
      }
    }
    EXPECT_EQ(track.rate_of_all()->events, seen);
    EXPECT_FALSE(track.rate_of_all()->is_lower_bound);
    EXPECT_DOUBLE_EQ(track.rate_of_all()->over.seconds(), 1990 - 5 * 5);
  }
}

TEST(TrackCounter, OrderOfArrivalDoesNotMatter) {
  base::Random random(10, "order");
  for (int round = 0; round < 200; ++round) {
    std::vector<Point> looks;
    std::uint64_t value = 3;
    for (int i = 0; i < 60; ++i) {
      value += random.below(4) == 0 ? random.below(5) : 0;
      if (i == 40) {
        value = 1;
      }
      looks.push_back(count_at(i * 10, value));
    }
    std::vector<Point> mixed = looks;
    for (std::size_t i = 3; i + 2 < mixed.size(); i += 3) {  // the first look is the floor
      std::swap(mixed[i], mixed[i + random.below(3)]);
    }
    Track in_order(MetricKind::kCounter);
    Track out_of_order(MetricKind::kCounter);
    for (std::size_t i = 0; i < looks.size(); ++i) {
      ASSERT_TRUE(in_order.add(looks[i]));
      ASSERT_TRUE(out_of_order.add(mixed[i])) << round << " " << i;
      EXPECT_FALSE(out_of_order.add(mixed[i])) << "a duplicate";
    }
    EXPECT_EQ(in_order.rate_of_all()->events, out_of_order.rate_of_all()->events);
    EXPECT_EQ(in_order.rate_of_all()->over, out_of_order.rate_of_all()->over);
    EXPECT_EQ(in_order.rate(Window::kMinute)->events, out_of_order.rate(Window::kMinute)->events);
    EXPECT_EQ(in_order.last()->value, out_of_order.last()->value);
  }
}

TEST(TrackCounter, HowOftenItIsLookedAtDoesNotChangeWhatIsCounted) {
  base::Random random(17, "cut");
  for (int round = 0; round < 20; ++round) {
    Track often(MetricKind::kCounter);
    Track seldom(MetricKind::kCounter);
    Track random_cut(MetricKind::kCounter);
    std::uint64_t value = random.below(100);
    for (int i = 0; i <= 720; ++i) {
      value += random.below(5) == 0 ? random.below(9) : 0;
      (void)often.add(count_at(i * 10, value));
      if (i % 6 == 0) {
        (void)seldom.add(count_at(i * 10, value));
      }
      if (i == 0 || i == 720 || random.below(3) == 0) {
        (void)random_cut.add(count_at(i * 10, value));
      }
    }
    EXPECT_EQ(often.rate_of_all()->events, seldom.rate_of_all()->events);
    EXPECT_EQ(often.rate_of_all()->events, random_cut.rate_of_all()->events);
    EXPECT_EQ(often.rate_of_all()->over, random_cut.rate_of_all()->over);
    EXPECT_EQ(often.rate_of_all()->per_s.high, seldom.rate_of_all()->per_s.high);
  }
}

TEST(TrackCounter, BoundsHoldTheTruthAtLeastNineteenTimesInTwenty) {
  base::Random random(11, "coverage");
  for (const double rate_per_s : {0.0005, 0.01, 0.5}) {
    int holds = 0;
    constexpr int kRounds = 1000;
    for (int round = 0; round < kRounds; ++round) {
      Track track(MetricKind::kCounter);
      std::uint64_t value = 0;
      std::poisson_distribution<std::uint64_t> draw(rate_per_s * 60);
      for (int i = 0; i <= 70; ++i) {
        (void)track.add(count_at(i * 60, value));
        value += draw(random);
      }
      const auto hour = track.rate(Window::kHour);
      ASSERT_TRUE(hour);
      holds += hour->per_s.low <= rate_per_s && rate_per_s <= hour->per_s.high ? 1 : 0;
    }
    // Garwood is conservative; three standard deviations below 95 % of 1,000 rounds is 929.
    EXPECT_GE(holds, 929) << rate_per_s;
  }
}

TEST(TrackCounter, FindsTheChangeOfARate) {
  base::Random random(12, "rate change");
  Track track(MetricKind::kCounter);
  std::uint64_t value = 0;
  for (int i = 0; i < 600; ++i) {
    std::poisson_distribution<std::uint64_t> draw(i < 400 ? 0.1 : 3.0);
    value += draw(random);
    (void)track.add(count_at(i * 60, value));
  }
  const auto change = track.change();
  ASSERT_TRUE(change);
  EXPECT_NEAR(static_cast<double>(change->at.ns - kStart) * 1e-9, 400 * 60, 3 * 60);
  EXPECT_NEAR(change->before, 0.1 / 60, 0.05 / 60);
  EXPECT_GT(change->after, 1.0 / 60);
}

TEST(TrackGauge, LevelsAreThoseOfTheValues) {
  Track track(MetricKind::kGauge);
  EXPECT_FALSE(track.level(Window::kMinute));
  base::Random random(13, "levels");
  std::vector<double> values;
  for (int i = 0; i < 4000; ++i) {
    values.push_back(40 + std::floor(random.uniform() * 4) * 0.5);
    ASSERT_TRUE(track.add(level_at(i, values.back())));
  }
  const auto hour = track.level(Window::kHour);
  ASSERT_TRUE(hour);
  EXPECT_GE(hour->count, 3600U);
  double sum = 0;
  double squares = 0;
  const auto from = values.end() - static_cast<std::ptrdiff_t>(hour->count);
  std::for_each(from, values.end(), [&](double v) { sum += v; });
  const double mean = sum / static_cast<double>(hour->count);
  std::for_each(from, values.end(), [&](double v) { squares += (v - mean) * (v - mean); });
  EXPECT_NEAR(hour->mean, mean, 1e-9);
  EXPECT_NEAR(hour->deviation, std::sqrt(squares / static_cast<double>(hour->count - 1)), 1e-4);
  EXPECT_EQ(hour->min, 40);
  EXPECT_EQ(hour->max, 41.5);
  EXPECT_LT(track.bytes(), 2400U);
}

TEST(TrackGauge, FindsTheLastingChangeAndNotTheSpike) {
  base::Random random(14, "gauge change");
  std::normal_distribution<double> noise(0, 0.2);
  Track track(MetricKind::kGauge);
  for (int i = 0; i < 300; ++i) {
    const double spike = i == 100 ? 15 : 0;
    (void)track.add(level_at(i * 60, 50 + noise(random) + spike));
  }
  EXPECT_FALSE(track.change());
  EXPECT_NEAR(*track.baseline(), 50, 0.5);
  for (int i = 300; i < 400; ++i) {
    (void)track.add(level_at(i * 60, 51 + noise(random)));
  }
  const auto change = track.change();
  ASSERT_TRUE(change);
  EXPECT_NEAR(static_cast<double>(change->at.ns - kStart) * 1e-9, 300 * 60, 3 * 60);
  EXPECT_NEAR(change->before, 50, 0.3);
  EXPECT_NEAR(change->after, 51, 0.3);
  EXPECT_GT(change->sigmas, 2);
}

TEST(TrackGauge, CalmForAWeekRaisesNoChange) {
  base::Random random(15, "calm");
  int changes = 0;
  for (int series = 0; series < 20; ++series) {
    std::normal_distribution<double> noise(0, 1);
    Track track(MetricKind::kGauge);
    for (int i = 0; i < 10'080; ++i) {
      (void)track.add(level_at(i * 60, 50 + std::round(noise(random) * 2) / 2));
    }
    changes += track.change() ? 1 : 0;
  }
  EXPECT_LE(changes, 1);
}

TEST(TrackGauge, TrendHoldsTheSlope) {
  base::Random random(16, "trend");
  int holds = 0;
  for (int series = 0; series < 200; ++series) {
    std::normal_distribution<double> noise(0, 0.3);
    Track track(MetricKind::kGauge);
    for (int i = 0; i < 300; ++i) {
      (void)track.add(level_at(i * 300, 30 + 1e-5 * i * 300 + noise(random)));
    }
    const auto trend = track.trend();
    ASSERT_TRUE(trend);
    holds += trend->per_s_bounds.low <= 1e-5 && 1e-5 <= trend->per_s_bounds.high ? 1 : 0;
    EXPECT_GT(trend->over.seconds(), 80'000);
  }
  EXPECT_GE(holds, 181);  // three standard deviations below 95 % of 200
}

TEST(TrackGauge, OrderOfArrivalDoesNotMatter) {
  base::Random random(18, "gauge order");
  std::vector<Point> looks;
  for (int i = 0; i < 200; ++i) {
    looks.push_back(level_at(i * 20, 30 + random.uniform()));
  }
  std::vector<Point> mixed = looks;
  for (std::size_t i = 3; i + 2 < mixed.size(); i += 3) {
    std::swap(mixed[i], mixed[i + random.below(3)]);
  }
  Track in_order(MetricKind::kGauge);
  Track out_of_order(MetricKind::kGauge);
  for (std::size_t i = 0; i < looks.size(); ++i) {
    ASSERT_TRUE(in_order.add(looks[i]));
    ASSERT_TRUE(out_of_order.add(mixed[i]));
  }
  for (const Window window : {Window::kMinute, Window::kHour}) {
    EXPECT_EQ(in_order.level(window)->mean, out_of_order.level(window)->mean);
    EXPECT_EQ(in_order.level(window)->count, out_of_order.level(window)->count);
  }
  EXPECT_EQ(in_order.trend()->per_s, out_of_order.trend()->per_s);
  EXPECT_EQ(in_order.baseline(), out_of_order.baseline());
}

TEST(TrackGauge, CalmUnfoldsAsIfItHadBeenKept) {
  Track track(MetricKind::kGauge);
  for (int i = 0; i < 100; ++i) {
    (void)track.add(level_at(i * 60, 20));
  }
  EXPECT_LT(track.bytes(), 200U);
  EXPECT_EQ(track.level(Window::kHour)->count, 61U);
  EXPECT_EQ(track.level(Window::kHour)->mean, 20);
  (void)track.add(level_at(6000, 26));
  const auto hour = track.level(Window::kHour);
  EXPECT_NEAR(static_cast<double>(hour->count), 61, 6);
  EXPECT_NEAR(hour->mean, 20.1, 0.01);
  EXPECT_EQ(hour->max, 26);
}

TEST(TrackState, ChangeIsImmediate) {
  Track track(MetricKind::kState);
  for (int i = 0; i < 50; ++i) {
    (void)track.add(count_at(i * 10, i < 30 ? 1 : 0));
  }
  const auto change = track.change();
  ASSERT_TRUE(change);
  EXPECT_EQ(change->at.ns, kStart + 300 * kSecond);
  EXPECT_EQ(change->before, 1);
  EXPECT_EQ(change->after, 0);
}

TEST(Track, WhatIsNotMeasuredIsKeptWithItsReason) {
  Track track(MetricKind::kCounter);
  (void)track.add(count_at(0, 5));
  ASSERT_TRUE(track.add({{kStart + 10 * kSecond}, observe::absent(observe::Absence::kNeedsRoot)}));
  ASSERT_TRUE(track.last());
  ASSERT_FALSE(track.last()->value);
  EXPECT_EQ(track.last()->value.error().why, observe::Absence::kNeedsRoot);
  (void)track.add(count_at(20, 5));
  EXPECT_TRUE(track.last()->value);
  EXPECT_DOUBLE_EQ(track.rate_of_all()->over.seconds(), 20);
  EXPECT_FALSE(Track(MetricKind::kGauge).add(level_at(0, std::nan(""))));
  EXPECT_FALSE(Track(MetricKind::kCounter).add(level_at(0, -1)));
}

}  // namespace
}  // namespace weft::telemetry
