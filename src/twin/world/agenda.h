// SPDX-License-Identifier: Apache-2.0
// Who is next: a binary heap of actors by the time of their next event, in which each actor's place
// is known, so that a time may change in the logarithm of the world's size.
#pragma once

#include "twin/world/actor.h"

#include <cstddef>
#include <utility>
#include <vector>

namespace weft::twin {

class Agenda {
 public:
  /// Makes room for actors 0 to count - 1; new ones have nothing to do.
  void grow(std::size_t count) { places_.resize(count, kNowhere); }
  [[nodiscard]] WorldTime next() const { return heap_.empty() ? kNever : heap_.front().at; }
  [[nodiscard]] ActorId first() const { return heap_.front().actor; }

  /// kNever takes the actor out.
  void set(ActorId actor, WorldTime at) {
    const std::size_t place = places_[actor];
    if (place == kNowhere) {
      if (at != kNever) {
        heap_.push_back({at, actor});
        places_[actor] = heap_.size() - 1;
        rise(heap_.size() - 1);
      }
    } else if (at == kNever) {
      take_out(place);
    } else if (heap_[place].at != at) {
      heap_[place].at = at;
      rise(place);
      sink(places_[actor]);
    }
  }

 private:
  static constexpr std::size_t kNowhere = ~std::size_t{0};
  struct Entry {
    WorldTime at;
    ActorId actor;
    friend constexpr auto operator<=>(const Entry&, const Entry&) = default;
  };

  void put(std::size_t place, Entry entry) {
    heap_[place] = entry;
    places_[entry.actor] = place;
  }
  void take_out(std::size_t place) {
    places_[heap_[place].actor] = kNowhere;
    const Entry last = heap_.back();
    heap_.pop_back();
    if (place < heap_.size()) {
      put(place, last);
      rise(place);
      sink(places_[last.actor]);
    }
  }
  void rise(std::size_t place) {
    const Entry entry = heap_[place];
    while (place > 0 && entry < heap_[(place - 1) / 2]) {
      put(place, heap_[(place - 1) / 2]);
      place = (place - 1) / 2;
    }
    put(place, entry);
  }
  void sink(std::size_t place) {
    const Entry entry = heap_[place];
    while (2 * place + 1 < heap_.size()) {
      std::size_t child = 2 * place + 1;
      if (child + 1 < heap_.size() && heap_[child + 1] < heap_[child]) {
        ++child;
      }
      if (!(heap_[child] < entry)) {
        break;
      }
      put(place, heap_[child]);
      place = child;
    }
    put(place, entry);
  }

  std::vector<Entry> heap_;
  std::vector<std::size_t> places_;
};

}  // namespace weft::twin
