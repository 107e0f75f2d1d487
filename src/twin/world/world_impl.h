// SPDX-License-Identifier: Apache-2.0
// The inside of a World, shared by world.cpp (time) and checkpoint.cpp (state). Nobody else
// includes it.
#pragma once

#include "twin/world/agenda.h"
#include "twin/world/pending.h"
#include "twin/world/pool.h"
#include "twin/world/world.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace weft::twin {

struct World::Impl {
  WorldOptions options;
  std::vector<std::unique_ptr<Actor>> actors;
  std::vector<std::unique_ptr<Actor::Inner>> inners;  // by id, as actors
  std::unordered_map<std::string_view, ActorId> by_path;
  Agenda agenda;
  WorldTime now;
  std::atomic<std::int64_t> rested_ns{0};  // `now` between two advances, for who holds nothing
  std::uint64_t events = 0;
  bool is_started = false;
  bool is_in_window = false;
  std::vector<ActorId> due;               // in this window
  std::vector<std::uint64_t> due_events;  // as due: how many each handled
  std::unique_ptr<Pool> pool;             // from the first window worth it
  std::recursive_mutex mutex;

  [[nodiscard]] Actor::Inner& inner(ActorId id) { return *inners[id]; }
  /// After an actor's pending events changed from outside a window.
  void reschedule(ActorId id) { agenda.set(id, inner(id).next()); }
  void run_window(WorldTime end);
  std::uint64_t run_actor(ActorId id, WorldTime end);
  void deliver_sent(ActorId id);

  [[nodiscard]] std::uint64_t hash_of_paths() const;
  void exchange_actor(ActorId id, Archive& archive);
  [[nodiscard]] bool is_plausible(ActorId id) const;
};

}  // namespace weft::twin
