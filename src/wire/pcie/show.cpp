// SPDX-License-Identifier: Apache-2.0
#include "wire/pcie/show.h"

#include <array>
#include <iterator>

#include <fmt/format.h>

namespace weft::wire::pcie {
namespace {

/// Link speed codes: 1 = 2.5 … 7 = 128 GT/s (PCIe Base 7.5.3.6, Supported Link Speeds Vector
/// order).
constexpr std::array<std::string_view, 8> kSpeeds = {"", "2.5", "5", "8", "16", "32", "64", "128"};

constexpr std::array<std::string_view, 7> kSizeUnits = {"B", "KB", "MB", "GB", "TB", "PB", "EB"};

std::string size_of_log2(std::uint64_t log2) {
  if (log2 >= 64) {
    return fmt::format("2^{} B", log2);
  }
  return fmt::format("{} {}", 1ULL << (log2 % 10), kSizeUnits[log2 / 10]);
}

std::string list_of_bits(std::uint64_t vector, std::string (*text)(std::uint64_t bit)) {
  std::string out;
  for (std::uint64_t bit = 0; bit < 64; ++bit) {
    if ((vector >> bit & 1) != 0) {
      out += (out.empty() ? "" : ", ") + text(bit);
    }
  }
  return out.empty() ? "none" : out;
}

}  // namespace

std::string Field::text(std::uint64_t value) const {
  switch (show) {
    case Show::kFlag:
      return value != 0 ? "+" : "-";
    case Show::kNumber:
      return unit.empty() ? std::to_string(value + bias) : fmt::format("{} {}", value + bias, unit);
    case Show::kHex:
      return fmt::format("{:0{}x}", value, (bits + 3) / 4);
    case Show::kChoice:
      for (const Choice& one : choices) {
        if (one.value == value) {
          return std::string(one.text);
        }
      }
      return fmt::format("reserved ({})", value);
    case Show::kCall:
      return call(value);
  }
  return {};
}

std::string show_speed(std::uint64_t code) {
  if (code == 0 || code >= kSpeeds.size()) {
    return fmt::format("unknown ({})", code);
  }
  return fmt::format("{} GT/s", kSpeeds[code]);
}

std::string show_target_speed(std::uint64_t code) {
  return show_speed(code == 0 ? 1 : code);
}

std::string show_speed_vector(std::uint64_t vector) {
  std::size_t low = 0;
  std::size_t high = 0;
  for (std::size_t code = 1; code < kSpeeds.size(); ++code) {
    if ((vector >> (code - 1) & 1) != 0) {
      low = low == 0 ? code : low;
      high = code;
    }
  }
  if (high == 0) {
    return "none";
  }
  return low == high ? fmt::format("{} GT/s", kSpeeds[high])
                     : fmt::format("{}-{} GT/s", kSpeeds[low], kSpeeds[high]);
}

std::string show_width(std::uint64_t lanes) {
  return fmt::format("x{}", lanes);
}

std::string show_width_code(std::uint64_t code) {
  if (code <= 4) {
    return fmt::format("x{}", 1U << code);
  }
  return code == 7 ? "dynamic" : fmt::format("reserved ({})", code);
}

std::string show_payload(std::uint64_t code) {
  return code <= 5 ? fmt::format("{} bytes", 128U << code) : fmt::format("reserved ({})", code);
}

std::string show_power_limit(std::uint64_t bits) {
  static constexpr std::array<double, 4> kScale = {1.0, 0.1, 0.01, 0.001};
  const std::uint64_t value = bits & 0xFF;
  const std::uint64_t scale = bits >> 8 & 3;
  if (scale == 0 && value == 0xFF) {
    return ">600 W";
  }
  if (scale == 0 && value >= 0xF0) {  // F0h is 250 W, each step 25 W more
    return fmt::format("{} W", 250 + 25 * (value - 0xF0));
  }
  return fmt::format("{:g} W", static_cast<double>(value) * kScale[scale]);
}

std::string show_ltr(std::uint64_t bits) {
  const std::uint64_t scale = bits >> 10 & 7;
  if (scale > 5) {
    return fmt::format("reserved scale {}", scale);
  }
  return fmt::format("{} ns", (bits & 0x3FF) << (5 * scale));
}

std::string show_power_on(std::uint64_t bits) {
  static constexpr std::array<std::uint64_t, 3> kScale = {2, 10, 100};
  const std::uint64_t scale = bits & 3;
  if (scale == 3) {
    return "reserved scale 3";
  }
  return fmt::format("{} us", kScale[scale] * (bits >> 3 & 0x1F));
}

std::string show_lanes(std::uint64_t vector) {
  if (vector == 0) {
    return "none";
  }
  return "lanes " + list_of_bits(vector, [](std::uint64_t bit) { return std::to_string(bit); });
}

std::string show_function(std::uint64_t id) {
  return fmt::format("{:02x}:{:02x}.{}", id >> 8 & 0xFF, id >> 3 & 0x1F, id & 7);
}

std::string show_rebar_size(std::uint64_t code) {
  return size_of_log2(code + 20);
}

std::string show_rebar_sizes(std::uint64_t vector) {
  return list_of_bits(vector, [](std::uint64_t bit) { return size_of_log2(bit + 20); });
}

std::string show_page_sizes(std::uint64_t vector) {
  return list_of_bits(vector, [](std::uint64_t bit) { return size_of_log2(bit + 12); });
}

std::string show_power_of_two(std::uint64_t code) {
  return code < 64 ? std::to_string(1ULL << code) : fmt::format("2^{}", code);
}

std::string show_granularity(std::uint64_t ns) {
  if (ns == 0) {
    return "not given";
  }
  return ns == 0xFF ? "greater than 254 ns" : fmt::format("{} ns", ns);
}

std::string show_bytes(std::uint64_t bytes) {
  std::size_t unit = 0;
  while (bytes != 0 && bytes % 1024 == 0 && unit + 1 < kSizeUnits.size()) {
    bytes /= 1024;
    ++unit;
  }
  return fmt::format("{} {}", bytes, kSizeUnits[unit]);
}

std::string show_duration(std::uint64_t bits) {
  static constexpr std::array<std::string_view, 8> kScale = {" us",  "0 us",  "00 us", " ms",
                                                             "0 ms", "00 ms", " s",    "0 s"};
  const std::uint64_t value = bits & 0xF;
  const std::uint64_t scale = bits >> 8 & 0xF;
  if (scale >= kScale.size()) {
    return fmt::format("reserved scale {}", scale);
  }
  if (value == 0) {
    return fmt::format("0{}", kScale[scale].substr(kScale[scale].find(' ')));
  }
  return fmt::format("{}{}", value, kScale[scale]);
}

}  // namespace weft::wire::pcie
