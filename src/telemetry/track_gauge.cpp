// SPDX-License-Identifier: Apache-2.0
#include "telemetry/track_gauge.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace weft::telemetry {
namespace {

constexpr std::int64_t kSecond_ns = 1'000'000'000;

/// 97.5 % quantile of Student's t for 1 to 30 degrees of freedom (any statistics table), then the
/// normal one.
double student_975(std::size_t degrees) {
  static constexpr std::array kTable = {12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306,
                                        2.262,  2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
                                        2.110,  2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064,
                                        2.060,  2.056, 2.052, 2.048, 2.045, 2.042};
  return degrees == 0 ? std::numeric_limits<double>::infinity()
                      : (degrees <= kTable.size() ? kTable[degrees - 1] : 1.96);
}

}  // namespace

void GaugeBucket::take(double value, double seconds_in) {
  take_equal(value, 1, seconds_in);
}

void GaugeBucket::take_equal(double value, std::uint32_t times, double seconds_in) {
  if (times == 0) {
    return;
  }
  const double before = count;
  const double all = before + times;
  const double difference = value - mean;
  if (count == 0) {
    mean = value;
    min = max = static_cast<float>(value);
    at = static_cast<float>(seconds_in);
  } else {
    // Chan, Golub and LeVeque (1979): joining two groups of values.
    mean += difference * times / all;
    squares += static_cast<float>(difference * difference * before * times / all);
    min = std::min(min, static_cast<float>(value));
    max = std::max(max, static_cast<float>(value));
    at += static_cast<float>((seconds_in - static_cast<double>(at)) * times / all);
  }
  count += times;
}

GaugeWindows::Frame GaugeWindows::frame(Window window) {
  static constexpr std::array<Frame, kWindows> kFrames = {{
      {10 * kSecond_ns, 0, 7},
      {100 * kSecond_ns, 7, 7},
      {300 * kSecond_ns, 14, 13},
      {3600 * kSecond_ns, 27, 25},
  }};
  return kFrames[static_cast<std::size_t>(window)];
}

void GaugeWindows::take(std::int64_t at, double value) {
  take_calm(at, at, 1, value);
}

void GaugeWindows::take_calm(std::int64_t from, std::int64_t until, std::int64_t apart,
                             double value) {
  apart = std::max<std::int64_t>(apart, 1);
  for (std::size_t w = 0; w < kWindows; ++w) {
    const Frame frame_of = frame(static_cast<Window>(w));
    const std::int64_t last = until / frame_of.step;
    const auto kept = static_cast<std::int64_t>(frame_of.count);
    for (std::int64_t i = std::max(from / frame_of.step, last - kept + 1); i <= last; ++i) {
      const std::int64_t begin = std::max(from, i * frame_of.step);
      const std::int64_t end = std::min(until, (i + 1) * frame_of.step - 1);
      GaugeBucket& bucket = buckets_[frame_of.begin + static_cast<std::size_t>(i) % frame_of.count];
      const auto index = static_cast<std::uint32_t>(i);
      if (bucket.count > 0 && bucket.index > index) {
        continue;  // older than what this window keeps
      }
      if (bucket.index != index || bucket.count == 0) {
        bucket = {};
        bucket.index = index;
      }
      // The looks at from, from + apart, … that fall between begin and end.
      const std::int64_t looks = (end - from) / apart - (begin - from + apart - 1) / apart + 1;
      const auto middle = static_cast<double>(begin + end - 2 * i * frame_of.step) * 0.5e-9;
      bucket.take_equal(value, static_cast<std::uint32_t>(std::max<std::int64_t>(looks, 0)),
                        middle);
    }
  }
}

std::optional<Level> GaugeWindows::level(Window window, std::int64_t now) const {
  const Frame frame_of = frame(window);
  const std::int64_t oldest = (now - length(window).ns) / frame_of.step;
  Level out;
  double squares = 0;
  for (std::size_t i = 0; i < frame_of.count; ++i) {
    const GaugeBucket& bucket = buckets_[frame_of.begin + i];
    if (bucket.count == 0 || static_cast<std::int64_t>(bucket.index) < oldest) {
      continue;
    }
    const auto before = static_cast<double>(out.count);
    const double all = before + bucket.count;
    const double difference = bucket.mean - out.mean;
    squares += static_cast<double>(bucket.squares);
    if (out.count == 0) {
      out.mean = bucket.mean;
      out.min = static_cast<double>(bucket.min);
      out.max = static_cast<double>(bucket.max);
    } else {
      out.mean += difference * bucket.count / all;
      squares += difference * difference * before * bucket.count / all;
      out.min = std::min(out.min, static_cast<double>(bucket.min));
      out.max = std::max(out.max, static_cast<double>(bucket.max));
    }
    out.count += bucket.count;
  }
  if (out.count == 0) {
    return std::nullopt;
  }
  out.deviation = out.count > 1 ? std::sqrt(squares / static_cast<double>(out.count - 1)) : 0;
  return out;
}

