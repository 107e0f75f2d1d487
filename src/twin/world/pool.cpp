// SPDX-License-Identifier: Apache-2.0
// The threads of a world's window; pool.h says what they promise. Pieces are handed out a few at a
// time, so that the shared counter does not cost more than the work.
#include "twin/world/pool.h"

#include <algorithm>

namespace weft::twin {
namespace {
constexpr std::size_t kPiecesAtOnce = 8;
}  // namespace

Pool::Pool(unsigned threads) {
  for (unsigned i = 1; i < threads; ++i) {
    workers_.emplace_back([this] { serve(); });
  }
}

Pool::~Pool() {
  is_over_ = true;
  ++round_;
  round_.notify_all();
  for (std::thread& worker : workers_) {
    worker.join();
  }
}

void Pool::each(std::size_t count, const std::function<void(std::size_t)>& work) {
  work_ = &work;
  count_ = count;
  next_ = 0;
  busy_ = static_cast<std::uint32_t>(workers_.size());
  ++round_;
  round_.notify_all();
  take_pieces();
  for (std::uint32_t busy = busy_; busy != 0; busy = busy_) {
    busy_.wait(busy);
  }
  work_ = nullptr;
}

void Pool::serve() {
  std::uint32_t seen = 0;
  while (true) {
    round_.wait(seen);
    seen = round_;
    if (is_over_) {
      return;
    }
    take_pieces();
    if (--busy_ == 0) {
      busy_.notify_one();
    }
  }
}

void Pool::take_pieces() {
  while (true) {
    const std::size_t from = next_.fetch_add(kPiecesAtOnce);
    if (from >= count_) {
      return;
    }
    const std::size_t end = std::min(count_, from + kPiecesAtOnce);
    for (std::size_t i = from; i < end; ++i) {
      (*work_)(i);
    }
  }
}

}  // namespace weft::twin
