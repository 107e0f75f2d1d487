// SPDX-License-Identifier: Apache-2.0
#include "phy/optics/ageing.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace weft::phy::optics {
namespace ageing_cpp {
namespace {

using base::Code;
using base::Result;

constexpr double kBoltzmannEvPerK = 8.617333262e-5;
constexpr double kZeroCelsiusK = 273.15;
constexpr double kReferenceCelsius = 25;
constexpr double kEndBiasRatio = 1.5;
constexpr double kEndPowerDb = -2;
constexpr double kHoursMax = 1e9;

double threshold_factor(const Laser& laser, double celsius) {
  if (laser.kind == LaserKind::kDfb) {
    return std::exp((celsius - kReferenceCelsius) / laser.t0_k);
  }
  const auto parabola = [&](double t) {
    const double x = (t - laser.t_min_celsius) / laser.t1_k;
    return 1 + x * x;
  };
  return parabola(celsius) / parabola(kReferenceCelsius);
}

/// Growth x of the bias at this age.
double growth(const Laser& laser, const Ageing& ageing, double hours, double celsius) {
  const double kelvin = ageing.celsius_of_life + kZeroCelsiusK;
  const double arrhenius = std::exp(ageing.activation_ev / kBoltzmannEvPerK *
                                    (1 / kelvin - 1 / (kReferenceCelsius + kZeroCelsiusK)));
  // A hotter laser runs at more current, which ages it by its square.
  const double first_bias_a =
      laser.bias_a + laser.threshold_a * (threshold_factor(laser, celsius) - 1);
  const double current = std::max(0.1, first_bias_a / laser.bias_a);
  const double tau = ageing.tau_hours * arrhenius / (current * current);
  return std::pow(hours / tau, ageing.exponent);
}

Result<void> check(const Laser& laser, const Ageing& ageing, double hours, double celsius) {
  constexpr auto kBad = "a laser that cannot be";
  const std::array positive = {laser.threshold_a, laser.bias_a, laser.power_w,    laser.bias_max_a,
                               laser.t0_k,        laser.t1_k,   ageing.tau_hours, ageing.exponent};
  const bool is_positive =
      std::ranges::all_of(positive, [](double value) { return value > 0 && std::isfinite(value); });
  const bool is_sound = is_positive && laser.threshold_a < laser.bias_a &&
                        laser.bias_a <= laser.bias_max_a && ageing.exponent <= 3 &&
                        ageing.activation_ev >= 0 && ageing.activation_ev < 5 &&
                        std::abs(laser.t_min_celsius) < 200;
  const auto is_temperature = [](double t) { return t >= -60 && t <= 150; };
  if (!is_sound || !is_temperature(celsius) || !is_temperature(ageing.celsius_of_life) ||
      !(hours >= 0) || hours > kHoursMax) {
    return base::fail(Code::kOutOfRange, kBad, "laser",
                      "Give a threshold below the bias, the bias below its limit, times above 0 "
                      "and temperatures of -60 to 150 C.");
  }
  return {};
}

LaserState state(const Laser& laser, const Ageing& ageing, double hours, double celsius,
                 bool has_apc) {
  const double x = growth(laser, ageing, hours, celsius);
  const double more_a = laser.bias_a * x;  // bias that is needed beyond the first, at 25 C
  double to_threshold = 1;
  if (ageing.pattern == AgeingPattern::kThresholdAndPower) {
    to_threshold = 0.5;
  } else if (ageing.pattern == AgeingPattern::kPower) {
    to_threshold = 0;
  }
  const double factor = threshold_factor(laser, celsius);
  const double above_a = laser.bias_a - laser.threshold_a;  // what makes light, new

  LaserState out;
  out.threshold_a = (laser.threshold_a + to_threshold * more_a) * factor;
  out.slope_w_per_a = laser.power_w / (above_a + (1 - to_threshold) * more_a);
  const double new_a = laser.threshold_a * factor + above_a;
  const double wanted_a =
      has_apc ? out.threshold_a + laser.power_w / out.slope_w_per_a : laser.bias_a;
  out.is_clamped = wanted_a > laser.bias_max_a;
  out.bias_a = std::min(wanted_a, laser.bias_max_a);
  out.power_w = std::max(0.0, out.slope_w_per_a * (out.bias_a - out.threshold_a));
  out.bias_ratio = out.bias_a / (has_apc ? new_a : laser.bias_a);
  out.power_db = out.power_w > 0 ? 10 * std::log10(out.power_w / laser.power_w)
                                 : -std::numeric_limits<double>::infinity();
  out.is_end_of_life = out.bias_ratio >= kEndBiasRatio || out.power_db <= kEndPowerDb;
  return out;
}

}  // namespace
}  // namespace ageing_cpp

std::string_view key(AgeingPattern pattern) {
  constexpr std::array<std::string_view, 3> kKeys = {"a", "b", "c"};
  return kKeys[static_cast<std::size_t>(pattern)];
}

base::Result<LaserState> laser_at(const Laser& laser, const Ageing& ageing, double hours,
                                  double celsius, bool has_apc) {
  if (auto ok = ageing_cpp::check(laser, ageing, hours, celsius); !ok) {
    return tl::unexpected(ok.error());
  }
  return ageing_cpp::state(laser, ageing, hours, celsius, has_apc);
}

base::Result<double> hours_to_end_of_life(const Laser& laser, const Ageing& ageing, double celsius,
                                          bool has_apc) {
  if (auto ok = ageing_cpp::check(laser, ageing, 0, celsius); !ok) {
    return tl::unexpected(ok.error());
  }
  const auto is_over = [&](double hours) {
    return ageing_cpp::state(laser, ageing, hours, celsius, has_apc).is_end_of_life;
  };
  if (!is_over(ageing_cpp::kHoursMax)) {
    return std::numeric_limits<double>::infinity();
  }
  double low = 0;
  double high = ageing_cpp::kHoursMax;
  for (int i = 0; i < 100; ++i) {
    const double middle = (low + high) / 2;
    (is_over(middle) ? high : low) = middle;
  }
  return high;
}

}  // namespace weft::phy::optics
