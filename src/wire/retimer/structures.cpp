// SPDX-License-Identifier: Apache-2.0
#include "wire/retimer/structures.h"

#include <algorithm>
#include <array>
#include <vector>

namespace weft::wire::retimer {
namespace {

/// Widths of each mode, from lane 0 on; the SDK writes them right to left ("x8x4x4" is 4, 4, 8).
using Widths = std::array<std::uint8_t, kLinksMax>;
constexpr std::array<Widths, 35> kModes{{
    {16},          // x16
    {8},           // x8
    {4},           // x4
    {8, 8},        // x8x8
    {4, 4, 8},     // x8x4x4
    {8, 4, 4},     // x4x4x8
    {4, 4, 4, 4},  // x4x4x4x4
    {2, 2, 2, 2, 2, 2, 2, 2},
    {2, 2, 4, 8},           // x8x4x2x2
    {4, 2, 2, 8},           // x8x2x2x4
    {8, 4, 2, 2},           // x2x2x4x8
    {8, 2, 2, 4},           // x4x2x2x8
    {8, 2, 2, 2, 2},        // x2x2x2x2x8
    {2, 2, 2, 2, 8},        // x8x2x2x2x2
    {4, 4, 4, 2, 2},        // x2x2x4x4x4
    {4, 4, 2, 2, 4},        // x4x2x2x4x4
    {4, 2, 2, 4, 4},        // x4x4x2x2x4
    {2, 2, 4, 4, 4},        // x4x4x4x2x2
    {4, 4, 2, 2, 2, 2},     // x2x2x2x2x4x4
    {4, 2, 2, 4, 2, 2},     // x2x2x4x2x2x4
    {4, 2, 2, 2, 2, 4},     // x4x2x2x2x2x4
    {2, 2, 4, 4, 2, 2},     // x2x2x4x4x2x2
    {2, 2, 4, 2, 2, 4},     // x4x2x2x4x2x2
    {2, 2, 2, 2, 4, 4},     // x4x4x2x2x2x2
    {4, 2, 2, 2, 2, 2, 2},  // x2x2x2x2x2x2x4
    {2, 2, 4, 2, 2, 2, 2},  // x2x2x2x2x4x2x2
    {2, 2, 2, 2, 4, 2, 2},  // x2x2x4x2x2x2x2
    {2, 2, 2, 2, 2, 2, 4},  // x4x2x2x2x2x2x2
    {4, 4},                 // x4x4
    {4, 2, 2},              // x2x2x4
    {2, 2, 4},              // x4x2x2
    {2, 2, 2, 2},           // x2x2x2x2
    {2, 2},                 // x2x2
    {4, 8, 4},              // x4x8x4
    {2},                    // x2
}};

struct Mode {
  std::array<LaneGroup, kLinksMax> links{};
  std::size_t count = 0;
};
constexpr std::array<Mode, kModes.size()> make_groups() {
  std::array<Mode, kModes.size()> modes{};
  for (std::size_t m = 0; m < kModes.size(); ++m) {
    std::uint8_t start = 0;
    for (const std::uint8_t width : kModes[m]) {
      if (width != 0) {
        modes[m].links[modes[m].count++] = {start, width};
        start = static_cast<std::uint8_t>(start + width);
      }
    }
  }
  return modes;
}
constexpr std::array<Mode, kModes.size()> kGroups = make_groups();

constexpr unsigned kModeShift = 7;
constexpr unsigned kModeMask = 0x3F;
constexpr unsigned kRateShift = 24;
constexpr unsigned kRateMask = 0x7;

constexpr std::array<std::string_view, 14> kStates{"reset",
                                                   "protocol reset 0",
                                                   "protocol reset 1",
                                                   "protocol reset 2",
                                                   "protocol reset 3",
                                                   "detect",
                                                   "forwarding",
                                                   "phase 2",
                                                   "phase 2",
                                                   "phase 3",
                                                   "phase 3",
                                                   "hot plug",
                                                   "protocol reset 4",
                                                   "other"};

}  // namespace

std::string FirmwareVersion::text() const {
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(build);
}

std::string_view key(LinkState state) {
  const auto index = static_cast<std::size_t>(state);
  return index < kStates.size() ? kStates[index] : "other";
}

std::span<const LaneGroup> bifurcation(std::uint8_t mode) {
  if (mode >= kGroups.size()) {
    return {};
  }
  return {kGroups[mode].links.data(), kGroups[mode].count};
}

base::Result<std::uint8_t> bifurcation_of(std::span<const std::uint8_t> widths) {
  Widths wanted{};
  if (!widths.empty() && widths.size() <= wanted.size()) {
    std::copy(widths.begin(), widths.end(), wanted.begin());
    const auto it = std::find(kModes.begin(), kModes.end(), wanted);
    if (it != kModes.end()) {
      return static_cast<std::uint8_t>(it - kModes.begin());
    }
  }
  return base::fail(base::Code::kNotFound, "no bifurcation of a retimer has these link widths");
}

std::uint8_t bifurcation_field(std::uint32_t global_param0) {
  return static_cast<std::uint8_t>((global_param0 >> kModeShift) & kModeMask);
}
std::uint32_t with_bifurcation(std::uint32_t global_param0, std::uint8_t mode) {
  return (global_param0 & ~(kModeMask << kModeShift)) | (mode & kModeMask) << kModeShift;
}
std::uint8_t max_rate_field(std::uint32_t global_param0) {
  return static_cast<std::uint8_t>((global_param0 >> kRateShift) & kRateMask);
}
std::uint32_t with_max_rate(std::uint32_t global_param0, std::uint8_t generation) {
  return (global_param0 & ~(kRateMask << kRateShift)) | (generation & kRateMask) << kRateShift;
}

std::string_view part_name(std::uint8_t efuse_code) {
  constexpr std::array<std::array<std::string_view, 2>, 3> names{
      {{"PT4161L", "PT4080L"}, {"PT5161L", "PT5081L"}, {"ET4161L", "ET4080L"}}};
  const unsigned type = efuse_code >> 6U;
  const unsigned width = efuse_code & 0x3FU;
  if (type >= names.size() || (width != 16 && width != 8)) {
    return {};
  }
  return names[type][width == 16 ? 0 : 1];
}

}  // namespace weft::wire::retimer
