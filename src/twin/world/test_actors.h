// SPDX-License-Identifier: Apache-2.0
// Actors for tests of the engine and of whatever needs a world: Chatter, which draws timers and
// messages to others from its own stream and hashes all that happens to it, and Recorder, which
// keeps what it got. Only tests, benches and fuzzers include it.
#pragma once

#include "twin/world/actor.h"
#include "twin/world/hash.h"
#include "twin/world/world.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace weft::twin {

/// What a Recorder saw, in order.
struct Seen {
  WorldTime at;
  bool is_timer = false;
  bool is_quantity = false;
  std::uint32_t number = 0;  // timer, message's sub
  ActorId from = kNobody;
  double value = 0;
  void exchange(Archive& archive) {
    archive.fields(at, is_timer, is_quantity, number, from, value);
  }
};

class Recorder : public Actor {
 public:
  using Actor::Actor;
  using Actor::cancel_timer;
  using Actor::now;
  using Actor::quantity;
  using Actor::random;
  using Actor::send;
  using Actor::set_timer;
  using Actor::timer;

  void start() override { ++starts; }
  void on_timer(std::uint32_t timer) override { seen.push_back({now(), true, false, timer}); }
  void on_message(const Message& message) override {
    seen.push_back({now(), false, false, message.sub, message.from, message.value});
  }
  void on_quantity(Quantity which, std::uint32_t sub) override {
    seen.push_back({now(), false, true, sub, kNobody, quantity(which, sub)});
  }
  void exchange(Archive& archive) override { archive.fields(seen, starts); }
  void registers(Archive& out) const override {
    auto copy = seen;
    out.field(copy);
  }

  std::vector<Seen> seen;
  std::uint32_t starts = 0;
};

class Chatter : public Actor {
 public:
  /// Talks to the first `others` actors; `pause` is its mean time between timers.
  Chatter(std::string path, std::uint32_t others, Duration pause)
      : Actor(std::move(path)), others_(others), pause_(pause) {}

  void start() override { set_next(0); }
  void on_timer(std::uint32_t timer) override {
    note(timer, 0);
    set_next(static_cast<std::uint32_t>(random().below(4)));
    if (random().below(4) == 0) {
      set_next(static_cast<std::uint32_t>(random().below(4)));
    }
    say();
  }
  void on_message(const Message& message) override {
    note(message.from, message.sub);
    if (message.value > 0 && random().below(2) == 0) {
      say();
    }
  }
  void on_quantity(Quantity which, std::uint32_t sub) override {
    note(static_cast<std::uint64_t>(which), sub);
    set_next(3);
  }
  void exchange(Archive& archive) override { archive.fields(trace_, happened_); }
  void registers(Archive& out) const override {
    std::uint64_t trace = trace_;
    out.field(trace);
  }
  [[nodiscard]] std::uint64_t trace() const { return trace_; }
  [[nodiscard]] std::uint64_t happened() const { return happened_; }
  /// As a door would.
  void poke() {
    note(77, 0);
    say();
  }

 private:
  void note(std::uint64_t a, std::uint64_t b) {
    trace_ = mix(mix(mix(trace_, static_cast<std::uint64_t>(now().ns)), a), b);
    ++happened_;
  }
  void set_next(std::uint32_t timer) {
    const auto most = static_cast<std::uint64_t>(2 * pause_.ns);
    set_timer(timer, later(now(), {static_cast<std::int64_t>(random().below(most))}));
  }
  void say() {
    Message message;
    message.sub = static_cast<std::uint32_t>(random().below(1000));
    message.value = random().uniform() - 0.4;
    if (random().below(8) == 0) {
      message.kind = MessageKind::kQuantity;
      message.quantity = Quantity::kLoad;
      message.sub %= 3;
      message.is_set = random().below(3) != 0;
    }
    // Half of them with the least delay, so that windows matter; coarse, so that ties happen.
    const auto steps = static_cast<std::int64_t>(random().below(6));
    send(static_cast<ActorId>(random().below(others_)), message, {steps * 500'000});
  }

  std::uint32_t others_;
  Duration pause_;
  std::uint64_t trace_ = 0;
  std::uint64_t happened_ = 0;
};

/// A started world of so many chatters, or one that waits for a checkpoint.
inline std::unique_ptr<World> chatter_world(std::uint32_t actors, const WorldOptions& options = {},
                                            Duration pause = {3'000'000}, bool is_started = true) {
  auto world = std::make_unique<World>(options);
  for (std::uint32_t i = 0; i < actors; ++i) {
    static_cast<void>(
        world->add(std::make_unique<Chatter>("chatter/" + std::to_string(i), actors, pause)));
  }
  if (is_started) {
    world->start();
  }
  return world;
}

}  // namespace weft::twin
