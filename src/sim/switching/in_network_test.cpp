// SPDX-License-Identifier: Apache-2.0
// In-switch reduction and multicast against their oracles: latency + S / B exactly and never less,
// bytes counted exactly, and where copying does not win, that it does not.
#include "sim/switching/in_network.h"

#include <gtest/gtest.h>

namespace weft::sim::switching {
namespace {

TEST(PushReduce, IsLatencyPlusSizeOverRate) {
  // 50 GB/s: 20 ps a byte.
  const auto result = push_reduce({.ranks = 8, .bytes = 1 << 20, .start = {}});
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->finish, 400'000 + (1 << 20) * 20);
  EXPECT_EQ(result->finish, result->bound);
  EXPECT_EQ(result->stalled, 0);
}

TEST(PushReduce, AFiniteBufferLimitsToSlotsOverRoundTrip) {
  constexpr Ps kSpan = 4096 * 20;
  constexpr Ps kTrip = kSpan + 2 * 100'000 + 200'000;  // sent, summed, sent on, and told
  constexpr std::uint64_t kPackets = 1000;
  for (const std::uint64_t slots : {1U, 2U, 5U}) {
    const auto result = push_reduce(
        {.ranks = 4, .bytes = 4096 * kPackets, .buffer_bytes = slots * 4096, .start = {}});
    ASSERT_TRUE(result.has_value());
    EXPECT_EQ(result->slots, slots);
    EXPECT_NEAR(static_cast<double>(result->finish),
                static_cast<double>(kPackets / slots * static_cast<std::uint64_t>(kTrip)),
                2.0 * kTrip);
    EXPECT_GT(result->finish, result->bound);
  }
}

TEST(PushReduce, OrderByRankNeedsRanksTimesTheBuffer) {
  const PushReduce loose{.ranks = 16, .bytes = 1 << 20, .buffer_bytes = 16 * 4096, .start = {}};
  PushReduce strict = loose;
  strict.order = SumOrder::kByRank;
  const auto fast = push_reduce(loose);
  const auto slow = push_reduce(strict);
  ASSERT_TRUE(fast.has_value() && slow.has_value());
  EXPECT_EQ(fast->finish, fast->bound);
  EXPECT_EQ(slow->slots, 1U);
  EXPECT_GT(slow->finish, 5 * fast->finish);
  strict.buffer_bytes = 15 * 4096;
  EXPECT_FALSE(push_reduce(strict).has_value());
}

TEST(PushReduce, ALateRankHoldsAll) {
  const auto result = push_reduce(
      {.ranks = 3, .bytes = 1 << 20, .buffer_bytes = 1 << 16, .start = {0, 0, 7'000'000}});
  ASSERT_TRUE(result.has_value());
  EXPECT_GE(result->finish, result->bound);
  EXPECT_EQ(result->bound, 7'000'000 + 400'000 + (1 << 20) * 20);
  EXPECT_GT(result->stalled, 2 * 5'000'000);
}

TEST(Multicast, CountsBytesExactly) {
  const TokenTraffic traffic{.ranks = 16, .sources = 1, .tokens = 100, .top = 15};
  const auto unicast = send_tokens(traffic, Copying::kUnicast);
  ASSERT_TRUE(unicast.has_value());
  EXPECT_EQ(unicast->source_bytes, 100U * 15 * 7168);
  EXPECT_EQ(unicast->switch_bytes, 100U * 15 * 7168);
  TokenTraffic grouped = traffic;
  grouped.distinct_groups = 1;
  const auto copied = send_tokens(grouped, Copying::kStaticGroups);
  ASSERT_TRUE(copied.has_value());
  EXPECT_EQ(copied->source_bytes, 100U * 7168);
  EXPECT_EQ(copied->switch_bytes, 100U * 15 * 7168);
  EXPECT_EQ(copied->finish, 400'000 + 100 * transfer_time(7168, 50e9));
  EXPECT_NEAR(static_cast<double>(unicast->finish) / static_cast<double>(copied->finish), 15, .6);
}

TEST(Multicast, WinsForOneSourceAndNotWhereReceiversAreFull) {
  // Experts of a layer: when every rank sends, each receives as much as it would send alone.
  TokenTraffic all{.ranks = 64, .sources = 64, .tokens = 128, .top = 8};
  const auto unicast = send_tokens(all, Copying::kUnicast);
  const auto carried = send_tokens(all, Copying::kPerToken);
  const double gain = static_cast<double>(unicast->finish) / static_cast<double>(carried->finish);
  EXPECT_GT(gain, .95);
  EXPECT_LT(gain, 1.3);
  all.sources = 4;
  const auto few = send_tokens(all, Copying::kUnicast);
  const auto few_carried = send_tokens(all, Copying::kPerToken);
  EXPECT_GT(static_cast<double>(few->finish), 3 * static_cast<double>(few_carried->finish));
  for (const auto& result : {*unicast, *carried, *few, *few_carried}) {
    EXPECT_GE(result.finish, result.bound);
  }
}

TEST(Multicast, TablesThatAreTooSmallCostMoreThanTheySave) {
  const TokenTraffic traffic{.ranks = 64, .sources = 4, .tokens = 128, .top = 8};
  const auto unicast = send_tokens(traffic, Copying::kUnicast);
  const auto fixed = send_tokens(traffic, Copying::kStaticGroups);
  const auto updated = send_tokens(traffic, Copying::kTableUpdates);
  const auto carried = send_tokens(traffic, Copying::kPerToken);
  EXPECT_EQ(fixed->misses, 4U * 128);
  EXPECT_EQ(fixed->finish, unicast->finish);
  // Any 8 of 64 hardly repeat: each token waits for its own entry.
  EXPECT_GT(updated->updates, 500U);
  EXPECT_GT(updated->finish, unicast->finish);
  EXPECT_LT(carried->finish, unicast->finish);
  TokenTraffic repeats = traffic;
  repeats.distinct_groups = 48;
  EXPECT_EQ(send_tokens(repeats, Copying::kTableUpdates)->updates, 0U);
  EXPECT_FALSE(send_tokens({.top = 0}, Copying::kUnicast).has_value());
}

}  // namespace
}  // namespace weft::sim::switching
