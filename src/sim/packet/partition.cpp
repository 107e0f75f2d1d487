// SPDX-License-Identifier: Apache-2.0
#include "sim/packet/partition.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace weft::sim::packet {

namespace {

constexpr auto kArriveKind = static_cast<std::uint32_t>(Kind::kArrive);

/// Flits until the next damaged one, the damaged one included.
std::uint64_t draw_gap(Draw& draw, double ratio) {
  if (ratio <= 0) {
    return ~0ULL;
  }
  const double gap = std::log1p(-draw.uniform()) / std::log1p(-std::min(ratio, 0.999999));
  return gap > 9e18 ? ~0ULL : static_cast<std::uint64_t>(gap) + 1;
}

std::uint64_t message_key(const Packet& packet) {
  return (1ULL << 63) | (std::uint64_t{packet.source} << 43) |
         (std::uint64_t{packet.destination & 0xFFFFF} << 23) | (packet.message & 0x7FFFFF);
}

}  // namespace

std::int64_t Shared::capacity(ChannelIndex channel) const {
  const std::uint64_t packet = options->packet_bytes;
  if (options->buffer_bytes != 0) {
    return static_cast<std::int64_t>(std::max<std::uint64_t>(options->buffer_bytes, packet));
  }
  // The round trip of a credit: out, through the switch behind, back; and four packets.
  const PortKind& kind = kinds[ports[channel].kind];
  // Room is claimed when a packet comes to the node before, so that node's time counts as well.
  const Network& network = fabric->network();
  const Ps pipelines = network.node(wires[channel].to).port_to_port +
                       network.node(network.channel(channel).from).port_to_port;
  const double bytes = static_cast<double>(kind.latency + kind.credit_latency + pipelines) *
                       static_cast<double>(1U << kRateBits) /
                       static_cast<double>(std::max<std::uint64_t>(1, kind.ps_per_byte));
  return static_cast<std::int64_t>(std::min(bytes, 1e9)) + static_cast<std::int64_t>(4 * packet);
}

Partition::Partition(Shared& shared, std::uint32_t number, Software& software)
    : shared_(shared), number_(number), software_(software) {
  for (ChannelIndex c = 0; c < shared.ports.size(); ++c) {
    Port& port = shared.ports[c];
    const double ratio = shared.kinds[port.kind].error_ratio;
    if (shared.wires[c].from_owner == number && ratio > 0) {
      port.flits_to_error = draw_gap(port.draw, ratio);
    }
  }
}

std::size_t Partition::memory_bytes() const {
  return queue_.memory_bytes() + packets_.capacity() * sizeof(Packet) +
         messages_.capacity() * sizeof(Message) + credits_.capacity() * sizeof(Credit) +
         notes_.capacity() * sizeof(Note) + incoming_.slots().capacity() * sizeof(Incoming);
}

std::int64_t Partition::pending_bytes(const Lane& lane) const {
  std::int64_t bytes = 0;
  for (std::uint32_t i = 0; i < lane.pending; ++i) {
    bytes += credits_[ring_slot(lane, i)].bytes;
  }
  return bytes;
}

void Partition::run(Ps end) {
  Event event;
  while (queue_.pop_before(end, event)) {
    ++counters_.events;
    // The next ones' packets and ports are on their way into the cache meanwhile.
    if (const Event* next = queue_.peek(5); next != nullptr && next->kind() == kArriveKind) {
      __builtin_prefetch(&packets_[next->item]);
      __builtin_prefetch(&shared_.wires[next->source()]);
    }
    if (const Event* next = queue_.peek(2); next != nullptr && next->kind() == kArriveKind) {
      prefetch_arrival(*next);
    }
    handle(event);
  }
}

/// What an arrival will read that can be said from its packet: its way, and where its room goes.
void Partition::prefetch_arrival(const Event& event) const {
  const Packet& packet = packets_[event.item];
  __builtin_prefetch(&shared_.lane(event.source(), packet.vc));
  const NodeIndex node = shared_.wires[event.source()].to;
  if (shared_.through[node] == kEndNode) {
    return;
  }
  if (const ChannelIndex out = pick(node, packet); out != kNone) {
    __builtin_prefetch(&shared_.ports[out]);
    __builtin_prefetch(&shared_.lane(out, packet.vc));
  }
}

