// SPDX-License-Identifier: Apache-2.0
// How a counter's values become events: one step from look to look (pure), the looks that the
// windows keep, and the last lasting change of the rate. Part of track.cpp; nobody else includes
// it.
//
// A window keeps some of the looks as they were, never shares of an increment: its rate is the
// difference of two looks, so that Garwood's bounds stay exact.
#pragma once

#include "telemetry/track.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace weft::telemetry {

/// One look at a counter.
struct Look {
  std::int64_t at = 0;
  std::uint64_t value = 0;
};

/// That the source began anew between two looks, and when.
struct Restart {
  std::int64_t at = 0;
  Discontinuity why = Discontinuity::kNone;
};

/// What has been counted until a look.
struct CounterSum {
  std::int64_t at = 0;
  std::uint64_t events = 0;
  std::int64_t covered = 0;    ///< ns
  std::uint32_t doubtful = 0;  ///< steps whose events are a lower bound
  float doubtful_s = 0;        ///< time that those steps cover
};

struct CounterState {
  Look last;
  CounterSum sum;
  double recent_per_s = 0;  ///< of the last steps, falling by half every ten minutes
};

struct CounterStep {
  CounterState state;
  Discontinuity what = Discontinuity::kNone;
};

/// From one look to the next. A counter that fell has wrapped where the way round is as short as
/// its rate so far makes likely, else it was reset.
[[nodiscard]] CounterStep counter_step(const CounterKind& kind, const CounterState& before,
                                       Look now, const Restart& restart);

/// Whether a span without looks is too long for the counter's width.
[[nodiscard]] bool is_past_width(const CounterKind& kind, const CounterState& before,
                                 std::int64_t span);

/// The rate between two sums; nullopt where no time is covered.
[[nodiscard]] std::optional<Rate> rate_between(const CounterSum& from, const CounterSum& until);

/// A rate's window reaches back to the oldest look that is at most this much older than it.
inline constexpr std::int64_t reach(Window window) {
  constexpr std::array<std::int64_t, kWindows> kSeconds = {60, 600, 3600, 86400};
  return kSeconds[static_cast<std::size_t>(window)] * 1'250'000'000;
}

/// Looks to measure windows from: for each window seven, a sixth of its length apart.
class CounterWindows {
 public:
  void keep(const CounterSum& sum);
  /// The oldest look that is kept and no older than `reach` before `now`.
  [[nodiscard]] std::optional<CounterSum> oldest(Window window, std::int64_t now) const;
  void clear() { *this = {}; }

 private:
  static constexpr std::size_t kKept = 7;
  struct Ring {
    std::array<CounterSum, kKept> kept{};
    std::uint32_t begin = 0;
    std::uint32_t count = 0;
  };
  std::array<Ring, kWindows> rings_{};
};

/// The last lasting change of a rate: two one-sided CUSUMs of the Poisson log-likelihood ratio
/// (Page 1954; Lucas 1985) against four times and a quarter of the rate before; the time of the
/// change is where the sum last left zero.
class RateChange {
 public:
  void feed(std::uint64_t events, std::int64_t from, std::int64_t until);
  [[nodiscard]] const std::optional<Change>& last() const { return last_; }
  void clear() { *this = {}; }

 private:
  struct Run {
    double score = 0;
    double events = 0;
    double seconds = 0;
    std::int64_t since = 0;
  };
  void take(const Run& run);

  double base_events_ = 0;
  double base_seconds_ = 0;
  double held_events_ = 0;  ///< not yet in the base: they may belong to a change
  double held_seconds_ = 0;
  Run up_;
  Run down_;
  std::optional<Change> last_;
};

}  // namespace weft::telemetry
