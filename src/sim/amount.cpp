// SPDX-License-Identifier: Apache-2.0
#include "sim/amount.h"

#include "base/text.h"

#include <array>
#include <cmath>
#include <utility>

#include <fmt/format.h>

namespace weft::sim {
namespace {

using Unit = std::pair<std::string_view, double>;
constexpr double kKibi = 1024, kMebi = kKibi * 1024, kGibi = kMebi * 1024, kTebi = kGibi * 1024;

constexpr std::array kSizeUnits = {
    Unit{"", 1},        Unit{"B", 1},     Unit{"K", kKibi},   Unit{"KiB", kKibi}, Unit{"KB", 1e3},
    Unit{"kB", 1e3},    Unit{"M", kMebi}, Unit{"MiB", kMebi}, Unit{"MB", 1e6},    Unit{"G", kGibi},
    Unit{"GiB", kGibi}, Unit{"GB", 1e9},  Unit{"T", kTebi},   Unit{"TiB", kTebi}, Unit{"TB", 1e12},
};
constexpr std::array kRateUnits = {
    Unit{"B/s", 1},        Unit{"KB/s", 1e3},      Unit{"MB/s", 1e6},    Unit{"GB/s", 1e9},
    Unit{"TB/s", 1e12},    Unit{"MiB/s", kMebi},   Unit{"GiB/s", kGibi}, Unit{"Mb/s", 1e6 / 8},
    Unit{"Gb/s", 1e9 / 8}, Unit{"Tb/s", 1e12 / 8}, Unit{"GB", 1e9},      Unit{"Gb", 1e9 / 8},
    Unit{"GiB", kGibi},
};
constexpr std::array kTimeUnits = {
    Unit{"ps", 1}, Unit{"ns", 1e3}, Unit{"us", 1e6}, Unit{"ms", 1e9}, Unit{"s", 1e12},
};

template <std::size_t N>
std::optional<double> with_unit(std::string_view text, const std::array<Unit, N>& units) {
  text = base::trim(text);
  const std::size_t digits = text.find_first_not_of("0123456789.+-eE");
  // "5e9B" ends its number at B; "1E" alone is not a number anyway.
  const auto number = base::parse_double(text.substr(0, digits));
  const auto unit = base::trim(digits == std::string_view::npos ? "" : text.substr(digits));
  if (!number || !std::isfinite(*number) || *number < 0) {
    return std::nullopt;
  }
  for (const auto& [name, factor] : units) {
    if (unit == name) {
      return *number * factor;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> parse_size(std::string_view text) {
  const auto bytes = with_unit(text, kSizeUnits);
  if (!bytes || *bytes > 9e18) {
    return std::nullopt;
  }
  return static_cast<std::uint64_t>(std::llround(*bytes));
}

std::optional<double> parse_rate(std::string_view text) {
  return with_unit(text, kRateUnits);
}

std::optional<Ps> parse_time(std::string_view text) {
  const auto ps = with_unit(text, kTimeUnits);
  if (!ps || *ps > 9e18) {
    return std::nullopt;
  }
  return static_cast<Ps>(std::llround(*ps));
}

std::optional<std::vector<std::uint64_t>> parse_sizes(std::string_view text) {
  const std::size_t colon = text.find(':');
  const auto first = parse_size(text.substr(0, colon));
  const auto last = colon == std::string_view::npos ? first : parse_size(text.substr(colon + 1));
  if (!first || !last || *first == 0 || *last < *first) {
    return std::nullopt;
  }
  std::vector<std::uint64_t> out;
  for (std::uint64_t bytes = *first; bytes <= *last; bytes *= 2) {
    out.push_back(bytes);
    if (bytes > (std::uint64_t{1} << 62)) {
      break;
    }
  }
  return out;
}

std::string size_text(std::uint64_t bytes) {
  constexpr std::array<std::pair<std::string_view, unsigned>, 4> kUnits = {
      {{"TiB", 40}, {"GiB", 30}, {"MiB", 20}, {"KiB", 10}}};
  for (const auto& [name, shift] : kUnits) {
    if (bytes != 0 && bytes % (std::uint64_t{1} << shift) == 0) {
      return fmt::format("{} {}", bytes >> shift, name);
    }
  }
  return fmt::format("{} B", bytes);
}

std::string time_text(Ps time) {
  if (time == kNever) {
    return "never";
  }
  constexpr std::array<std::pair<std::string_view, double>, 4> kUnits = {
      {{"s", 1e12}, {"ms", 1e9}, {"us", 1e6}, {"ns", 1e3}}};
  const auto value = static_cast<double>(time);
  for (const auto& [name, factor] : kUnits) {
    if (value >= factor) {
      return fmt::format("{:.4g} {}", value / factor, name);
    }
  }
  return fmt::format("{} ps", time);
}

}  // namespace weft::sim