void Partition::handle(const Event& event) {
  switch (static_cast<Kind>(event.kind())) {
    case Kind::kWake:
      wake(event.source(), event.item, event.time);
      break;
    case Kind::kFlap: {
      const Flap& flap = shared_.options->flaps[event.item];
      Ps& busy = shared_.busy[event.source()];
      busy = std::max(busy, event.time) + flap.lasts;
      break;
    }
    case Kind::kArrive:
      arrive(event.source(), event.item, event.time);
      break;
    case Kind::kInject:
      inject(event.source(), event.time);
      break;
    case Kind::kSent:
      software_.sent(*this, event.source(), take_note(event.item).cookie, event.time);
      break;
    case Kind::kReceived: {
      const Note note = take_note(event.item);
      software_.received(*this, event.source(), note.source, note.tag, event.time);
      break;
    }
    case Kind::kTimer: {
      const Note note = take_note(event.item);
      if (note.cookie & kSendCookie) {
        enqueue(static_cast<std::uint32_t>(note.cookie), event.time);
      } else {
        software_.timer(*this, event.source(), note.cookie, event.time);
      }
      break;
    }
  }
}

// ---- Packets at nodes.

void Partition::arrive(ChannelIndex channel, std::uint32_t index, Ps now) {
  ++counters_.hops;
  Packet& packet = packets_[index];
  packet.channel = channel;
  packet.in_vc = packet.vc;
  const NodeIndex node = shared_.wires[channel].to;
  if (shared_.through[node] == kEndNode) {
    deliver(channel, index, now);
  } else {
    forward(node, index, now);
  }
}

void Partition::forward(NodeIndex node, std::uint32_t index, Ps now) {
  Packet& packet = packets_[index];
  const PortKind& in = shared_.kinds[shared_.wires[packet.channel].kind];
  if (!shared_.arrived.empty() && swallows(node)) {
    // Nobody counts it: that is the point.
    release(packet.channel, packet.in_vc, packet.bytes,
            now + serialise(packet.bytes, in.ps_per_byte));
    free_packet(index);
    return;
  }
  if (++packet.hops > shared_.options->max_hops) {
    drop(index, Drop::kHopLimit, now);
    return;
  }
  const ChannelIndex out = pick(node, packet);
  if (out == kNone) {
    drop(index, Drop::kNoRoute, now);
    return;
  }
  // Cut-through: the last bit may not leave before it has come.
  const Ps through = shared_.through[node];
  const Ps underrun = serialise(packet.bytes, in.ps_per_byte) -
                      serialise(packet.bytes, shared_.kinds[shared_.ports[out].kind].ps_per_byte);
  packet.ready = now + std::max(through, underrun);
  packet.vc = next_vc(out, packet);
  offer(out, index, now);
}

bool Partition::swallows(NodeIndex node) {
  const std::uint32_t count = ++shared_.arrived[node];
  return std::any_of(shared_.options->silent_drops.begin(), shared_.options->silent_drops.end(),
                     [&](const SilentDrop& d) { return d.node == node && d.nth == count; });
}

ChannelIndex Partition::pick(NodeIndex node, const Packet& packet) const {
  const auto ways = shared_.fabric->candidates(node, packet.destination);
  if (ways.size() <= 1) {
    return ways.empty() ? kNone : ways.front();
  }
  std::uint64_t hash = (std::uint64_t{packet.source} << 32) | packet.message;
  hash = mix(hash ^ (std::uint64_t{packet.destination} << 16) ^ (std::uint64_t{node} << 40) ^
             shared_.options->seed);
  if (shared_.options->route == Route::kEcmp) {
    return ways[hash % ways.size()];
  }
  hash = mix(hash + packet.sequence);
  const std::size_t first = hash % ways.size();
  if (shared_.options->route == Route::kSpray) {
    return ways[first];
  }
  // The first that is free earliest, from `first` on and round.
  ChannelIndex best = ways[first];
  Ps free_at = shared_.busy[best];
  const auto look = [&](std::span<const ChannelIndex> part) {
    for (const ChannelIndex way : part) {
      const Ps busy = shared_.busy[way];
      best = busy < free_at ? way : best;
      free_at = std::min(busy, free_at);
    }
  };
  look(ways.subspan(first + 1));
  look(ways.first(first));
  return best;
}

std::uint8_t Partition::next_vc(ChannelIndex out, const Packet& packet) const {
  switch (shared_.vc_rule) {
    case VcRule::kByHop:
      return static_cast<std::uint8_t>(std::min<std::uint32_t>(packet.hops, shared_.vcs - 1));
    case VcRule::kDateline: {
      const Port& port = shared_.ports[out];
      const bool goes_on = port.dimension == shared_.ports[packet.channel].dimension;
      return port.is_seam || (goes_on && packet.in_vc == 1) ? 1 : 0;
    }
    default:
      return packet.vc;
  }
}

void Partition::drop(std::uint32_t index, Drop reason, Ps now) {
  const Packet& packet = packets_[index];
  ++counters_.dropped[static_cast<std::size_t>(reason)];
  const PortKind& in = shared_.kinds[shared_.wires[packet.channel].kind];
  release(packet.channel, packet.in_vc, packet.bytes,
          now + serialise(packet.bytes, in.ps_per_byte));
  free_packet(index);
}