std::optional<Trend> GaugeWindows::trend(std::int64_t now, double quantum) const {
  for (std::size_t w = kWindows; w-- > 0;) {
    const Frame frame_of = frame(static_cast<Window>(w));
    const std::int64_t oldest = (now - length(static_cast<Window>(w)).ns) / frame_of.step;
    struct At {
      double t;
      double value;
      double weight;
    };
    std::array<At, 25> points{};
    std::size_t n = 0;
    double weights = 0;
    double t_mean = 0;
    double v_mean = 0;
    for (std::size_t i = 0; i < frame_of.count; ++i) {
      const GaugeBucket& bucket = buckets_[frame_of.begin + i];
      if (bucket.count == 0 || static_cast<std::int64_t>(bucket.index) < oldest) {
        continue;
      }
      const double t =
          static_cast<double>(static_cast<std::int64_t>(bucket.index) * frame_of.step - now) *
              1e-9 +
          static_cast<double>(bucket.at);
      points[n++] = {t, bucket.mean, static_cast<double>(bucket.count)};
      weights += bucket.count;
      t_mean += (t - t_mean) * bucket.count / weights;
      v_mean += (bucket.mean - v_mean) * bucket.count / weights;
    }
    if (n < 4) {
      continue;
    }
    double tt = 0;
    double tv = 0;
    double first = points[0].t;
    double last = points[0].t;
    for (std::size_t i = 0; i < n; ++i) {
      const At& p = points[i];
      tt += p.weight * (p.t - t_mean) * (p.t - t_mean);
      tv += p.weight * (p.t - t_mean) * (p.value - v_mean);
      first = std::min(first, p.t);
      last = std::max(last, p.t);
    }
    if (tt <= 0) {
      continue;
    }
    Trend out;
    out.per_s = tv / tt;
    out.over = base::seconds(last - first);
    double residuals = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const At& p = points[i];
      const double r = p.value - v_mean - out.per_s * (p.t - t_mean);
      residuals += p.weight * r * r;
    }
    const double variance =
        std::max(residuals / static_cast<double>(n - 2), quantum * quantum / 12);
    const double half = student_975(n - 2) * std::sqrt(variance / tt);
    out.per_s_bounds = {out.per_s - half, out.per_s + half};
    return out;
  }
  return std::nullopt;
}

double LevelChange::sigma() const {
  const double least = std::max(quantum_ / std::sqrt(12.0), std::abs(level_) * 1e-9);
  return std::max(std::sqrt(variance_), std::max(least, 1e-300));
}

std::optional<double> LevelChange::baseline() const {
  return blocks_ == 0 ? std::nullopt : std::optional(level_);
}

void LevelChange::take(std::int64_t at, double value) {
  if (has_value_ && value != last_value_) {
    const double step = std::abs(value - last_value_);
    quantum_ = quantum_ == 0 ? step : std::min(quantum_, step);
  }
  has_value_ = true;
  last_value_ = value;
  if (block_count_ > 0 && at - block_begin_ >= 60 * kSecond_ns) {
    block(block_begin_, block_sum_ / block_count_);
    block_count_ = 0;
    block_sum_ = 0;
  }
  if (block_count_ == 0) {
    block_begin_ = at;
  }
  block_sum_ += value;
  ++block_count_;
}

void LevelChange::block(std::int64_t at, double mean) {
  constexpr std::uint32_t kLearn = 30;
  constexpr double kReference = 0.75;
  constexpr double kLimit = 12;
  constexpr double kSlow = 1.0 / 1440;
  constexpr double kNoise = 1.0 / 500;
  ++blocks_;
  if (differences_ > 0 || blocks_ > 1) {
    const double squared = (mean - last_mean_) * (mean - last_mean_) / 2;
    // A change of level is one wild difference: it counts for four standard deviations.
    const double taken =
        differences_ < kLearn ? squared : std::min(squared, 16 * sigma() * sigma());
    ++differences_;
    variance_ += (taken - variance_) * std::max(kNoise, 1.0 / differences_);
  }
  last_mean_ = mean;
  if (blocks_ <= kLearn) {
    level_ += (mean - level_) / blocks_;
    if (last_ && blocks_ == kLearn) {
      last_->after = level_;
    }
    return;
  }
  const double z = (mean - level_) / sigma();
  const auto score = [&](Run& run, double points) {
    if (run.score <= 0) {
      run = {.since = at};
    }
    // One wild block alone is no change: it counts for less than half of the limit.
    run.score += std::min(points - kReference, 0.4 * kLimit);
    run.sum += mean;
    ++run.count;
    if (run.score <= 0) {
      run = {};
    }
    return run.score >= kLimit;
  };
  const bool rose = score(up_, z);
  const bool fell = score(down_, -z);
  held_sum_ += mean;
  ++held_;
  if (rose || fell) {
    const Run run = rose ? up_ : down_;
    const double after = run.sum / run.count;
    last_ = Change{.at = {run.since},
                   .before = level_,
                   .after = after,
                   .sigmas = std::abs(after - level_) / sigma()};
    level_ = after;
    blocks_ = std::min(run.count, kLearn - 1);
    up_ = {};
    down_ = {};
    held_sum_ = held_ = 0;
  } else if (std::max(up_.score, down_.score) < kLimit / 4) {
    level_ += (held_sum_ / held_ - level_) * std::min(std::max(kSlow, 1.0 / blocks_) * held_, 1.0);
    held_sum_ = held_ = 0;
  }
}

}  // namespace weft::telemetry
