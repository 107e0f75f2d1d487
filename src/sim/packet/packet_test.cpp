// SPDX-License-Identifier: Apache-2.0
// Packets against what is known: zero-load latency and credits to the picosecond, retries and
// queues against their formulas, conservation and order on every run, one result for any number of
// threads, and standstills that are named.
#include "sim/packet/run.h"
#include "sim/topology.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft::sim::packet {
namespace {

Network make(const std::string& text) {
  const auto topology = parse_topology(text);
  EXPECT_TRUE(topology.has_value()) << (topology ? "" : topology.error().text());
  auto network = make_network(*topology);
  EXPECT_TRUE(network.has_value()) << (network ? "" : network.error().text());
  return std::move(*network);
}

Result run_fine(const Network& network, const std::vector<Flow>& flows, const Options& options) {
  auto result = run_flows(network, flows, options);
  EXPECT_TRUE(result.has_value()) << (result ? "" : result.error().text());
  return result ? std::move(*result) : Result{};
}

std::vector<Flow> shift_flows(Rank ranks, Rank by, std::uint64_t bytes) {
  std::vector<Flow> flows;
  for (Rank rank = 0; rank < ranks; ++rank) {
    flows.push_back({rank, (rank + by) % ranks, bytes, 0});
  }
  return flows;
}

TEST(Packet, ZeroLoadLatencyIsTheSum) {
  // 50 GB/s: 20 ps a byte; two links of 100 ns, one switch of 200 ns, 4096 bytes once.
  const Network network = make("star:2,rate=50GB/s,latency=100ns,switch=200ns");
  const Result result = run_fine(network, {{0, 1, 4096, 0}}, {});
  EXPECT_EQ(result.finish, 100'000 + 200'000 + 100'000 + 4096 * 20);
  EXPECT_EQ(result.counters.hops, 2U);
  EXPECT_TRUE(result.standstill.empty());
  // Many packets: the rest follow at line rate.
  const Result many = run_fine(network, {{0, 1, 4096 * 100, 0}}, {});
  EXPECT_EQ(many.finish, 400'000 + 100 * 4096 * 20);
  EXPECT_EQ(many.counters.order_errors + many.counters.reordered, 0U);
}

TEST(Packet, CreditsLimitToBufferOverRoundTrip) {
  const Network network = make("star:2,rate=50GB/s,latency=1us,switch=0ns");
  // A credit's round trip on the first link: out, the packet's own time, and back.
  constexpr Ps kSpan = 4096 * 20;
  constexpr Ps kTrip = 1'000'000 + kSpan + 1'000'000;
  for (const std::uint64_t packets : {1U, 5U, 10U}) {
    constexpr std::uint64_t kCount = 1000;
    const Result result =
        run_fine(network, {{0, 1, 4096 * kCount, 0}}, {.buffer_bytes = packets * 4096});
    const Ps first = 2'000'000 + kSpan;
    const Ps rounds = static_cast<Ps>((kCount - 1) / packets);
    const Ps rest = static_cast<Ps>((kCount - 1) % packets);
    EXPECT_EQ(result.finish, first + rounds * kTrip + rest * kSpan) << packets;
  }
}

TEST(Packet, RetriesCostWhatTheFormulaSays) {
  Network network = make("star:2,rate=50GB/s,latency=100ns,switch=0ns");
  const ChannelIndex channel = network.first_out(0);
  for (const auto replay : {Replay::kGoBackN, Replay::kSelective}) {
    for (const double ratio : {1e-3, 1e-2}) {
      network.channel(channel).flit_error_ratio = ratio;
      constexpr std::uint64_t kBytes = 256 * 200'000;
      const Result result =
          run_fine(network, {{0, 1, kBytes, 0}},
                   {.packet_bytes = 256, .replay = replay, .buffer_bytes = 1 << 20});
      // W: 205.12 ns of round trip in flits of 5.12 ns.
      const double w = (200'000 + 5'120) / 5'120.0;
      const double share =
          replay == Replay::kGoBackN ? (1 - ratio) / (1 - ratio + ratio * w) : 1 - ratio;
      const double spent = static_cast<double>(result.finish - 200'000) / (20.0 * kBytes);
      const double retries = static_cast<double>(result.counters.retries);
      EXPECT_NEAR(1 / spent, share, 3 * share * (1 - share) / std::sqrt(retries) + 1e-4) << ratio;
      EXPECT_EQ(result.counters.order_errors, 0U);
    }
  }
}

TEST(Packet, SmallReplayBufferStallsTheSender) {
  const Network network = make("star:2,rate=50GB/s,latency=100ns,switch=0ns");
  const Result result = run_fine(network, {{0, 1, 4096 * 1000, 0}}, {.replay_bytes = 5'128});
  // 205.12 ns of round trip hold 10256 bytes: half the rate.
  EXPECT_NEAR(static_cast<double>(result.finish), 2.0 * 4096 * 1000 * 20, 4e5);
}

TEST(Packet, IncastSharesTheOutput) {
  const Network network = make("star:9,rate=50GB/s,latency=100ns,switch=200ns");
  std::vector<Flow> flows;
  for (Rank rank = 1; rank < 9; ++rank) {
    flows.push_back({rank, 0, 1 << 20, 0});
  }
  const Result result = run_fine(network, flows, {});
  EXPECT_EQ(result.finish, 400'000 + 8 * (1 << 20) * 20);
  const Ps first = *std::min_element(result.message_finish.begin(), result.message_finish.end());
  EXPECT_GT(static_cast<double>(first), .95 * static_cast<double>(result.finish));
}

TEST(Packet, ShiftOnANonBlockingTreeRunsAtLineRate) {
  const Network network = make("fat-tree:k=4,rate=50GB/s");
  const Result result = run_fine(network, shift_flows(16, 8, 1 << 20), {.route = Route::kAdaptive});
  EXPECT_LT(static_cast<double>(result.finish), 1.1 * (1 << 20) * 20 + 3e6);
  EXPECT_EQ(result.counters.order_errors, 0U);
}

TEST(Packet, OneResultForAnyNumberOfThreads) {
  Network network = make("fat-tree:k=8,rate=50GB/s");
  for (ChannelIndex c = 0; c < network.channels().size(); c += 7) {
    network.channel(c).flit_error_ratio = 1e-3;
  }
  std::vector<Flow> flows = shift_flows(128, 37, 200'000);
  for (Rank rank = 1; rank < 20; ++rank) {
    flows.push_back({rank, 0, 50'000, rank * 100});
  }
  for (const Route route : {Route::kEcmp, Route::kSpray, Route::kAdaptive}) {
    const Result one = run_fine(network, flows, {.route = route, .threads = 1});
    for (const std::uint32_t threads : {2U, 4U}) {
      const Result more = run_fine(network, flows, {.route = route, .threads = threads});
      EXPECT_EQ(more.message_finish, one.message_finish) << threads;
      EXPECT_EQ(more.latency.counts, one.latency.counts);
      EXPECT_EQ(more.utilisation, one.utilisation);
      EXPECT_EQ(more.counters.hops, one.counters.hops);
      EXPECT_EQ(more.counters.retries, one.counters.retries);
      EXPECT_EQ(more.counters.waited, one.counters.waited);
    }
  }
}

TEST(Packet, ASilentDropIsDetected) {
  const Network network = make("fat-tree:k=4,rate=50GB/s");
  const auto spine = static_cast<NodeIndex>(network.nodes().size() - 1);
  for (const Route route : {Route::kEcmp, Route::kSpray}) {
    auto flows = shift_flows(16, 8, 100'000);
    const Result result = run_fine(network, flows, {.route = route, .silent_drops = {{spine, 5}}});
    ASSERT_EQ(result.losses.size(), 1U);
    EXPECT_EQ(result.message_finish[result.losses[0].source], kNever);
    EXPECT_EQ(result.counters.injected, result.counters.delivered + 1);
    const auto hurt =
        std::count(result.message_finish.begin(), result.message_finish.end(), kNever);
    EXPECT_EQ(hurt, 1);
  }
}

TEST(Packet, AFlapDelaysAndLosesNothing) {
  const Network network = make("star:2,rate=50GB/s,latency=100ns,switch=200ns");
  const std::vector<Flow> flows = {{0, 1, 1 << 20, 0}};
  const Ps calm = run_fine(network, flows, {}).finish;
  const Result result = run_fine(
      network, flows, {.flaps = {{network.first_out(0), 1 * kMicrosecond, 5 * kMicrosecond}}});
  EXPECT_NEAR(static_cast<double>(result.finish), static_cast<double>(calm + 5 * kMicrosecond),
              1e5);
}

TEST(Packet, ATorusWithoutDatelineLocksAndTheCycleIsNamed) {
  Network network = make("torus:6,rate=50GB/s,latency=10ns,switch=10ns");
  const auto flows = shift_flows(6, 2, 1 << 18);
  const Options tight{.vc_rule = VcRule::kSingle, .buffer_bytes = 4096};
  const auto locked = run_flows(network, flows, tight);
  ASSERT_TRUE(locked.has_value()) << locked.error().text();
  EXPECT_THAT(locked->standstill, testing::StartsWith("deadlock: "));
  EXPECT_THAT(locked->standstill, testing::HasSubstr("waits for the first"));
  const Result free = run_fine(network, flows, {.buffer_bytes = 4096});
  EXPECT_TRUE(free.standstill.empty()) << free.standstill;
}

TEST(Packet, SaysHowFarItIsAndStopsWhenTold) {
  const Network network = make("star:4,rate=50GB/s");
  const auto flows = shift_flows(4, 1, 8 << 20);
  double last = 0;
  int calls = 0;
  Options options;
  options.progress = [&](const Progress& progress) {
    EXPECT_GE(progress.done, last);
    last = progress.done;
    return ++calls < 1000;
  };
  EXPECT_TRUE(run_fine(network, flows, options).standstill.empty());
  EXPECT_GT(calls, 3);
  EXPECT_GT(last, .9);
  calls = 999;
  last = 0;
  EXPECT_FALSE(run_fine(network, flows, options).standstill.empty());
}

TEST(Packet, SaysAllThatIsWrong) {
  const Network network = make("star:2");
  const auto wrong = run_flows(network, {}, {.packet_bytes = 1, .vcs = 99, .threads = 0});
  ASSERT_FALSE(wrong.has_value());
  EXPECT_THAT(wrong.error().what,
              testing::AllOf(testing::HasSubstr("packets of 1"), testing::HasSubstr("99 virtual"),
                             testing::HasSubstr("0 threads")));
  const std::vector<Flow> self = {{0, 0, 1, 0}};
  EXPECT_FALSE(run_flows(network, self, {}).has_value());
}

}  // namespace
}  // namespace weft::sim::packet
