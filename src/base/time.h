// SPDX-License-Identifier: Apache-2.0
// Clocks. Wall time is the machine's (nanoseconds since 1970, UTC); world time is a twin's. They
// are different types and do not convert. Nothing in a model reads the wall clock: times come in as
// values.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace weft::base {

/// A length of time, in nanoseconds.
struct Duration {
  std::int64_t ns = 0;
  [[nodiscard]] constexpr double seconds() const { return static_cast<double>(ns) * 1e-9; }
  friend constexpr auto operator<=>(Duration, Duration) = default;
};
[[nodiscard]] constexpr Duration seconds(double s) {
  return {static_cast<std::int64_t>(s * 1e9)};
}

/// A point of a clock, in nanoseconds since that clock's start.
template <class Clock>
struct TimePoint {
  std::int64_t ns = 0;
  friend constexpr Duration operator-(TimePoint a, TimePoint b) { return {a.ns - b.ns}; }
  friend constexpr TimePoint operator+(TimePoint a, Duration d) { return {a.ns + d.ns}; }
  friend constexpr auto operator<=>(TimePoint, TimePoint) = default;
};

using WallTime = TimePoint<struct WallClock>;    ///< since 1970-01-01T00:00:00Z
using WorldTime = TimePoint<struct WorldClock>;  ///< since the world's start

/// Now, by the machine's clock. Only programs' edges (bus/linux, cli) call it.
[[nodiscard]] WallTime wall_now();

/// "2026-11-22T19:14:23.005Z"
[[nodiscard]] std::string iso8601(WallTime time);

}  // namespace weft::base
