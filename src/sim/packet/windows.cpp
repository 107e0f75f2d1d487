// SPDX-License-Identifier: Apache-2.0
#include "sim/packet/windows.h"

#include "sim/packet/setup.h"

#include <algorithm>
#include <atomic>
#include <thread>

namespace weft::sim::packet {

namespace {

/// All arrive, then all go on. Spins a little, then yields: windows are short and cores few.
class Gate {
 public:
  explicit Gate(std::uint32_t count) : count_(count) {}
  void wait() {
    const std::uint32_t turn = turn_.load(std::memory_order_acquire);
    if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == count_) {
      arrived_.store(0, std::memory_order_relaxed);
      turn_.store(turn + 1, std::memory_order_release);
      return;
    }
    for (std::uint32_t spins = 0; turn_.load(std::memory_order_acquire) == turn; ++spins) {
      if (spins > 2000) {
        std::this_thread::yield();
      }
    }
  }

 private:
  std::uint32_t count_;
  std::atomic<std::uint32_t> arrived_{0};
  std::atomic<std::uint32_t> turn_{0};
};

struct Round {
  std::vector<Ps> next;  ///< by partition: its earliest event
  std::atomic<bool> stop{false};
};

/// By one part's packets, as if the others were as far.
Progress progress_of(const Shared& shared, const Partition& part, std::size_t parts, Ps now) {
  const auto share = static_cast<double>(parts);
  const double done = static_cast<double>(part.counters().delivered) * share;
  return {.done = shared.expected_packets > 0 ? std::min(1.0, done / shared.expected_packets) : 0,
          .now = now,
          .hops = part.counters().hops * parts};
}

Ps end_of_window(Ps start, Ps length, Ps limit) {
  return std::min(limit, later(start, length));
}

}  // namespace

bool run_windows(const Shared& shared, const std::vector<std::unique_ptr<Partition>>& parts,
                 const Options& options, std::uint64_t& windows) {
  const Ps limit = options.time_limit;
  if (parts.size() == 1) {
    // In slices only so that somebody may look.
    constexpr Ps kSlice = 10 * kMicrosecond;
    Partition& part = *parts.front();
    for (Ps next = part.next_time(); next < limit; next = part.next_time()) {
      part.run(options.progress ? end_of_window(next, kSlice, limit) : limit);
      ++windows;
      if (options.progress && !options.progress(progress_of(shared, part, 1, next))) {
        return false;
      }
    }
    return part.next_time() == kNever;
  }
  const Ps length = lookahead(shared);
  const auto count = static_cast<std::uint32_t>(parts.size());
  Gate gate(count);
  Round round;
  round.next.resize(count);
  std::uint64_t ran = 0;
  const auto work = [&](std::uint32_t number) {
    Partition& part = *parts[number];
    for (;;) {
      part.read_mail();
      round.next[number] = part.next_time();
      gate.wait();
      const Ps start = *std::min_element(round.next.begin(), round.next.end());
      if (start >= limit || round.stop.load()) {
        return;
      }
      part.run(end_of_window(start, length, limit));
      if (number == 0) {
        ++ran;
      }
      gate.wait();
      if (number == 0 && options.progress && (ran & 1023) == 0 &&
          !options.progress(progress_of(shared, part, count, start))) {
        round.stop.store(true);
      }
    }
  };
  std::vector<std::thread> threads;
  threads.reserve(count - 1);
  for (std::uint32_t i = 1; i < count; ++i) {
    threads.emplace_back(work, i);
  }
  work(0);
  for (std::thread& thread : threads) {
    thread.join();
  }
  windows += ran;
  return *std::min_element(round.next.begin(), round.next.end()) == kNever;
}

}  // namespace weft::sim::packet
