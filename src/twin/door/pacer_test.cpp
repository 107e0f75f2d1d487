// SPDX-License-Identifier: Apache-2.0
#include "twin/door/pacer.h"

#include <chrono>
#include <thread>

#include <gtest/gtest.h>

namespace weft::twin::door {
namespace {

void wait_until_done(const Pacer& pacer) {
  for (int i = 0; i < 500 && !pacer.status().is_done; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

TEST(Pacer, StopsAtItsTimeExactly) {
  World world;
  world.start();
  Pacer pacer(world, {.speed = 0, .until = WorldTime{86'400'000'000'000}});
  wait_until_done(pacer);
  EXPECT_TRUE(pacer.status().is_done);
  pacer.stop();
  EXPECT_EQ(world.now().ns, 86'400'000'000'000);
}

TEST(Pacer, GoesNoFasterThanItsSpeed) {
  World world;
  world.start();
  const auto begin = std::chrono::steady_clock::now();
  Pacer pacer(world, {.speed = 100});
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  pacer.stop();
  const auto wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const double went = base::Duration{world.now().ns}.seconds();
  EXPECT_GT(went, 0);
  EXPECT_LE(went, 100 * wall);
}

TEST(Pacer, SkipsAndThenGoesAtItsSpeedAgain) {
  World world;
  world.start();
  Pacer pacer(world, {.speed = 1e-6});
  pacer.skip(base::seconds(3600));
  for (int i = 0; i < 500 && pacer.skipping().ns > 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(pacer.skipping().ns, 0);
  EXPECT_NEAR(base::Duration{pacer.status().now.ns}.seconds(), 3600, 1);
  pacer.set_speed(0);
  for (int i = 0; i < 500 && pacer.status().now.ns < 7200'000'000'000; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  pacer.stop();
  EXPECT_GE(world.now().ns, 7200'000'000'000);
}

TEST(Pacer, LeavesTheWorldToOthers) {
  World world;
  world.start();
  Pacer pacer(world, {.speed = 0});
  for (int i = 0; i < 20; ++i) {
    const Hold hold(world.mutex());
    const auto before = world.now();
    EXPECT_EQ(world.now(), before);
  }
}

}  // namespace
}  // namespace weft::twin::door
