// SPDX-License-Identifier: Apache-2.0
// The exponential of thermal.h and its inverse.
#include "twin/world/thermal.h"

#include <algorithm>
#include <cmath>

namespace weft::twin {
namespace {

bool is_temperature(base::Celsius value) {
  return std::abs(value.value()) <= ThermalNode::kGreatestCelsius;
}
bool is_time_constant(double tau_s) {
  return tau_s >= ThermalNode::kLeastTau_s && tau_s <= ThermalNode::kGreatestTau_s;
}

}  // namespace

base::Celsius ThermalNode::value(WorldTime at) const {
  const double s = at > from_ ? (at - from_).seconds() : 0;
  return target_ + (from_value_ - target_) * std::exp(-s / tau_s_);
}

void ThermalNode::set_target(base::Celsius target, WorldTime at) {
  if (target == target_ || !is_temperature(target)) {
    return;
  }
  from_value_ = value(at);
  from_ = std::max(from_, at);
  target_ = target;
}

void ThermalNode::set_tau(double tau_s, WorldTime at) {
  if (tau_s == tau_s_ || !is_time_constant(tau_s)) {
    return;
  }
  from_value_ = value(at);
  from_ = std::max(from_, at);
  tau_s_ = tau_s;
}

base::Celsius ThermalNode::stepped(WorldTime at, base::KelvinDelta step) const {
  return base::Celsius(std::nearbyint(value(at).value() / step.value()) * step.value());
}

WorldTime ThermalNode::next_step(WorldTime at, base::KelvinDelta step) const {
  const base::Celsius shown = stepped(at, step);
  if (base::Celsius(std::nearbyint(target_.value() / step.value()) * step.value()) == shown) {
    return kNever;
  }
  // The edge of the step that is shown, on the target's side; reached at tau ln(away / left).
  const base::KelvinDelta half = step * (target_ > shown ? 0.5 : -0.5);
  const double away = (value(at) - target_).value();
  const double left = (shown + half - target_).value();
  if (left == 0 || away == 0) {
    return kNever;  // settles on the edge itself
  }
  const double ns = tau_s_ * std::log(std::max(1.0, away / left)) * 1e9;
  if (!(ns < static_cast<double>(kNever.ns - at.ns) * 0.5)) {
    return kNever;
  }
  // Rounding: look for the first instant beyond the edge, with steps that double.
  WorldTime after = later(at, {static_cast<std::int64_t>(ns)});
  for (Duration more{1}; after <= at || stepped(after, step) == shown; more.ns *= 2) {
    after = later(after, more);
    if (after == kNever) {
      return kNever;
    }
  }
  return after;
}

void ThermalNode::exchange(Archive& archive) {
  archive.fields(from_, from_value_, target_, tau_s_);
  if (archive.is_reading() && !(from_.ns >= 0 && is_temperature(from_value_) &&
                                is_temperature(target_) && is_time_constant(tau_s_))) {
    *this = ThermalNode();
    archive.fail();
  }
}

}  // namespace weft::twin
