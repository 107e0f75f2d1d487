// SPDX-License-Identifier: Apache-2.0
// What one actor still expects: its timers and the messages under way to it. The world asks for the
// next of both. Order at one instant: messages first (by sender, then by the sender's sequence), so
// that a timer knows what arrived at its instant; then timers by their number.
#pragma once

#include "twin/world/actor.h"

#include <algorithm>
#include <vector>

namespace weft::twin {

struct PendingTimer {
  WorldTime at;
  std::uint32_t number = 0;
  friend constexpr auto operator<=>(const PendingTimer&, const PendingTimer&) = default;
  void exchange(Archive& archive) { archive.fields(at, number); }
};

struct Arrival {
  WorldTime at;
  std::uint64_t sequence = 0;  // of the sender
  Message message;
  [[nodiscard]] bool is_before(const Arrival& other) const {
    if (at != other.at) {
      return at < other.at;
    }
    return message.from != other.message.from ? message.from < other.message.from
                                              : sequence < other.sequence;
  }
  void exchange(Archive& archive) { archive.fields(at, sequence, message); }
};

/// The world's own part of an actor.
struct Actor::Inner {
  struct Sent {
    ActorId to;
    Arrival arrival;
  };

  bool is_running = false;           // between the start and end of one of its events
  WorldTime now;                     // while it is
  std::vector<PendingTimer> timers;  // the earliest last
  std::vector<Arrival> arrivals;     // a heap, the earliest first
  std::vector<Sent> sent;            // in this window

  static bool is_later(const Arrival& a, const Arrival& b) { return b.is_before(a); }

  [[nodiscard]] WorldTime next() const {
    const WorldTime timer = timers.empty() ? kNever : timers.back().at;
    const WorldTime arrival = arrivals.empty() ? kNever : arrivals.front().at;
    return std::min(timer, arrival);
  }
  void set(std::uint32_t number, WorldTime at) {
    cancel(number);
    const PendingTimer timer{at, number};
    timers.insert(std::upper_bound(timers.begin(), timers.end(), timer, std::greater<>{}), timer);
  }
  void cancel(std::uint32_t number) {
    const auto found = std::find_if(timers.begin(), timers.end(),
                                    [&](const PendingTimer& t) { return t.number == number; });
    if (found != timers.end()) {
      timers.erase(found);
    }
  }
  void take(const Arrival& arrival) {
    arrivals.push_back(arrival);
    std::push_heap(arrivals.begin(), arrivals.end(), is_later);
  }
  Arrival take_first_arrival() {
    std::pop_heap(arrivals.begin(), arrivals.end(), is_later);
    const Arrival first = arrivals.back();
    arrivals.pop_back();
    return first;
  }
};

}  // namespace weft::twin
