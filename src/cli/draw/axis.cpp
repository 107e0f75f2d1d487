// SPDX-License-Identifier: Apache-2.0
// Ticks at round numbers; see axis.h.
#include "cli/draw/axis.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

namespace weft::cli::draw {
namespace {

/// 1, 2 or 5 times a power of ten, at least `width` / `count_max`.
double round_step(double width, std::size_t count_max) {
  const double raw = width / static_cast<double>(std::max<std::size_t>(count_max, 1));
  const double power = std::pow(10, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= raw * (1 - 1e-9)) {
      return factor * power;
    }
  }
  return 10 * power;
}

std::vector<Tick> decade_ticks(const Axis& axis, std::size_t count_max) {
  std::vector<Tick> found;
  const int low = static_cast<int>(std::ceil(std::log10(axis.min) - 1e-9));
  const int high = static_cast<int>(std::floor(std::log10(axis.max) + 1e-9));
  int step = 1;
  for (const int candidate : {1, 2, 3, 5, 10, 20, 50, 100}) {
    step = candidate;
    if ((high - low) / candidate <= static_cast<int>(count_max)) {
      break;
    }
  }
  for (int decade = low; decade <= high; ++decade) {
    if (decade % step == 0) {
      found.push_back({std::pow(10, decade), decade == 0 ? "1" : fmt::format("1e{}", decade)});
    }
  }
  return found;
}

}  // namespace

double place(const Axis& axis, double value) {
  if (axis.scale == Scale::kLinear) {
    return (value - axis.min) / (axis.max - axis.min);
  }
  if (!(value > 0)) {
    return -1e3;
  }
  const double low = std::log10(axis.min);
  return (std::log10(value) - low) / (std::log10(axis.max) - low);
}

std::vector<Tick> ticks(const Axis& axis, std::size_t count_max) {
  if (!std::isfinite(axis.min) || !std::isfinite(axis.max) || !(axis.max > axis.min)) {
    return {};
  }
  if (axis.scale == Scale::kLog10) {
    return axis.min > 0 ? decade_ticks(axis, count_max) : std::vector<Tick>{};
  }
  std::vector<Tick> found;
  const double step = round_step(axis.max - axis.min, count_max);
  const int decimals = std::clamp(static_cast<int>(-std::floor(std::log10(step) + 1e-9)), 0, 12);
  const double first = std::ceil(axis.min / step - 1e-9);
  for (int i = 0; i <= static_cast<int>(count_max) + 1; ++i) {
    const double value = (first + i) * step;
    if (value > axis.max + 1e-9 * step) {
      break;
    }
    const double clean = std::abs(value) < step * 1e-9 ? 0.0 : value;
    found.push_back({clean, fmt::format("{:.{}f}", clean, decimals)});
  }
  return found;
}

std::string figure_text(double value, int digits) {
  if (!std::isfinite(value)) {
    return std::isnan(value) ? "not known" : value > 0 ? "infinite" : "-infinite";
  }
  if (value == 0) {
    return "0";
  }
  const int exponent = static_cast<int>(std::floor(std::log10(std::abs(value)) + 1e-12));
  if (exponent < -3 || exponent > 6) {
    std::string text = fmt::format("{:.{}e}", value, std::max(digits - 1, 0));
    // "1.50e-06" -> "1.5e-6"
    const auto mark = text.find('e');
    std::string mantissa = text.substr(0, mark);
    while (mantissa.find('.') != std::string::npos &&
           (mantissa.back() == '0' || mantissa.back() == '.')) {
      mantissa.pop_back();
    }
    return fmt::format("{}e{}", mantissa, std::stoi(text.substr(mark + 1)));
  }
  std::string text = fmt::format("{:.{}f}", value, std::max(digits - 1 - exponent, 0));
  while (text.find('.') != std::string::npos && (text.back() == '0' || text.back() == '.')) {
    text.pop_back();
  }
  return text;
}

Axis rounded_axis(std::string title, double low, double high) {
  if (!std::isfinite(low) || !std::isfinite(high)) {
    return {std::move(title), 0, 1, Scale::kLinear};
  }
  if (!(high > low)) {
    const double half = std::max(std::abs(low), 1e-3) / 2;
    low -= half;
    high += half;
  }
  const double margin = 0.04 * (high - low);
  const double step = round_step(high - low, 10);
  return {std::move(title), std::floor((low - margin) / step) * step,
          std::ceil((high + margin) / step) * step, Scale::kLinear};
}

}  // namespace weft::cli::draw
