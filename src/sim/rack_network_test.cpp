// SPDX-License-Identifier: Apache-2.0
// Rack files as networks, against the published counts and rates; states of links, from JSON and
// from the command line.
#include "sim/rack_network.h"

#include "fabric/rack.h"
#include "sim/fabric_state.h"
#include "sim/parameter.h"
#include "sim/route.h"

#include <string>

#include <gtest/gtest.h>

namespace weft::sim {
namespace {

std::string rack(std::string_view name) {
  return std::string(WEFT_SOURCE_DIR) + "/racks/" + std::string(name) + ".yaml";
}

Network loaded(std::string_view name, RackOptions options = {}) {
  auto network = load_network(rack(name), options);
  EXPECT_TRUE(network) << network.error().text();
  return network ? std::move(*network) : Network{};
}

TEST(RackNetwork, ranks_and_what_each_can_send) {
  struct Case {
    std::string_view name;
    std::uint32_t ranks;
    double egress;
    std::size_t hops;  ///< from rank 0 to the last
  };
  for (const Case& c : {
           Case{"hgx-h100", 8, 450e9, 2},
           Case{"nvl72", 72, 900e9, 2},
           Case{"tpu-cube", 64, 0, 0},
           Case{"trn2-ultraserver", 64, 0, 0},
       }) {
    const Network network = loaded(c.name, {.ranks = 0, .scale_up_only = true});
    ASSERT_EQ(network.ranks(), c.ranks) << c.name;
    const auto routes = Routes::make(network);
    ASSERT_TRUE(routes);
    const auto path = routes->path(0, c.ranks - 1);
    EXPECT_FALSE(path.empty());
    if (c.hops > 0) {
      EXPECT_NEAR(network.egress(0), c.egress, 1) << c.name;
      EXPECT_EQ(path.size(), c.hops);
    }
  }
}

TEST(RackNetwork, shortest_ways_avoid_processors) {
  const auto file = fabric::load_rack(rack("nvl72"));
  ASSERT_TRUE(file);
  const auto whole = network_of(file->fabric);
  ASSERT_TRUE(whole);
  const Network& network = *whole;
  const auto routes = Routes::make(network);
  ASSERT_TRUE(routes);
  // GPUs 0 and 1 share a processor by C2C; the NVLink switches are the way.
  for (const Share& share : routes->spread(0, 1, Routing::kSpray)) {
    EXPECT_EQ(network.node(network.channel(share.channel).to).hop_cost, 1);
  }
  EXPECT_EQ(routes->spread(0, 1, Routing::kSpray).size(), 36U);
}

TEST(RackNetwork, all_reference_racks_load) {
  for (const std::string_view name :
       {"hgx-h100", "nvl72", "pcie6-fabric-rack", "reference-pod", "small-pod", "trn2-ultraserver",
        "ualink-72", "vr200-nvl72"}) {
    EXPECT_GT(loaded(name).ranks(), 1U) << name;
  }
}

TEST(RackNetwork, says_which_ranks_are_cut_off) {
  // The link between its two processors is not in that file.
  const auto network = load_network(rack("gpu-server-8"));
  ASSERT_FALSE(network);
  EXPECT_NE(network.error().what.find("gpu4"), std::string::npos);
  EXPECT_NE(network.error().what.find("gpu7"), std::string::npos);
}

TEST(FabricState, is_read_applied_and_written) {
  Network network = loaded("hgx-h100");
  const std::string link(network.link_name(0));
  FabricState state;
  state.links.push_back({.link = link});
  state.links[0].lanes = 1;
  state.links[0].bit_error_ratio = 1e-9;
  const auto again = fabric::read_fabric_state(fabric::fabric_state_json(state), "test");
  ASSERT_TRUE(again) << again.error().text();
  ASSERT_TRUE(apply(*again, network));
  const Channel& channel = network.channel(network.channels_of(0)[0]);
  EXPECT_EQ(channel.lanes, 1);
  EXPECT_DOUBLE_EQ(channel.bytes_per_second, channel.planned_bytes_per_second / 2);
  EXPECT_NEAR(channel.flit_error_ratio, 2048e-9, 1e-11);
}

TEST(FabricState, names_all_mistakes) {
  const auto wrong = fabric::read_fabric_state(
      R"({"schema":"x","links":[{"lanes":-1},{"link":"a","bit_error_ratio":2},7]})", "f.json");
  ASSERT_FALSE(wrong);
  for (const std::string_view part :
       {"\"schema\"", "links[0].lanes", "links[0].link", "links[1].bit_error_ratio", "links[2]"}) {
    EXPECT_NE(wrong.error().what.find(part), std::string::npos) << part;
  }
  Network network = loaded("hgx-h100");
  FabricState state;
  state.links.push_back({.link = "no such"});
  state.links.push_back({.link = std::string(network.link_name(3))});
  state.links[1].lanes = 99;
  const auto applied = apply(state, network);
  ASSERT_FALSE(applied);
  EXPECT_NE(applied.error().what.find("no such link"), std::string::npos);
  EXPECT_NE(applied.error().what.find("99 lanes"), std::string::npos);
}

TEST(FabricState, degrade_words) {
  const Network network = loaded("hgx-h100");
  const auto all = parse_degrade("*gpu0/nvl*=x1", network);
  ASSERT_TRUE(all) << all.error().text();
  EXPECT_EQ(all->size(), 18U);
  EXPECT_TRUE(parse_degrade("*gpu0/nvl0*=ber:1e-9", network));
  EXPECT_TRUE(parse_degrade("*gpu0/nvl0*=down", network));
  for (const std::string_view wrong : {"x", "a=x1", "*=fast", "*=x0", "*=ber:2", "="}) {
    EXPECT_FALSE(parse_degrade(wrong, network)) << wrong;
  }
}

TEST(Parameters, all_have_a_source_and_a_value) {
  EXPECT_GT(parameters().size(), 40U);
  for (const Parameter& p : parameters()) {
    EXPECT_GT(p.value, 0) << p.name;
    EXPECT_GT(p.source.size(), 5U) << p.name;
  }
  for (const std::string_view name :
       {"latency.board", "latency.phy", "latency.retimer", "latency.metre", "switch.pcie",
        "switch.cxl", "switch.nvlink", "switch.ualink", "switch.ethernet", "switch.other",
        "relay.processor", "relay.nic", "step.peak-share", "step.width-half", "moe.software",
        "moe.rdma-share", "moe.nvlink-share"}) {
    EXPECT_TRUE(has_parameter(name)) << name;
  }
}

}  // namespace
}  // namespace weft::sim
