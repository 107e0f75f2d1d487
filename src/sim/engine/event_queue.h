// SPDX-License-Identifier: Apache-2.0
// The list of coming events: a timing wheel of two levels whose current bucket is sorted, so that
// putting in and taking out cost the same at ten pending events and at ten million. The order is
// total: (time, kind, source, sequence). A kind is also its priority among events of one time;
// `source` is who caused the event; the sequence is the order in which that source put them in,
// which the queue keeps without storing it. So the order does not depend on bucket widths, on
// threads or on how often the queue was rebuilt. Used by one thread; each partition has its own.
// Idea: calendar queue (Brown 1988), ladder queue (Tang 2005). Refuses nothing: events before the
// last one taken are taken next.
#pragma once

#include "sim/units.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace weft::sim {

/// 16 bytes: when, what and by whom, and an index into the model's own arrays.
struct Event {
  Ps time = 0;
  std::uint32_t order = 0;  ///< kind << 28 | source
  std::uint32_t item = 0;

  [[nodiscard]] std::uint32_t kind() const { return order >> 28; }
  [[nodiscard]] std::uint32_t source() const { return order & 0x0FFFFFFF; }
};
static_assert(sizeof(Event) == 16);

inline constexpr std::uint32_t kMaxSource = 0x0FFFFFFF;

[[nodiscard]] constexpr std::uint32_t event_order(std::uint32_t kind, std::uint32_t source) {
  return (kind << 28) | source;
}
[[nodiscard]] inline bool is_before(const Event& a, const Event& b) {
  return a.time != b.time ? a.time < b.time : a.order < b.order;
}

class EventQueue {
 public:
  /// `width`: the first guess of a bucket's span; the queue finds a better one by itself.
  explicit EventQueue(Ps width = 4096);

  void push(Event event) {
    ++size_;
    if (event.time < current_end_) {
      push_current(event);
    } else if (const std::uint64_t index = index_of(event.time); index < near_limit_) {
      append(near_[index & kNearMask], event);
      mark_near(index & kNearMask);
    } else {
      push_far(event);
    }
  }

  /// The next event, taken out; false when there is none before `limit`.
  bool pop_before(Ps limit, Event& event) {
    if (cursor_ == current_.size() && !open_next()) {
      return false;
    }
    if (current_[cursor_].time >= limit) {
      return false;
    }
    event = current_[cursor_++];
    --size_;
    return true;
  }
  bool pop(Event& event) { return pop_before(kNever, event); }

  /// When the next event is; kNever if there is none.
  [[nodiscard]] Ps next_time() {
    return cursor_ == current_.size() && !open_next() ? kNever : current_[cursor_].time;
  }
  /// The event `ahead` places after the next, if it is already sorted; a hint for prefetching.
  [[nodiscard]] const Event* peek(std::size_t ahead) const {
    return cursor_ + ahead < current_.size() ? &current_[cursor_ + ahead] : nullptr;
  }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::size_t memory_bytes() const;
  /// log2 of a bucket's span in picoseconds, as found.
  [[nodiscard]] unsigned shift() const { return shift_; }

 private:
  static constexpr unsigned kNearBits = 14;
  static constexpr std::uint64_t kNear = 1ULL << kNearBits;
  static constexpr std::uint64_t kNearMask = kNear - 1;
  static constexpr unsigned kSlotBits = kNearBits - 2;  ///< a far slot is a quarter of the wheel
  static constexpr std::uint64_t kFar = 4096;
  static constexpr std::uint64_t kFarMask = kFar - 1;
  static constexpr std::uint32_t kNoChunk = 0xFFFFFFFF;
  static constexpr std::uint32_t kChunkEvents = 7;

  struct Chunk {
    std::array<Event, kChunkEvents> events;
    std::uint32_t next = kNoChunk;
    std::uint32_t count = 0;
  };
  struct Bucket {
    std::uint32_t head = kNoChunk;
    std::uint32_t tail = kNoChunk;
  };

  [[nodiscard]] std::uint64_t index_of(Ps time) const {
    return static_cast<std::uint64_t>(time) >> shift_;
  }
  void append(Bucket& bucket, const Event& event) {
    if (bucket.tail == kNoChunk || chunks_[bucket.tail].count == kChunkEvents) {
      grow(bucket);
    }
    Chunk& chunk = chunks_[bucket.tail];
    chunk.events[chunk.count++] = event;
  }
  void mark_near(std::uint64_t bucket) { near_bits_[bucket >> 6] |= 1ULL << (bucket & 63); }
  void grow(Bucket& bucket);
  void push_current(const Event& event);
  void push_far(const Event& event);
  /// Moves a bucket's events to the end of `out`, in the order they came.
  void drain(Bucket& bucket, std::vector<Event>& out);
  bool open_next();
  [[nodiscard]] bool find_near(std::uint64_t& index) const;
  [[nodiscard]] bool find_far(std::uint64_t& slot) const;
  void take_slot(std::uint64_t slot);
  void slide();
  void take_beyond(std::uint64_t first_slot);
  void start_at(Ps time);
  void open(std::uint64_t index);
  void adapt();
  void rebuild(unsigned shift);

  unsigned shift_ = 12;
  std::size_t size_ = 0;
  std::vector<Event> current_;  ///< sorted; taken up to cursor_
  std::size_t cursor_ = 0;
  Ps current_end_ = 0;            ///< events before this belong into current_
  std::uint64_t next_index_ = 0;  ///< the first bucket that is not yet opened
  std::uint64_t near_limit_ = 0;  ///< the first index that is not in near_
  std::uint64_t far_limit_ = 0;   ///< the first slot that is not in far_
  std::vector<Bucket> near_;
  std::vector<Bucket> far_;
  std::array<std::uint64_t, kNear / 64> near_bits_{};
  std::array<std::uint64_t, kFar / 64> far_bits_{};
  std::vector<Event> beyond_;
  std::vector<Chunk> chunks_;
  std::uint32_t free_ = kNoChunk;
  std::vector<Event> moved_;
  // What the width is judged by.
  std::uint64_t opened_ = 0;
  std::uint64_t opened_events_ = 0;
  std::uint64_t far_pushes_ = 0;
};

}  // namespace weft::sim
