// SPDX-License-Identifier: Apache-2.0
#include "telemetry/track_counter.h"

#include <cmath>
#include <limits>

namespace weft::telemetry {
namespace {

constexpr double kRecentHalfLife_s = 600;

/// The value after which a counter of this width is 0 again; 2^64 as a double for 64 bits.
double range_of(const CounterKind& kind) {
  return std::ldexp(1.0, static_cast<int>(std::clamp(kind.bits, 1U, 64U)));
}
std::uint64_t greatest(const CounterKind& kind) {
  return kind.bits >= 64 ? std::numeric_limits<std::uint64_t>::max()
                         : (std::uint64_t{1} << std::max(kind.bits, 1U)) - 1;
}

/// Events that the rate so far lets expect in a span.
double expected(const CounterState& before, std::int64_t span) {
  const double covered_s = static_cast<double>(before.sum.covered) * 1e-9;
  const double all = (static_cast<double>(before.sum.events) + 1) / covered_s;
  return std::max(all, before.recent_per_s) * static_cast<double>(span) * 1e-9;
}

/// Whether a counter that fell is likely to have gone round. Without a rate yet: if the way round
/// is short against its width. With one: four times what is expected and some, where "some" is four
/// standard deviations and what a small burst makes.
bool has_wrapped(const CounterKind& kind, const CounterState& before, Look now,
                 std::uint64_t round) {
  if (kind.saturates || before.last.value > greatest(kind) || now.value > greatest(kind)) {
    return false;
  }
  const double way = static_cast<double>(round);
  if (before.sum.covered <= 0) {
    return way < range_of(kind) / 4;
  }
  const double likely = expected(before, now.at - before.last.at);
  const double some = std::min(range_of(kind) / 64, 1024.0);
  return way <= std::min(4 * likely + 4 * std::sqrt(likely) + some, range_of(kind) * 0.9);
}

struct Increment {
  std::uint64_t events = 0;
  std::int64_t covered = 0;
  bool is_doubtful = false;
  Discontinuity what = Discontinuity::kNone;
};

Increment after_restart(const CounterState& before, Look now, const Restart& restart) {
  if (restart.why != Discontinuity::kReset) {
    return {.what = restart.why};  // another part's, or another clock's: nothing is known across
  }
  if (now.value >= before.last.value && before.last.value > 0) {
    // It may have outlived the restart: the smaller of both readings is certain.
    return {.events = now.value - before.last.value,
            .covered = now.at - before.last.at,
            .is_doubtful = true,
            .what = Discontinuity::kReset};
  }
  return {.events = now.value,
          .covered = now.at - std::clamp(restart.at, before.last.at, now.at),
          .what = Discontinuity::kReset};
}

Increment ordinary(const CounterKind& kind, const CounterState& before, Look now) {
  const std::int64_t span = now.at - before.last.at;
  if (kind.clears_on_read) {
    const bool is_full = kind.saturates && now.value >= greatest(kind);
    return {.events = now.value,
            .covered = span,
            .is_doubtful = is_full,
            .what = is_full ? Discontinuity::kSaturated : Discontinuity::kNone};
  }
  if (now.value < before.last.value) {
    const std::uint64_t round = (greatest(kind) - before.last.value) + now.value + 1;
    if (has_wrapped(kind, before, now, round)) {
      const bool is_gap = is_past_width(kind, before, span);
      return {.events = round,
              .covered = span,
              .is_doubtful = is_gap,
              .what = is_gap ? Discontinuity::kGap : Discontinuity::kWrapped};
    }
    return {
        .events = now.value, .covered = span, .is_doubtful = true, .what = Discontinuity::kReset};
  }
  Increment out{.events = now.value - before.last.value, .covered = span};
  if (kind.saturates && now.value >= greatest(kind)) {
    out.is_doubtful = true;
    out.what = Discontinuity::kSaturated;
  } else if (!kind.saturates && is_past_width(kind, before, span)) {
    out.is_doubtful = true;
    out.what = Discontinuity::kGap;
  }
  return out;
}

}  // namespace

bool is_past_width(const CounterKind& kind, const CounterState& before, std::int64_t span) {
  if (kind.bits >= 64 || kind.saturates || kind.clears_on_read || before.sum.covered <= 0) {
    return false;
  }
  return expected(before, span) >= range_of(kind);
}

CounterStep counter_step(const CounterKind& kind, const CounterState& before, Look now,
                         const Restart& restart) {
  const Increment step = restart.why != Discontinuity::kNone ? after_restart(before, now, restart)
                                                             : ordinary(kind, before, now);
  CounterStep out{.state = before, .what = step.what};
  out.state.last = now;
  CounterSum& sum = out.state.sum;
  sum.at = now.at;
  sum.events += step.events;
  sum.covered += step.covered;
  if (step.is_doubtful) {
    ++sum.doubtful;
    sum.doubtful_s += static_cast<float>(step.covered) * 1e-9F;
  }
  if (step.covered > 0) {
    const double seconds = static_cast<double>(step.covered) * 1e-9;
    const double old = before.recent_per_s == 0
                           ? 0.0
                           : before.recent_per_s * std::exp2(-seconds / kRecentHalfLife_s);
    out.state.recent_per_s = std::max(old, static_cast<double>(step.events) / seconds);
  }
  return out;
}

std::optional<Rate> rate_between(const CounterSum& from, const CounterSum& until) {
  Rate out;
  out.events = until.events - from.events;
  out.over = {until.covered - from.covered};
  if (out.over.ns <= 0) {
    return std::nullopt;
  }
  out.is_lower_bound = until.doubtful != from.doubtful;
  const base::Interval bounds = base::poisson_bounds(out.events);
  out.per_s.low = bounds.low / out.over.seconds();
  // Steps that may have lost events prove nothing upward: leave their time out.
  const double proven_s =
      out.over.seconds() -
      (out.is_lower_bound ? static_cast<double>(until.doubtful_s - from.doubtful_s) : 0.0);
  out.per_s.high = proven_s > 0 ? bounds.high / proven_s : std::numeric_limits<double>::infinity();
  return out;
}

void CounterWindows::keep(const CounterSum& sum) {
  for (std::size_t i = 0; i < kWindows; ++i) {
    Ring& ring = rings_[i];
    const std::int64_t apart = length(static_cast<Window>(i)).ns / 6;
    if (ring.count > 0 && sum.at - ring.kept[(ring.begin + ring.count - 1) % kKept].at < apart) {
      return;  // longer windows keep still fewer
    }
    ring.kept[(ring.begin + ring.count) % kKept] = sum;
    if (ring.count < kKept) {
      ++ring.count;
    } else {
      ring.begin = (ring.begin + 1) % kKept;
    }
  }
}

std::optional<CounterSum> CounterWindows::oldest(Window window, std::int64_t now) const {
  const Ring& ring = rings_[static_cast<std::size_t>(window)];
  for (std::uint32_t i = 0; i < ring.count; ++i) {
    const CounterSum& sum = ring.kept[(ring.begin + i) % kKept];
    if (now - sum.at <= reach(window)) {
      return sum;
    }
  }
  return std::nullopt;
}

void RateChange::feed(std::uint64_t events, std::int64_t from, std::int64_t until) {
  constexpr double kFactor = 4;
  constexpr double kAlarm = 14;             // a false alarm in about e^14 steps
  constexpr double kBaseSeconds_min = 300;  // before that there is nothing to change from
  constexpr double kBaseSeconds_max = 7 * 86400.0;
  const double seconds = static_cast<double>(until - from) * 1e-9;
  if (seconds <= 0) {
    return;
  }
  const auto seen = static_cast<double>(events);
  if (base_seconds_ < kBaseSeconds_min) {
    base_events_ += seen;
    base_seconds_ += seconds;
    return;
  }
  // Two standard deviations off the base's own rate, so that a short base does not alarm.
  const double off = 2 * std::sqrt(base_events_ + 1);
  const double high = (base_events_ + 1 + off) / base_seconds_;
  const double low = std::max(base_events_ - off, 0.0) / base_seconds_;
  const double log_factor = std::log(kFactor);
  const auto score = [&](Run& run, double points) {
    if (run.score <= 0) {
      run = {.since = from};
    }
    run.score += points;
    run.events += seen;
    run.seconds += seconds;
    if (run.score <= 0) {
      run = {};
    }
    return run.score >= kAlarm;
  };
  held_events_ += seen;
  held_seconds_ += seconds;
  if (score(up_, seen * log_factor - (kFactor - 1) * high * seconds)) {
    take(up_);
  } else if (score(down_, (1 - 1 / kFactor) * low * seconds - seen * log_factor)) {
    take(down_);
  } else if (std::max(up_.score, down_.score) < kAlarm / 4) {
    base_events_ += held_events_;
    base_seconds_ += held_seconds_;
    held_events_ = held_seconds_ = 0;
    if (base_seconds_ > kBaseSeconds_max) {
      base_events_ /= 2;
      base_seconds_ /= 2;
    }
  }
}

void RateChange::take(const Run& run) {
  last_ = Change{.at = {run.since},
                 .before = base_events_ / base_seconds_,
                 .after = run.events / run.seconds,
                 .sigmas = std::sqrt(2 * run.score)};
  base_events_ = run.events;
  base_seconds_ = run.seconds;
  held_events_ = held_seconds_ = 0;
  up_ = {};
  down_ = {};
}

}  // namespace weft::telemetry
