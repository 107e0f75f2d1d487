// SPDX-License-Identifier: Apache-2.0
// The engine's promises: order at one instant, no message early, time that stops where it is told,
// quantities, and what is refused. Determinism is in determinism_test.cpp, state in
// checkpoint_test.cpp.
#include "twin/world/world.h"

#include "twin/world/test_actors.h"

#include <gtest/gtest.h>

namespace weft::twin {
namespace {

constexpr std::int64_t kMs = 1'000'000;

struct Small {
  World world;
  Recorder* a;
  Recorder* b;
  Small() : a(add("a")), b(add("b")) { world.start(); }
  Recorder* add(const char* path) {
    auto actor = std::make_unique<Recorder>(path);
    Recorder* raw = actor.get();
    EXPECT_TRUE(world.add(std::move(actor)));
    return raw;
  }
};

Message numbered(std::uint32_t sub) {
  Message message;
  message.sub = sub;
  return message;
}

TEST(TwinWorld, StartsEveryActorOnce) {
  Small small;
  small.world.start();
  EXPECT_EQ(small.a->starts, 1U);
  EXPECT_EQ(small.b->starts, 1U);
  EXPECT_EQ(small.world.find("b"), small.b);
  EXPECT_EQ(small.world.find("c"), nullptr);
}

TEST(TwinWorld, RefusesAPathTwiceAndActorsAfterStart) {
  World world;
  ASSERT_TRUE(world.add(std::make_unique<Recorder>("a")));
  const auto twice = world.add(std::make_unique<Recorder>("a"));
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().code, base::Code::kAlreadyExists);
  world.start();
  const auto late = world.add(std::make_unique<Recorder>("b"));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, base::Code::kFailedPrecondition);
}

TEST(TwinWorld, RunsTimersUpToAndAtTheEnd) {
  Small small;
  small.a->set_timer(1, {10});
  small.a->set_timer(2, {11});
  EXPECT_EQ(small.world.next_event(), WorldTime{10});
  small.world.advance_to({10});
  ASSERT_EQ(small.a->seen.size(), 1U);
  EXPECT_EQ(small.a->seen[0].at, WorldTime{10});
  EXPECT_EQ(small.world.now(), WorldTime{10});
  small.world.advance({5});
  EXPECT_EQ(small.a->seen.size(), 2U);
  EXPECT_EQ(small.world.now(), WorldTime{15});
  EXPECT_EQ(small.world.next_event(), std::nullopt);
  EXPECT_EQ(small.world.events(), 2U);
  small.world.advance_to({3});
  EXPECT_EQ(small.world.now(), WorldTime{15}) << "time does not go back";
}

TEST(TwinWorld, ATimerMovesAndIsTakenAway) {
  Small small;
  small.a->set_timer(1, {10});
  small.a->set_timer(1, {20});
  EXPECT_EQ(small.a->timer(1), WorldTime{20});
  small.a->set_timer(2, {20});
  small.a->set_timer(2, kNever);
  small.a->set_timer(3, {20});
  small.a->cancel_timer(3);
  small.a->cancel_timer(4);
  EXPECT_EQ(small.a->timer(3), std::nullopt);
  small.world.advance_to({100});
  ASSERT_EQ(small.a->seen.size(), 1U);
  EXPECT_EQ(small.a->seen[0].number, 1U);
  small.a->set_timer(5, {50});  // before now is now
  small.world.advance_to({100});
  ASSERT_EQ(small.a->seen.size(), 2U);
  EXPECT_EQ(small.a->seen[1].at, WorldTime{100});
}

TEST(TwinWorld, AMessageNeverArrivesBeforeTheLookahead) {
  Small small;
  small.a->send(small.b->id(), numbered(1), {0});
  small.a->send(small.b->id(), numbered(2), {kMs / 2});
  small.a->send(small.b->id(), numbered(3), {kMs + 1});
  small.world.advance_to({kMs - 1});
  EXPECT_TRUE(small.b->seen.empty());
  small.world.advance_to({10 * kMs});
  ASSERT_EQ(small.b->seen.size(), 3U);
  EXPECT_EQ(small.b->seen[0].at, WorldTime{kMs});
  EXPECT_EQ(small.b->seen[1].at, WorldTime{kMs});
  EXPECT_EQ(small.b->seen[1].number, 2U) << "by the sender's sequence";
  EXPECT_EQ(small.b->seen[2].at, WorldTime{kMs + 1});
  EXPECT_EQ(small.b->seen[0].from, small.a->id());
}

