// SPDX-License-Identifier: Apache-2.0
// Max-min rates and flow runs against forms that are known: the star's fair shares, alpha-beta
// costs of each collective, byte counts of multicast, bounds that nothing may beat.
#include "sim/flow/flow.h"

#include "base/random.h"
#include "sim/closed_form.h"
#include "sim/effective.h"
#include "sim/flow/max_min.h"
#include "sim/topology.h"

#include <cmath>
#include <map>

#include <gtest/gtest.h>

namespace weft::sim {
namespace {

Network network_of(std::string_view text) {
  auto network = make_network(*parse_topology(text));
  EXPECT_TRUE(network);
  return std::move(*network);
}

RunResult ran(const Network& network, const Workload& workload, FlowOptions options = {}) {
  const auto routes = Routes::make(network);
  EXPECT_TRUE(routes);
  auto result = run_flow(network, *routes, workload, options);
  EXPECT_TRUE(result) << result.error().text();
  if (result) {
    EXPECT_EQ(result->path.total(), result->time);
  }
  return result ? std::move(*result) : RunResult{};
}

TEST(MaxMin, textbook_case) {
  // Three links in a row of 1, 2 and 1; one flow over all, one over each.
  const std::vector<std::vector<Share>> flows = {
      {{0, 1}, {1, 1}, {2, 1}}, {{0, 1}}, {{1, 1}}, {{2, 1}}};
  MaxMin solver({1, 2, 1});
  for (const auto& flow : flows) {
    solver.add(flow);
  }
  const auto& rates = solver.solve();
  EXPECT_NEAR(rates[0], 0.5, 1e-12);
  EXPECT_NEAR(rates[1], 0.5, 1e-12);
  EXPECT_NEAR(rates[2], 1.5, 1e-12);
  EXPECT_NEAR(rates[3], 0.5, 1e-12);
}

/// The condition that defines max-min: each flow has a full channel on which nobody is faster.
void expect_max_min(const std::vector<std::vector<Share>>& flows,
                    const std::vector<double>& capacity, const std::vector<double>& rates) {
  std::vector<double> load(capacity.size(), 0), fastest(capacity.size(), 0);
  for (std::size_t f = 0; f < flows.size(); ++f) {
    for (const Share& share : flows[f]) {
      load[share.channel] += rates[f] * share.part;
      fastest[share.channel] = std::max(fastest[share.channel], rates[f]);
    }
  }
  for (std::size_t c = 0; c < capacity.size(); ++c) {
    EXPECT_LE(load[c], capacity[c] * (1 + 1e-9));
  }
  for (std::size_t f = 0; f < flows.size(); ++f) {
    bool is_held = false;
    for (const Share& share : flows[f]) {
      is_held = is_held || (load[share.channel] > capacity[share.channel] * (1 - 1e-9) &&
                            rates[f] > fastest[share.channel] * (1 - 1e-9));
    }
    EXPECT_TRUE(is_held) << "flow " << f;
  }
}

TEST(MaxMin, random_cases_have_the_defining_property) {
  base::Random random(7, "max-min");
  for (int round = 0; round < 200; ++round) {
    std::vector<double> capacity(3 + random.below(20));
    for (double& value : capacity) {
      value = 1e9 * (1 + random.uniform() * 9);
    }
    std::vector<std::vector<Share>> flows(1 + random.below(40));
    for (auto& flow : flows) {
      std::map<ChannelIndex, double> used;
      for (std::uint64_t i = 0; i <= random.below(5); ++i) {
        used[static_cast<ChannelIndex>(random.below(capacity.size()))] =
            round % 2 == 0 ? 1 : 0.1 + random.uniform();
      }
      for (const auto& [channel, part] : used) {
        flow.push_back({channel, part});
      }
    }
    MaxMin solver(capacity);
    for (const auto& flow : flows) {
      solver.add(flow);
    }
    expect_max_min(flows, capacity, solver.solve());
  }
}

TEST(MaxMin, star_closed_form) {
  // k flows into one end share its channel; each of the others is held by its source.
  const Network network = network_of("star:9,rate=100GB/s");
  const auto routes = Routes::make(network);
  ASSERT_TRUE(routes);
  for (Rank k = 1; k < 9; ++k) {
    std::vector<std::vector<Share>> flows;
    for (Rank from = 1; from <= k; ++from) {
      flows.push_back(routes->spread(from, 0, Routing::kSpray));
    }
    flows.push_back(routes->spread(1, 8, Routing::kSpray));
    MaxMin solver(effective_rates(network));
    for (const auto& flow : flows) {
      solver.add(flow);
    }
    const auto& rates = solver.solve();
    for (Rank i = 0; i < k; ++i) {
      EXPECT_NEAR(rates[i] / 100e9, k == 1 ? 0.5 : 1.0 / k, 1e-9);
    }
    EXPECT_NEAR(rates[k] / 100e9, k == 1 ? 0.5 : 1 - 1.0 / k, 1e-9);
  }
}

constexpr double kRate = 50e9;
constexpr Ps kAlpha = 400 * kNanosecond;  // two links of 100 ns, a switch of 200 ns

Ps serial(double bytes) {
  return transfer_time(bytes, kRate);
}

TEST(Flow, collectives_on_a_star_cost_what_the_formulas_say) {
  constexpr std::uint64_t kBytes = 8 * 1000 * 1000;
  const Network network = network_of("star:8");
  const double s = kBytes;
  struct Case {
    Collective collective;
    Algorithm algorithm;
    Ps expected;
  };
  for (const Case& c : {
           Case{Collective::kAllReduce, Algorithm::kRing, 14 * (kAlpha + serial(s / 8))},
           Case{Collective::kAllReduce, Algorithm::kHalvingDoubling,
                6 * kAlpha + serial(2 * 7.0 / 8 * s)},
           Case{Collective::kAllReduce, Algorithm::kTwoShot, 2 * kAlpha + serial(2 * 7.0 / 8 * s)},
           Case{Collective::kAllReduce, Algorithm::kInSwitch, kAlpha + serial(s)},
           Case{Collective::kAllToAll, Algorithm::kDirect, kAlpha + serial(7.0 / 8 * s)},
           Case{Collective::kAllGather, Algorithm::kRing, 7 * (kAlpha + serial(s / 8))},
           Case{Collective::kAllGather, Algorithm::kDirect, kAlpha + serial(7.0 / 8 * s)},
           Case{Collective::kReduceScatter, Algorithm::kInSwitch, kAlpha + serial(s)},
           Case{Collective::kBroadcast, Algorithm::kInSwitch, kAlpha + serial(s)},
           Case{Collective::kSendReceive, Algorithm::kDirect, kAlpha + serial(s)},
       }) {
    const CollectiveSpec spec{c.collective, c.algorithm, 8, kBytes};
    const auto workload = make_collective(spec);
    if (!workload) {
      ADD_FAILURE() << workload.error().text();
      continue;
    }
    const RunResult result = ran(network, **workload);
    EXPECT_EQ(result.time, c.expected) << key(c.collective) << " " << key(c.algorithm);
    const auto form = closed_form(spec, {kAlpha, kRate});
    ASSERT_TRUE(form);
    EXPECT_EQ(form->time, c.expected) << key(c.collective) << " " << key(c.algorithm);
    EXPECT_GE(result.time, bound_of(spec, {kAlpha, kRate}, true));
  }
}

TEST(Flow, pulled_all_reduce_nears_its_form_with_more_chunks) {
  constexpr std::uint64_t kBytes = 1 << 30;
  const Network network = network_of("star:8,rate=370GB/s");
  Ps last = kNever;
  for (const std::uint32_t chunks : {1U, 2U, 8U, 32U}) {
    CollectiveSpec spec{Collective::kAllReduce, Algorithm::kInSwitchPull, 8, kBytes};
    spec.chunks = chunks;
    const auto workload = make_collective(spec);
    ASSERT_TRUE(workload);
    const RunResult result = ran(network, **workload);
    const double algbw = static_cast<double>(kBytes) / as_seconds(result.time) / 1e9;
    EXPECT_LE(algbw, 370.0 * 8 / 9) << "S(1+1/N)/B per direction is a bound";
    EXPECT_LT(result.time, last);
    last = result.time;
    const auto form = closed_form(spec, {kAlpha, 370e9});
    ASSERT_TRUE(form);
    EXPECT_NEAR(as_seconds(result.time) / as_seconds(form->time), 1, 0.005) << chunks;
  }
}

TEST(Flow, multicast_moves_the_bytes_that_it_must) {
  constexpr std::uint64_t kBytes = 1'000'000;
  const Network network = network_of("star:8");
  const auto workload = make_collective({Collective::kBroadcast, Algorithm::kInSwitch, 8, kBytes});
  ASSERT_TRUE(workload);
  const RunResult result = ran(network, **workload);
  double out = 0;
  for (ChannelIndex i = 0; i < network.channels().size(); ++i) {
    const Channel& channel = network.channel(i);
    if (channel.from == 0) {
      EXPECT_EQ(result.channel_bytes[i], kBytes);  // the source sends it once
    } else if (channel.to != 0 && channel.to < 8) {
      EXPECT_EQ(result.channel_bytes[i], kBytes);
      out += result.channel_bytes[i];
    } else {
      EXPECT_EQ(result.channel_bytes[i], 0);
    }
  }
  EXPECT_EQ(out, 7.0 * kBytes);
}

TEST(Flow, planes_and_fat_trees_carry_all_to_all_at_full_rate_when_sprayed) {
  constexpr std::uint64_t kBytes = 16'000'000;
  for (const auto& [text, ranks, rate, alpha] :
       {std::tuple{"planes:ends=16,planes=4", 16U, 4 * kRate, kAlpha},
        std::tuple{"fat-tree:k=4", 16U, kRate, Ps{6 * 100'000 + 5 * 200'000}},
        std::tuple{"leaf-spine:leaves=4,spines=4,ends=4", 16U, kRate,
                   Ps{4 * 100'000 + 3 * 200'000}}}) {
    const Network network = network_of(text);
    const auto workload =
        make_collective({Collective::kAllToAll, Algorithm::kDirect, ranks, kBytes});
    ASSERT_TRUE(workload);
    const RunResult result = ran(network, **workload);
    const double expected = as_seconds(alpha + transfer_time(15.0 / 16 * kBytes, rate));
    EXPECT_NEAR(as_seconds(result.time) / expected, 1, 1e-3) << text;
  }
}

TEST(Flow, a_blocking_tree_shows_contention_and_a_straggler_shows_skew) {
  const Network network = network_of("leaf-spine:leaves=2,spines=1,ends=4");
  const auto workload = make_collective({Collective::kAllToAll, Algorithm::kDirect, 8, 8'000'000});
  ASSERT_TRUE(workload);
  const RunResult result = ran(network, **workload);
  // 4 x 4 messages of 1 MB over one trunk of 50 GB/s.
  EXPECT_GE(result.time, serial(16e6));
  EXPECT_GT(result.path.contention, result.time / 2);
  Stragglers stragglers;
  stragglers.late.emplace_back(3, kMillisecond);
  const Skewed late(**workload, stragglers);
  const RunResult skewed = ran(network, late);
  EXPECT_EQ(skewed.path.skew, kMillisecond);
  EXPECT_GT(skewed.time, kMillisecond);
}

TEST(Flow, retries_cost_what_go_back_n_says) {
  Network network = network_of("star:2");
  for (ChannelIndex i = 0; i < network.channels().size(); ++i) {
    network.channel(i).flit_error_ratio = 1e-3;
  }
  const auto workload =
      make_collective({Collective::kSendReceive, Algorithm::kDirect, 2, 1'000'000'000});
  ASSERT_TRUE(workload);
  const RunResult result = ran(network, **workload);
  const double window = replay_flits(network.channel(0));  // 200 ns of 256 bytes at 50 GB/s
  EXPECT_EQ(window, 40);
  const double share = (1 - 1e-3) / (1 - 1e-3 + 1e-3 * window);
  EXPECT_NEAR(as_seconds(result.path.retry), as_seconds(serial(1e9)) * (1 / share - 1), 1e-9);
  EXPECT_EQ(go_back_n_share(0, 40), 1);
}

class CircleWorkload final : public Workload {
 public:
  [[nodiscard]] std::uint32_t ranks() const override { return 3; }
  [[nodiscard]] std::uint64_t ops(Rank, std::uint32_t) const override { return 2; }
  [[nodiscard]] Op op(Rank rank, std::uint32_t, std::uint64_t index) const override {
    Op out;
    out.kind = index == 0 ? OpKind::kReceive : OpKind::kSend;
    out.peer = (rank + (index == 0 ? 2 : 1)) % 3;
    out.bytes = 8;
    return out;
  }
};

TEST(Flow, names_the_circle_of_ranks_that_wait_for_ever) {
  const Network network = network_of("star:3");
  const auto routes = Routes::make(network);
  const auto result = run_flow(network, *routes, CircleWorkload());
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().what.find("rank 0 waits for rank 2"), std::string::npos)
      << result.error().what;
  EXPECT_NE(result.error().what.find("waits for rank 0"), std::string::npos);
}

TEST(Flow, refuses_switches_that_do_not_reduce) {
  Network network = network_of("star:4");
  network.node(4).can_reduce = false;
  const auto routes = Routes::make(network);
  const auto workload = make_collective({Collective::kAllReduce, Algorithm::kInSwitch, 4, 64});
  const auto result = run_flow(network, *routes, **workload);
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().what.find("does not reduce"), std::string::npos);
}

}  // namespace
}  // namespace weft::sim
