// SPDX-License-Identifier: Apache-2.0
// Random draws in the models' inner loops: one word of state for each port or end, so that what a
// port draws depends on the seed and on the port alone, never on threads. splitmix64 of base; the
// seeds come from base::Random's named streams.
#pragma once

#include "base/random.h"

#include <cmath>
#include <cstdint>

namespace weft::sim {

/// Eight bytes of state; copyable, so that a run can be repeated from any point.
class Draw {
 public:
  Draw() = default;
  explicit Draw(std::uint64_t seed) : spread_(seed) {}

  std::uint64_t operator()() { return spread_(); }
  /// Uniform in [0, bound); the bias is below bound / 2^32.
  std::uint32_t below(std::uint32_t bound) {
    return static_cast<std::uint32_t>(((spread_() >> 32) * bound) >> 32);
  }
  /// Uniform in [0, 1).
  double uniform() { return static_cast<double>(spread_() >> 11) * 0x1.0p-53; }
  bool chance(double probability) { return uniform() < probability; }
  /// Failures before the first success, at most `limit`. @pre 0 <= failure < 1
  std::uint32_t failures(double failure, std::uint32_t limit) {
    std::uint32_t count = 0;
    while (count < limit && uniform() < failure) {
      ++count;
    }
    return count;
  }

 private:
  base::SplitMix64 spread_{0};
};

/// The seed of object number `index` of a kind, from the run's seed.
[[nodiscard]] inline std::uint64_t draw_seed(std::uint64_t seed, std::uint64_t index) {
  base::SplitMix64 spread(seed ^ (index * 0xD1B54A32D192ED03ULL));
  spread();
  return spread();
}

}  // namespace weft::sim
