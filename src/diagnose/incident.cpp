// SPDX-License-Identifier: Apache-2.0
// See incident.h. Reading is incident_reader.cpp's, feeding a Watch incident_replay.cpp's,
// comparing incident_check.cpp's.
#include "diagnose/incident.h"

#include "base/text.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fstream>

#include <fmt/format.h>

namespace weft::diagnose {

bool Incident::ok() const {
  return std::ranges::none_of(problems, [](const fabric::RackProblem& problem) {
    return problem.severity == fabric::Severity::kError;
  });
}

std::string Incident::problem_text() const {
  std::string out;
  for (const auto& problem : problems) {
    out += problem.text(file) + '\n';
  }
  return out;
}

base::Result<Incident> load_incident(const std::string& path, const IncidentLimits& limits) {
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  std::string text(limits.bytes + 1, '\0');
  if (!in || (!in.read(text.data(), static_cast<std::streamsize>(text.size())) && in.bad())) {
    return base::fail(errno == EACCES ? base::Code::kPermissionDenied : base::Code::kNotFound,
                      "cannot read the incident file", path, "Give the path of an incident file.");
  }
  text.resize(static_cast<std::size_t>(in.gcount()));
  return load_incident_text(text, path, limits);
}

std::optional<base::WallTime> parse_time(std::string_view text) {
  const auto number = [&text](std::size_t at, std::size_t digits) -> std::optional<int> {
    if (at + digits > text.size()) {
      return std::nullopt;
    }
    const auto value = base::parse_unsigned(text.substr(at, digits));
    return value ? std::optional(static_cast<int>(*value)) : std::nullopt;
  };
  constexpr std::size_t kDay = 10;
  constexpr std::size_t kSecond = 19;
  text = base::trim(text);
  if (text.ends_with('Z')) {
    text.remove_suffix(1);
  }
  const auto year = number(0, 4);
  const auto month = number(5, 2);
  const auto day = number(8, 2);
  if (!year || !month || !day || text[4] != '-' || text[7] != '-') {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok() || *year < 1970 || *year > 2200) {
    return std::nullopt;
  }
  constexpr std::int64_t kSecondNs = 1'000'000'000;
  const auto days = std::chrono::sys_days(date).time_since_epoch().count();
  std::int64_t ns = static_cast<std::int64_t>(days) * 86'400 * kSecondNs;
  if (text.size() == kDay) {
    return base::WallTime{ns};
  }
  const auto hour = number(11, 2);
  const auto minute = number(14, 2);
  const auto second = number(17, 2);
  if (text.size() < kSecond || (text[10] != 'T' && text[10] != ' ') || text[13] != ':' ||
      text[16] != ':' || !hour || !minute || !second || *hour > 23 || *minute > 59 ||
      *second > 60) {
    return std::nullopt;
  }
  ns += ((*hour * 60 + *minute) * 60 + *second) * kSecondNs;
  if (text.size() == kSecond) {
    return base::WallTime{ns};
  }
  const auto fraction = text.substr(kSecond);
  if (fraction.size() < 2 || fraction.size() > 10 || fraction[0] != '.') {
    return std::nullopt;
  }
  std::string digits(fraction.substr(1));
  digits.resize(9, '0');
  const auto part = base::parse_unsigned(digits);
  return part ? std::optional(base::WallTime{ns + static_cast<std::int64_t>(*part)}) : std::nullopt;
}

}  // namespace weft::diagnose
