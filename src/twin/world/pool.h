// SPDX-License-Identifier: Apache-2.0
// A few threads that do one thing to each of many and wait together: the world's window. Between
// windows they sleep. Which thread takes which piece is left to chance; what is done must not
// depend on it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

namespace weft::twin {

class Pool {
 public:
  /// `threads` in all, the caller's one among them.
  explicit Pool(unsigned threads);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  [[nodiscard]] std::size_t threads() const { return workers_.size() + 1; }
  /// Calls work(0) .. work(count - 1), each once, on all threads; returns when all are done.
  void each(std::size_t count, const std::function<void(std::size_t)>& work);

 private:
  void serve();
  void take_pieces();

  std::vector<std::thread> workers_;
  const std::function<void(std::size_t)>* work_ = nullptr;
  std::size_t count_ = 0;
  std::atomic<std::size_t> next_ = 0;
  std::atomic<std::uint32_t> round_ = 0;  // a new one wakes the workers
  std::atomic<std::uint32_t> busy_ = 0;   // workers that have not finished the round
  std::atomic<bool> is_over_ = false;
};

}  // namespace weft::twin
