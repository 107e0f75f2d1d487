// SPDX-License-Identifier: Apache-2.0
// ASTRA-sim's files: units and blocks as its documentation tells them, times beside those that
// ASTRA-sim itself gave (analytical, congestion-aware, run once), and what is refused.
#include "sim/import/astra.h"

#include "base/temp_folder.h"
#include "sim/rack_network.h"
#include "sim/study.h"

#include <fstream>
#include <string>

#include <gtest/gtest.h>

namespace weft::sim {
namespace {

constexpr std::string_view kSwitch8 =
    "topology: [ Switch ]  # one switch\nnpus_count: [ 8 ]\nbandwidth: [ 400.0 ]\n"
    "latency: [ 936.25 ]\n";
constexpr std::string_view kSystem =
    R"({"scheduling-policy": "LIFO", "endpoint-delay": 10, "active-chunks-per-dimension": 2,
        "preferred-dataset-splits": 4, "all-reduce-implementation": ["ring"],
        "all-gather-implementation": ["ring"], "reduce-scatter-implementation": ["ring"],
        "all-to-all-implementation": ["direct"], "collective-optimization": "localBWAware",
        "local-mem-bw": 1560, "boost-mode": 0, "roofline-enabled": 1, "peak-perf": 312})";

TEST(Astra, gigabytes_are_binary_and_a_switch_is_two_links) {
  const auto network = read_astra_network(kSwitch8, "net.yml");
  ASSERT_TRUE(network) << network.error().text();
  EXPECT_EQ(network->ranks(), 8U);
  EXPECT_EQ(network->name, "net");
  EXPECT_DOUBLE_EQ(network->egress(0), 400.0 * (1ULL << 30));
  const Routes routes = Routes::make(*network).value();
  EXPECT_EQ(routes.latency(routes.path(0, 7)), 1'872'500);
}

TEST(Astra, dimensions_are_blocks_the_first_fastest) {
  // 2 x 8 x 4 = 64 NPUs, the example of the documentation.
  const auto network = read_astra_network(
      "topology: [ Ring, FullyConnected, Switch ]\nnpus_count: [ 2, 8, 4 ]\n"
      "bandwidth: [ 200.0, 100.0, 50.0 ]\nlatency: [ 50.0, 500.0, 2000.0 ]\n",
      "3d.yml");
  ASSERT_TRUE(network) << network.error().text();
  EXPECT_EQ(network->ranks(), 64U);
  EXPECT_TRUE(network->problems().empty());
  // 32 pairs, 8 groups of 28, 16 switches of 4 links, and each NPU's door.
  EXPECT_EQ(network->links(), 32U + 8 * 28 + 16 * 4 + 64);
  const Routes routes = Routes::make(*network).value();
  EXPECT_EQ(routes.latency(routes.path(0, 1)), 50'000);
  EXPECT_EQ(routes.latency(routes.path(0, 2)), 500'000);
  EXPECT_EQ(routes.latency(routes.path(0, 16)), 4'000'000);
  EXPECT_EQ(routes.latency(routes.path(0, 63)), 50'000 + 500'000 + 4'000'000);
  EXPECT_EQ(network->node(0).domain, network->node(1).domain);
  EXPECT_NE(network->node(1).domain, network->node(2).domain);
}

TEST(Astra, rings_of_two_dimensions_are_a_torus) {
  const auto network = read_astra_network(
      "topology: [ Ring, Ring ]\nnpus_count: [ 4, 3 ]\nbandwidth: [ 50, 25 ]\nlatency: [ 500, 7 "
      "]\n",
      "torus.yml");
  ASSERT_TRUE(network) << network.error().text();
  ASSERT_TRUE(network->grid);
  const Routes routes = Routes::make(*network).value();
  EXPECT_EQ(routes.latency(routes.path(0, 3)), 500'000);    // around the short way
  EXPECT_EQ(routes.latency(routes.path(0, 6)), 1'007'000);  // two in x, one in y
  EXPECT_EQ(routes.latency(routes.path(11, 0)), 507'000);
}

/// A collective under the system file's choice, in microseconds.
double microseconds(Collective collective, std::uint64_t bytes, std::string_view all_reduce) {
  std::string text(kSystem);
  text.replace(text.find("\"ring\""), 6, all_reduce);
  const auto system = read_astra_system(text, "system.json").value();
  const auto site = Site::make(read_astra_network(kSwitch8, "net.yml").value()).value();
  Study study;
  study.fidelity = Fidelity::kFlow;
  study.spec.collective = collective;
  study.spec.algorithm = system.algorithm(collective).value();
  study.spec.ranks = 8;
  study.spec.bytes = bytes;
  study.spec.overhead = system.endpoint_delay;
  study.spec.splits = system.splits;
  study.spec.active = system.active;
  const auto got = answer(*site, study);
  EXPECT_TRUE(got) << got.error().text();
  return got ? as_seconds(got->time) * 1e6 : 0;
}

TEST(Astra, times_are_near_those_of_astra_sim) {
  // Its switch takes a message in whole before it sends it on, ours does not: where two rings of
  // 2 MiB messages share the links, half of that shows.
  constexpr std::uint64_t kMiB = 1U << 20;
  struct Point {
    Collective collective;
    std::uint64_t bytes;
    std::string_view all_reduce;
    double astra_us, least;
  };
  for (const Point& point :
       {Point{Collective::kAllReduce, kMiB, "\"ring\"", 57.426, 0.97},
        // The size of its all-gather is what each NPU gives; here it is what each ends up with.
        Point{Collective::kAllGather, 8 * kMiB, "\"ring\"", 44.058, 0.97},
        Point{Collective::kReduceScatter, kMiB, "\"ring\"", 28.950, 0.97},
        Point{Collective::kAllReduce, 64 * kMiB, "\"ring\"", 357.338, 0.9},
        Point{Collective::kAllReduce, 64 * kMiB, "\"direct\"", 280.168, 0.97},
        Point{Collective::kAllToAll, 64 * kMiB, "\"ring\"", 143.472, 0.97}}) {
    const double got = microseconds(point.collective, point.bytes, point.all_reduce);
    EXPECT_LE(got, point.astra_us * 1.02) << key(point.collective) << point.all_reduce;
    EXPECT_GE(got, point.astra_us * point.least) << key(point.collective) << point.all_reduce;
  }
}

TEST(Astra, a_system_file_chooses_algorithms_by_dimension) {
  auto system = read_astra_system(
      R"({"all-reduce-implementation": ["ring", "halvingDoubling"], "endpoint-delay": 2.5,
          "all-to-all-implementation": "direct5"})",
      "s.json");
  ASSERT_FALSE(system);  // a window is not modelled
  system = read_astra_system(
      R"({"all-reduce-implementation": ["ring", "halvingDoubling"], "endpoint-delay": 2.5,
          "all-gather-implementation": ["oneDirect"]})",
      "s.json");
  ASSERT_TRUE(system) << system.error().text();
  EXPECT_EQ(system->algorithm(Collective::kAllReduce), Algorithm::kHierarchical);
  EXPECT_EQ(system->algorithm(Collective::kAllGather), Algorithm::kDirect);
  EXPECT_FALSE(system->algorithm(Collective::kBroadcast));
  EXPECT_EQ(system->endpoint_delay, 2500);
}

