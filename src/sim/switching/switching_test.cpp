// SPDX-License-Identifier: Apache-2.0
// The slotted models against the values of their papers (Karol 1987 table I; Pollaczek-Khinchine;
// McKeown 1999), and the link protocol against its closed forms.
#include "sim/switching/link_protocol.h"
#include "sim/switching/slotted.h"

#include <array>
#include <cmath>

#include <gtest/gtest.h>

namespace weft::sim::switching {
namespace {

TEST(InputQueued, SaturatesWhereKarolSays) {
  constexpr std::array<double, 8> kKarol = {1, .75, .6825, .6553, .6399, .6302, .6234, .6184};
  for (std::uint32_t ports = 1; ports <= 8; ++ports) {
    const auto result = input_queued({.ports = ports, .slots = 60'000, .seed = ports});
    ASSERT_TRUE(result.has_value());
    EXPECT_NEAR(result->throughput, kKarol.at(ports - 1), .005) << ports;
    EXPECT_EQ(result->arrived, result->served + result->queued);
  }
  const auto many = input_queued({.ports = 512, .warm_up = 500, .slots = 1'500});
  ASSERT_TRUE(many.has_value());
  EXPECT_NEAR(many->throughput, 2 - std::sqrt(2.0), .005);
}

TEST(OutputQueued, WaitsAsTheFormulaSays) {
  for (const std::uint32_t ports : {2U, 8U, 32U}) {
    for (const double rate : {.5, .8}) {
      const auto result =
          output_queued({.ports = ports, .rate = rate, .slots = 960'000 / ports, .seed = 3});
      ASSERT_TRUE(result.has_value());
      const double expected = (ports - 1.0) / ports * rate / (2 * (1 - rate));
      EXPECT_NEAR(result->wait, expected, result->wait_95) << ports << " " << rate;
      EXPECT_LT(result->wait_95, .1 * expected);
      EXPECT_EQ(result->arrived, result->served + result->queued);
    }
  }
}

TEST(Md1, WaitsAsPollaczekAndKhinchineSay) {
  constexpr std::array<std::array<double, 2>, 4> kWaits = {
      {{.5, .5}, {.8, 2}, {.9, 4.5}, {.95, 9.5}}};
  for (const auto& [load, wait] : kWaits) {
    const auto result = md1(load, 1'000'000, 2);
    ASSERT_TRUE(result.has_value());
    EXPECT_NEAR(result->wait, wait, result->wait_95) << load;
    EXPECT_LT(result->wait_95, .1 * wait);
  }
}

TEST(Islip, UniformNearsOneAndMoreIterationsNeverHurt) {
  const auto full = voq_islip({.ports = 64, .warm_up = 5'000, .slots = 2'000}, 4);
  ASSERT_TRUE(full.has_value());
  EXPECT_GE(full->throughput, .98);
  EXPECT_EQ(full->arrived, full->served + full->queued);
  double wait = 1e9;
  for (std::uint32_t iterations = 1; iterations <= 4; ++iterations) {
    const auto result =
        voq_islip({.ports = 16, .rate = .9, .warm_up = 2'000, .slots = 20'000}, iterations);
    ASSERT_TRUE(result.has_value());
    EXPECT_LE(result->wait, wait) << iterations;
    wait = result->wait;
  }
}

TEST(Islip, PermutationIsExactAndNeverQueues) {
  const auto result =
      voq_islip({.ports = 64, .pattern = Pattern::kPermutation, .warm_up = 0, .slots = 2'000}, 1);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->throughput, 1.0);
  EXPECT_EQ(result->wait, 0);
  EXPECT_EQ(result->queued, 0U);
}

TEST(Slotted, RefusesWhatCannotBe) {
  EXPECT_FALSE(voq_islip({.ports = 65}, 1).has_value());
  EXPECT_FALSE(voq_islip({.ports = 4}, 0).has_value());
  EXPECT_FALSE(output_queued({.ports = 0}).has_value());
  EXPECT_FALSE(output_queued({.rate = 1.5}).has_value());
  EXPECT_FALSE(md1(1, 10, 1).has_value());
}

TEST(CreditLoop, IsBufferOverRoundTripExactly) {
  for (const std::uint64_t round_trip : {1U, 7U, 64U, 100U}) {
    for (const std::uint64_t buffer : {1U, 8U, 50U, 99U, 200U}) {
      const auto run = run_link({.round_trip = round_trip, .credits = buffer}, 50 * round_trip, 1);
      ASSERT_TRUE(run.has_value());
      EXPECT_DOUBLE_EQ(run->share(), credit_share(buffer, round_trip)) << round_trip << buffer;
    }
  }
}

TEST(LinkRetry, DeliversWhatTheFormulasSay) {
  for (const Retry retry : {Retry::kGoBackN, Retry::kSelective}) {
    const auto clean = run_link({.round_trip = 64, .retry = retry}, 10'000, 1);
    EXPECT_EQ(clean->share(), 1.0);
    for (const double ratio : {1e-3, 1e-2, .2}) {
      constexpr std::uint64_t kTimes = 2'000'000;
      const auto run =
          run_link({.round_trip = 64, .flit_error_ratio = ratio, .retry = retry}, kTimes, 9);
      const double expected = retry_share(retry, ratio, 64);
      // Deliveries between retries are geometric: the share's error follows from their number.
      const double retries = std::max<double>(1, static_cast<double>(run->retries));
      EXPECT_NEAR(run->share(), expected,
                  2.5 * expected * (1 - expected) / std::sqrt(retries) + 1e-4)
          << ratio;
      EXPECT_GT(run->retries, 0U);
    }
  }
}

TEST(UalinkReplay, WindowStallsBeyondItsRoundTrip) {
  constexpr Ps kFlit = 6'400;  // 640 bytes at 800 Gb/s
  EXPECT_EQ(longest_round_trip(511, kFlit), 3'270'400);
  EXPECT_EQ(replay_flits(3'270'400, kFlit), 511U);
  EXPECT_EQ(run_link({.round_trip = 511, .window = 511}, 511 * 20, 1)->share(), 1.0);
  EXPECT_DOUBLE_EQ(run_link({.round_trip = 1022, .window = 511}, 1022 * 20, 1)->share(), .5);
}

TEST(ZeroLoad, IsFlightsPipelinesAndTheSlowestLink) {
  constexpr std::array<Hop, 3> kPath = {{{.link = 10'000, .pipeline = 115'000, .serialise = 4'000},
                                         {.link = 20'000, .pipeline = 115'000, .serialise = 8'000},
                                         {.link = 10'000, .pipeline = 0, .serialise = 4'000}}};
  EXPECT_EQ(zero_load_latency(kPath), 278'000);
}

}  // namespace
}  // namespace weft::sim::switching
