// SPDX-License-Identifier: Apache-2.0
// What is kept of a series must still tell of a step long after it, whenever it is asked.
#include "diagnose/past.h"

#include "base/random.h"

#include <cmath>

#include <gtest/gtest.h>

namespace weft::diagnose {
namespace {

constexpr base::WallTime minute(int i) {
  return {1'700'000'000'000'000'000LL + i * 60'000'000'000LL};
}

TEST(Past, KeepsAStepOfAGaugeWhereItWas) {
  for (const double scatter : {0.0, 0.4}) {
    base::Random random(3, "past");
    Past past;
    for (int i = 0; i < 3000; ++i) {
      past.add_value(minute(i), (i < 60 ? 45.0 : 74.0) + scatter * (random.uniform() - 0.5));
      if (i < 65) {
        continue;
      }
      const auto shift = past.value_shift(8);
      ASSERT_EQ(shift.move, Move::kRaised) << i << " minutes, scatter " << scatter;
      EXPECT_EQ(shift.onset, minute(59)) << "between the last low look and the first high one";
      EXPECT_NEAR(shift.size, 29, 0.5);
    }
  }
}

TEST(Past, KeepsAStepOfACounterWhereItWas) {
  base::Random random(4, "past");
  Past past;
  past.add_count(minute(0), 0, 60);
  for (int i = 1; i < 3000; ++i) {
    const double rate = i < 100 ? 2 : 400;
    past.add_count(minute(i), std::floor(rate * (0.5 + random.uniform())), 60);
    if (i < 102) {
      continue;
    }
    const auto shift = past.count_shift(1.0);
    ASSERT_EQ(shift.move, Move::kRaised) << i;
    EXPECT_EQ(shift.onset, minute(99)) << i;
  }
}

TEST(Past, KeepsWhatCameAndWent) {
  Past past;
  for (int i = 0; i < 2000; ++i) {
    past.add_value(minute(i), i >= 200 && i < 220 ? -7.0 : -1.0);
  }
  const auto shift = past.value_shift(1);
  ASSERT_EQ(shift.move, Move::kLowered);
  EXPECT_EQ(shift.onset, minute(199));
  ASSERT_TRUE(shift.end);
  EXPECT_EQ(*shift.end, minute(219));
}

TEST(Past, TellsASlopeFromAStep) {
  base::Random random(6, "past");
  Past slope;
  Past step;
  for (int i = 0; i < 600; ++i) {
    const double noise = 0.1 * (random.uniform() - 0.5);
    slope.add_value(minute(i), (i < 300 ? 40.0 : 40 + 0.05 * (i - 300)) + noise);
    step.add_value(minute(i), (i < 300 ? 40.0 : 55.0) + noise);
  }
  const auto gradual = slope.value_shift(5);
  ASSERT_EQ(gradual.move, Move::kRaised);
  EXPECT_TRUE(gradual.is_slow);
  EXPECT_GE(gradual.slope_from, minute(290));
  const auto line = line_through(slope, false, gradual.slope_from);
  ASSERT_TRUE(line);
  EXPECT_LE(line->per_s_bounds.low, 0.05 / 60);
  EXPECT_GE(line->per_s_bounds.high, 0.05 / 60);
  EXPECT_NEAR(line->per_s, 0.05 / 60, 0.003 / 60);
  EXPECT_NEAR(line->now, 55, 0.5);
  EXPECT_FALSE(step.value_shift(5).is_slow);
}

TEST(Past, IsNoLongerForMuchNoise) {
  base::Random random(5, "past");
  Past past;
  for (int i = 0; i < 20000; ++i) {
    past.add_value(minute(i), random.uniform());
    ASSERT_LE(past.stretches().size(), 24U);
  }
  EXPECT_EQ(past.value_shift(0.5).move, Move::kNormal);
  // Fine near now: of the last hour more than one stretch is left.
  EXPECT_GE(past.stretches().back().from_ns, minute(20000 - 61).ns);
}

// Two things warm up alike; what is left of one without the other is what it did by itself.
TEST(Past, TakesOffWhatOthersDidStretchByStretch) {
  Past own;
  Past other;
  for (int n = 0; n < 72; ++n) {
    const base::WallTime at{n * 20LL * 1'000'000'000};
    const double warm = 66 - 14 * std::exp(-n / 4.0);
    own.add_value(at, warm + (n >= 50 ? 7 : 0));
    other.add_value(at, warm);
  }
  const auto taken_off = [&other](const Past::Sum& stretch) {
    auto level = other.level(stretch.from_ns, stretch.to_ns);
    if (level) {
      level->mean -= other.all().mean();
    }
    return level;
  };
  EXPECT_EQ(own.value_shift(5).move, Move::kNormal) << "warming up hides it";
  const auto left = own.less(taken_off);
  ASSERT_TRUE(left.has_value());
  const auto shift = left->value_shift(5);
  EXPECT_EQ(shift.move, Move::kRaised);
  EXPECT_NEAR(shift.size, 7, 1);
  EXPECT_EQ(other.less(taken_off)->value_shift(1).move, Move::kNormal);
  EXPECT_FALSE(own.level(-100, -50).has_value());
}

}  // namespace
}  // namespace weft::diagnose
