// SPDX-License-Identifier: Apache-2.0
// Versatile Diagnostics Monitoring: up to four groups of 64 observables. Descriptors stand in pages
// 20h-23h, samples in 24h-27h, thresholds in 28h-2Bh (16 sets of 8 bytes), flags in 2Ch, masks in
// 2Dh, control in 2Fh. OIF-CMIS-05.2 8.13 to 8.19, observables of table 8-122.
#pragma once

#include "wire/cmis/memory.h"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace weft::wire::cmis {

enum class VdmSide : std::uint8_t { kModule, kMedia, kHost };
enum class VdmStatistic : std::uint8_t { kCurrent, kMinimum, kMaximum, kAverage, kTotal };
enum class VdmFormat : std::uint8_t { kU16, kS16, kF16 };

/// A row of the observable table.
struct VdmObservable {
  std::uint8_t type = 0;
  std::string_view name;  ///< as CMIS calls it, side and statistic included
  std::string_view unit;  ///< UCUM; "1" for ratios
  VdmSide side = VdmSide::kModule;
  VdmStatistic statistic = VdmStatistic::kCurrent;
  VdmFormat format = VdmFormat::kU16;
  double scale = 1;  ///< value = number * scale, for U16 and S16
};
[[nodiscard]] std::span<const VdmObservable> vdm_observables();
[[nodiscard]] const VdmObservable* find_vdm(std::uint8_t type);
[[nodiscard]] std::uint16_t encode_vdm(const VdmObservable& observable, double value);
[[nodiscard]] double decode_vdm(const VdmObservable& observable, std::uint16_t raw);

inline constexpr std::uint8_t kVdmDescriptors = 0x20;
inline constexpr std::uint8_t kVdmSamples = 0x24;
inline constexpr std::uint8_t kVdmThresholds = 0x28;
inline constexpr std::uint8_t kVdmFlags = 0x2C;
inline constexpr std::uint8_t kVdmMasks = 0x2D;
inline constexpr std::uint8_t kVdmControl = 0x2F;
inline constexpr unsigned kVdmGroups = 4;
inline constexpr unsigned kVdmPerGroup = 64;

/// What one instance (0 to 255) measures. Lanes count from 0; module observables have lane 0.
struct VdmDescriptor {
  std::uint8_t type = 0;  ///< 0: the instance is not used
  std::uint8_t lane = 0;
  std::uint8_t thresholds = 0;  ///< set of its group, 0 to 15
};
[[nodiscard]] std::array<std::uint8_t, 2> encode(const VdmDescriptor& descriptor);
[[nodiscard]] VdmDescriptor decode_vdm_descriptor(std::uint8_t first, std::uint8_t second);

/// One instance as it was read. A part that was not read is absent.
struct VdmReading {
  std::uint16_t instance = 0;
  const VdmObservable* observable = nullptr;
  std::uint8_t lane = 0;
  std::optional<double> value;
  /// High alarm, low alarm, high warning, low warning.
  std::array<std::optional<double>, 4> thresholds;
  std::optional<std::uint8_t> flags;  ///< the same order from bit 0
};
/// Every instance of a known type whose descriptor was read.
[[nodiscard]] std::vector<VdmReading> decode_vdm(const ModuleMemory& memory, std::uint8_t bank = 0);
/// How many groups 2Fh:128 says there are, 1 to 4; nullopt where it was not read.
[[nodiscard]] std::optional<unsigned> vdm_groups(const ModuleMemory& memory);

}  // namespace weft::wire::cmis
