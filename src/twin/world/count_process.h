// SPDX-License-Identifier: Apache-2.0
// A counter of random happenings that costs nothing until it is looked at: a Poisson process whose
// rate is constant between settings. count(t) is a pure function of the stream, the settings and t,
// however often and in whatever steps one looks: the number in a large block of time is drawn, and
// halved down to t by binomial draws, each from a generator seeded by the block's place (a Poisson
// process given its total in a block is uniform there). Numbers in disjoint spans are independent
// Poisson numbers; a test holds that against scipy's distribution. For rates from 1e-12/s
// (less is never) to 2e11/s (more is held there) and times to 292 years; 64 bits, which the highest
// rate fills in three years.
#pragma once

#include "twin/world/archive.h"
#include "twin/world/poisson_tree.h"
#include "twin/world/time.h"

#include <cstdint>

namespace weft::twin {

class CountProcess {
 public:
  CountProcess() = default;
  /// `stream` names this counter among all of the world (hash of seed and path).
  explicit CountProcess(std::uint64_t stream) : stream_(stream) {}

  /// From `at` on happenings come at this rate; the same rate again changes nothing.
  /// @pre `at` is not before the last setting
  void set_rate(double per_s, WorldTime at);
  [[nodiscard]] double rate() const { return rate_; }
  /// Happenings in all up to `at`. One thread at a time: it remembers where it looked, which
  /// changes costs only. @pre `at` is not before the last setting
  [[nodiscard]] std::uint64_t count(WorldTime at) const;
  /// When the next one comes after `at` if the rate stays: count() grows just there. kNever where
  /// the rate is 0.
  [[nodiscard]] WorldTime next(WorldTime at) const;
  /// Adds happenings that were not drawn (an injected error).
  void add(std::uint64_t n) { before_ += n; }

  /// Fails the archive on a rate or time that cannot be.
  void exchange(Archive& archive);

 private:
  [[nodiscard]] std::uint64_t elapsed(WorldTime at) const;
  [[nodiscard]] std::uint64_t seed() const;

  std::uint64_t stream_ = 0;
  std::uint64_t setting_ = 0;  // how often the rate was set: part of the seeds
  std::uint64_t before_ = 0;   // up to from_
  double rate_ = 0;
  WorldTime from_;
  mutable TreeCache cache_;
};

}  // namespace weft::twin