TEST(TwinWorld, AtOneInstantMessagesComeBySenderThenTimersByNumber) {
  Small small;
  small.b->set_timer(9, {kMs});
  small.b->set_timer(2, {kMs});
  small.b->send(small.b->id(), numbered(100));
  small.a->send(small.b->id(), numbered(101));
  small.a->send(kNobody, numbered(0));
  small.world.advance_to({kMs});
  ASSERT_EQ(small.b->seen.size(), 4U);
  EXPECT_EQ(small.b->seen[0].number, 101U);
  EXPECT_EQ(small.b->seen[1].number, 100U);
  EXPECT_EQ(small.b->seen[2].number, 2U);
  EXPECT_EQ(small.b->seen[3].number, 9U);
}

TEST(TwinWorld, TellsAnActorOfItsQuantities) {
  Small small;
  small.world.advance_to({kMs});
  small.world.set_quantity(small.a->id(), Quantity::kLoss, 3, 1, 2.5);
  ASSERT_EQ(small.a->seen.size(), 1U) << "at once";
  EXPECT_EQ(small.a->seen[0].value, 2.5);
  small.world.set_quantity(small.a->id(), Quantity::kLoss, 3, 1, 2.5);
  EXPECT_EQ(small.a->seen.size(), 1U) << "nothing changed";
  Message message = numbered(3);
  message.kind = MessageKind::kQuantity;
  message.quantity = Quantity::kLoss;
  message.source = 2;
  message.value = 1;
  small.b->send(small.a->id(), message);
  message.is_set = false;
  message.source = 1;
  small.b->send(small.a->id(), message, {3 * kMs});
  small.world.advance_to({10 * kMs});
  ASSERT_EQ(small.a->seen.size(), 3U);
  EXPECT_TRUE(small.a->seen[1].is_quantity);
  EXPECT_EQ(small.a->seen[1].value, 3.5);
  EXPECT_EQ(small.a->seen[2].value, 1.0);
  EXPECT_EQ(small.a->own_quantities().value(Quantity::kLoss, 3), 1.0);
}

TEST(TwinWorld, StreamsBelongToSeedAndPath) {
  World one{{.seed = 7}};
  World two{{.seed = 7}};
  World three{{.seed = 8}};
  const auto draw = [](World& world, bool with_other) {
    if (with_other) {
      EXPECT_TRUE(world.add(std::make_unique<Recorder>("other")));
    }
    EXPECT_TRUE(world.add(std::make_unique<Recorder>("mine")));
    return static_cast<Recorder*>(world.find("mine"))->random()();
  };
  const auto first = draw(one, false);
  EXPECT_EQ(first, draw(two, true));
  EXPECT_NE(first, draw(three, false));
}

using TwinWorldDeathTest = ::testing::Test;

class Breaker : public Recorder {
 public:
  using Recorder::Recorder;
  void on_timer(std::uint32_t) override { victim->set_timer(1, {5}); }
  Recorder* victim = nullptr;
};

TEST(TwinWorldDeathTest, AnActorThatTouchesAnotherInTheLoopIsStopped) {
  Small small;
  World world;
  auto victim = std::make_unique<Recorder>("victim");
  auto breaker = std::make_unique<Breaker>("breaker");
  breaker->victim = victim.get();
  auto* raw = breaker.get();
  ASSERT_TRUE(world.add(std::move(victim)));
  ASSERT_TRUE(world.add(std::move(breaker)));
  world.start();
  raw->set_timer(1, {1});
  EXPECT_DEATH(world.advance_to({10}), "victim.*send");
}

}  // namespace
}  // namespace weft::twin
