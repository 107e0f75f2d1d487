// SPDX-License-Identifier: Apache-2.0
// A counter of random happenings that costs nothing until it is looked at: a Poisson process whose
// rate is constant between settings. count(t) is a pure function of the stream, the settings and t,
// however often and in whatever steps one looks: the number in a large block of time is drawn, and
// halved down to t by binomial draws, each from a generator seeded by the block's place (a Poisson
// process given its total in a block is uniform there). Numbers in disjoint spans are independent
// Poisson numbers; a test holds that against R's or scipy's distribution.
#pragma once

#include "base/time.h"
#include "twin/world/archive.h"

#include <cstdint>

namespace weft::twin {

class CountProcess {
 public:
  CountProcess() = default;
  /// `stream` names this counter among all of the world (hash of seed and path).
  explicit CountProcess(std::uint64_t stream) : stream_(stream) {}

  /// From `at` on happenings come at this rate. @pre `at` is not before the last setting
  void set_rate(double per_s, base::WorldTime at);
  [[nodiscard]] double rate() const { return rate_; }
  /// Happenings in all up to `at`. @pre `at` is not before the last setting
  [[nodiscard]] std::uint64_t count(base::WorldTime at) const;
  /// When the next one comes after `at` if the rate stays; WorldTime max where the rate is 0.
  [[nodiscard]] base::WorldTime next(base::WorldTime at) const;
  /// Adds happenings that were not drawn (an injected error).
  void add(std::uint64_t n) { before_ += n; }

  void exchange(Archive& archive) { archive.fields(stream_, setting_, before_, rate_, from_); }

 private:
  std::uint64_t stream_ = 0;
  std::uint64_t setting_ = 0;  // how often the rate was set: part of the seeds
  std::uint64_t before_ = 0;   // up to from_
  double rate_ = 0;
  base::WorldTime from_;
};

}  // namespace weft::twin