void Partition::deliver(ChannelIndex channel, std::uint32_t index, Ps now) {
  const Packet packet = packets_[index];
  const Ps last_bit =
      now + serialise(packet.bytes, shared_.kinds[shared_.wires[channel].kind].ps_per_byte);
  ++counters_.delivered;
  counters_.delivered_bytes += packet.bytes;
  latency_.add(last_bit - packet.born);
  release(channel, packet.in_vc, packet.bytes, last_bit);
  free_packet(index);
  if (packet.is_last && packet.sequence == 0) {
    complete(packet, last_bit);
  } else if (check_order(packet, last_bit)) {
    complete(packet, last_bit);
  }
}

bool Partition::check_order(const Packet& packet, Ps when) {
  const std::uint64_t key = message_key(packet);
  Incoming& entry = incoming_.at(key);
  if (packet.sequence < entry.high) {
    ++counters_.reordered;
  } else if (packet.sequence > entry.high && packet.is_one_way && entry.is_gap_told == 0) {
    // One way keeps order, so what is missing here will not come: the end-to-end check.
    entry.is_gap_told = 1;
    ++counters_.order_errors;
    losses_.push_back({packet.source, packet.destination, packet.message, entry.high, when});
  }
  entry.high = std::max(entry.high, packet.sequence + 1);
  ++entry.received;
  counters_.reorder_max =
      std::max<std::uint64_t>(counters_.reorder_max, entry.high - entry.received);
  if (packet.is_last) {
    entry.total = packet.sequence + 1;
  }
  if (entry.total == 0 || entry.received != entry.total) {
    return false;
  }
  incoming_.erase(key);
  return true;
}

void Partition::complete(const Packet& packet, Ps when) {
  ++counters_.messages;
  push(when, Kind::kReceived, packet.destination,
       new_note({.source = packet.source, .tag = packet.tag}));
}

// ---- Channels.

void Partition::offer(ChannelIndex out, std::uint32_t index, Ps now) {
  Packet& packet = packets_[index];
  Lane& lane = shared_.lane(out, packet.vc);
  if (lane.head == kNone) {
    if (lane.credits < packet.bytes) {
      absorb(lane, now);
    }
    if (lane.credits >= packet.bytes) {
      commit(out, lane, index, now);
      return;
    }
  }
  packet.next = kNone;
  if (lane.head == kNone) {
    lane.head = index;
    want_wake(out, packet.vc, lane);
  } else {
    packets_[lane.tail].next = index;
  }
  lane.tail = index;
}

void Partition::commit(ChannelIndex out, Lane& lane, std::uint32_t index, Ps now) {
  Packet& packet = packets_[index];
  Port& port = shared_.ports[out];
  const PortKind& kind = shared_.kinds[port.kind];
  Ps& busy = shared_.busy[out];
  lane.credits -= packet.bytes;
  const Ps start = std::max({now, packet.ready, busy});
  counters_.waited += start - packet.ready;
  const Ps span = serialise(packet.bytes, kind.ps_per_byte);
  Ps lost = 0;
  if (kind.error_ratio > 0) {
    lost = draw_replay(port, packet.bytes);
  }
  busy = start + serialise(packet.bytes, kind.ps_per_byte_paced) + lost;
  port.busy_total += span;
  // A selective replay fills other packets' time, but its own packet still waits a round trip.
  const Ps delay = lost == 0 ? 0 : std::max(lost, kind.replay_time);
  if (packet.note != kNone) {
    push(start + delay + span, Kind::kSent, packet.source, packet.note);
    packet.note = kNone;
  }
  if (packet.channel != kNone) {
    release(packet.channel, packet.in_vc, packet.bytes, start + delay + span);
  }
  // What a link delivers keeps its order, whatever had to be sent again.
  const Ps arrival = std::max(start + delay + kind.latency, port.last_arrival);
  port.last_arrival = arrival;
  if (port.owner == number_) {
    push(arrival, Kind::kArrive, out, index);
  } else {
    shared_.mail[port.owner][number_].push_back({arrival, out, packet.vc, false, packet});
    free_packet(index);
  }
}

Ps Partition::draw_replay(Port& port, std::uint32_t bytes) {
  const PortKind& kind = shared_.kinds[port.kind];
  const std::uint32_t flit = shared_.options->flit_bytes;
  std::uint64_t flits = (bytes + flit - 1) / flit;
  Ps lost = 0;
  while (port.flits_to_error <= flits) {
    flits -= port.flits_to_error;
    ++flits;  // the damaged one is sent again, and may be damaged again
    port.flits_to_error = draw_gap(port.draw, kind.error_ratio);
    ++counters_.retries;
    lost += shared_.options->replay == Replay::kGoBackN ? kind.replay_time
                                                        : serialise(flit, kind.ps_per_byte);
  }
  port.flits_to_error -= flits;
  counters_.replayed += lost;
  return lost;
}

