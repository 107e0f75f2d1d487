// SPDX-License-Identifier: Apache-2.0
// Pair maps, port order and channels cut out of made networks whose answer is known.
#include "phy/channel/cut.h"

#include "phy/channel/made_channel.h"

#include <cmath>

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace weft::phy::channel {
namespace {

Network reordered(const Network& network, const std::vector<std::size_t>& order) {
  return select_ports(network, order);
}

double distance(const Network& a, const Network& b) {
  double worst = a.s.size() == b.s.size() ? 0 : INFINITY;
  for (std::size_t i = 0; i < std::min(a.s.size(), b.s.size()); ++i) {
    worst = std::max(worst, std::abs(a.s[i] - b.s[i]));
  }
  return worst;
}

TEST(PairMap, ReadsEachForm) {
  const auto expect = [](const MappedPath& path, std::vector<std::size_t> ports) {
    EXPECT_EQ((std::vector{path.ports.from.positive, path.ports.from.negative,
                           path.ports.to.positive, path.ports.to.negative}),
              ports);
  };
  for (const char* text : {"1,3:2,4", "1,3>2,4", "1,3->2,4", "tx=1,3 rx=2,4", " rx=2,4;tx=1,3 "}) {
    const auto map = parse_pairs(text);
    ASSERT_TRUE(map.has_value()) << text << map.error().text();
    ASSERT_EQ(map->size(), 1U);
    EXPECT_FALSE(map->front().role.has_value());
    expect(map->front(), {0, 2, 1, 3});
  }
  const auto many = parse_pairs("thru=1,3:2,4 FEXT=5,7:2,4;next=10,12:2,4");
  ASSERT_TRUE(many.has_value());
  ASSERT_EQ(many->size(), 3U);
  EXPECT_EQ(many->at(1).role, Role::kFext);
  EXPECT_EQ(many->at(2).role, Role::kNext);
  expect(many->at(2), {9, 11, 1, 3});
}

TEST(PairMap, RefusesWithTheColumn) {
  for (const char* text : {"", "1,3", "1:2", "1,3:2", "0,3:2,4", "a,b:c,d", "tx=1,3", "far=1,3:2,4",
                           "1,3:2,4,5", "1,3:2,4 x"}) {
    const auto map = parse_pairs(text);
    ASSERT_FALSE(map.has_value()) << text;
    EXPECT_TRUE(map.error().where.starts_with("pairs:")) << map.error().text();
  }
  EXPECT_EQ(parse_pairs("1,3:2,4 x").error().where, "pairs:9");
}

TEST(PortOrder, IsFoundHoweverThePortsLie) {
  const Network network = made_pair({.points = 200});
  const auto wanted = path_differential(network, {{0, 2}, {1, 3}});
  ASSERT_TRUE(wanted.has_value());
  // 1 -> 2, 3 -> 4; 1 -> 3, 2 -> 4; 1 -> 4, 2 -> 3.
  const std::vector<std::vector<std::size_t>> kOrders = {{0, 1, 2, 3}, {0, 2, 1, 3}, {0, 2, 3, 1}};
  for (const auto& order : kOrders) {
    const Network other = reordered(network, order);
    const auto found = detect_ports(other);
    EXPECT_GT(found.through_db - found.next_db, 10);
    const auto got = path_differential(other, found.ports);
    ASSERT_TRUE(got.has_value());
    EXPECT_LT(distance(*got, *wanted), 1e-15);
    EXPECT_EQ(got->z0_ohm, (std::vector<double>{100, 100}));
  }
}

TEST(CutChannel, MakesA100OhmChannelFromFilesOfOtherImpedances) {
  const Network network = made_pair({.points = 300});
  const double odd[] = {42.5};
  const Source plain{network, "a.s4p"};
  const Source changed{*renormalise(network, odd), "b.s4p"};
  const auto a = cut_channel(std::span(&plain, 1));
  const auto b = cut_channel(std::span(&changed, 1));
  ASSERT_TRUE(a.has_value() && b.has_value());
  EXPECT_LT(distance(a->thru.sdd, b->thru.sdd), 1e-12);
  EXPECT_EQ(a->thru.sdd.frequency_hz.front(), 0);
  EXPECT_EQ(a->thru.sdd.points(), 301U);
  EXPECT_EQ(a->thru.sdd.at(0, 1, 0).imag(), 0);
  EXPECT_NEAR(a->thru.sdd.at(0, 1, 0).real(), 1, 0.01);
}

TEST(CutChannel, TakesPathsOutOfOneFileByItsMap) {
  // Two pairs in one eight-port, and coupling from the second to the first's receiver.
  const Network pair = made_pair({.points = 100});
  Network eight = make_network(8, pair.frequency_hz);
  for (std::size_t point = 0; point < pair.points(); ++point) {
    for (std::size_t i = 0; i < 4; ++i) {
      for (std::size_t j = 0; j < 4; ++j) {
        eight.at(point, i, j) = pair.at(point, i, j);
        eight.at(point, 4 + i, 4 + j) = pair.at(point, i, j);
      }
    }
    eight.at(point, 1, 4) = 0.01;
  }
  Source source{eight, "all.s8p"};
  EXPECT_FALSE(cut_channel(std::span(&source, 1)).has_value()) << "eight ports need a map";
  source.paths = *parse_pairs("thru=1,3:2,4 fext=5,7:2,4");
  const auto channel = cut_channel(std::span(&source, 1));
  ASSERT_TRUE(channel.has_value()) << channel.error().text();
  ASSERT_EQ(channel->aggressors.size(), 1U);
  EXPECT_EQ(channel->aggressors[0].role, Role::kFext);
  EXPECT_EQ(channel->aggressors[0].name, "all.s8p 5,7:2,4");
  EXPECT_NEAR(channel->aggressors[0].sdd.at(50, 1, 0).real(), 0.005, 1e-12);
  source.paths = *parse_pairs("thru=1,3:2,9");
  EXPECT_FALSE(cut_channel(std::span(&source, 1)).has_value());
  source.paths = *parse_pairs("thru=1,3:2,3");
  EXPECT_FALSE(cut_channel(std::span(&source, 1)).has_value());
}

TEST(CutChannel, PutsAggressorsOnTheThruFilesFrequenciesAndPorts) {
  const Source sources[] = {
      {made_pair({.step_hz = 4e7, .points = 100}), "fext.s4p", Role::kFext},
      {made_pair({.points = 300}), "thru.s4p", Role::kThru},
  };
  const auto channel = cut_channel(sources);
  ASSERT_TRUE(channel.has_value()) << channel.error().text();
  ASSERT_EQ(channel->aggressors.size(), 1U);
  EXPECT_EQ(channel->aggressors[0].sdd.frequency_hz, channel->thru.sdd.frequency_hz);
  EXPECT_LT(std::abs(channel->aggressors[0].sdd.at(203, 1, 0) - channel->thru.sdd.at(203, 1, 0)),
            1e-4);
  EXPECT_FALSE(cut_channel(std::span(sources, 1)).has_value()) << "no thru";
  const Source twice[] = {sources[1], sources[1]};
  EXPECT_NE(cut_channel(twice).error().what.find("2 thru"), std::string::npos);
}

TEST(CutChannel, TakesATwoPortAsADifferentialPair) {
  Network two = make_network(2, {1e9, 2e9}, 100);
  two.at(0, 1, 0) = 0.5;
  const Source source{two, "sdd.s2p"};
  const auto channel = cut_channel(std::span(&source, 1));
  ASSERT_TRUE(channel.has_value());
  EXPECT_EQ(channel->thru.sdd.at(1, 1, 0), 0.5);
}

TEST(Grid, GoesDownToZeroInEqualSteps) {
  const double fifty[] = {5e7, 6e7, 7e7};
  EXPECT_EQ(with_dc(fifty), (std::vector<double>{0, 1e7, 2e7, 3e7, 4e7, 5e7, 6e7, 7e7}));
  const double coarse[] = {5e7, 1e8};
  EXPECT_EQ(with_dc(coarse), (std::vector<double>{0, 5e7, 1e8}));
  const double has[] = {0, 1e8};
  EXPECT_EQ(with_dc(has), (std::vector<double>{0, 1e8}));
  const double one[] = {1e8};
  EXPECT_EQ(with_dc(one), (std::vector<double>{0, 1e8}));
}

}  // namespace
}  // namespace weft::phy::channel
