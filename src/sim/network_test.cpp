// SPDX-License-Identifier: Apache-2.0
// Networks, topologies and routes against counts worked out by hand.
#include "sim/route.h"
#include "sim/topology.h"

#include <gtest/gtest.h>

namespace weft::sim {
namespace {

Network made(std::string_view text) {
  const auto topology = parse_topology(text);
  EXPECT_TRUE(topology) << topology.error().text();
  auto network = make_network(*topology);
  EXPECT_TRUE(network) << network.error().text();
  EXPECT_TRUE(network->problems().empty()) << network->problems().front();
  return std::move(*network);
}

TEST(Topology, counts_of_ends_switches_and_links) {
  struct Case {
    std::string_view text;
    std::uint32_t ranks;
    std::size_t nodes;
    std::uint32_t links;
  };
  for (const Case& c : {
           Case{"star:8", 8, 9, 8},
           Case{"planes:ends=72,planes=18", 72, 90, 72 * 18},
           Case{"leaf-spine:leaves=4,spines=2,ends=3", 12, 18, 12 + 8},
           Case{"fat-tree:k=4", 16, 36, 48},  // k^3/4 ends, 5k^2/4 switches, 3k^3/4 links
           Case{"torus:4x4x4", 64, 128, 64 + 192},
           Case{"mesh:8x8", 64, 128, 64 + 112},  // 2 * 7 * 8
           Case{"dragonfly:a=4,p=2,h=2", 72, 108, 72 + 9 * 6 + 36},
           Case{"full-mesh:8", 8, 8, 28},
       }) {
    const Network network = made(c.text);
    EXPECT_EQ(network.ranks(), c.ranks) << c.text;
    EXPECT_EQ(network.nodes().size(), c.nodes) << c.text;
    EXPECT_EQ(network.links(), c.links) << c.text;
    for (ChannelIndex i = 0; i < network.channels().size(); ++i) {
      const Channel& channel = network.channel(i);
      EXPECT_EQ(network.channel(channel.reverse).reverse, i);
      EXPECT_GE(i, network.first_out(channel.from));
      EXPECT_LT(i, network.last_out(channel.from));
    }
  }
}

TEST(Topology, reports_all_mistakes_at_once) {
  const auto wrong = parse_topology("fat-tree:k=x,rate=7,colour=red");
  ASSERT_FALSE(wrong);
  for (const std::string_view part : {"\"x\"", "\"7\"", "\"colour\""}) {
    EXPECT_NE(wrong.error().what.find(part), std::string::npos) << part;
  }
  EXPECT_FALSE(parse_topology("fat-tree:k=5"));
  EXPECT_FALSE(parse_topology("ring:5"));
  EXPECT_FALSE(parse_topology("full-mesh:1000000"));
  EXPECT_FALSE(parse_topology("torus:100000x100000"));
  EXPECT_FALSE(parse_topology("fat-tree:k=1000000"));
  EXPECT_FALSE(parse_topology("torus:"));
}

TEST(Routes, reach_everybody_in_the_fewest_hops) {
  for (const auto& [text, longest] : {std::pair<std::string_view, std::size_t>{"star:8", 2},
                                      {"leaf-spine:leaves=4,spines=2,ends=3", 4},
                                      {"fat-tree:k=4", 6},
                                      {"torus:4x4x4", 8},
                                      {"mesh:4x4", 8},
                                      {"dragonfly:a=4,p=2,h=2", 5},
                                      {"full-mesh:5", 1}}) {
    const Network network = made(text);
    const auto routes = Routes::make(network);
    ASSERT_TRUE(routes);
    std::size_t found = 0;
    for (Rank a = 0; a < network.ranks(); ++a) {
      for (Rank b = 0; b < network.ranks(); ++b) {
        const auto path = routes->path(a, b, a * 131 + b);
        EXPECT_EQ(path.empty(), a == b) << text << " " << a << " " << b;
        NodeIndex at = a;
        for (const ChannelIndex channel : path) {
          EXPECT_EQ(network.channel(channel).from, at);
          at = network.channel(channel).to;
        }
        EXPECT_EQ(at, b);
        found = std::max(found, path.size());
      }
    }
    EXPECT_EQ(found, longest) << text;
  }
}

TEST(Routes, mean_hops_of_an_8x8_mesh_are_those_of_the_calibration_point) {
  const Network network = made("mesh:8x8");
  const auto routes = Routes::make(network);
  ASSERT_TRUE(routes);
  std::size_t routers = 0;
  for (Rank a = 0; a < 64; ++a) {
    for (Rank b = 0; b < 64; ++b) {
      routers += a == b ? 1 : routes->path(a, b).size() - 1;
    }
  }
  EXPECT_DOUBLE_EQ(static_cast<double>(routers) / 4096, 6.25);
}

TEST(Routes, spraying_conserves_the_flow_and_uses_all_planes) {
  for (const std::string_view text :
       {"fat-tree:k=4", "planes:ends=6,planes=3", "torus:4x4", "dragonfly:a=4,p=2,h=2"}) {
    const Network network = made(text);
    const auto routes = Routes::make(network);
    ASSERT_TRUE(routes);
    for (const Routing routing : {Routing::kSpray, Routing::kWeighted, Routing::kEcmp}) {
      for (Rank to = 1; to < network.ranks(); ++to) {
        std::vector<double> balance(network.nodes().size(), 0);
        for (const Share& share : routes->spread(0, to, routing)) {
          balance[network.channel(share.channel).from] += share.part;
          balance[network.channel(share.channel).to] -= share.part;
        }
        for (NodeIndex node = 0; node < balance.size(); ++node) {
          EXPECT_NEAR(balance[node], node == 0 ? 1 : (node == to ? -1 : 0), 1e-12) << text;
        }
      }
    }
  }
}

TEST(Routes, go_around_a_channel_that_is_down) {
  Network network = made("torus:4x4");
  const auto link = network.find_link("router0--router1");
  ASSERT_TRUE(link);
  for (const ChannelIndex channel : network.channels_of(*link)) {
    network.channel(channel).bytes_per_second = 0;
  }
  const auto routes = Routes::make(network);
  ASSERT_TRUE(routes);
  EXPECT_EQ(routes->path(0, 1).size(), 5U);  // up a row, along, down: three instead of one
  EXPECT_EQ(routes->path(2, 3).size(), 3U);
}

TEST(Network, says_what_is_unconnected_and_without_bandwidth) {
  Network network;
  network.add_rank({.name = "a"});
  network.add_rank({.name = "b"});
  network.add_rank({.name = "c"});
  network.add_link(0, 1, {});
  network.finish();
  const auto problems = network.problems();
  ASSERT_EQ(problems.size(), 4U);
  EXPECT_NE(problems[0].find("zero bandwidth"), std::string::npos);
  EXPECT_NE(problems[3].find("rank 2 (c) is not reached"), std::string::npos);
}

}  // namespace
}  // namespace weft::sim