TEST(Astra, says_all_that_is_wrong_with_lines) {
  const auto wrong = read_astra_network(
      "topology: [ Ring, Torus ]\nnpus_count: [ 4 ]\nbandwidth: [ 1, 2 ]\nwidth: 4\n"
      "bandwidth: [ 1, 2 ]\n",
      "x.yml");
  ASSERT_FALSE(wrong);
  for (const char* const part : {"line 2: npus_count has 1", "line 4: unknown key \"width\"",
                                 "line 5: bandwidth is there twice", "latency is missing"}) {
    EXPECT_NE(wrong.error().what.find(part), std::string::npos) << part << wrong.error().what;
  }
  const auto values = read_astra_network(
      "topology: [ Ring, Torus ]\nnpus_count: [ 0, 2.5 ]\nbandwidth: [ 0, -1 ]\n"
      "latency: [ nan, -5 ]\n",
      "x.yml");
  ASSERT_FALSE(values);
  for (const char* const part :
       {"line 1: \"Torus\"", "line 2: \"0\"", "line 2: \"2.5\"", "line 3: \"0\"", "line 3: \"-1\"",
        "line 4: \"nan\"", "line 4: \"-5\""}) {
    EXPECT_NE(values.error().what.find(part), std::string::npos) << part << values.error().what;
  }
  const auto system = read_astra_system(
      "{\n\"all-reduce-implementation\": [\"ring\", \"magic\"],\n\"endpoint-delay\": -1,\n"
      "\"preferred-dataset-splits\": 0,\n\"colour\": 1}",
      "s.json");
  ASSERT_FALSE(system);
  for (const char* const part : {"line 2", "magic", "line 3", "line 4", "line 5", "colour"}) {
    EXPECT_NE(system.error().what.find(part), std::string::npos) << part << system.error().what;
  }
}

TEST(Astra, refuses_what_is_too_large_or_no_such_file) {
  const auto of = [](std::string_view block, std::string_view count) {
    return read_astra_network("topology: [ " + std::string(block) + " ]\nnpus_count: [ " +
                                  std::string(count) + " ]\nbandwidth: [ 1 ]\nlatency: [ 1 ]\n",
                              "x.yml");
  };
  EXPECT_TRUE(of("FullyConnected", "100"));
  EXPECT_FALSE(of("FullyConnected", "5000"));
  EXPECT_FALSE(of("Switch", "1000000"));
  EXPECT_FALSE(of("Ring", "1"));
  for (const char* const bad : {"", "[", "- a", "topology: {a: b}\nnpus_count: 3\n", "{}"}) {
    EXPECT_FALSE(read_astra_network(bad, "bad")) << bad;
    EXPECT_FALSE(read_astra_system(bad, "bad")) << bad;
  }
}

TEST(Astra, a_rack_argument_may_be_such_a_file) {
  const base::TempFolder folder("astra_test");
  std::ofstream(folder.at("fabric.yml")) << kSwitch8;
  RackOptions options;
  options.ranks = 4;
  const auto network = load_network(folder.at("fabric.yml"), options);
  ASSERT_TRUE(network) << network.error().text();
  EXPECT_EQ(network->ranks(), 4U);
  EXPECT_FALSE(is_astra_network("weftline: rack/1\nname: x\n"));
}

}  // namespace
}  // namespace weft::sim
