// SPDX-License-Identifier: Apache-2.0
// What the judgement keeps of a series: at most 24 stretches of time, fine near now and coarse long
// ago, each with its sums. From these it tells whether the series left its past, when, by how much,
// and whether it came back. Less than a telemetry::Track (it gives no rates over windows), and one
// for every lane of 100,000; a series that does not move costs one addition.
#pragma once

#include "base/stats.h"
#include "base/time.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace weft::diagnose {

enum class Move : std::uint8_t { kAbsent, kNormal, kRaised, kLowered };

/// How a series left its past. Rates are events per unit of exposure (bits, or seconds).
struct Shift {
  Move move = Move::kNormal;
  base::WallTime onset;               ///< beginning of the stretch that differs
  std::optional<base::WallTime> end;  ///< it came back; absent: it still differs
  double before = 0;
  double after = 0;
  base::Interval after_bounds;  ///< 95 %
  double size = 0;       ///< decades for rates (by their bounds), difference of means for gauges
  double sigmas = 0;     ///< gauges: size over the spread before
  bool is_slow = false;  ///< it went there gradually, not by a step
  base::WallTime slope_from;  ///< where it is slow: from when it moved
  double events = 0;          ///< counters: events of the stretch that differs
  double share_on = 1;        ///< share of the stretch, by time, in which it really differed
};

class Past {
 public:
  /// A counter's increase over an exposure, between the last addition and now.
  void add_count(base::WallTime at, double events, double exposure);
  void add_value(base::WallTime at, double value);
  /// A counter that stood at zero for this long, at so many looks.
  void add_still(base::WallTime from, base::WallTime to, std::uint32_t looks);
  /// Starts anew: another part, or a new calm after maintenance.
  void clear();

  [[nodiscard]] bool empty() const { return stretches_.empty(); }
  /// Counters: where one stretch of time differs from all else by at least `decades`, the bounds
  /// of both apart.
  [[nodiscard]] Shift count_shift(double decades) const;
  /// Gauges: by at least `size` and by five times the spread before.
  [[nodiscard]] Shift value_shift(double size) const;
  /// Since `from`: events and exposure, or sum of values and their count.
  struct Sum {
    double sum = 0;
    double weight = 0;
    double square = 0;
    std::int64_t from_ns = 0;
    std::int64_t to_ns = 0;
    std::uint32_t looks = 1;
    [[nodiscard]] double mean() const { return weight > 0 ? sum / weight : 0; }
  };
  [[nodiscard]] Sum all() const;
  [[nodiscard]] Sum since(base::WallTime from) const;
  [[nodiscard]] Sum until(base::WallTime to) const;
  /// What a gauge's values were like between two times, by the stretches that lie there in part;
  /// nullopt where there are none.
  struct Level {
    double mean = 0;
    double variance = 0;
  };
  [[nodiscard]] std::optional<Level> level(std::int64_t from_ns, std::int64_t to_ns) const;
  /// A gauge's past with `common` of each stretch taken off its mean and its variance; nullopt
  /// where one of them has none.
  [[nodiscard]] std::optional<Past> less(
      const std::function<std::optional<Level>(const Sum&)>& common) const;
  /// The stretches, oldest first: for trends and for what moves together.
  [[nodiscard]] const std::vector<Sum>& stretches() const { return stretches_; }

 private:
  void thin();
  std::vector<Sum> stretches_;
};

/// A straight line through a gauge's past since `from` (or the logarithm of a ratio's), with its
/// 95 % bounds.
struct Line {
  double per_s = 0;
  base::Interval per_s_bounds;
  double now = 0;
  base::Duration over;
};
[[nodiscard]] std::optional<Line> line_through(const Past& past, bool of_logarithm,
                                               base::WallTime from = {});

}  // namespace weft::diagnose
