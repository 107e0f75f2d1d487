// SPDX-License-Identifier: Apache-2.0
#include "base/span.h"

#include "base/text.h"

#include <algorithm>
#include <string>

namespace weft::base {

Result<Duration> parse_span(std::string_view text) {
  struct Unit {
    std::string_view name;
    double seconds;
  };
  constexpr Unit kUnits[] = {{"", 1},     {"s", 1},     {"m", 60},    {"min", 60},
                             {"h", 3600}, {"d", 86400}, {"w", 604800}};
  constexpr double kSecondsMost = 100.0 * 365 * 86400;
  const std::string_view all = trim(text);
  const std::size_t end = std::min(all.find_first_not_of("0123456789."), all.size());
  const auto number = parse_double(all.substr(0, end));
  for (const Unit& unit : kUnits) {
    if (number && unit.name == trim(all.substr(end)) && *number * unit.seconds <= kSecondsMost) {
      return seconds(*number * unit.seconds);
    }
  }
  return fail(Code::kInvalidArgument, "'" + printable(text, 40) + "' is no time span", {},
              std::string(kSpanHint));
}

}  // namespace weft::base
