// SPDX-License-Identifier: Apache-2.0
// What is kept of a gauge: means, extremes and noise in buckets for each window, and the last
// lasting change of its level. Part of track.cpp; nobody else includes it.
#pragma once

#include "telemetry/track.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace weft::telemetry {

/// Values that fell into one stretch of time (a multiple of the window's step since 1970).
struct GaugeBucket {
  std::uint32_t index = 0;  ///< time divided by the step
  std::uint32_t count = 0;
  double mean = 0;
  float squares = 0;  ///< sum of squared differences from the mean
  float min = 0;
  float max = 0;
  float at = 0;  ///< mean time of its values, in seconds after its begin

  void take(double value, double seconds_in);
  /// `times` equal values, evenly spread.
  void take_equal(double value, std::uint32_t times, double seconds_in);
};

/// Buckets for the four windows, 7 + 7 + 13 + 25 of them.
class GaugeWindows {
 public:
  void take(std::int64_t at, double value);
  /// A level that stood still from `from` to `until`, looked at every `apart`.
  void take_calm(std::int64_t from, std::int64_t until, std::int64_t apart, double value);
  /// Over the buckets that reach into the window before `now`.
  [[nodiscard]] std::optional<Level> level(Window window, std::int64_t now) const;
  [[nodiscard]] std::optional<Trend> trend(std::int64_t now, double quantum) const;
  void clear() { *this = {}; }

 private:
  static constexpr std::size_t kBuckets = 7 + 7 + 13 + 25;
  struct Frame {
    std::int64_t step = 0;
    std::size_t begin = 0;
    std::size_t count = 0;
  };
  static Frame frame(Window window);
  std::array<GaugeBucket, kBuckets> buckets_{};
};

/// The last lasting change of a level: two one-sided CUSUMs (Page 1954) on means of one minute,
/// reference 0.75 and limit 12 standard deviations of such a mean: by Siegmund's formula (1985) a
/// calm series of known level alarms falsely once in some hundred million minutes, a shift of two
/// standard deviations is seen after ten. The noise comes from differences of neighbouring means
/// (von Neumann 1941), at least that of the quantisation. Thirty means are learned first; from then
/// on the level before follows slowly (a day).
class LevelChange {
 public:
  void take(std::int64_t at, double value);
  [[nodiscard]] const std::optional<Change>& last() const { return last_; }
  [[nodiscard]] std::optional<double> baseline() const;
  [[nodiscard]] double quantum() const { return quantum_; }
  void clear() { *this = {}; }

 private:
  void block(std::int64_t at, double mean);
  [[nodiscard]] double sigma() const;

  std::int64_t block_begin_ = 0;
  std::uint32_t block_count_ = 0;
  double block_sum_ = 0;

  double quantum_ = 0;  ///< smallest step between two values seen
  double last_value_ = 0;
  bool has_value_ = false;

  double level_ = 0;
  double variance_ = 0;  ///< of a block's mean
  double last_mean_ = 0;
  std::uint32_t blocks_ = 0;  ///< since the level was learned anew
  std::uint32_t differences_ = 0;

  struct Run {
    double score = 0;
    double sum = 0;
    std::uint32_t count = 0;
    std::int64_t since = 0;
  };
  Run up_;
  Run down_;
  double held_sum_ = 0;  ///< means that are not yet in the level: they may belong to a change
  std::uint32_t held_ = 0;
  std::optional<Change> last_;
};

}  // namespace weft::telemetry
