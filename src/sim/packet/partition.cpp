// SPDX-License-Identifier: Apache-2.0
#include "sim/packet/partition.h"

#include <algorithm>
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
  const Port& port = ports[channel];
  // Room is claimed when a packet comes to the node before, so that node's time counts as well.
  const Network& network = fabric->network();
  const Ps pipelines =
      network.node(port.to).port_to_port + network.node(network.channel(channel).from).port_to_port;
  const double bytes = static_cast<double>(port.latency + port.credit_latency + pipelines) *
                       static_cast<double>(1U << kRateBits) /
                       static_cast<double>(std::max<std::uint64_t>(1, port.ps_per_byte));
  return static_cast<std::int64_t>(std::min(bytes, 1e9)) + static_cast<std::int64_t>(4 * packet);
}

Partition::Partition(Shared& shared, std::uint32_t number, Software& software)
    : shared_(shared), number_(number), software_(software) {
  for (ChannelIndex c = 0; c < shared.ports.size(); ++c) {
    Port& port = shared.ports[c];
    if (port.from_owner == number && port.error_ratio > 0) {
      port.flits_to_error = draw_gap(port.draw, port.error_ratio);
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
  for (std::uint32_t i = lane.pending_head; i != kNone; i = credits_[i].next) {
    bytes += credits_[i].bytes;
  }
  return bytes;
}

void Partition::run(Ps end) {
  Event event;
  while (queue_.pop_before(end, event)) {
    ++counters_.events;
    // The next ones' packets and ports are on their way into the cache meanwhile.
    if (const Event* next = queue_.peek(3); next != nullptr && next->kind() == kArriveKind) {
      __builtin_prefetch(&packets_[next->item]);
      __builtin_prefetch(&shared_.ports[next->source()]);
    }
    handle(event);
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
  const NodeIndex node = shared_.ports[channel].to;
  if (shared_.through[node] == kEndNode) {
    deliver(channel, index, now);
  } else {
    forward(node, index, now);
  }
}

void Partition::forward(NodeIndex node, std::uint32_t index, Ps now) {
  Packet& packet = packets_[index];
  const Port& in = shared_.ports[packet.channel];
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
                      serialise(packet.bytes, shared_.ports[out].ps_per_byte);
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
  std::size_t best = first;
  for (std::size_t i = 1; i < ways.size(); ++i) {
    const std::size_t at = (first + i) % ways.size();
    if (shared_.busy[ways[at]] < shared_.busy[ways[best]]) {
      best = at;
    }
  }
  return ways[best];
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
  const Port& in = shared_.ports[packet.channel];
  release(packet.channel, packet.in_vc, packet.bytes,
          now + serialise(packet.bytes, in.ps_per_byte));
  free_packet(index);
}

void Partition::deliver(ChannelIndex channel, std::uint32_t index, Ps now) {
  const Packet packet = packets_[index];
  const Ps last_bit = now + serialise(packet.bytes, shared_.ports[channel].ps_per_byte);
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
  Ps& busy = shared_.busy[out];
  lane.credits -= packet.bytes;
  const Ps start = std::max({now, packet.ready, busy});
  counters_.waited += start - packet.ready;
  const Ps span = serialise(packet.bytes, port.ps_per_byte);
  Ps lost = 0;
  if (port.error_ratio > 0) {
    lost = draw_replay(port, packet.bytes);
  }
  busy = start + serialise(packet.bytes, port.ps_per_byte_paced) + lost;
  port.busy_total += span;
  // A selective replay fills other packets' time, but its own packet still waits a round trip.
  const Ps delay = lost == 0 ? 0 : std::max(lost, port.replay_time);
  if (packet.note != kNone) {
    push(start + delay + span, Kind::kSent, packet.source, packet.note);
    packet.note = kNone;
  }
  if (packet.channel != kNone) {
    release(packet.channel, packet.in_vc, packet.bytes, start + delay + span);
  }
  // What a link delivers keeps its order, whatever had to be sent again.
  const Ps arrival = std::max(start + delay + port.latency, port.last_arrival);
  port.last_arrival = arrival;
  if (port.owner == number_) {
    push(arrival, Kind::kArrive, out, index);
  } else {
    shared_.mail[port.owner][number_].push_back({arrival, out, packet.vc, false, packet});
    free_packet(index);
  }
}

Ps Partition::draw_replay(Port& port, std::uint32_t bytes) {
  const std::uint32_t flit = shared_.options->flit_bytes;
  std::uint64_t flits = (bytes + flit - 1) / flit;
  Ps lost = 0;
  while (port.flits_to_error <= flits) {
    flits -= port.flits_to_error;
    ++flits;  // the damaged one is sent again, and may be damaged again
    port.flits_to_error = draw_gap(port.draw, port.error_ratio);
    ++counters_.retries;
    lost += shared_.options->replay == Replay::kGoBackN ? port.replay_time
                                                        : serialise(flit, port.ps_per_byte);
  }
  port.flits_to_error -= flits;
  counters_.replayed += lost;
  return lost;
}

void Partition::release(ChannelIndex channel, std::uint32_t vc, std::uint32_t bytes, Ps when) {
  const Port& port = shared_.ports[channel];
  const Ps at = when + port.credit_latency;
  if (port.from_owner == number_) {
    add_credit(channel, vc, bytes, at);
  } else {
    Letter letter{at, channel, vc, true, {}};
    letter.packet.bytes = bytes;
    shared_.mail[port.from_owner][number_].push_back(letter);
  }
}

void Partition::add_credit(ChannelIndex channel, std::uint32_t vc, std::uint32_t bytes, Ps when) {
  Lane& lane = shared_.lane(channel, vc);
  std::uint32_t index = free_credit_;
  if (index == kNone) {
    index = static_cast<std::uint32_t>(credits_.size());
    credits_.emplace_back();
  } else {
    free_credit_ = credits_[index].next;
  }
  // Sorted by time; what comes last nearly always goes last.
  if (lane.pending_head == kNone || when < credits_[lane.pending_head].time) {
    credits_[index] = {when, bytes, lane.pending_head};
    if (lane.pending_head == kNone) {
      lane.pending_tail = index;
    }
    lane.pending_head = index;
  } else {
    std::uint32_t before = lane.pending_tail;
    if (when < credits_[before].time) {
      before = lane.pending_head;
      while (credits_[credits_[before].next].time <= when) {
        before = credits_[before].next;
      }
    }
    credits_[index] = {when, bytes, credits_[before].next};
    credits_[before].next = index;
    if (before == lane.pending_tail) {
      lane.pending_tail = index;
    }
  }
  if (lane.head != kNone) {
    want_wake(channel, vc, lane);
  }
}

void Partition::absorb(Lane& lane, Ps now) {
  while (lane.pending_head != kNone && credits_[lane.pending_head].time <= now) {
    const std::uint32_t index = lane.pending_head;
    lane.credits += credits_[index].bytes;
    lane.pending_head = credits_[index].next;
    credits_[index].next = free_credit_;
    free_credit_ = index;
  }
  if (lane.pending_head == kNone) {
    lane.pending_tail = kNone;
  }
}

void Partition::want_wake(ChannelIndex channel, std::uint32_t vc, Lane& lane) {
  if (lane.pending_head != kNone && credits_[lane.pending_head].time < lane.wake_at) {
    lane.wake_at = credits_[lane.pending_head].time;
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
