// SPDX-License-Identifier: Apache-2.0
// The seldom taken ways of event_queue.h: opening a bucket, moving far events near, finding a
// width.
#include "sim/engine/event_queue.h"

#include <algorithm>
#include <bit>

namespace weft::sim {

namespace {

/// The first set bit at or after `from`, cyclic; false when none is set.
template <std::size_t Words>
bool find_bit(const std::array<std::uint64_t, Words>& bits, std::uint64_t from,
              std::uint64_t& found) {
  std::uint64_t word = from >> 6;
  std::uint64_t rest = bits[word] & (~0ULL << (from & 63));
  for (std::size_t step = 0; step <= Words; ++step) {
    if (rest != 0) {
      found = (word << 6) + static_cast<std::uint64_t>(std::countr_zero(rest));
      return true;
    }
    word = (word + 1) % Words;
    rest = bits[word];
  }
  return false;
}

void insertion_sort(Event* first, Event* last) {
  for (Event* next = first + 1; next < last; ++next) {
    const Event event = *next;
    Event* at = next;
    while (at > first && is_before(event, at[-1])) {
      *at = at[-1];
      --at;
    }
    *at = event;
  }
}

/// Stable. Buckets hold a few events by design; a burst of one time is merged from short runs.
void sort_events(std::vector<Event>& events, std::vector<Event>& spare) {
  constexpr std::size_t kRun = 32;
  const std::size_t count = events.size();
  for (std::size_t at = 0; at < count; at += kRun) {
    insertion_sort(events.data() + at, events.data() + std::min(count, at + kRun));
  }
  for (std::size_t run = kRun; run < count; run *= 2) {
    spare.resize(count);
    for (std::size_t at = 0; at < count; at += 2 * run) {
      const Event* first = events.data() + at;
      const Event* middle = events.data() + std::min(count, at + run);
      const Event* last = events.data() + std::min(count, at + 2 * run);
      std::merge(first, middle, middle, last, spare.data() + at, is_before);
    }
    events.swap(spare);
  }
}

}  // namespace

EventQueue::EventQueue(Ps width) : near_(kNear), far_(kFar) {
  shift_ =
      static_cast<unsigned>(std::bit_width(static_cast<std::uint64_t>(std::max<Ps>(1, width)))) - 1;
  current_.reserve(256);
  start_at(0);
}

std::size_t EventQueue::memory_bytes() const {
  return sizeof(*this) + (near_.size() + far_.size()) * sizeof(Bucket) +
         chunks_.capacity() * sizeof(Chunk) +
         (current_.capacity() + beyond_.capacity() + moved_.capacity()) * sizeof(Event);
}

void EventQueue::grow(Bucket& bucket) {
  std::uint32_t index = free_;
  if (index != kNoChunk) {
    free_ = chunks_[index].next;
  } else {
    index = static_cast<std::uint32_t>(chunks_.size());
    chunks_.emplace_back();
  }
  chunks_[index].next = kNoChunk;
  chunks_[index].count = 0;
  if (bucket.tail == kNoChunk) {
    bucket.head = index;
  } else {
    chunks_[bucket.tail].next = index;
  }
  bucket.tail = index;
}

void EventQueue::push_current(const Event& event) {
  const auto at = std::upper_bound(current_.begin() + static_cast<std::ptrdiff_t>(cursor_),
                                   current_.end(), event, is_before);
  current_.insert(at, event);
}

void EventQueue::push_far(const Event& event) {
  ++far_pushes_;
  const std::uint64_t slot = index_of(event.time) >> kSlotBits;
  if (slot < far_limit_) {
    append(far_[slot & kFarMask], event);
    far_bits_[(slot & kFarMask) >> 6] |= 1ULL << (slot & 63);
  } else {
    beyond_.push_back(event);
  }
}

void EventQueue::drain(Bucket& bucket, std::vector<Event>& out) {
  for (std::uint32_t index = bucket.head; index != kNoChunk;) {
    Chunk& chunk = chunks_[index];
    out.insert(out.end(), chunk.events.begin(), chunk.events.begin() + chunk.count);
    const std::uint32_t next = chunk.next;
    chunk.next = free_;
    free_ = index;
    index = next;
  }
  bucket = Bucket{};
}

void EventQueue::start_at(Ps time) {
  next_index_ = index_of(time);
  const std::uint64_t slot = next_index_ >> kSlotBits;
  near_limit_ = (slot + 1) << kSlotBits;
  far_limit_ = slot + kFar;
  current_end_ = static_cast<Ps>(next_index_ << shift_);
}

bool EventQueue::find_near(std::uint64_t& index) const {
  std::uint64_t bucket = 0;
  if (!find_bit(near_bits_, next_index_ & kNearMask, bucket)) {
    return false;
  }
  index = next_index_ + ((bucket - next_index_) & kNearMask);
  return true;
}

bool EventQueue::find_far(std::uint64_t& slot) const {
  const std::uint64_t first = near_limit_ >> kSlotBits;
  std::uint64_t bucket = 0;
  if (!find_bit(far_bits_, first & kFarMask, bucket)) {
    return false;
  }
  slot = first + ((bucket - first) & kFarMask);
  return true;
}

void EventQueue::take_slot(std::uint64_t slot) {
  moved_.clear();
  drain(far_[slot & kFarMask], moved_);
  far_bits_[(slot & kFarMask) >> 6] &= ~(1ULL << (slot & 63));
  near_limit_ = (slot + 1) << kSlotBits;
  for (const Event& event : moved_) {
    const std::uint64_t bucket = index_of(event.time) & kNearMask;
    append(near_[bucket], event);
    mark_near(bucket);
  }
}

/// Keeps three quarters of the wheel ahead of the cursor open for direct entry.
void EventQueue::slide() {
  while (near_limit_ - next_index_ <= kNear - (kNear >> 2)) {
    const std::uint64_t slot = near_limit_ >> kSlotBits;
    if (slot == far_limit_) {
      take_beyond(slot);
    }
    take_slot(slot);
  }
}

void EventQueue::take_beyond(std::uint64_t first_slot) {
  far_limit_ = first_slot + kFar;
  std::size_t kept = 0;
  for (const Event& event : beyond_) {
    const std::uint64_t slot = index_of(event.time) >> kSlotBits;
    if (slot < far_limit_) {
      append(far_[slot & kFarMask], event);
      far_bits_[(slot & kFarMask) >> 6] |= 1ULL << (slot & 63);
    } else {
      beyond_[kept++] = event;
    }
  }
  beyond_.resize(kept);
}

void EventQueue::open(std::uint64_t index) {
  current_.clear();
  cursor_ = 0;
  const std::uint64_t bucket = index & kNearMask;
  drain(near_[bucket], current_);
  near_bits_[bucket >> 6] &= ~(1ULL << (bucket & 63));
  sort_events(current_, moved_);
  next_index_ = index + 1;
  current_end_ = static_cast<Ps>(next_index_ << shift_);
  ++opened_;
  // Events of one time cannot be spread by narrower buckets.
  opened_events_ += current_.front().time == current_.back().time ? 1 : current_.size();
}

bool EventQueue::open_next() {
  if (size_ == 0) {
    return false;
  }
  if (opened_ == 2048) {
    adapt();
  }
  for (;;) {
    std::uint64_t index = 0;
    if (find_near(index)) {
      open(index);
      slide();
      return true;
    }
    std::uint64_t slot = 0;
    if (find_far(slot)) {
      next_index_ = slot << kSlotBits;
      take_slot(slot);
    } else {
      const Event& first = *std::min_element(beyond_.begin(), beyond_.end(), is_before);
      start_at(first.time);
      take_beyond(next_index_ >> kSlotBits);
      take_slot(next_index_ >> kSlotBits);
    }
  }
}

/// Narrower where buckets are full, wider where most events had to be put in twice.
void EventQueue::adapt() {
  constexpr std::uint64_t kFull = 16;
  const std::uint64_t opened = opened_;
  const std::uint64_t events = opened_events_;
  const std::uint64_t far = far_pushes_;
  opened_ = opened_events_ = far_pushes_ = 0;
  if (events > kFull * opened && shift_ > 0) {
    const unsigned by = static_cast<unsigned>(std::bit_width(events / (kFull / 2 * opened))) - 1;
    rebuild(shift_ - std::min(shift_, std::max(1U, by)));
  } else if (2 * far > events && events < 4 * opened && shift_ < 40) {
    rebuild(shift_ + 1);
  }
}

void EventQueue::rebuild(unsigned shift) {
  // Only called with nothing left in current_. Equal times share a list, so their order is kept.
  std::vector<Event> all;
  all.reserve(size_);
  for (Bucket& bucket : near_) {
    drain(bucket, all);
  }
  for (Bucket& bucket : far_) {
    drain(bucket, all);
  }
  all.insert(all.end(), beyond_.begin(), beyond_.end());
  beyond_.clear();
  near_bits_.fill(0);
  far_bits_.fill(0);
  const Ps from = current_end_;
  shift_ = shift;
  start_at(from);
  current_.clear();
  cursor_ = 0;
  // A wider bucket may begin before `from`; what is still to come of it goes where it belongs.
  current_end_ = from;
  size_ = 0;
  for (const Event& event : all) {
    ++size_;
    const std::uint64_t index = index_of(event.time);
    if (index < near_limit_) {
      append(near_[index & kNearMask], event);
      mark_near(index & kNearMask);
    } else {
      push_far(event);
    }
  }
  far_pushes_ = 0;
}

}  // namespace weft::sim
