// SPDX-License-Identifier: Apache-2.0
// A checkpoint in mid-flight and the run that goes on from it equal the uninterrupted run; what
// does not fit or is garbled is refused with the reason.
#include "twin/world/test_actors.h"

#include <string>

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace weft::twin {
namespace {

constexpr std::int64_t kMs = 1'000'000;
constexpr Duration kPause{3 * kMs};
constexpr std::size_t kHeadSize = 8 + 4 + 8 + 8 + 8 + 8 + 8;  // docs/formats/checkpoint.md

/// The hash at the end of a checkpoint, made right again after a change.
void seal(base::Bytes& bytes) {
  const std::uint64_t sum = hash_bytes(base::ByteView(bytes).first(bytes.size() - 8));
  for (std::size_t i = 0; i < 8; ++i) {
    bytes[bytes.size() - 8 + i] = static_cast<std::uint8_t>(sum >> (8 * i));
  }
}

TEST(TwinCheckpoint, GoesOnAsIfNothingHadBeen) {
  rc::check("checkpoint anywhere, restore, same end", [] {
    const auto actors = *rc::gen::inRange<std::uint32_t>(1, 20);
    const WorldOptions options{.seed = *rc::gen::arbitrary<std::uint64_t>()};
    const WorldTime cut{*rc::gen::inRange<std::int64_t>(0, 15 * kMs)};
    const WorldTime end{15 * kMs};
    auto straight = chatter_world(actors, options);
    straight->advance_to(end);

    auto first = chatter_world(actors, options);
    first->advance_to(cut);
    const base::Bytes bytes = first->checkpoint();
    auto second = chatter_world(actors, options, kPause, false);
    const auto restored = second->restore(bytes);
    RC_ASSERT(restored.has_value());
    RC_ASSERT(second->now() == cut);
    RC_ASSERT(second->hash() == first->hash());
    RC_ASSERT(second->checkpoint() == bytes);
    second->advance_to(end);
    first->advance_to(end);
    RC_ASSERT(second->hash() == straight->hash());
    RC_ASSERT(first->hash() == straight->hash());
    RC_ASSERT(second->events() == straight->events());
    RC_ASSERT(second->checkpoint() == straight->checkpoint());
  });
}

TEST(TwinCheckpoint, KeepsQuantitiesAndPendingEvents) {
  const auto build = [](World& world) {
    EXPECT_TRUE(world.add(std::make_unique<Recorder>("a")));
    EXPECT_TRUE(world.add(std::make_unique<Recorder>("b")));
  };
  World first;
  build(first);
  first.start();
  auto& a = static_cast<Recorder&>(*first.find("a"));
  first.set_quantity(1, Quantity::kLoss, 2, 7, 4.5);
  a.set_timer(6, {40});
  a.send(1, {}, {5 * kMs});
  World second;
  build(second);
  ASSERT_TRUE(second.restore(first.checkpoint()));
  EXPECT_EQ(second.find("b")->own_quantities().value(Quantity::kLoss, 2), 4.5);
  EXPECT_EQ(second.next_event(), WorldTime{40});
  auto& b = static_cast<Recorder&>(*second.find("b"));
  EXPECT_EQ(b.starts, 1U) << "read back";
  second.start();
  EXPECT_EQ(b.starts, 1U) << "a restored world has started";
  second.advance_to({10 * kMs});
  ASSERT_EQ(b.seen.size(), 2U);
  EXPECT_EQ(b.seen[1].at, WorldTime{5 * kMs});
}

TEST(TwinCheckpoint, SaysWhatDiffers) {
  auto world = chatter_world(3, {.seed = 5});
  world->advance_to({9 * kMs});
  const base::Bytes bytes = world->checkpoint();
  const auto refusal = [&](World& into) {
    const auto restored = into.restore(bytes);
    EXPECT_FALSE(restored);
    return restored ? base::Error{} : restored.error();
  };
  const auto other_seed = refusal(*chatter_world(3, {.seed = 6}, kPause, false));
  EXPECT_EQ(other_seed.code, base::Code::kFailedPrecondition);
  EXPECT_NE(other_seed.text().find("seed"), std::string::npos);
  const auto other_rack = refusal(*chatter_world(4, {.seed = 5}, kPause, false));
  EXPECT_EQ(other_rack.code, base::Code::kFailedPrecondition);
  EXPECT_NE(other_rack.text().find('4'), std::string::npos);
  EXPECT_EQ(refusal(*chatter_world(3, {.seed = 5})).code, base::Code::kFailedPrecondition)
      << "started";
  World other_paths{{.seed = 5}};
  for (const char* path : {"x", "y", "z"}) {
    ASSERT_TRUE(other_paths.add(std::make_unique<Recorder>(path)));
  }
  EXPECT_EQ(refusal(other_paths).code, base::Code::kFailedPrecondition);
}

TEST(TwinCheckpoint, FindsAnyChangedByte) {
  auto world = chatter_world(3);
  world->advance_to({9 * kMs});
  const base::Bytes bytes = world->checkpoint();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    base::Bytes changed = bytes;
    changed[i] ^= 0x10;
    EXPECT_FALSE(chatter_world(3, {}, kPause, false)->restore(changed)) << i;
  }
  for (std::size_t i = 0; i < bytes.size(); i += 7) {
    const auto cut = base::ByteView(bytes).first(i);
    EXPECT_FALSE(chatter_world(3, {}, kPause, false)->restore(cut)) << i;
  }
}

TEST(TwinCheckpoint, NamesTheActorWhosePartDoesNotRead) {
  World first;
  ASSERT_TRUE(first.add(std::make_unique<Recorder>("only")));
  first.start();
  base::Bytes bytes = first.checkpoint();
  bytes[kHeadSize] -= 1;  // the length of its part
  bytes.erase(bytes.end() - 9);
  seal(bytes);
  World second;
  ASSERT_TRUE(second.add(std::make_unique<Recorder>("only")));
  const auto restored = second.restore(bytes);
  ASSERT_FALSE(restored);
  EXPECT_EQ(restored.error().code, base::Code::kDataLoss);
  EXPECT_EQ(restored.error().where, "only");
}

TEST(TwinCheckpoint, RefusesEventsOfThePast) {
  const auto with_timer = [](WorldTime at) {
    World world;
    EXPECT_TRUE(world.add(std::make_unique<Recorder>("only")));
    world.start();
    world.advance_to({100});
    static_cast<Recorder&>(*world.find("only")).set_timer(1, at);
    return world.checkpoint();
  };
  base::Bytes bytes = with_timer({101});
  const base::Bytes later_on = with_timer({102});
  // Where the two differ first is the timer's time.
  std::size_t at = 0;
  while (bytes[at] == later_on[at]) {
    ++at;
  }
  const auto restores = [&] {
    seal(bytes);
    World world;
    EXPECT_TRUE(world.add(std::make_unique<Recorder>("only")));
    return world.restore(bytes).has_value();
  };
  EXPECT_TRUE(restores());
  bytes[at] = 99;
  EXPECT_FALSE(restores());
  bytes[at] = 100;
  EXPECT_TRUE(restores()) << "set from outside, not yet run";
}

}  // namespace
}  // namespace weft::twin
