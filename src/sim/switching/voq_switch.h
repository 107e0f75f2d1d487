// SPDX-License-Identifier: Apache-2.0
// A slotted switch with virtual output queues and iSLIP (McKeown 1999): in each slot every free
// output grants one of the inputs that ask for it, every input accepts one grant, and both turn
// their pointers past what was accepted in the first iteration. Arbiters are 64-bit masks, so a
// slot of 64 ports costs a few hundred nanoseconds and an idle port nothing. Called by the slotted
// models (slotted.h), which are the exact oracles of the packet and flit models, and by the
// benchmark. Refuses more than 64 ports (make()).
#pragma once

#include "base/result.h"

#include <array>
#include <bit>
#include <cstdint>
#include <vector>

namespace weft::sim::switching {

inline constexpr std::uint32_t kMaxPorts = 64;

/// A first-in first-out list of numbers for each of many queues, in one pool.
class QueuePool {
 public:
  explicit QueuePool(std::size_t queues) : queues_(queues) {}
  void push(std::size_t queue, std::uint32_t value) {
    std::uint32_t node = free_;
    if (node != kEnd) {
      free_ = nodes_[node].next;
      nodes_[node] = {value, kEnd};
    } else {
      node = static_cast<std::uint32_t>(nodes_.size());
      nodes_.push_back({value, kEnd});
    }
    Queue& entry = queues_[queue];
    if (entry.head == kEnd) {
      entry.head = node;
    } else {
      nodes_[entry.tail].next = node;
    }
    entry.tail = node;
  }
  /// @pre !empty(queue)
  std::uint32_t pop(std::size_t queue) {
    Queue& entry = queues_[queue];
    const std::uint32_t node = entry.head;
    const std::uint32_t value = nodes_[node].value;
    entry.head = nodes_[node].next;
    nodes_[node].next = free_;
    free_ = node;
    return value;
  }
  [[nodiscard]] bool empty(std::size_t queue) const { return queues_[queue].head == kEnd; }

 private:
  static constexpr std::uint32_t kEnd = 0xFFFFFFFF;
  struct Node {
    std::uint32_t value, next;
  };
  struct Queue {
    std::uint32_t head = kEnd, tail = kEnd;
  };
  std::vector<Queue> queues_;
  std::vector<Node> nodes_;
  std::uint32_t free_ = kEnd;
};

/// The first set bit at or after `from`, cyclic over 64. @pre mask != 0
[[nodiscard]] inline std::uint32_t round_robin(std::uint64_t mask, std::uint32_t from) {
  const std::uint64_t ahead = mask & (~0ULL << from);
  return static_cast<std::uint32_t>(std::countr_zero(ahead != 0 ? ahead : mask));
}

class VoqSwitch {
 public:
  /// kInvalidArgument unless 1 to 64 ports and at least one iteration.
  [[nodiscard]] static base::Result<VoqSwitch> make(std::uint32_t ports, std::uint32_t iterations);

  /// A cell for `output` at `input`; `value` comes back when it leaves.
  void offer(std::uint32_t input, std::uint32_t output, std::uint32_t value) {
    queues_.push(input * kMaxPorts + output, value);
    requests_[output] |= 1ULL << input;
    wanted_ |= 1ULL << output;
    ++cells_;
  }

  /// One slot: calls sink(input, output, value) for each cell that crosses.
  template <class Sink>
  void step(Sink&& sink) {
    match();
    for (std::uint64_t left = matched_outputs_; left != 0; left &= left - 1) {
      const auto output = static_cast<std::uint32_t>(std::countr_zero(left));
      const std::uint32_t input = input_of_[output];
      const std::size_t queue = input * kMaxPorts + output;
      const std::uint32_t value = queues_.pop(queue);
      if (queues_.empty(queue)) {
        requests_[output] &= ~(1ULL << input);
        if (requests_[output] == 0) {
          wanted_ &= ~(1ULL << output);
        }
      }
      --cells_;
      sink(input, output, value);
    }
  }
  [[nodiscard]] std::uint64_t cells() const { return cells_; }

 private:
  VoqSwitch(std::uint32_t ports, std::uint32_t iterations)
      : ports_(ports), iterations_(iterations), queues_(std::size_t{kMaxPorts} * kMaxPorts) {}
  void match();

  std::uint32_t ports_, iterations_;
  QueuePool queues_;
  std::uint64_t cells_ = 0;
  std::uint64_t wanted_ = 0;  ///< outputs that somebody asks for
  std::uint64_t matched_outputs_ = 0;
  std::array<std::uint64_t, kMaxPorts> requests_{};  ///< by output: inputs
  std::array<std::uint64_t, kMaxPorts> grants_{};    ///< by input: outputs
  std::array<std::uint8_t, kMaxPorts> input_of_{};
  std::array<std::uint8_t, kMaxPorts> grant_pointer_{};
  std::array<std::uint8_t, kMaxPorts> accept_pointer_{};
};

}  // namespace weft::sim::switching
