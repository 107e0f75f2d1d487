// SPDX-License-Identifier: Apache-2.0
// What an end knows of messages that are on their way to it: an open-addressed table, one look-up a
// packet, no allocation once warm. Messages of one packet never enter it. Used by partition.cpp.
#pragma once

#include <cstdint>
#include <vector>

namespace weft::sim::packet {

struct Incoming {
  std::uint64_t key = 0;
  std::uint32_t received = 0;  ///< packets
  std::uint32_t high = 0;      ///< one more than the highest sequence seen
  std::uint32_t total = 0;     ///< packets of the message; 0 until the last one came
  std::uint32_t is_gap_told = 0;
};

class ReceiveTable {
 public:
  ReceiveTable() : slots_(64) {}

  /// The entry of `key`, made if it is not there. Valid until the next call. @pre key != 0
  Incoming& at(std::uint64_t key) {
    if (2 * (used_ + 1) > slots_.size()) {
      grow();
    }
    std::size_t i = home(key);
    while (slots_[i].key != 0 && slots_[i].key != key) {
      i = (i + 1) & (slots_.size() - 1);
    }
    if (slots_[i].key == 0) {
      slots_[i] = Incoming{.key = key};
      ++used_;
    }
    return slots_[i];
  }
  void erase(std::uint64_t key) {
    const std::size_t mask = slots_.size() - 1;
    std::size_t hole = home(key);
    while (slots_[hole].key != key) {
      if (slots_[hole].key == 0) {
        return;
      }
      hole = (hole + 1) & mask;
    }
    // Whoever could stand in the hole moves into it.
    for (std::size_t i = (hole + 1) & mask; slots_[i].key != 0; i = (i + 1) & mask) {
      if (((i - home(slots_[i].key)) & mask) >= ((i - hole) & mask)) {
        slots_[hole] = slots_[i];
        hole = i;
      }
    }
    slots_[hole].key = 0;
    --used_;
  }
  [[nodiscard]] std::size_t size() const { return used_; }
  [[nodiscard]] const std::vector<Incoming>& slots() const { return slots_; }

 private:
  [[nodiscard]] std::size_t home(std::uint64_t key) const {
    return static_cast<std::size_t>((key * 0x9E3779B97F4A7C15ULL) >> 32) & (slots_.size() - 1);
  }
  void grow() {
    std::vector<Incoming> old(slots_.size() * 2);
    old.swap(slots_);
    used_ = 0;
    for (const Incoming& entry : old) {
      if (entry.key != 0) {
        at(entry.key) = entry;
      }
    }
  }

  std::vector<Incoming> slots_;
  std::size_t used_ = 0;
};

}  // namespace weft::sim::packet
