// SPDX-License-Identifier: Apache-2.0
#include "twin/cable_module/kind.h"

#include "fabric/protocol.h"

#include <algorithm>
#include <array>

namespace weft::twin::cable_module {
namespace module_kinds {

using fabric::Medium;
using wire::cmis::MediaType;

// SFF-8024 table 4-3.
constexpr std::uint8_t kMpo12 = 0x0C;
constexpr std::uint8_t kNoConnector = 0x23;

constexpr Times kAnalogue{
    .management_init = 0.3, .power_up = 0.2, .data_path_init = 0.05, .transmitter_on = 0.02};
// After a firmware reset Linux waits for 3 s: management and power up together stay below.
constexpr Times kOptical{.management_init = 1.0,
                         .power_up = 1.4,
                         .power_down = 0.06,
                         .data_path_init = 2.5,
                         .data_path_deinit = 0.05,
                         .transmitter_on = 0.3,
                         .transmitter_off = 0.02,
                         .configuration = 0.008};
constexpr Light kParallelSinglemode{.transmit_dbm = 1.0,
                                    .bias_ma = 60,
                                    .loss_of_signal_dbm = -12,
                                    .fibre_db_per_km = 0.45,
                                    .connectors_db = 1.0,
                                    .wavelength_nm = 1311};
constexpr Light kVcsel{.transmit_dbm = 1.5,
                       .bias_ma = 7.5,
                       .loss_of_signal_dbm = -13,
                       .fibre_db_per_km = 2.5,
                       .connectors_db = 0.5,
                       .wavelength_nm = 850};

constexpr auto kKinds = std::to_array<Kind>({
    {.key = "dac",
     .medium = Medium::kDac,
     .media_type = MediaType::kPassiveCopper,
     .technology = 0x0A,
     .connector = kNoConnector,
     .is_flat = true,
     .is_cable = true,
     .power_w = 0.1,
     .low_power_w = 0.1,
     .kelvin_per_watt = 2,
     .times = {},
     .light = {}},
    {.key = "acc",
     .medium = Medium::kAcc,
     .media_type = MediaType::kActiveCable,
     .technology = 0x0F,
     .connector = kNoConnector,
     .is_cable = true,
     .power_w = 2.5,
     .low_power_w = 0.6,
     .kelvin_per_watt = 3,
     .times = kAnalogue,
     .light = {}},
    {.key = "aec",
     .medium = Medium::kAec,
     .media_type = MediaType::kActiveCable,
     .technology = 0x0C,
     .connector = kNoConnector,
     .is_retimed = true,
     .is_cable = true,
     .power_w = 8,
     .low_power_w = 1.5,
     .kelvin_per_watt = 2.5,
     .times = {},
     .light = {}},
    {.key = "aoc",
     .medium = Medium::kAoc,
     .media_type = MediaType::kActiveCable,
     .technology = 0x00,
     .connector = kNoConnector,
     .is_retimed = true,
     .is_cable = true,
     .has_light = true,
     .power_w = 14,
     .low_power_w = 1.5,
     .kelvin_per_watt = 1.7,
     .times = kOptical,
     .light = kVcsel},
    {.key = "dsp-optics",
     .medium = Medium::kDspOptics,
     .media_type = MediaType::kSinglemode,
     .technology = 0x06,
     .connector = kMpo12,
     .is_retimed = true,
     .has_light = true,
     .power_w = 15,
     .low_power_w = 1.8,
     .kelvin_per_watt = 1.7,
     .times = kOptical,
     .light = kParallelSinglemode},
    {.key = "lpo",
     .medium = Medium::kLpo,
     .media_type = MediaType::kSinglemode,
     .technology = 0x06,
     .connector = kMpo12,
     .has_light = true,
     .power_w = 8.5,
     .low_power_w = 1.2,
     .kelvin_per_watt = 2.2,
     .times = {.management_init = 0.8,
               .power_up = 1.0,
               .data_path_init = 0.4,
               .transmitter_on = 0.3,
               .transmitter_off = 0.02},
     .light = kParallelSinglemode},
});

/// SFF-8024 media codes by lanes at 106.25 Gb/s a lane; other rates of single mode fibre are the
/// maker's own (E0h).
struct MediaRow {
  MediaType type;
  std::uint32_t lanes;
  std::uint8_t code;
};
constexpr auto kMedia = std::to_array<MediaRow>({
    {MediaType::kSinglemode, 1, 0x14},
    {MediaType::kSinglemode, 4, 0x1C},
    {MediaType::kSinglemode, 8, 0x56},
    {MediaType::kMultimode, 1, 0x0D},
    {MediaType::kMultimode, 4, 0x11},
    {MediaType::kMultimode, 8, 0x12},
});
constexpr std::uint8_t kVendorSpecific = 0xE0;
constexpr std::uint8_t kActiveBer2e4 = 0x03;
constexpr std::uint8_t kCopperCable = 0x01;
constexpr std::uint64_t kLane100G = 106'250;

std::uint8_t media_code(const Kind& kind, const fabric::Protocol& protocol, unsigned lanes) {
  switch (kind.media_type) {
    case MediaType::kPassiveCopper:
      return kCopperCable;
    case MediaType::kActiveCable:
      return kActiveBer2e4;
    default:
      break;
  }
  for (const auto& row : kMedia) {
    if (row.type == kind.media_type && row.lanes == lanes &&
        protocol.lane_rate.value() == kLane100G) {
      return row.code;
    }
  }
  return kVendorSpecific;
}

/// Passive copper is seen by the far port, so it says CR; PCIe has a code for each generation.
std::uint8_t host_code(const Kind& kind, const fabric::Protocol& protocol, unsigned lanes) {
  const auto count = base::LaneCount(lanes);
  if (protocol.family == fabric::ProtocolFamily::kPcie ||
      protocol.family == fabric::ProtocolFamily::kCxl) {
    switch (protocol.lane_rate.value()) {
      case 16'000:
        return 0x70;
      case 32'000:
        return 0x71;
      case 64'000:
        return 0x72;
      case 128'000:
        return 0x73;
      default:
        return 0;
    }
  }
  if (kind.media_type == MediaType::kPassiveCopper && protocol.lane_rate.value() == kLane100G) {
    switch (lanes) {
      case 1:
        return 0x46;
      case 2:
        return 0x47;
      case 4:
        return 0x48;
      case 8:
        return 0x49;
      default:
        return 0;
    }
  }
  return wire::cmis::host_interface_of(protocol.lane_rate, count);
}

}  // namespace module_kinds

std::span<const Kind> kinds() {
  return module_kinds::kKinds;
}

const Kind* find_kind(fabric::Medium medium) {
  const auto it = std::ranges::find(kinds(), medium, &Kind::medium);
  return it == kinds().end() ? nullptr : &*it;
}

std::span<const LaneSetting> lane_settings() {
  static constexpr auto kSettings = std::to_array<LaneSetting>({
      {"AdaptiveInputEqEnableTx", 1},
      {"FixedInputEqTargetTx", 0},
      {"CDREnableTx", 1},
      {"CDREnableRx", 1},
      {"OutputEqPreCursorTargetRx", 0},
      {"OutputEqPostCursorTargetRx", 0},
      {"OutputAmplitudeTargetRx", 2},
  });
  return kSettings;
}

std::vector<ApplicationRow> applications(const Kind& kind, fabric::ProtocolId protocol,
                                         unsigned lanes) {
  using namespace module_kinds;
  std::vector<ApplicationRow> rows;
  const auto& row = fabric::protocol(protocol);
  for (unsigned width = std::min(lanes, 8U); width > 0; width /= 2) {
    ApplicationRow application{.host_interface = host_code(kind, row, width),
                               .media_interface = media_code(kind, row, width),
                               .lanes = static_cast<std::uint8_t>(width)};
    for (unsigned first = 0; first + width <= std::min(lanes, 8U); first += width) {
      application.starts = static_cast<std::uint8_t>(application.starts | 1U << first);
    }
    if (application.host_interface != 0) {
      rows.push_back(application);
    }
  }
  if (rows.empty()) {
    // A link whose interface SFF-8024 does not know: "undefined" still describes its lanes.
    const auto width = static_cast<std::uint8_t>(std::min(lanes, 8U));
    rows.push_back({kVendorSpecific, media_code(kind, row, width), width, 1});
  }
  return rows;
}

}  // namespace weft::twin::cable_module
