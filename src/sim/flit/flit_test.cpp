// SPDX-License-Identifier: Apache-2.0
// Flit by flit against BookSim2's curve of an 8x8 mesh (dimension order, 8 VCs of 8 flits, uniform,
// packets of one flit), the bisection bound, conservation of flits and credits, and a lock that is
// named.
#include "sim/flit/flit_network.h"
#include "sim/topology.h"

#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft::sim::flit {
namespace {

/// A network with what a FlitNetwork needs to stay alive.
struct Bench {
  explicit Bench(const std::string& text)
      : network(*make_network(*parse_topology(text))),
        routes(*Routes::make(network)),
        fabric(*packet::Fabric::make(network, routes, 1ULL << 30)) {}
  Network network;
  Routes routes;
  packet::Fabric fabric;
};

FlitResult run(const Bench& bench, const FlitOptions& options, std::uint64_t warm_up,
               std::uint64_t cycles) {
  auto made = FlitNetwork::make(bench.fabric, options);
  EXPECT_TRUE(made.has_value()) << made.error().text();
  (*made)->run(warm_up + cycles, warm_up);
  return (*made)->result();
}

TEST(FlitMesh, MeetsBookSim) {
  const Bench bench("mesh:8x8");
  struct Point {
    double rate, latency, tolerance;
  };
  for (const Point& point : {Point{.05, 27.17, .02}, {.20, 27.82, .02}, {.30, 29.27, .03}}) {
    const FlitResult result = run(bench, {.rate = point.rate}, 500, 2'500);
    EXPECT_NEAR(result.latency, point.latency, point.tolerance * point.latency) << point.rate;
    EXPECT_NEAR(result.hops, 6.25, .05);
    EXPECT_NEAR(result.accepted, point.rate, .02 * point.rate + .002);
  }
}

TEST(FlitMesh, SaturatesBelowItsBisection) {
  const Bench bench("mesh:8x8");
  const FlitResult result = run(bench, {.rate = .6}, 1'500, 2'000);
  const double accepted = static_cast<double>(result.arrived) / 3'500 / 64;
  EXPECT_LE(accepted, 4.0 / 8);
  EXPECT_NEAR(accepted, .427, .03);
}

TEST(FlitTree, ConservesFlitsAndCredits) {
  const Bench bench("fat-tree:k=4");
  for (const std::uint32_t flits : {1U, 5U}) {
    auto made = FlitNetwork::make(bench.fabric, {.vcs = 4, .packet_flits = flits, .rate = .5});
    ASSERT_TRUE(made.has_value());
    (*made)->run(2'000, 0);
    EXPECT_GT((*made)->result().inside, 0U);
    (*made)->drain();
    EXPECT_TRUE((*made)->is_conserved()) << (*made)->result().standstill;
    EXPECT_NEAR((*made)->result().accepted * (*made)->result().made, .5 * (*made)->result().made,
                .05 * (*made)->result().made);
  }
}

TEST(FlitRing, LocksWithoutDatelineAndSaysWhere) {
  const Bench bench("torus:8");
  auto made =
      FlitNetwork::make(bench.fabric, {.vcs = 1, .buffer_flits = 1, .packet_flits = 4, .rate = 1});
  ASSERT_TRUE(made.has_value());
  (*made)->run(20'000, 0);
  EXPECT_THAT((*made)->result().standstill, testing::StartsWith("deadlock:"));
}

TEST(FlitNetwork, RefusesWhatItCannotHold) {
  const Bench star("star:65");
  EXPECT_FALSE(FlitNetwork::make(star.fabric, {}).has_value());
  const Bench small("star:4");
  EXPECT_FALSE(FlitNetwork::make(small.fabric, {.vcs = 17}).has_value());
  EXPECT_FALSE(FlitNetwork::make(small.fabric, {.rate = 2}).has_value());
}

}  // namespace
}  // namespace weft::sim::flit
