// SPDX-License-Identifier: Apache-2.0
#include "diagnose/trend.h"

#include <array>
#include <cmath>
#include <optional>

#include <fmt/format.h>

namespace weft::diagnose {
namespace {

struct TrendLimit {
  Quantity quantity{};
  bool is_above = false;
  double from_before = 0;  ///< added to the level before: limits that are relative
  double absolute = 0;     ///< where from_before is 0
  std::string_view words;
};

// Lasers: bias +50 % or power -2 dB is the end of life of makers' ageing tests (shared facts on
// optics: Huang, Wang, Jan, MAS 46170). Modules: 70 Cel is the case limit of the commercial class
// (SFF MSAs). Error ratio: KP4's 2.4e-4 (IEEE 802.3, clauses 91 and 119) for Ethernet.
constexpr std::array kTrendLimits = std::to_array<TrendLimit>({
    {Quantity::kBias, true, 40.55, 0, "bias +50 % (end of life)"},
    {Quantity::kTransmitPower, false, -2.0, 0, "light -2 dB (end of life)"},
    {Quantity::kTemperature, true, 0, 70.0, "70 Cel (commercial class)"},
    {Quantity::kErrorRatio, true, 0, -3.62, "2.4e-4 (what KP4 mends)"},
});

/// A line of a week says nothing about years.
constexpr double kFarthest = 10;

bool holds_here(const Sight& sight, const Signal& signal, Quantity quantity) {
  if (quantity == Quantity::kTemperature) {
    return signal.metric == observe::Metric::kModuleTemperature;
  }
  if (quantity != Quantity::kErrorRatio) {
    return true;
  }
  const auto* link = signal.heard ? sight.joint().fabric().link(signal.heard->link) : nullptr;
  return link != nullptr &&
         fabric::protocol(link->protocol).family == fabric::ProtocolFamily::kEthernet;
}

std::string time_text(double seconds) {
  constexpr double kHour = 3600;
  constexpr double kDay = 86400;
  return seconds < 2 * kHour  ? fmt::format("{:.0f} min", seconds / 60)
         : seconds < 2 * kDay ? fmt::format("{:.0f} h", seconds / kHour)
                              : fmt::format("{:.0f} d", seconds / kDay);
}

}  // namespace

std::string trend_text(const Sight& sight, const Signal& signal, const Shift& shift) {
  const TrendLimit* limit = nullptr;
  for (const auto& row : kTrendLimits) {
    if (row.quantity == signal.source->quantity && holds_here(sight, signal, row.quantity)) {
      limit = &row;
    }
  }
  if (limit == nullptr || !shift.is_slow || shift.end) {
    return {};
  }
  const auto line = line_through(signal.past, false, shift.slope_from);
  if (!line) {
    return {};
  }
  const double at = limit->from_before != 0 ? shift.before + limit->from_before : limit->absolute;
  const double sign = limit->is_above ? 1 : -1;
  const double left = sign * (at - line->now);
  if (left <= 0) {
    return fmt::format(", beyond {}", limit->words);
  }
  const double slow = sign * (limit->is_above ? line->per_s_bounds.low : line->per_s_bounds.high);
  const double fast = sign * (limit->is_above ? line->per_s_bounds.high : line->per_s_bounds.low);
  if (fast <= 0 || left / fast > kFarthest * line->over.seconds()) {
    return {};
  }
  if (slow <= 0 || left / slow > kFarthest * line->over.seconds()) {
    return fmt::format(", at this pace {} not before {}", limit->words, time_text(left / fast));
  }
  return fmt::format(", at this pace {} in {} to {}", limit->words, time_text(left / fast),
                     time_text(left / slow));
}

}  // namespace weft::diagnose
