// SPDX-License-Identifier: Apache-2.0
#include "twin/fault/catalogue.h"

#include "base/text.h"
#include "fabric/nearest.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include <fmt/format.h>

namespace weft::twin {

const FaultRow* find_fault(std::string_view key) {
  const auto found = std::ranges::find(faults(), key, &FaultRow::key);
  return found == faults().end() ? nullptr : &*found;
}

const FaultRow* find_row(std::string_view key) {
  const auto found = std::ranges::find(backgrounds(), key, &FaultRow::key);
  return found == backgrounds().end() ? find_fault(key) : &*found;
}

base::Result<const FaultRow*> fault_named(std::string_view key) {
  if (const FaultRow* found = find_fault(key)) {
    return found;
  }
  std::vector<std::string_view> keys;
  std::ranges::transform(faults(), std::back_inserter(keys), &FaultRow::key);
  const std::string_view near = fabric::nearest(key, keys);
  return base::fail(base::Code::kNotFound,
                    fmt::format("there is no fault '{}'", base::printable(key, 60)), "",
                    near.empty() ? std::string("`weft world faults` lists them.")
                                 : fmt::format("Did you mean '{}'?", near));
}

base::Result<void> check_amplitude(const FaultRow& row, double amplitude) {
  if (amplitude >= row.amplitude.min && amplitude <= row.amplitude.max) {
    return {};
  }
  return base::fail(base::Code::kInvalidArgument,
                    fmt::format("amplitude {:g} is out of range for {}", amplitude, row.key), "",
                    fmt::format("It is from {} to {}.", amplitude_text(row, row.amplitude.min),
                                amplitude_text(row, row.amplitude.max)));
}

base::Result<double> parse_amplitude(const FaultRow& row, std::string_view text) {
  const std::string_view whole = base::trim(text);
  const std::size_t end = std::min(whole.find_first_not_of("+-.0123456789eE"), whole.size());
  const auto value = base::parse_double(whole.substr(0, end));
  const std::string_view unit = base::trim(whole.substr(end));
  if (!value || !std::isfinite(*value)) {
    return base::fail(
        base::Code::kInvalidArgument,
        fmt::format("'{}' is no amplitude", base::printable(whole, 40)), "",
        fmt::format("Write a number, such as {}.", amplitude_text(row, row.amplitude.standard)));
  }
  const bool is_percent = unit == "%" && row.amplitude.unit == "1";
  if (!unit.empty() && unit != row.amplitude.unit && !is_percent) {
    return base::fail(
        base::Code::kInvalidArgument,
        fmt::format("'{}' is not the unit of {}", base::printable(unit, 20), row.key), "",
        fmt::format("Write a number, such as {}.", amplitude_text(row, row.amplitude.standard)));
  }
  const double amplitude = is_percent ? *value / 100 : *value;
  if (auto checked = check_amplitude(row, amplitude); !checked) {
    return tl::unexpected(checked.error());
  }
  return amplitude;
}

std::string amplitude_text(const FaultRow& row, double amplitude) {
  return row.amplitude.unit == "1" ? fmt::format("{:g}", amplitude)
                                   : fmt::format("{:g} {}", amplitude, row.amplitude.unit);
}

double contribution(const FaultRow& row, const FaultEffect& effect, double amplitude,
                    double level) {
  const double neutral = twin::row(effect.quantity).combine == Combine::kMultiply ? 1 : 0;
  const double excess = (row.amplitude.is_factor ? amplitude - 1 : amplitude) * level;
  return neutral + effect.gain * excess;
}

std::string_view key(FaultScope scope) {
  constexpr std::array<std::string_view, 4> kKeys = {"lanes", "link", "device", "host"};
  return kKeys.at(static_cast<std::size_t>(scope));
}

}  // namespace weft::twin
