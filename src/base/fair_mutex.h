// SPDX-License-Identifier: Apache-2.0
// A mutex that is taken in the order in which it was asked for. Whoever lets go of it and wants it
// again at once stands behind all who waited: a loop that works in pieces thereby lets questions in
// between, which a std::mutex does not promise. Each change wakes all who wait, so it is for few
// threads that hold it for long.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>

namespace weft::base {

class FairMutex {
 public:
  void lock() {
    std::unique_lock hold(mutex_);
    const std::uint64_t mine = next_++;
    turn_.wait(hold, [&] { return served_ == mine; });
  }
  void unlock() {
    {
      const std::lock_guard hold(mutex_);
      ++served_;
    }
    turn_.notify_all();
  }
  /// Threads that hold it or stand in line for it.
  [[nodiscard]] std::size_t taken() const {
    const std::lock_guard hold(mutex_);
    return static_cast<std::size_t>(next_ - served_);
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable turn_;
  std::uint64_t next_ = 0;    // number of the next who asks
  std::uint64_t served_ = 0;  // whose turn it is
};

}  // namespace weft::base
