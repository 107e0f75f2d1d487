// SPDX-License-Identifier: Apache-2.0
// The first-order body against its differential equation, and its steps against its value.
#include "twin/world/thermal.h"

#include <cmath>

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace weft::twin {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr base::KelvinDelta kDegree{1};

TEST(TwinThermal, FollowsItsEquation) {
  ThermalNode node(base::Celsius(30), 50);
  node.set_target(base::Celsius(80), {10 * kSecond});
  EXPECT_EQ(node.value({10 * kSecond}), base::Celsius(30));
  EXPECT_NEAR(node.value({60 * kSecond}).value(), 80 - 50 * std::exp(-1), 1e-9);
  node.set_target(base::Celsius(20), {60 * kSecond});
  // Euler's steps of dT/dt = (target - T) / tau.
  double t = 80 - 50 * std::exp(-1);
  for (int i = 0; i < 100'000; ++i) {
    t += (20 - t) / 50 * 1e-3;
  }
  EXPECT_NEAR(node.value({160 * kSecond}).value(), t, 1e-3);
}

TEST(TwinThermal, OneTimerForEachDegreeAndNoneWhenSettled) {
  ThermalNode node(base::Celsius(30), 50);
  EXPECT_EQ(node.next_step({0}, kDegree), kNever);
  node.set_target(base::Celsius(40.2), {0});
  WorldTime at{0};
  int steps = 0;
  for (WorldTime next = node.next_step(at, kDegree); next != kNever;
       next = node.next_step(at, kDegree)) {
    const auto before = node.stepped({next.ns - 1000}, kDegree);
    EXPECT_EQ(before, node.stepped(at, kDegree));
    at = next;
    ++steps;
    EXPECT_EQ((node.stepped(at, kDegree) - before).value(), 1.0);
    ASSERT_LT(steps, 100);
  }
  EXPECT_EQ(steps, 10);
  EXPECT_EQ(node.stepped(at, kDegree), base::Celsius(40));
}

TEST(TwinThermal, StepsEndForAnyTarget) {
  rc::check("a finite number of steps, each later than the last", [] {
    ThermalNode node(base::Celsius(*rc::gen::inRange(-400, 1200) / 10.0),
                     *rc::gen::inRange(1, 10'000) / 10.0);
    // Quarters, so that targets on a step's very edge come too.
    node.set_target(base::Celsius(*rc::gen::inRange(-160, 480) / 4.0), {0});
    WorldTime at{0};
    for (int steps = 0;; ++steps) {
      RC_ASSERT(steps < 400);
      const WorldTime next = node.next_step(at, base::KelvinDelta(0.5));
      RC_ASSERT(next > at);
      if (next == kNever) {
        break;
      }
      RC_ASSERT(node.stepped(next, base::KelvinDelta(0.5)) !=
                node.stepped(at, base::KelvinDelta(0.5)));
      at = next;
    }
    RC_ASSERT(std::abs((node.stepped(at, base::KelvinDelta(0.5)) - node.target()).value()) < 0.51);
  });
}

TEST(TwinThermal, ReadsBackAndRefusesNonsense) {
  ThermalNode node(base::Celsius(30), 50);
  node.set_target(base::Celsius(80), {7});
  node.set_tau(20, {kSecond});
  Archive out;
  node.exchange(out);
  ThermalNode back;
  Archive in(out.bytes());
  back.exchange(in);
  EXPECT_FALSE(in.failed());
  EXPECT_EQ(back.value({9 * kSecond}), node.value({9 * kSecond}));
  base::Bytes bytes = out.bytes();
  bytes.back() |= 0x80;
  Archive garbled(bytes);
  back.exchange(garbled);
  EXPECT_TRUE(garbled.failed());
}

}  // namespace
}  // namespace weft::twin
