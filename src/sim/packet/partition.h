// SPDX-License-Identifier: Apache-2.0
// A part of the network and its packets, run by one thread at a time: a packet costs one event a
// hop, ports are a time until which they are busy, credits are a list of amounts with the time from
// which they count. What another part must know (a packet that arrives there, a credit) goes into a
// letter with a time at least one channel's latency ahead, so parts may run a window of that length
// without each other; and no decision uses what a letter could still bring. So the result is the
// same for any partition. Made and driven by run.cpp; software.h sits on top.
//
// Model: virtual cut-through; packets wait in the input buffer of the switch, sorted by output and
// virtual channel, outputs serve them in order of arrival (an ideal VOQ switch); credits in bytes
// for each channel and VC; a damaged flit costs its link a replay round trip (go back N) or its own
// time again (selective), drawn from the channel's flit error ratio.
#pragma once

#include "sim/engine/draw.h"
#include "sim/engine/event_queue.h"
#include "sim/packet/fabric.h"
#include "sim/packet/options.h"
#include "sim/packet/receive_table.h"

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <vector>

namespace weft::sim::packet {

enum class Kind : std::uint8_t {
  kWake,      ///< credits have come that a waiting packet needs
  kFlap,      ///< a link begins to retrain
  kArrive,    ///< a packet's first bits are at a node
  kInject,    ///< an end's channel can take the next packet
  kSent,      ///< a message has left its rank
  kReceived,  ///< a message is there
  kTimer,     ///< the software's own
};

/// One packet; in a slab, known by its index. A cache line.
struct alignas(64) Packet {
  std::uint32_t source = 0, destination = 0;
  std::uint32_t message = 0;   ///< number at the source
  std::uint32_t sequence = 0;  ///< within the message
  std::uint32_t tag = 0;
  std::uint32_t bytes = 0;
  std::uint32_t next = kNone;      ///< in a waiting list, or the free list
  std::uint32_t channel = kNone;   ///< it came by
  std::uint8_t vc = 0, in_vc = 0;  ///< now; and on the channel that it came by
  std::uint8_t hops = 0;
  bool is_last = false;        ///< of its message
  bool is_one_way = false;     ///< order is promised
  std::uint32_t note = kNone;  ///< whom to tell when it has left its source
  Ps ready = 0;                ///< may leave the node from
  Ps born = 0;
};
static_assert(sizeof(Packet) == 64);

/// What a channel costs; most networks have a few kinds, so a hop finds these in the cache.
struct PortKind {
  std::uint64_t ps_per_byte = 0;        ///< fixed point; of the payload rate
  std::uint64_t ps_per_byte_paced = 0;  ///< slower where the replay buffer is too small
  Ps latency = 0;
  Ps credit_latency = 0;  ///< of the other direction
  Ps replay_time = 0;     ///< what a damaged flit costs the link
  double error_ratio = 0;
  friend auto operator<=>(const PortKind&, const PortKind&) = default;
};

/// The sending side of a channel: one cache line, of its sender's thread alone. When the channel is
/// free again stands apart (Shared::busy), since routes compare many of those.
struct alignas(64) Port {
  std::uint32_t kind = 0;
  std::uint32_t list = kNone;     ///< of an end's channel: whose messages it sends
  std::uint16_t owner = 0;        ///< partition of the receiving node
  std::uint8_t dimension = 0xFF;  ///< on a grid; 0xFF else
  bool is_seam = false;           ///< closes a ring
  bool is_from_end = false;
  bool is_injecting = false;  ///< a kInject is on its way
  std::uint64_t flits_to_error = ~0ULL;
  Ps busy_total = 0;
  Ps last_arrival = 0;
  Draw draw;
};
static_assert(sizeof(Port) == 64);

/// The receiving side of a channel; never written, so many fit into the cache of every thread.
struct Wire {
  NodeIndex to = kNone;
  std::uint32_t kind = 0;
  std::uint32_t from_owner = 0;  ///< partition of the sending node
};

/// A credit on its way: bytes of room that count from a time.
struct Credit {
  Ps time = 0;
  std::uint32_t bytes = 0;
};

/// A virtual channel of a channel: credits and who waits for them. Credits on their way stand in a
/// ring of Partition's pool, a few neighbouring cache lines, in any order while they are few.
struct alignas(64) Lane {
  std::int64_t credits = 0;  ///< bytes of the receiver's buffer
  Ps wake_at = kNever;
  Ps first_due = kNever;                      ///< the earliest credit on its way
  std::uint32_t head = kNone, tail = kNone;   ///< waiting packets
  std::uint32_t ring = 0;                     ///< where its ring begins in the pool
  std::uint32_t ring_size = 0;                ///< a power of two, or 0 before the first
  std::uint32_t ring_first = 0, pending = 0;  ///< the ring's first credit, and how many there are
};

/// A message that is being sent.
struct Message {
  std::uint64_t left = 0;
  std::uint64_t cookie = 0;
  std::uint32_t source = 0, destination = 0, number = 0, sequence = 0, tag = 0;
  std::uint32_t next = kNone;
  bool wants_sent = false;
};

struct Letter {
  Ps time = 0;
  std::uint32_t channel = 0;
  std::uint32_t vc = 0;
  bool is_credit = false;
  Packet packet;
};

/// What stands for an end where switches have their time.
inline constexpr Ps kEndNode = -1;
/// Marks the timers of the partition itself among the software's.
inline constexpr std::uint64_t kSendCookie = 1ULL << 63;

class Partition;

/// What runs on the ends of a partition.
class Software {
 public:
  Software() = default;
  Software(const Software&) = delete;
  Software& operator=(const Software&) = delete;
  virtual ~Software() = default;
  virtual void sent(Partition& part, Rank rank, std::uint64_t cookie, Ps now) = 0;
  virtual void received(Partition& part, Rank rank, Rank source, std::uint32_t tag, Ps now) = 0;
  virtual void timer(Partition& part, Rank rank, std::uint64_t cookie, Ps now) = 0;
};

/// State that all partitions share; each writes only what belongs to its nodes.
struct Shared {
  const Fabric* fabric = nullptr;
  const Options* options = nullptr;
  VcRule vc_rule = VcRule::kSingle;
  std::uint32_t vcs = 1;
  double expected_packets = 0;  ///< about; 0 where unknown
  std::vector<PortKind> kinds;
  std::vector<Port> ports;                          ///< by channel
  std::vector<Wire> wires;                          ///< by channel
  std::vector<Ps> busy;                             ///< by channel: until when it sends
  std::vector<Ps> through;                          ///< by node: port to port; kEndNode for ends
  std::vector<Lane> lanes;                          ///< channel x vcs
  std::vector<std::uint32_t> owner;                 ///< by node
  std::vector<std::uint32_t> list_head, list_tail;  ///< by channel: messages to send
  std::vector<std::uint32_t> next_number;           ///< by rank
  std::vector<std::uint32_t> arrived;  ///< by node, only where silent drops are asked for
  std::vector<std::vector<std::vector<Letter>>> mail;  ///< [to][from]

