// SPDX-License-Identifier: Apache-2.0
// Time of a world: windows, events, messages. An actor's events of a window all lie before anything
// that is sent in that window arrives, so each actor's own order is fixed before the window begins,
// wherever the window is cut.
#include "twin/world/world.h"

#include "twin/world/world_impl.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace weft::twin {
namespace {

constexpr std::size_t kParallelFrom = 48;  // actors due; fewer cost less than waking threads

/// A mistake in an actor's program that would make runs differ by threads: no way to go on.
[[noreturn]] void stop_for_law(const std::string& path, const char* what) {
  std::fprintf(stderr, "twin: %s of actor '%s' was called while another actor's event ran; %s\n",
               what, path.c_str(), "actors tell each other by send() only");
  std::abort();
}

}  // namespace

// ---- actor ----

WorldTime Actor::now() const {
  if (inner_->is_running) {
    return inner_->now;
  }
  if (world_->impl_->is_in_window) {
    stop_for_law(path_, "now()");
  }
  return world_->impl_->now;
}

void Actor::set_timer(std::uint32_t timer, WorldTime at) {
  if (at == kNever) {
    cancel_timer(timer);
    return;
  }
  inner_->set(timer, std::max(at, now()));
  if (!inner_->is_running) {
    world_->impl_->reschedule(id_);
  }
}

void Actor::cancel_timer(std::uint32_t timer) {
  static_cast<void>(now());  // the law's check
  inner_->cancel(timer);
  if (!inner_->is_running) {
    world_->impl_->reschedule(id_);
  }
}

std::optional<WorldTime> Actor::timer(std::uint32_t timer) const {
  for (const PendingTimer& pending : inner_->timers) {
    if (pending.number == timer) {
      return pending.at;
    }
  }
  return std::nullopt;
}

void Actor::send(ActorId to, Message message, Duration delay) {
  message.from = id_;
  const Arrival arrival{later(now(), std::max(delay, kLookahead)), sent_++, message};
  if (to >= world_->impl_->actors.size()) {
    return;
  }
  inner_->sent.push_back({to, arrival});
  if (!inner_->is_running) {
    world_->impl_->deliver_sent(id_);
  }
}

// ---- inside of the world ----

std::uint64_t World::Impl::run_actor(ActorId id, WorldTime end) {
  Actor& actor = *actors[id];
  Actor::Inner& inner = *inners[id];
  std::uint64_t handled = 0;
  inner.is_running = true;
  for (; inner.next() < end; ++handled) {
    inner.now = inner.next();
    if (!inner.arrivals.empty() && inner.arrivals.front().at == inner.now) {
      const Message message = inner.take_first_arrival().message;
      if (message.kind != MessageKind::kQuantity) {
        actor.on_message(message);
      } else if (actor.quantities_.set(
                     message.quantity, message.sub, message.source,
                     message.is_set ? std::optional<double>(message.value) : std::nullopt)) {
        actor.on_quantity(message.quantity, message.sub);
      }
    } else {
      const std::uint32_t timer = inner.timers.back().number;
      inner.timers.pop_back();
      actor.on_timer(timer);
    }
  }
  inner.is_running = false;
  return handled;
}

void World::Impl::deliver_sent(ActorId id) {
  for (const Actor::Inner::Sent& sent : inner(id).sent) {
    inner(sent.to).take(sent.arrival);
    reschedule(sent.to);
  }
  inner(id).sent.clear();
}

void World::Impl::run_window(WorldTime end) {
  due.clear();
  while (agenda.next() < end) {
    due.push_back(agenda.first());
    agenda.set(agenda.first(), kNever);
  }
  is_in_window = true;
  if (options.threads > 1 && due.size() >= kParallelFrom) {
    if (!pool) {
      pool = std::make_unique<Pool>(options.threads);
    }
    due_events.assign(due.size(), 0);
    pool->each(due.size(), [&](std::size_t i) { due_events[i] = run_actor(due[i], end); });
    for (const std::uint64_t handled : due_events) {
      events += handled;
    }
  } else {
    for (const ActorId id : due) {
      events += run_actor(id, end);
    }
  }
  is_in_window = false;
  for (const ActorId id : due) {
    deliver_sent(id);
    reschedule(id);
  }
}

// ---- the world ----

World::World(const WorldOptions& options) : impl_(std::make_unique<Impl>()) {
  impl_->options = options;
}

World::~World() = default;

base::Result<ActorId> World::add(std::unique_ptr<Actor> actor) {
  if (impl_->is_started) {
    return base::fail(base::Code::kFailedPrecondition, "the world has started", actor->path(),
                      "Add all actors before World::start().");
  }
  const auto id = static_cast<ActorId>(impl_->actors.size());
  if (!impl_->by_path.emplace(actor->path(), id).second) {
    return base::fail(base::Code::kAlreadyExists, "two actors have this path", actor->path(),
                      "Give each device and link of the rack its own name.");
  }
  impl_->inners.push_back(std::make_unique<Actor::Inner>());
  actor->id_ = id;
  actor->world_ = this;
  actor->inner_ = impl_->inners.back().get();
  actor->random_ = base::Random(impl_->options.seed, actor->path());
  impl_->actors.push_back(std::move(actor));
  impl_->agenda.grow(impl_->actors.size());
  return id;
}

void World::start() {
  if (std::exchange(impl_->is_started, true)) {
    return;
  }
  for (const auto& actor : impl_->actors) {
    actor->start();
  }
}

WorldTime World::now() const {
  return impl_->now;
}

WorldTime World::rested_at() const {
  return {impl_->rested_ns};
}

void World::advance_to(WorldTime until) {
  if (impl_->is_in_window || until < impl_->now) {
    return;
  }
  const WorldTime end_of_all = later(until, Duration{1});
  while (impl_->agenda.next() < end_of_all) {
    const WorldTime next = impl_->agenda.next();
    impl_->now = next;
    impl_->run_window(std::min(later(next, kLookahead), end_of_all));
  }
  impl_->now = until;
  impl_->rested_ns = until.ns;
}

std::optional<WorldTime> World::next_event() const {
  const WorldTime next = impl_->agenda.next();
  return next == kNever ? std::nullopt : std::optional<WorldTime>(next);
}

std::uint64_t World::events() const {
  return impl_->events;
}

const std::vector<std::unique_ptr<Actor>>& World::actors() const {
  return impl_->actors;
}

Actor* World::find(std::string_view path) const {
  const auto found = impl_->by_path.find(path);
  return found == impl_->by_path.end() ? nullptr : impl_->actors[found->second].get();
}

std::uint64_t World::seed() const {
  return impl_->options.seed;
}

void World::set_quantity(ActorId actor, Quantity quantity, std::uint32_t sub, std::uint32_t source,
                         std::optional<double> value) {
  if (actor < impl_->actors.size() &&
      impl_->actors[actor]->quantities_.set(quantity, sub, source, value)) {
    impl_->actors[actor]->on_quantity(quantity, sub);
  }
}

std::recursive_mutex& World::mutex() {
  return impl_->mutex;
}

}  // namespace weft::twin
