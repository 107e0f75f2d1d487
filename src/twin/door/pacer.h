// SPDX-License-Identifier: Apache-2.0
// Lets a world's time go by: a thread that advances it against the machine's monotonic clock at a
// factor, or as fast as it can, in slices short enough that doors get their turn. What the world
// does is decided by world time only; when a pacer calls is not part of its state.
#pragma once

#include "twin/world/world.h"

#include <atomic>
#include <optional>
#include <thread>

namespace weft::twin::door {

struct PacerOptions {
  double speed = 1;              ///< world seconds in a second; 0: as fast as possible
  double slice_seconds = 0.002;  ///< the mutex is held about so long; a single event may take more
  std::optional<WorldTime> until = {};  ///< then it rests
};

struct PacerStatus {
  WorldTime now;
  double lag_seconds = 0;     ///< wall seconds that the world is behind its speed
  double factor = 0;          ///< world seconds a second, over the last second or so
  double longest_hold_s = 0;  ///< longest time that a slice held the world, so far
  std::uint64_t slices = 0;
  bool is_done = false;  ///< `until` is reached
};

class Pacer {
 public:
  /// Starts at once. The world must outlive it.
  Pacer(World& world, const PacerOptions& options);
  ~Pacer();
  Pacer(const Pacer&) = delete;
  Pacer& operator=(const Pacer&) = delete;

  /// World and wall time since the start; takes the world's mutex for now().
  [[nodiscard]] PacerStatus status() const;
  void stop();

  /// From now on; 0: as fast as possible. From any thread.
  void set_speed(double speed) { speed_ = speed; }
  [[nodiscard]] double speed() const { return speed_; }
  /// As fast as possible until so much more world time has gone by, then at its speed again.
  void skip(Duration span) { skip_until_ns_ = now_ns_ + span.ns; }
  /// World time that is left of that.
  [[nodiscard]] Duration skipping() const;

 private:
  void run();

  World& world_;
  PacerOptions options_;
  std::atomic<double> speed_;
  std::atomic<std::int64_t> skip_until_ns_{0};
  std::atomic<bool> stops_{false};
  std::atomic<bool> is_done_{false};
  std::atomic<std::int64_t> now_ns_{0};
  std::atomic<double> lag_{0};
  std::atomic<double> factor_{0};
  std::atomic<double> longest_{0};
  std::atomic<std::uint64_t> slices_{0};
  std::thread thread_;
};

}  // namespace weft::twin::door
