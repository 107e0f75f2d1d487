// SPDX-License-Identifier: Apache-2.0
// A laser over its life: threshold, slope, bias and power at an age and a temperature. Faults and
// lane states call it; the numbers that telemetry shows (bias, transmit power) come out of it
// together.
//
//   I_th(T) = I_th0 exp((T - 25)/T0)   (DFB, T0 50 to 60 K), or I_th0 (1 + ((T - T_min)/T1)^2)
//   (VCSEL) bias under power control at 25 C: I_b(t) = I_b0 (1 + x),  x = (t/tau)^n, n 0.5 to 1 tau
//   falls with heat and current: exp(E_a/k (1/T - 1/298 K)) (I_ref/I)^2, E_a 0.7 eV end of life:
//   bias 50 % above its first value, or power 2 dB below it
//
// The three ways of degradation (Huang, Wang, Jan, ccsenet MAS 46170) differ in what grows: A the
// threshold, B threshold and slope half each, C the slope alone. All constants are modelled
// defaults. Sudden failure and wear-out statistics are not here.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <string_view>

namespace weft::phy::optics {

enum class AgeingPattern : std::uint8_t { kThreshold, kThresholdAndPower, kPower };
[[nodiscard]] std::string_view key(AgeingPattern pattern);  ///< "a", "b", "c"

enum class LaserKind : std::uint8_t { kDfb, kVcsel };

struct Laser {
  LaserKind kind = LaserKind::kDfb;
  double threshold_a = 8e-3;  ///< at 25 C, new
  double bias_a = 50e-3;      ///< at 25 C, new: what gives power_w
  double power_w = 2e-3;      ///< average launched power
  double bias_max_a = 90e-3;  ///< where power control runs out of current
  double t0_k = 55;           ///< of a DFB
  double t_min_celsius = 30;  ///< of a VCSEL: where its threshold is least
  double t1_k = 80;           ///< of a VCSEL
};

struct Ageing {
  AgeingPattern pattern = AgeingPattern::kThreshold;
  double tau_hours = 4e5;  ///< bias doubles in this time at 25 C and the first bias
  double exponent = 0.7;   ///< 0.5 (diffusion) to 1 (linear)
  double activation_ev = 0.7;
  double celsius_of_life = 45;  ///< temperature at which it ages
};

struct LaserState {
  double threshold_a = 0;
  double slope_w_per_a = 0;
  double bias_a = 0;
  double power_w = 0;
  double bias_ratio = 1;    ///< to that of a new laser at this temperature
  double power_db = 0;      ///< to power_w; 0 while power control holds it
  bool is_clamped = false;  ///< power control has no current left
  bool is_end_of_life = false;
};

/// After `hours` of life, read at `celsius`; with power control (APC) or at the first bias.
/// kOutOfRange for lasers that cannot be: a threshold at or above the bias, exponents or times not
/// above 0, NaN.
[[nodiscard]] base::Result<LaserState> laser_at(const Laser& laser, const Ageing& ageing,
                                                double hours, double celsius, bool has_apc = true);

/// Hours until end of life at `celsius`, by the same equations; infinite where it never comes
/// within 1e9 hours.
[[nodiscard]] base::Result<double> hours_to_end_of_life(const Laser& laser, const Ageing& ageing,
                                                        double celsius, bool has_apc = true);

}  // namespace weft::phy::optics