  [[nodiscard]] Lane& lane(ChannelIndex channel, std::uint32_t vc) {
    return lanes[std::size_t{channel} * vcs + vc];
  }
  /// Bytes of buffer behind a channel for each VC.
  [[nodiscard]] std::int64_t capacity(ChannelIndex channel) const;
};

class Partition {
 public:
  Partition(Shared& shared, std::uint32_t number, Software& software);

  /// Runs all events before `end`.
  void run(Ps end);
  /// Takes the letters that the others wrote.
  void read_mail();
  [[nodiscard]] Ps next_time() { return queue_.next_time(); }

  // For the software.
  /// Hands a message to the rank's channel, at `at` or now. `wants_sent`: software is told when the
  /// last byte has left.
  void send(Rank from, Rank to, std::uint64_t bytes, std::uint32_t tag, std::uint64_t cookie,
            bool wants_sent, Ps at);
  void timer(Rank rank, Ps at, std::uint64_t cookie);
  void push_flap(ChannelIndex channel, Ps at, std::uint32_t which);

  // For the result.
  [[nodiscard]] const Counters& counters() const { return counters_; }
  [[nodiscard]] const LatencyHistogram& latency() const { return latency_; }
  [[nodiscard]] std::vector<SilentLoss>& losses() { return losses_; }
  [[nodiscard]] const ReceiveTable& incoming() const { return incoming_; }
  [[nodiscard]] const Packet& packet(std::uint32_t index) const { return packets_[index]; }
  [[nodiscard]] std::int64_t pending_bytes(const Lane& lane) const;
  [[nodiscard]] std::size_t memory_bytes() const;
  [[nodiscard]] Software& software() { return software_; }

