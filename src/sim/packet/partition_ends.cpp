// SPDX-License-Identifier: Apache-2.0
// The ends' half of partition.h: messages and their packets on the way in; letters and slabs.
#include "sim/packet/partition.h"

#include <algorithm>

namespace weft::sim::packet {

void Partition::send(Rank from, Rank to, std::uint64_t bytes, std::uint32_t tag,
                     std::uint64_t cookie, bool wants_sent, Ps at) {
  std::uint32_t index = free_message_;
  if (index == kNone) {
    index = static_cast<std::uint32_t>(messages_.size());
    messages_.emplace_back();
  } else {
    free_message_ = messages_[index].next;
  }
  // An empty message still needs a packet to say so.
  messages_[index] = {.left = std::max<std::uint64_t>(bytes, 1),
                      .cookie = cookie,
                      .source = from,
                      .destination = to,
                      .number = shared_.next_number[from]++,
                      .tag = tag,
                      .wants_sent = wants_sent};
  push(at, Kind::kTimer, from, new_note({.cookie = kSendCookie | index}));
}

void Partition::enqueue(std::uint32_t message, Ps now) {
  Message& entry = messages_[message];
  entry.next = kNone;
  const auto ways = shared_.fabric->candidates(entry.source, entry.destination);
  if (ways.empty()) {
    ++counters_.dropped[static_cast<std::size_t>(Drop::kNoRoute)];
    ++counters_.injected;
    entry.next = free_message_;
    free_message_ = message;
    return;
  }
  ChannelIndex channel = ways.front();
  if (ways.size() > 1 && shared_.options->route == Route::kEcmp) {
    const std::uint64_t flow = (std::uint64_t{entry.source} << 32) | entry.number;
    channel = ways[mix(flow ^ shared_.options->seed) % ways.size()];
  }
  const std::uint32_t list = shared_.ports[channel].list;
  if (shared_.list_head[list] == kNone) {
    shared_.list_head[list] = message;
  } else {
    messages_[shared_.list_tail[list]].next = message;
  }
  shared_.list_tail[list] = message;
  if (shared_.options->route == Route::kEcmp) {
    kick(channel, now);
  } else {
    for (const ChannelIndex way : ways) {
      kick(way, now);
    }
  }
}

void Partition::kick(ChannelIndex channel, Ps now) {
  Port& port = shared_.ports[channel];
  if (!port.is_injecting && shared_.list_head[port.list] != kNone) {
    port.is_injecting = true;
    push(std::max(now, shared_.busy[channel]), Kind::kInject, channel, 0);
  }
}

/// The next message of the channel's list that may go this way, taken out; kNone if there is none.
std::uint32_t Partition::take_message(ChannelIndex channel) {
  const std::uint32_t list = shared_.ports[channel].list;
  std::uint32_t before = kNone;
  for (std::uint32_t index = shared_.list_head[list]; index != kNone;
       before = index, index = messages_[index].next) {
    const Message& message = messages_[index];
    const auto ways = shared_.fabric->candidates(message.source, message.destination);
    if (ways.size() != 1 && std::find(ways.begin(), ways.end(), channel) == ways.end()) {
      continue;
    }
    (before == kNone ? shared_.list_head[list] : messages_[before].next) = message.next;
    if (shared_.list_tail[list] == index) {
      shared_.list_tail[list] = before;
    }
    return index;
  }
  return kNone;
}

void Partition::inject(ChannelIndex channel, Ps now) {
  Port& port = shared_.ports[channel];
  port.is_injecting = false;
  if (now < shared_.busy[channel]) {
    kick(channel, now);  // a flap came between
    return;
  }
  if (shared_.lane(channel, 0).head != kNone) {
    return;  // wake() goes on
  }
  const std::uint32_t slot = take_message(channel);
  if (slot == kNone) {
    return;
  }
  Message& message = messages_[slot];
  const std::uint32_t index = new_packet();
  Packet& packet = packets_[index];
  packet.source = message.source;
  packet.destination = message.destination;
  packet.message = message.number;
  packet.sequence = message.sequence++;
  packet.tag = message.tag;
  packet.bytes = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(message.left, shared_.options->packet_bytes));
  message.left -= packet.bytes;
  packet.is_last = message.left == 0;
  packet.is_one_way = shared_.options->route == Route::kEcmp;
  packet.ready = packet.born = now;
  ++counters_.injected;
  counters_.injected_bytes += packet.bytes;
  if (packet.is_last) {
    if (message.wants_sent) {
      packet.note = new_note({.cookie = message.cookie});
    }
    message.next = free_message_;
    free_message_ = slot;
  } else {
    message.next = kNone;
    if (shared_.list_head[port.list] == kNone) {
      shared_.list_head[port.list] = slot;
    } else {
      messages_[shared_.list_tail[port.list]].next = slot;
    }
    shared_.list_tail[port.list] = slot;
  }
  offer(channel, index, now);
  if (shared_.lane(channel, 0).head == kNone) {
    kick(channel, now);
  }
}

void Partition::timer(Rank rank, Ps at, std::uint64_t cookie) {
  push(at, Kind::kTimer, rank, new_note({.cookie = cookie & ~kSendCookie}));
}

void Partition::push_flap(ChannelIndex channel, Ps at, std::uint32_t which) {
  push(at, Kind::kFlap, channel, which);
}

// ---- Letters and slabs.

void Partition::read_mail() {
  for (std::vector<Letter>& box : shared_.mail[number_]) {
    for (const Letter& letter : box) {
      if (letter.is_credit) {
        add_credit(letter.channel, letter.vc, letter.packet.bytes, letter.time);
      } else {
        const std::uint32_t index = new_packet();
        packets_[index] = letter.packet;
        push(letter.time, Kind::kArrive, letter.channel, index);
      }
    }
    box.clear();
  }
}

std::uint32_t Partition::new_packet() {
  std::uint32_t index = free_packet_;
  if (index == kNone) {
    index = static_cast<std::uint32_t>(packets_.size());
    packets_.emplace_back();
  } else {
    free_packet_ = packets_[index].next;
    packets_[index] = Packet{};
  }
  return index;
}

void Partition::free_packet(std::uint32_t index) {
  packets_[index].next = free_packet_;
  free_packet_ = index;
}

std::uint32_t Partition::new_note(const Note& note) {
  std::uint32_t index = free_note_;
  if (index == kNone) {
    index = static_cast<std::uint32_t>(notes_.size());
    notes_.push_back(note);
  } else {
    free_note_ = notes_[index].next;
    notes_[index] = note;
  }
  return index;
}

Partition::Note Partition::take_note(std::uint32_t index) {
  const Note note = notes_[index];
  notes_[index].next = free_note_;
  free_note_ = index;
  return note;
}

}  // namespace weft::sim::packet
