// SPDX-License-Identifier: Apache-2.0
// A world's whole state as bytes and back, and its hash. The form is docs/formats/checkpoint.md.
// What is restored is hostile: every length and number is checked here, the actors' own parts by
// the archive; a failed restore leaves a world that is only good to be thrown away.
#include "twin/world/hash.h"
#include "twin/world/world_impl.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace weft::twin {
namespace {

constexpr std::uint64_t kCheckpointMagic = 0x444c524f57544657;  // "WFTWORLD"
constexpr std::uint32_t kCheckpointVersion = 2;
constexpr std::size_t kCheckpointSum = 8;  // bytes of the hash at the end

struct CheckpointHead {
  std::uint64_t magic = kCheckpointMagic;
  std::uint32_t version = kCheckpointVersion;
  std::uint64_t seed = 0;
  std::uint64_t actors = 0;
  std::uint64_t paths = 0;
  WorldTime now;
  std::uint64_t events = 0;
  void exchange(Archive& archive) {
    archive.fields(magic, version, seed, actors, paths, now, events);
  }
};

tl::unexpected<base::Error> checkpoint_garbled(std::string what, std::string where = "checkpoint") {
  return base::fail(base::Code::kDataLoss, std::move(what), std::move(where),
                    "Take another checkpoint; this one cannot be used.");
}

tl::unexpected<base::Error> checkpoint_differs(std::string what) {
  return base::fail(base::Code::kFailedPrecondition, std::move(what), "checkpoint",
                    "Restore into a world of the same rack, options and program, not started.");
}

}  // namespace

std::uint64_t World::Impl::hash_of_paths() const {
  std::uint64_t hash = 0;
  for (const auto& actor : actors) {
    hash = hash_text(actor->path(), hash);
  }
  return hash;
}

void World::Impl::exchange_actor(ActorId id, Archive& archive) {
  Actor& actor = *actors[id];
  Actor::Inner& pending = inner(id);
  std::sort(pending.arrivals.begin(), pending.arrivals.end(),
            [](const Arrival& a, const Arrival& b) { return a.is_before(b); });  // also a heap
  archive.fields(actor.random_, actor.quantities_, actor.sent_, pending.timers, pending.arrivals);
  actor.exchange(archive);
}

bool World::Impl::is_plausible(ActorId id) const {
  const Actor::Inner& pending = *inners[id];
  for (std::size_t i = 0; i < pending.timers.size(); ++i) {
    const PendingTimer& timer = pending.timers[i];
    if (timer.at < now || timer.at == kNever || (i > 0 && !(timer < pending.timers[i - 1]))) {
      return false;
    }
  }
  for (std::size_t i = 0; i < pending.arrivals.size(); ++i) {
    const Arrival& arrival = pending.arrivals[i];
    if (arrival.at <= now || arrival.message.from >= actors.size() ||
        arrival.message.quantity >= Quantity::kCount_ || !std::isfinite(arrival.message.value) ||
        (i > 0 && !pending.arrivals[i - 1].is_before(arrival))) {
      return false;
    }
  }
  return actors[id]->quantities_.is_plausible();
}

base::Bytes World::checkpoint() {
  Archive archive;
  CheckpointHead head;
  head.seed = impl_->options.seed;
  head.actors = impl_->actors.size();
  head.paths = impl_->hash_of_paths();
  head.now = impl_->now;
  head.events = impl_->events;
  archive.field(head);
  for (ActorId id = 0; id < impl_->actors.size(); ++id) {
    Archive part;
    impl_->exchange_actor(id, part);
    base::Bytes bytes = part.bytes();
    archive.field(bytes);
  }
  std::uint64_t sum = hash_bytes(archive.bytes());
  archive.field(sum);
  return archive.bytes();
}

base::Result<void> World::restore(base::ByteView bytes) {
  if (impl_->is_started) {
    return checkpoint_differs("the world has started");
  }
  Archive archive(bytes);
  CheckpointHead head;
  archive.field(head);
  if (archive.failed() || bytes.size() < kCheckpointSum || head.magic != kCheckpointMagic) {
    return checkpoint_garbled("this is no checkpoint of a world");
  }
  if (head.version != kCheckpointVersion) {
    return checkpoint_differs("it has version " + std::to_string(head.version) +
                              ", this program reads " + std::to_string(kCheckpointVersion));
  }
  const base::ByteView body = bytes.first(bytes.size() - kCheckpointSum);
  if (base::read_le(bytes, body.size(), kCheckpointSum) != hash_bytes(body)) {
    return checkpoint_garbled("its hash does not fit its bytes");
  }
  if (head.seed != impl_->options.seed) {
    return checkpoint_differs("its world's seed is " + std::to_string(head.seed) + ", this one's " +
                              std::to_string(impl_->options.seed));
  }
  if (head.actors != impl_->actors.size() || head.paths != impl_->hash_of_paths()) {
    return checkpoint_differs("its " + std::to_string(head.actors) +
                              " actors are not this world's " +
                              std::to_string(impl_->actors.size()));
  }
  if (head.now.ns < 0) {
    return checkpoint_garbled("its time is negative");
  }
  impl_->now = head.now;
  impl_->rested_ns = head.now.ns;
  impl_->events = head.events;
  impl_->is_started = true;
  for (ActorId id = 0; id < impl_->actors.size(); ++id) {
    const base::ByteView view = archive.block();
    Archive part(view);
    impl_->exchange_actor(id, part);
    if (archive.failed() || part.failed() || part.left() != 0 || !impl_->is_plausible(id)) {
      return checkpoint_garbled("an actor's part does not read", impl_->actors[id]->path());
    }
    impl_->reschedule(id);
  }
  if (archive.left() != kCheckpointSum) {
    return checkpoint_garbled("bytes follow the last actor");
  }
  return {};
}

std::uint64_t World::hash() {
  std::uint64_t hash = mix(0, static_cast<std::uint64_t>(impl_->now.ns));
  for (ActorId id = 0; id < impl_->actors.size(); ++id) {
    Archive archive;
    impl_->actors[id]->registers(archive);
    Actor::Inner& pending = impl_->inner(id);
    std::vector<Arrival> arrivals = pending.arrivals;
    std::sort(arrivals.begin(), arrivals.end(),
              [](const Arrival& a, const Arrival& b) { return a.is_before(b); });
    archive.fields(pending.timers, arrivals);
    hash = hash_bytes(archive.bytes(), hash);
  }
  return hash;
}

}  // namespace weft::twin
