// SPDX-License-Identifier: Apache-2.0
#include "twin/door/pacer.h"

#include <algorithm>
#include <chrono>
#include <limits>

#include <time.h>

namespace weft::twin::door {
namespace pacer_clock {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// Of this thread, so that a busy machine does not make slices shorter.
double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

}  // namespace pacer_clock

Pacer::Pacer(World& world, const PacerOptions& options)
    : world_(world), options_(options), speed_(options.speed) {
  {
    const Hold hold(world_.mutex());
    now_ns_ = world_.now().ns;
  }
  thread_ = std::thread([this] { run(); });
}

Pacer::~Pacer() {
  stop();
}

void Pacer::stop() {
  stops_ = true;
  if (thread_.joinable()) {
    thread_.join();
  }
}

PacerStatus Pacer::status() const {
  return {{now_ns_}, lag_, factor_, longest_, slices_, is_done_};
}

Duration Pacer::skipping() const {
  return {std::max<std::int64_t>(0, skip_until_ns_ - now_ns_)};
}

/// A slice's length in world time is steered by what the last ones took, so that one holds the
/// mutex for about slice_seconds.
void Pacer::run() {
  using pacer_clock::Clock;
  using pacer_clock::seconds_since;
  constexpr double kRestSeconds = 0.01;
  constexpr double kStepMin = 1e-3;  // the lookahead: less saves no work
  constexpr double kStepMax = 3600;
  constexpr double kWindowSeconds = 1;
  auto begin = Clock::now();  // since when it goes at this speed
  WorldTime first{now_ns_};
  double speed = speed_;
  auto window_begin = begin;
  WorldTime window_first = first;
  double step = options_.slice_seconds;  // world seconds in one slice
  while (!stops_) {
    const WorldTime now{now_ns_};
    const Duration left = skipping();
    if (const double asked = left.ns > 0 ? 0 : speed_.load(); asked != speed) {
      speed = asked;
      begin = Clock::now();
      first = now;
    }
    const double wanted = speed > 0 ? speed * seconds_since(begin) - (now - first).seconds()
                                    : std::numeric_limits<double>::infinity();
    lag_ = speed > 0 ? std::max(0.0, wanted / speed) : 0.0;
    WorldTime until = now + base::seconds(std::min(wanted, step));
    if (left.ns > 0) {
      until = std::min(until, now + left);
    }
    if (options_.until) {
      until = std::min(until, *options_.until);
    }
    const bool is_over = options_.until && now >= *options_.until;
    const double window = seconds_since(window_begin);
    // Also what took less than a window has had a factor.
    if (window >= kWindowSeconds || (is_over && now > window_first)) {
      factor_ = (now - window_first).seconds() / window;
      window_begin = Clock::now();
      window_first = now;
    }
    is_done_ = is_over;
    if (until <= now) {
      // At its time, or at rest.
      std::this_thread::sleep_for(std::chrono::duration<double>(kRestSeconds));
      continue;
    }
    const auto slice_begin = Clock::now();
    const double cpu_begin = pacer_clock::cpu_seconds();
    {
      const Hold hold(world_.mutex());
      world_.advance_to(until);
      now_ns_ = world_.now().ns;
    }
    longest_ = std::max(longest_.load(), seconds_since(slice_begin));
    ++slices_;
    const double took = pacer_clock::cpu_seconds() - cpu_begin;
    step *= took > options_.slice_seconds ? std::max(0.1, options_.slice_seconds / took) : 2;
    step = std::clamp(step, kStepMin, kStepMax);
    // A mutex is not fair: leave whoever waits at a door the time to take it.
    std::this_thread::sleep_for(std::chrono::microseconds(50));
  }
}

}  // namespace weft::twin::door
