// SPDX-License-Identifier: Apache-2.0
// Traffic against what queueing theory and arithmetic say: waiting in a queue of fixed service,
// fair shares of an incast, the load at which a fabric with too few spines saturates, and that
// nothing depends on who asks.
#include "sim/traffic/traffic.h"

#include "sim/topology.h"
#include "sim/traffic/matrix.h"

#include <cmath>

#include <gtest/gtest.h>

namespace weft::sim {
namespace {

std::unique_ptr<Site> site_of(std::string_view topology) {
  auto made = Site::make(make_network(parse_topology(topology).value()).value());
  return std::move(made.value());
}

TEST(Traffic, patterns_send_what_their_names_say) {
  TrafficSpec spec;
  for (const std::string_view name :
       {"uniform", "permutation", "incast:3", "hotspot:0.5", "all-to-all"}) {
    spec = parse_pattern(name).value();
    const auto all = demands(spec, 8).value();
    double sum = 0;
    std::vector<double> sends(8, 0), takes(8, 0);
    for (const Demand& demand : all) {
      EXPECT_NE(demand.from, demand.to);
      sum += demand.weight;
      sends[demand.from] += demand.weight;
      takes[demand.to] += demand.weight;
    }
    EXPECT_NEAR(sum, 1, 1e-12) << name;
    if (spec.pattern == Pattern::kPermutation) {
      EXPECT_EQ(all.size(), 8U);
      EXPECT_NEAR(takes[3], 1.0 / 8, 1e-12);
    }
    if (spec.pattern == Pattern::kIncast) {
      EXPECT_NEAR(takes[0], 1, 1e-12);
      EXPECT_NEAR(sends[7], 1.0 / 3, 1e-12);
      EXPECT_EQ(sends[4], 0);
    }
    if (spec.pattern == Pattern::kHotspot) {
      // The others' hot messages, and of their cold ones and its own a seventh each.
      EXPECT_NEAR(takes[0], 7.0 / 8 * (0.5 + 0.5 / 7), 1e-12);
    }
  }
  for (const std::string_view wrong :
       {"", "Uniform", "incast", "incast:0", "incast:x", "hotspot:2", "uniform:3"}) {
    EXPECT_FALSE(parse_pattern(wrong)) << wrong;
  }
}

TEST(Traffic, one_message_takes_latency_and_serialisation) {
  const auto site = site_of("star:4,rate=50GB/s,latency=100ns,switch=200ns");
  TrafficSpec spec;
  spec.given = {{0, 1, 65536, 0}};
  for (const Fidelity fidelity : {Fidelity::kFlow, Fidelity::kPacket}) {
    const auto answer = run_traffic(*site, spec, fidelity, Routing::kSpray);
    ASSERT_TRUE(answer) << answer.error().text();
    ASSERT_EQ(answer->latencies.size(), 1U);
    // Two links of 100 ns, a switch of 200 ns, 65,536 bytes at 50 GB/s.
    EXPECT_NEAR(as_seconds(answer->latencies[0]) * 1e9, 400 + 65536 / 50.0, 1);
    EXPECT_NEAR(answer->mean.latency * 1e9, 400, 0.01);
    EXPECT_NEAR(answer->mean.serialisation * 1e9, 65536 / 50.0, 0.01);
    EXPECT_LT(answer->mean.contention * 1e9, 1);
  }
}

TEST(Traffic, an_incast_shares_the_receiver) {
  const auto site = site_of("star:9,rate=50GB/s,latency=100ns,switch=200ns");
  TrafficSpec spec;
  for (Rank rank = 1; rank < 9; ++rank) {
    spec.given.push_back({rank, 0, 1'000'000, 0});
  }
  for (const Fidelity fidelity : {Fidelity::kFlow, Fidelity::kPacket}) {
    const auto answer = run_traffic(*site, spec, fidelity, Routing::kSpray);
    ASSERT_TRUE(answer);
    // Eight megabytes through one link; a packet of 4 KiB is 82 ns.
    EXPECT_NEAR(as_seconds(answer->quantile(1)) * 1e6, 160.4,
                fidelity == Fidelity::kFlow ? 0.01 : 0.2);
    EXPECT_NEAR(answer->bound.bytes_per_second, 50e9, 1);
  }
}

TEST(Traffic, waiting_is_that_of_the_queue) {
  // One sender, one receiver, messages of one packet: M/D/1, Wq = rho / (2 (1 - rho)) services.
  const auto site = site_of("star:2,rate=50GB/s,latency=100ns,switch=200ns");
  TrafficSpec spec;
  spec.pattern = Pattern::kIncast;
  spec.fan_in = 1;
  spec.message_bytes = 4096;
  spec.messages = 100'000;
  for (const double rho : {0.5, 0.8}) {
    spec.load = rho;
    const auto answer = run_traffic(*site, spec, Fidelity::kPacket, Routing::kSpray);
    ASSERT_TRUE(answer);
    EXPECT_NEAR(answer->accepted, rho, 0.02);
    EXPECT_FALSE(answer->is_saturated);
    const double service = 4096 / 50e9;
    EXPECT_NEAR(answer->mean.contention / service / (rho / (2 * (1 - rho))), 1, 0.08) << rho;
  }
}

TEST(Traffic, too_few_spines_are_the_bound) {
  // Four ends a leaf and two spines: of what leaves a leaf (12 of 15 parts) two links carry all.
  const auto site = site_of("leaf-spine:leaves=4,spines=2,ends=4,rate=50GB/s");
  TrafficSpec spec;
  spec.messages = 60;
  const double bound = 2.0 / (4 * 12.0 / 15);
  spec.load = 0.9;
  const auto over = run_traffic(*site, spec, Fidelity::kFlow, Routing::kSpray);
  ASSERT_TRUE(over);
  EXPECT_NEAR(over->bound.load, bound, 1e-9);
  EXPECT_NE(over->bound.what.find("spine"), std::string::npos) << over->bound.what;
  EXPECT_TRUE(over->is_saturated);
  EXPECT_LT(over->accepted, bound * 1.02);
  EXPECT_GT(over->accepted, bound * 0.8) << "leaves are drawn unevenly";
  spec.load = 0.4;
  const auto under = run_traffic(*site, spec, Fidelity::kFlow, Routing::kSpray);
  ASSERT_TRUE(under);
  EXPECT_FALSE(under->is_saturated);
  EXPECT_LT(under->quantile(0.5), over->quantile(0.5));
  EXPECT_LE(under->quantile(0.5), under->quantile(0.99));
}

TEST(Traffic, parts_add_up_and_a_seed_is_a_run) {
  const auto site = site_of("torus:3x3,rate=50GB/s");
  TrafficSpec spec;
  spec.messages = 30;
  for (const Fidelity fidelity : {Fidelity::kFlow, Fidelity::kPacket}) {
    const auto one = run_traffic(*site, spec, fidelity, Routing::kSpray);
    const auto two = run_traffic(*site, spec, fidelity, Routing::kSpray);
    ASSERT_TRUE(one && two);
    EXPECT_EQ(one->latencies, two->latencies);
    EXPECT_EQ(one->utilisation, two->utilisation);
    const LatencyParts& mean = one->mean;
    EXPECT_NEAR(mean.latency + mean.serialisation + mean.contention + mean.retry, mean.total,
                mean.total * 1e-6);
    for (const double used : one->utilisation) {
      EXPECT_LE(used, 1 + 1e-9);
    }
    spec.seed = 2;
    const auto other = run_traffic(*site, spec, fidelity, Routing::kSpray);
    ASSERT_TRUE(other);
    EXPECT_NE(one->latencies, other->latencies);
    spec.seed = 1;
  }
}

TEST(Traffic, says_all_that_is_wrong) {
  const auto site = site_of("star:4");
  TrafficSpec spec;
  spec.load = -1;
  spec.message_bytes = 0;
  const auto wrong = run_traffic(*site, spec, Fidelity::kFlow, Routing::kSpray);
  ASSERT_FALSE(wrong);
  EXPECT_NE(wrong.error().what.find("load"), std::string::npos);
  EXPECT_NE(wrong.error().what.find("0 bytes"), std::string::npos);
  spec = {};
  spec.messages = 1'000'000;
  EXPECT_FALSE(run_traffic(*site, spec, Fidelity::kFlow, Routing::kSpray));
  spec = {};
  EXPECT_FALSE(run_traffic(*site, spec, Fidelity::kClosedForm, Routing::kSpray));
  spec = parse_pattern("incast:4").value();
  EXPECT_FALSE(run_traffic(*site, spec, Fidelity::kFlow, Routing::kSpray)) << "three are left";
}

TEST(TrafficMatrix, reads_connection_matrices_and_weights) {
  const Network network = make_network(parse_topology("star:16").value()).value();
  const auto given = read_traffic_matrix(
      "Nodes 16\nConnections 2\n0->15 start 0 size 2000000\n1->15 id 7 start 1500000.0 size 9\n",
      "incast.cm", network);
  ASSERT_TRUE(given) << given.error().text();
  ASSERT_EQ(given->messages.size(), 2U);
  EXPECT_EQ(given->messages[0].bytes, 2'000'000U);
  EXPECT_EQ(given->messages[1].at, 1'500'000) << "picoseconds";
  const std::string first = network.node(0).name;
  const auto weights =
      read_traffic_matrix("# all to one\n" + first + " 1 2.5\n2,1,0.5\n3 1\n", "w", network);
  ASSERT_TRUE(weights) << weights.error().text();
  ASSERT_EQ(weights->weights.size(), 3U);
  EXPECT_EQ(weights->weights[0].from, 0U);
  EXPECT_EQ(weights->weights[2].weight, 1);

  const auto wrong = read_traffic_matrix(
      "Nodes 64\nConnections 9\n0->99 start 0 size 5\n1->1 start 0 size 5\n2->3 size 5\n"
      "4->5 start 0 size 0\n6->7 trigger 1 size 5\n",
      "w.cm", network);
  ASSERT_FALSE(wrong);
  for (const char* const part : {"64 nodes", "line 3", "\"99\"", "line 4", "itself", "line 5",
                                 "start", "line 6", "never", "line 7", "trigger"}) {
    EXPECT_NE(wrong.error().what.find(part), std::string::npos) << part;
  }
  EXPECT_FALSE(read_traffic_matrix("", "w", network));
  EXPECT_FALSE(read_traffic_matrix("Connections 3\n0->1 start 0 size 5\n", "w", network));
}

}  // namespace
}  // namespace weft::sim
