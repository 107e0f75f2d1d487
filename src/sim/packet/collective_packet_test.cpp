// SPDX-License-Identifier: Apache-2.0
// Workloads packet by packet: collectives against their closed forms, one rank for all against all
// of them, and ranks that wait for each other.
#include "sim/collective.h"
#include "sim/packet/run.h"
#include "sim/topology.h"

#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft::sim::packet {
namespace {

Network network_of(const std::string& text) {
  return *make_network(*parse_topology(text));
}

std::unique_ptr<Workload> collective(Collective kind, Algorithm algorithm, std::uint32_t ranks,
                                     std::uint64_t bytes) {
  auto made =
      make_collective({.collective = kind, .algorithm = algorithm, .ranks = ranks, .bytes = bytes});
  EXPECT_TRUE(made.has_value()) << made.error().text();
  return std::move(*made);
}

Result run_fine(const Network& network, const Workload& workload, const Options& options) {
  auto result = run(network, workload, options);
  EXPECT_TRUE(result.has_value()) << (result ? "" : result.error().text());
  return result ? std::move(*result) : Result{};
}

constexpr const char* kStar8 = "star:8,rate=50GB/s,latency=100ns,switch=200ns";

TEST(PacketCollective, RingMeetsItsClosedForm) {
  const Network network = network_of(kStar8);
  const auto ring = collective(Collective::kAllReduce, Algorithm::kRing, 8, 8 * 16384);
  const Result result = run_fine(network, *ring, {});
  // 2 (N - 1) (alpha + S / (N B)), 20 ps a byte.
  EXPECT_EQ(result.finish, 14 * (400'000 + 16384 * 20));
  EXPECT_TRUE(result.standstill.empty());
  EXPECT_EQ(result.counters.messages, 8U * 14);
}

TEST(PacketCollective, HalvingDoublingAndTwoShotMeetTheirs) {
  const Network network = network_of(kStar8);
  const Ps moved = 2 * 7 * 16384 * 20;  // 2 (N - 1) / N S / B
  const auto halving =
      collective(Collective::kAllReduce, Algorithm::kHalvingDoubling, 8, 8 * 16384);
  EXPECT_EQ(run_fine(network, *halving, {}).finish, 6 * 400'000 + moved);
  const auto two = collective(Collective::kAllReduce, Algorithm::kTwoShot, 8, 8 * 16384);
  EXPECT_EQ(run_fine(network, *two, {}).finish, 2 * 400'000 + moved);
}

TEST(PacketCollective, OneRankStandsForAllExactly) {
  const Network network = network_of("star:32,rate=50GB/s,latency=100ns,switch=200ns");
  const auto ring = collective(Collective::kAllReduce, Algorithm::kRing, 32, 1 << 20);
  ASSERT_TRUE(is_foldable(network, *ring, {}));
  Options options;
  const Result all = run_fine(network, *ring, options);
  options.fold = true;
  const Result one = run_fine(network, *ring, options);
  EXPECT_EQ(one.finish, all.finish);
  EXPECT_EQ(one.rank_finish, all.rank_finish);
  EXPECT_TRUE(one.is_folded);
  EXPECT_EQ(one.counters.hops * 32, all.counters.hops);
  // Not where ranks differ.
  Network hurt = network_of("star:32,rate=50GB/s");
  hurt.channel(hurt.first_out(3)).bytes_per_second /= 2;
  EXPECT_EQ(run(hurt, *ring, options).error().code, base::Code::kFailedPrecondition);
}

TEST(PacketCollective, ThreadsChangeNothing) {
  const Network network = network_of("fat-tree:k=4,rate=50GB/s");
  const auto all = collective(Collective::kAllToAll, Algorithm::kDirect, 16, 16 * 20'000);
  Options options;
  options.route = Route::kSpray;
  const Result one = run_fine(network, *all, options);
  options.threads = 3;
  const Result three = run_fine(network, *all, options);
  EXPECT_EQ(one.rank_finish, three.rank_finish);
  EXPECT_EQ(one.latency.counts, three.latency.counts);
  EXPECT_EQ(one.counters.messages, 16U * 15);
}

/// Each rank receives from the next before it sends to the one before.
class Waits final : public Workload {
 public:
  [[nodiscard]] std::uint32_t ranks() const override { return 3; }
  [[nodiscard]] std::uint64_t ops(Rank, std::uint32_t) const override { return 2; }
  [[nodiscard]] Op op(Rank rank, std::uint32_t, std::uint64_t index) const override {
    return index == 0 ? Op{.kind = OpKind::kReceive, .peer = (rank + 1) % 3, .tag = 7}
                      : Op{.kind = OpKind::kSend, .peer = (rank + 2) % 3, .tag = 7, .bytes = 1};
  }
};

TEST(PacketCollective, RanksThatWaitForEachOtherAreNamed) {
  const Result result = run_fine(network_of("star:3"), Waits{}, {});
  EXPECT_THAT(result.standstill, testing::StartsWith("ranks wait for each other: rank 0"));
  EXPECT_THAT(result.standstill, testing::HasSubstr("receive from rank 1, tag 7"));
}

TEST(PacketCollective, RefusesBeforeItStarts) {
  const Network network = network_of(kStar8);
  const auto ring = collective(Collective::kAllReduce, Algorithm::kRing, 8, 1 << 20);
  Options options;
  options.budget.memory_bytes = 1000;
  const auto refused = run(network, *ring, options);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, base::Code::kResourceExhausted);
  const auto cost = estimate(network, *ring, {});
  EXPECT_EQ(cost.packets, 8U * 14 * 32);
  EXPECT_EQ(cost.hops, cost.packets * 2);
  const auto reduce = collective(Collective::kAllReduce, Algorithm::kInSwitch, 8, 1 << 20);
  EXPECT_EQ(run(network, *reduce, {}).error().code, base::Code::kUnimplemented);
}

}  // namespace
}  // namespace weft::sim::packet
