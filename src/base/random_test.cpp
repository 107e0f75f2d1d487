// SPDX-License-Identifier: Apache-2.0
// Published vectors: xoshiro256** from state {1, 2, 3, 4} is the reference test of the generator's
// ports (first value by hand: rotl(2 * 5, 7) * 9 = 11520); splitmix64 from 1234567 likewise.
#include "base/random.h"

#include <array>
#include <set>

#include <gtest/gtest.h>

namespace weft::base {
namespace {

TEST(Random, XoshiroGivesThePublishedNumbers) {
  Random random(Random::State{1, 2, 3, 4});
  for (const std::uint64_t expected :
       {11520ULL, 0ULL, 1509978240ULL, 1215971899390074240ULL, 1216172134540287360ULL,
        607988272756665600ULL, 16172922978634559625ULL, 8476171486693032832ULL,
        10595114339597558777ULL, 2904607092377533576ULL}) {
    EXPECT_EQ(random(), expected);
  }
}

TEST(Random, SplitMixGivesThePublishedNumbers) {
  SplitMix64 spread(1234567);
  for (const std::uint64_t expected :
       {6457827717110365317ULL, 3203168211198807973ULL, 9817491932198370423ULL,
        4593380528125082431ULL, 16408922859458223821ULL}) {
    EXPECT_EQ(spread(), expected);
  }
}

TEST(Random, StreamsDependOnSeedAndPathOnly) {
  Random first(7, "pod0/server1");
  Random again(7, "pod0/server1");
  Random other_path(7, "pod0/server2");
  Random other_seed(8, "pod0/server1");
  for (int i = 0; i < 100; ++i) {
    const std::uint64_t value = first();
    EXPECT_EQ(value, again());
    EXPECT_NE(value, other_path());
    EXPECT_NE(value, other_seed());
  }
}

TEST(Random, GoesOnFromACheckpoint) {
  Random random(1, "x");
  random();
  Random restored(random.state());
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(random(), restored());
  }
}

TEST(Random, AnAllZeroStateIsReplaced) {
  Random random(Random::State{});
  EXPECT_NE(random() | random() | random(), 0U);
}

TEST(Random, UniformIsInRangeAndCentred) {
  Random random(1, "uniform");
  double sum = 0;
  constexpr int kDraws = 100000;
  for (int i = 0; i < kDraws; ++i) {
    const double value = random.uniform();
    ASSERT_GE(value, 0.0);
    ASSERT_LT(value, 1.0);
    sum += value;
  }
  EXPECT_NEAR(sum / kDraws, 0.5, 0.004);  // over four standard errors
}

TEST(Random, BelowReachesEveryValueEvenly) {
  Random random(1, "below");
  std::array<int, 6> counts{};
  constexpr int kDraws = 60000;
  for (int i = 0; i < kDraws; ++i) {
    const std::uint64_t value = random.below(counts.size());
    ASSERT_LT(value, counts.size());
    ++counts[value];
  }
  for (const int count : counts) {
    EXPECT_NEAR(count, kDraws / 6, 400);  // over four standard deviations
  }
  EXPECT_EQ(random.below(1), 0U);
  std::set<bool> halves;
  constexpr std::uint64_t kHuge = (1ULL << 63) + 1;
  for (int i = 0; i < 64; ++i) {
    const std::uint64_t value = random.below(kHuge);
    EXPECT_LT(value, kHuge);
    halves.insert(value > kHuge / 2);
  }
  EXPECT_EQ(halves.size(), 2U);
}

}  // namespace
}  // namespace weft::base
