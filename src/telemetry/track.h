// SPDX-License-Identifier: Apache-2.0
// One series as it comes in, point by point: what can be said of it now without keeping its points.
// Counters: increments through reset, wrap (8 to 64 bit), saturation, clear-on-read by somebody
// else, driver reload, reboot and a replaced part; rates over four windows with exact 95 % bounds
// (Garwood). Gauges: level over the same windows, a slow baseline, the last lasting change, a
// trend. Late and duplicate points are taken or refused by a stated rule, gaps are known as gaps.
// Pure: time comes in with the points; the same points in the same order give the same answers.
#pragma once

#include "base/stats.h"
#include "base/time.h"
#include "telemetry/series.h"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace weft::telemetry {

enum class Window : std::uint8_t { kMinute, kTenMinutes, kHour, kDay };
inline constexpr std::size_t kWindows = 4;
[[nodiscard]] base::Duration length(Window window);

/// Why a counter is lower than it was, or may have lost events.
enum class Discontinuity : std::uint8_t {
  kNone,
  kReset,      ///< began anew at 0: driver reload, reboot, cleared by somebody
  kWrapped,    ///< went over its width; the increment is exact
  kSaturated,  ///< stands at its greatest value: the increment is a lower bound
  kReplaced,   ///< another part's counter: no increment across it; what was counted is forgotten
  kGap,        ///< not looked at for longer than its width can be trusted: a lower bound
  kClock,      ///< the source's clock was set: no increment across it, windows begin anew
};
[[nodiscard]] std::string_view key(Discontinuity what);  ///< "reset", "wrapped", …

/// Events over a span, with exact bounds of the rate. Both ends are looks, so that the span may
/// be up to a quarter longer than the window asked for, or shorter where looks are fewer.
struct Rate {
  std::uint64_t events = 0;
  base::Duration over;  ///< time covered by looks, gaps left out
  base::Interval per_s;
  bool is_lower_bound = false;  ///< saturated, past its width, or reset between looks
  /// How long it must stay quiet, from now, before its rate is proven to be below `per_s` at 95 %.
  [[nodiscard]] base::Duration until_proven_below(double per_s) const;
};

/// A gauge over a span.
struct Level {
  std::uint64_t count = 0;
  double mean = 0;
  double min = 0;
  double max = 0;
  double deviation = 0;  ///< standard, of single values
};

/// The last time that a gauge (or a counter's rate, per second) went to another level and stayed
/// there. States: the last time that the value changed; no sigmas.
struct Change {
  base::WallTime at;
  double before = 0;
  double after = 0;
  double sigmas = 0;  ///< of the noise before, at least of the quantisation
};

/// Straight line through the longest window that has points.
struct Trend {
  double per_s = 0;
  base::Interval per_s_bounds;  ///< 95 %
  base::Duration over;
};

/// How a source's counter behaves, where that is known.
struct CounterKind {
  unsigned bits = 64;
  bool saturates = false;       ///< stands still at its greatest value instead of wrapping
  bool clears_on_read = false;  ///< a value is the increment since somebody last read it
};

class Track {
 public:
  explicit Track(observe::MetricKind kind, CounterKind counter = {});
  ~Track();
  Track(Track&&) noexcept;
  Track& operator=(Track&&) noexcept;

  /// What became of the point. kInvalidArgument: a duplicate (same time as one of the last looks;
  /// the first one stays), or no number where one is due. kFailedPrecondition: older than the last
  /// four looks. Within those, order of arrival does not matter.
  base::Result<Discontinuity> add(const Point& point);
  /// The machine restarted (kReset), the part changed (kReplaced) or the source's clock was set
  /// (kClock) at this time: the next value begins anew. A counter that stands no lower afterwards
  /// may have outlived a reset: what it rose by is then a lower bound.
  void restart(base::WallTime at, Discontinuity why);

  [[nodiscard]] std::optional<Point> last() const;
  /// Counters: nullopt where there are no two looks in the window.
  [[nodiscard]] std::optional<Rate> rate(Window window) const;
  /// Counters: everything since the first look.
  [[nodiscard]] std::optional<Rate> rate_of_all() const;
  /// Gauges.
  [[nodiscard]] std::optional<Level> level(Window window) const;
  /// What it usually is: follows over a day, anew after a change.
  [[nodiscard]] std::optional<double> baseline() const;
  [[nodiscard]] std::optional<Change> change() const;
  [[nodiscard]] std::optional<Trend> trend() const;
  [[nodiscard]] Discontinuity last_discontinuity() const;
  /// Bytes that it holds now: some hundred while its value never moved, at most about 2,400.
  [[nodiscard]] std::size_t bytes() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weft::telemetry
