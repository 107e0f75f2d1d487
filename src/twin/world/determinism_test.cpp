// SPDX-License-Identifier: Apache-2.0
// One seed, one history: at any number of threads, in any steps of time, with or without looking
// between. Chatters draw at random and hash all that happens to them; a world that handled events
// in another order would have other hashes.
#include "twin/world/test_actors.h"

#include <algorithm>
#include <map>
#include <queue>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace weft::twin {
namespace {

constexpr std::int64_t kMs = 1'000'000;

TEST(TwinDeterminism, OneAndManyThreadsAgree) {
  // More actors due in a window than it takes to wake threads.
  const auto run = [](unsigned threads) {
    auto world = chatter_world(300, {.seed = 3, .threads = threads}, {2 * kMs});
    world->advance_to({150 * kMs});
    EXPECT_GT(world->events(), 20'000U);
    return std::pair(world->hash(), world->events());
  };
  const auto one = run(1);
  EXPECT_EQ(run(2), one);
  EXPECT_EQ(run(4), one);
}

TEST(TwinDeterminism, OtherSeedsAreOtherHistories) {
  const auto run = [](std::uint64_t seed) {
    auto world = chatter_world(20, {.seed = seed});
    world->advance_to({50 * kMs});
    return world->hash();
  };
  EXPECT_NE(run(1), run(2));
}

TEST(TwinDeterminism, StepsOfTimeDoNotCount) {
  rc::check("any cut of time and number of threads, same history", [] {
    const auto actors = *rc::gen::element<std::uint32_t>(1, 7, 60);
    const auto seed = *rc::gen::arbitrary<std::uint64_t>();
    const Duration pause{*rc::gen::element(kMs / 5, kMs, 7 * kMs)};
    const WorldTime end{12 * kMs};
    auto straight = chatter_world(actors, {.seed = seed}, pause);
    auto cut = chatter_world(actors, {.seed = seed, .threads = *rc::gen::element(1U, 3U)}, pause);
    const WorldTime poke{*rc::gen::inRange<std::int64_t>(0, end.ns)};
    const auto poke_at = [&](World& world) {
      const auto who = static_cast<ActorId>(seed % actors);
      static_cast<Chatter&>(*world.actors()[who]).poke();
      world.set_quantity(who, Quantity::kAmbient, 0, 1, 3.0);
    };
    straight->advance_to(poke);
    poke_at(*straight);
    straight->advance_to(end);

    const auto most_step = *rc::gen::element<std::int64_t>(300'000, kMs, 5 * kMs);
    const auto advance_in_steps = [&](WorldTime until) {
      while (cut->now() < until) {
        const Duration step{*rc::gen::inRange<std::int64_t>(most_step / 2, most_step)};
        cut->advance_to(std::min(until, later(cut->now(), step)));
        static_cast<void>(step.ns % 2 == 0 ? cut->hash() : cut->checkpoint().size());
      }
    };
    advance_in_steps(poke);
    poke_at(*cut);
    advance_in_steps(end);
    RC_ASSERT(cut->events() == straight->events());
    RC_ASSERT(cut->hash() == straight->hash());
  });
}

/// The plainest simulator there is: one queue of everything in the documented order.
class Plain {
 public:
  struct Event {
    WorldTime at;
    ActorId to = 0;
    bool is_timer = false;
    ActorId from = 0;  // or the timer's number
    std::uint64_t sequence = 0;
    friend auto operator<=>(const Event&, const Event&) = default;
  };
  explicit Plain(std::uint32_t actors) : sent_(actors), seen_(actors) {}
  void send(ActorId from, ActorId to, WorldTime at) {
    queue_.push({at, to, false, from, sent_[from]++});
  }
  void set_timer(ActorId actor, std::uint32_t number, WorldTime at) {
    queue_.push({at, actor, true, number, 0});
  }
  template <class Handle>
  void run(WorldTime until, Handle handle) {
    while (!queue_.empty() && queue_.top().at <= until) {
      const Event event = queue_.top();
      queue_.pop();
      seen_[event.to].push_back(event);
      handle(event);
    }
  }
  [[nodiscard]] const std::vector<Event>& seen(ActorId actor) const { return seen_[actor]; }

 private:
  std::priority_queue<Event, std::vector<Event>, std::greater<>> queue_;
  std::vector<std::uint64_t> sent_;
  std::vector<std::vector<Event>> seen_;
};

/// What an actor does at each event is a hash of the event, so that both simulators can do it.
struct Deed {
  ActorId to;
  Duration delay;
  std::uint32_t timer;
  Duration pause;
};
Deed deed_of(ActorId actor, WorldTime at, bool is_timer, std::uint32_t number, std::uint32_t all) {
  std::uint64_t hash = mix(mix(mix(actor, static_cast<std::uint64_t>(at.ns)), is_timer), number);
  const auto next = [&](std::uint64_t below) { return (hash = mix(hash, 1)) % below; };
  return {static_cast<ActorId>(next(all)),
          {static_cast<std::int64_t>(1 + next(4)) * kMs},
          // A timer's number is of its own time, so that none is moved and the plain one needs no
          // cancelling.
          static_cast<std::uint32_t>(at.ns / 1000) * 2 + (is_timer ? 1 : 0),
          {static_cast<std::int64_t>(1 + next(5)) * kMs / 2}};
}

class Doer : public Recorder {
 public:
  Doer(std::string path, std::uint32_t all) : Recorder(std::move(path)), all_(all) {}
  void start() override { set_timer(0, {static_cast<std::int64_t>(id()) * kMs / 4}); }
  void on_timer(std::uint32_t timer) override {
    Recorder::on_timer(timer);
    act(true, timer);
  }
  void on_message(const Message& message) override {
    Recorder::on_message(message);
    if (message.from % 3 == 0) {
      act(false, message.from);
    }
  }

 private:
  void act(bool is_timer, std::uint32_t number) {
    const Deed deed = deed_of(id(), now(), is_timer, number, all_);
    send(deed.to, {}, deed.delay);
    if (is_timer) {
      set_timer(deed.timer, later(now(), deed.pause));
    }
  }
  std::uint32_t all_;
};

TEST(TwinDeterminism, AgreesWithThePlainestSimulator) {
  constexpr std::uint32_t kActors = 60;
  constexpr WorldTime kEnd{60 * kMs};
  World world({.seed = 1, .threads = 2});
  Plain plain(kActors);
  for (ActorId id = 0; id < kActors; ++id) {
    ASSERT_TRUE(world.add(std::make_unique<Doer>("doer/" + std::to_string(id), kActors)));
    plain.set_timer(id, 0, {static_cast<std::int64_t>(id) * kMs / 4});
  }
  world.start();
  world.advance_to(kEnd);
  plain.run(kEnd, [&](const Plain::Event& event) {
    if (event.is_timer || event.from % 3 == 0) {
      const Deed deed = deed_of(event.to, event.at, event.is_timer, event.from, kActors);
      plain.send(event.to, deed.to, later(event.at, deed.delay));
      if (event.is_timer) {
        plain.set_timer(event.to, deed.timer, later(event.at, deed.pause));
      }
    }
  });
  std::size_t all = 0;
  for (ActorId id = 0; id < kActors; ++id) {
    const auto& seen = static_cast<Recorder&>(*world.actors()[id]).seen;
    const auto& expected = plain.seen(id);
    ASSERT_EQ(seen.size(), expected.size()) << id;
    for (std::size_t i = 0; i < seen.size(); ++i) {
      EXPECT_EQ(seen[i].at, expected[i].at) << id << " " << i;
      EXPECT_EQ(seen[i].is_timer, expected[i].is_timer) << id << " " << i;
      EXPECT_EQ(seen[i].is_timer ? seen[i].number : seen[i].from, expected[i].from) << id;
    }
    all += seen.size();
  }
  EXPECT_GT(all, 3000U);
}

}  // namespace
}  // namespace weft::twin
