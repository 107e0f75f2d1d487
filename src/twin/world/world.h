// SPDX-License-Identifier: Apache-2.0
// A running twin: actors and their time. Conservative parallel discrete events: the actors due
// within one kLookahead run on as many threads as there are, since nothing that one of them sends
// can arrive before all are done. Order is (time, sender, sequence), so results do not depend on
// threads, on the steps in which time is cut, or on checkpoints between.
#pragma once

#include "base/result.h"
#include "twin/world/actor.h"

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

namespace weft::twin {

struct WorldOptions {
  std::uint64_t seed = 1;
  unsigned threads = 1;
};

class World {
 public:
  explicit World(const WorldOptions& options = {});
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  /// Takes an actor; its stream is seeded by the world's seed and its path. kAlreadyExists where
  /// the path is taken. Only before start().
  base::Result<ActorId> add(std::unique_ptr<Actor> actor);
  /// Calls every actor's start(), in order of their ids.
  void start();

  [[nodiscard]] WorldTime now() const;
  /// The time at which it stood still last: for whoever asks while it advances and does not want to
  /// wait. Any thread, without the mutex.
  [[nodiscard]] WorldTime rested_at() const;
  /// Runs every event up to and at `until`.
  void advance_to(WorldTime until);
  void advance(Duration span) { advance_to(later(now(), span)); }
  /// The next pending event; nullopt where nothing will ever happen by itself.
  [[nodiscard]] std::optional<WorldTime> next_event() const;
  [[nodiscard]] std::uint64_t events() const;  ///< handled so far

  [[nodiscard]] const std::vector<std::unique_ptr<Actor>>& actors() const;
  [[nodiscard]] Actor* find(std::string_view path) const;  ///< nullptr where there is none
  [[nodiscard]] std::uint64_t seed() const;

  /// From outside, takes effect at now(): stored and told to the actor before it returns. nullopt
  /// takes the contribution away.
  void set_quantity(ActorId actor, Quantity quantity, std::uint32_t sub, std::uint32_t source,
                    std::optional<double> value);

  /// The whole state. Restoring needs a world built from the same rack and options (threads may
  /// differ), not started: kFailedPrecondition names what differs, kDataLoss what is garbled.
  [[nodiscard]] base::Bytes checkpoint();
  base::Result<void> restore(base::ByteView bytes);
  /// Hash of every register that a client can read and of all pending events.
  [[nodiscard]] std::uint64_t hash();

  /// Held by whoever advances the world and by each transaction of a door.
  [[nodiscard]] std::recursive_mutex& mutex();

 private:
  friend class Actor;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

using Hold = std::lock_guard<std::recursive_mutex>;

}  // namespace weft::twin