 private:
  /// Up to so many credits of a lane are looked through; beyond, its ring is sorted by time.
  static constexpr std::uint32_t kScanned = 32;

  struct Note {
    std::uint64_t cookie = 0;
    std::uint32_t source = 0, tag = 0, next = kNone;
  };

  void push(Ps time, Kind kind, std::uint32_t source, std::uint32_t item) {
    queue_.push({time, event_order(static_cast<std::uint32_t>(kind), source), item});
  }
  void handle(const Event& event);
  void arrive(ChannelIndex channel, std::uint32_t index, Ps now);
  void forward(NodeIndex node, std::uint32_t index, Ps now);
  void deliver(ChannelIndex channel, std::uint32_t index, Ps now);
  void complete(const Packet& packet, Ps when);
  bool check_order(const Packet& packet, Ps when);
  void drop(std::uint32_t index, Drop reason, Ps now);
  bool swallows(NodeIndex node);
  [[nodiscard]] ChannelIndex pick(NodeIndex node, const Packet& packet) const;
  [[nodiscard]] std::uint8_t next_vc(ChannelIndex out, const Packet& packet) const;
  void offer(ChannelIndex out, std::uint32_t index, Ps now);
  void commit(ChannelIndex out, Lane& lane, std::uint32_t index, Ps now);
  Ps draw_replay(Port& port, std::uint32_t bytes);
  void release(ChannelIndex channel, std::uint32_t vc, std::uint32_t bytes, Ps when);
  void add_credit(ChannelIndex channel, std::uint32_t vc, std::uint32_t bytes, Ps when);
  void absorb(Lane& lane, Ps now);
  void grow_ring(Lane& lane);
  void sink_credit(const Lane& lane, std::uint32_t at);
  /// The place of the lane's pending credit number `i`.
  [[nodiscard]] std::size_t ring_slot(const Lane& lane, std::uint32_t i) const {
    return lane.ring + ((lane.ring_first + i) & (lane.ring_size - 1));
  }
  void prefetch_arrival(const Event& event) const;
  void wake(ChannelIndex channel, std::uint32_t vc, Ps now);
  void want_wake(ChannelIndex channel, std::uint32_t vc, Lane& lane);
  void enqueue(std::uint32_t message, Ps now);
  void kick(ChannelIndex channel, Ps now);
  void inject(ChannelIndex channel, Ps now);
  [[nodiscard]] std::uint32_t take_message(ChannelIndex channel);
  std::uint32_t new_packet();
  void free_packet(std::uint32_t index);
  std::uint32_t new_note(const Note& note);
  Note take_note(std::uint32_t index);

  Shared& shared_;
  std::uint32_t number_;
  Software& software_;
  EventQueue queue_;
  std::vector<Packet> packets_;
  std::uint32_t free_packet_ = kNone;
  std::vector<Message> messages_;
  std::uint32_t free_message_ = kNone;
  std::vector<Credit> credits_;                            ///< the lanes' rings
  std::array<std::vector<std::uint32_t>, 32> free_rings_;  ///< by log2 of their size
  std::vector<Note> notes_;
  std::uint32_t free_note_ = kNone;
  ReceiveTable incoming_;
  Counters counters_;
  LatencyHistogram latency_;
  std::vector<SilentLoss> losses_;
};

}  // namespace weft::sim::packet
