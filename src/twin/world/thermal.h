// SPDX-License-Identifier: Apache-2.0
// A body that warms toward where its power and its air would take it: first order,
//   T(t) = target + (T(t0) - target) exp(-(t - t0) / tau),
// evaluated when asked. next_step() says when T next crosses a whole multiple of a step, so that a
// device sets one timer for each degree of change and none once it has settled.
#pragma once

#include "base/units.h"
#include "twin/world/archive.h"
#include "twin/world/time.h"

namespace weft::twin {

class ThermalNode {
 public:
  ThermalNode() = default;
  static constexpr double kGreatestCelsius = 1e4;  ///< either side of 0
  static constexpr double kLeastTau_s = 1e-3;
  static constexpr double kGreatestTau_s = 1e9;

  /// Settled at `start`. `tau_s`: time constant.
  ThermalNode(base::Celsius start, double tau_s)
      : from_value_(start), target_(start), tau_s_(tau_s) {}

  /// From `at` on the body goes toward `target` (for a device: air + power x thermal resistance).
  /// Out of range it changes nothing. @pre `at` is not before the last setting
  void set_target(base::Celsius target, WorldTime at);
  /// The time constant changes with the air that moves; takes effect from `at` on. Likewise.
  void set_tau(double tau_s, WorldTime at);
  [[nodiscard]] base::Celsius target() const { return target_; }
  [[nodiscard]] double tau_s() const { return tau_s_; }
  [[nodiscard]] base::Celsius value(WorldTime at) const;

  /// The value rounded to a multiple of `step`: what the device's model uses between timers.
  [[nodiscard]] base::Celsius stepped(WorldTime at, base::KelvinDelta step) const;
  /// When stepped() next changes after `at`, just after it has; kNever where
  /// it stays. @pre step > 0
  [[nodiscard]] WorldTime next_step(WorldTime at, base::KelvinDelta step) const;

  /// Fails the archive on temperatures and time constants that cannot be.
  void exchange(Archive& archive);

 private:
  WorldTime from_;
  base::Celsius from_value_{25};
  base::Celsius target_{25};
  double tau_s_ = 60;
};

}  // namespace weft::twin
