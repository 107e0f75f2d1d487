// SPDX-License-Identifier: Apache-2.0
// Time in the simulator: whole picoseconds in 64 bits, so that sums are exact and a run is the same
// on every machine and at any thread count (range: 106 days). Rates are bytes per second in doubles
// and become time in one place only, transfer_time(), which rounds up.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

namespace weft::sim {

/// A point or a length of simulated time, in picoseconds.
using Ps = std::int64_t;

inline constexpr Ps kNever = std::numeric_limits<Ps>::max();
inline constexpr Ps kNanosecond = 1'000;
inline constexpr Ps kMicrosecond = 1'000'000;
inline constexpr Ps kMillisecond = 1'000'000'000;
inline constexpr Ps kSecond = 1'000'000'000'000;

/// How long `bytes` take at a rate, rounded up to the next picosecond; kNever at no rate or beyond
/// the range. Errors of the division below a thousandth of a picosecond are not rounded up.
[[nodiscard]] inline Ps transfer_time(double bytes, double bytes_per_second) {
  if (!(bytes > 0)) {
    return 0;
  }
  const double ps = bytes / bytes_per_second * 1e12;
  if (!(bytes_per_second > 0) || !(ps < 9.0e18)) {
    return kNever;
  }
  return static_cast<Ps>(std::ceil(ps - 1e-3));
}

/// The sum, or kNever where either is kNever or the sum is out of range. @pre both are >= 0
[[nodiscard]] inline Ps later(Ps a, Ps b) {
  return a > kNever - b ? kNever : a + b;
}

[[nodiscard]] inline double as_seconds(Ps time) {
  return static_cast<double>(time) * 1e-12;
}
[[nodiscard]] inline Ps from_seconds(double seconds) {
  return static_cast<Ps>(std::llround(seconds * 1e12));
}

}  // namespace weft::sim