void Partition::release(ChannelIndex channel, std::uint32_t vc, std::uint32_t bytes, Ps when) {
  const Wire& wire = shared_.wires[channel];
  const Ps at = when + shared_.kinds[wire.kind].credit_latency;
  if (wire.from_owner == number_) {
    add_credit(channel, vc, bytes, at);
  } else {
    Letter letter{at, channel, vc, true, {}};
    letter.packet.bytes = bytes;
    shared_.mail[wire.from_owner][number_].push_back(letter);
  }
}

void Partition::add_credit(ChannelIndex channel, std::uint32_t vc, std::uint32_t bytes, Ps when) {
  Lane& lane = shared_.lane(channel, vc);
  if (lane.pending == lane.ring_size) {
    grow_ring(lane);
  }
  credits_[ring_slot(lane, lane.pending++)] = {when, bytes};
  lane.first_due = std::min(lane.first_due, when);
  if (lane.pending > kScanned) {
    for (std::uint32_t at = lane.pending == kScanned + 1 ? 1 : lane.pending - 1; at < lane.pending;
         ++at) {
      sink_credit(lane, at);
    }
  }
  if (lane.head != kNone) {
    want_wake(channel, vc, lane);
  }
}

/// Moves the credit at `at` to its place among those before it.
void Partition::sink_credit(const Lane& lane, std::uint32_t at) {
  const Credit credit = credits_[ring_slot(lane, at)];
  for (; at > 0 && credits_[ring_slot(lane, at - 1)].time > credit.time; --at) {
    credits_[ring_slot(lane, at)] = credits_[ring_slot(lane, at - 1)];
  }
  credits_[ring_slot(lane, at)] = credit;
}

void Partition::grow_ring(Lane& lane) {
  constexpr std::uint32_t kSmallest = 4;  // a cache line of credits
  const std::uint32_t size = std::max(kSmallest, 2 * lane.ring_size);
  auto& free = free_rings_[static_cast<std::size_t>(std::countr_zero(size))];
  std::uint32_t ring = static_cast<std::uint32_t>(credits_.size());
  if (free.empty()) {
    credits_.resize(credits_.size() + size);
  } else {
    ring = free.back();
    free.pop_back();
  }
  for (std::uint32_t i = 0; i < lane.pending; ++i) {
    credits_[ring + i] = credits_[ring_slot(lane, i)];
  }
  if (lane.ring_size != 0) {
    free_rings_[static_cast<std::size_t>(std::countr_zero(lane.ring_size))].push_back(lane.ring);
  }
  lane.ring = ring;
  lane.ring_size = size;
  lane.ring_first = 0;
}

void Partition::absorb(Lane& lane, Ps now) {
  if (lane.first_due > now) {
    return;
  }
  lane.first_due = kNever;
  if (lane.pending > kScanned) {
    for (; lane.pending != 0; --lane.pending, ++lane.ring_first) {
      const Credit& credit = credits_[ring_slot(lane, 0)];
      if (credit.time > now) {
        lane.first_due = credit.time;
        return;
      }
      lane.credits += credit.bytes;
    }
    return;
  }
  std::uint32_t kept = 0;
  for (std::uint32_t i = 0; i < lane.pending; ++i) {
    const Credit credit = credits_[ring_slot(lane, i)];
    const bool is_due = credit.time <= now;
    lane.credits += is_due ? credit.bytes : 0;
    lane.first_due = std::min(lane.first_due, is_due ? kNever : credit.time);
    credits_[ring_slot(lane, kept)] = credit;
    kept += is_due ? 0 : 1;
  }
  lane.pending = kept;
}

void Partition::want_wake(ChannelIndex channel, std::uint32_t vc, Lane& lane) {
  if (lane.first_due < lane.wake_at) {
    lane.wake_at = lane.first_due;
    push(lane.wake_at, Kind::kWake, channel, vc);
  }
}

void Partition::wake(ChannelIndex channel, std::uint32_t vc, Ps now) {
  Lane& lane = shared_.lane(channel, vc);
  if (now < lane.wake_at) {
    return;  // an earlier wish took its place
  }
  lane.wake_at = kNever;
  absorb(lane, now);
  while (lane.head != kNone && lane.credits >= packets_[lane.head].bytes) {
    const std::uint32_t index = lane.head;
    lane.head = packets_[index].next;
    commit(channel, lane, index, now);
  }
  if (lane.head != kNone) {
    want_wake(channel, vc, lane);
  } else if (shared_.ports[channel].is_from_end) {
    kick(channel, now);
  }
}

}  // namespace weft::sim::packet
