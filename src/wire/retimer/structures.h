// SPDX-License-Identifier: Apache-2.0
// What the firmware of an Aries-class retimer keeps in the SRAM of its main micro (0x10000 on) and
// of its 16 path micros, and where, as the vendor's SDK reads it (aries_a0_reg_defines.h,
// aries_link.c). Offsets only where nothing needs decoding; views decode what does.
#pragma once

#include "base/bytes.h"
#include "base/result.h"

#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace weft::wire::retimer {

struct FirmwareVersion {
  std::uint8_t major = 0;
  std::uint8_t minor = 0;
  std::uint16_t build = 0;
  friend constexpr auto operator<=>(const FirmwareVersion&, const FirmwareVersion&) = default;
  [[nodiscard]] std::string text() const;  ///< "2.8.14"
};
inline constexpr FirmwareVersion kEepromBlockSince{1, 24, 0};
inline constexpr FirmwareVersion kOverTemperatureSince{1, 28, 0};
inline constexpr FirmwareVersion kWideAssistSince{2, 2, 0};
inline constexpr FirmwareVersion kPathSizeSince{1, 1, 52};

// ---- main micro: its SRAM ends with the firmware information ----
inline constexpr std::uint32_t kMainSram = 0x10000;
inline constexpr std::uint32_t kMainSramBytes = 0x8000;
inline constexpr std::uint32_t kFirmwareInfo = 96 * 1024 - 128;  ///< 0x17F80
inline constexpr std::uint32_t kInfoMajor = 0;
inline constexpr std::uint32_t kInfoMinor = 1;
inline constexpr std::uint32_t kInfoBuild = 2;  ///< 2 B
inline constexpr std::uint32_t kInfoPrint = 4;  ///< 2 B pointers, of their SRAM's start
inline constexpr std::uint32_t kInfoControl = 6;
inline constexpr std::uint32_t kInfoLinks = 10;     ///< 8 pointers
inline constexpr std::uint32_t kInfoPmaAdc = 26;    ///< 2 B each: side * 8 + slice * 2
inline constexpr std::uint32_t kInfoPathSize = 42;  ///< 0x17FAA
inline constexpr std::uint32_t kInfoCustomerBoard = 50;
inline constexpr std::uint32_t kInfoSelfTest = 53;
inline constexpr std::uint8_t kPathSizeDefault = 38;
inline constexpr unsigned kLinksMax = 8;

// The link structure stands behind two path structures.
inline constexpr std::uint32_t kLinkWidth = 1;
inline constexpr std::uint32_t kLinkRate = 6;  ///< 0 = Gen1
inline constexpr std::uint32_t kLinkState = 10;
inline constexpr std::uint32_t kLinkDetectedWidth = 43;
inline constexpr std::uint32_t kLinkBytes = 50;

enum class LinkState : std::uint8_t {
  kReset = 0,
  kProtocolReset0 = 1,
  kProtocolReset1 = 2,
  kProtocolReset2 = 3,
  kProtocolReset3 = 4,
  kDetectOrDeskew = 5,
  kForwarding = 6,
  kPhase2First = 7,
  kPhase2 = 8,
  kPhase3First = 9,
  kPhase3 = 10,
  kHotPlug = 11,
  kProtocolReset4 = 12,
  kOther = 13,
};
[[nodiscard]] std::string_view key(LinkState state);  ///< "forwarding"

// Print information: the LTSSM log. The path micros' has no recovery counts.
inline constexpr std::uint32_t kPrintEnable = 0;
inline constexpr std::uint32_t kPrintOneBatch = 2;
inline constexpr std::uint32_t kPrintOneBatchWrite = 3;
inline constexpr std::uint32_t kPrintWriteOffset = 5;  ///< 2 B
inline constexpr std::uint32_t kPrintRecoveries = 7;   ///< 1 B a link
inline constexpr std::uint32_t kPrintClasses = 15;     ///< 8 B; path micros: at 7
inline constexpr std::uint32_t kPrintBuffer = 23;

// ---- path micros ----
inline constexpr std::uint32_t kPathSramStart = 45 * 1024;
inline constexpr std::uint32_t kPathSramEnd = 48 * 1024;
inline constexpr std::uint32_t kPathFirmwareInfo = 48 * 1024 - 256;
// Control and status: lane 0 of the path first, lane 1 at + 1 (or + 10 of the lists).
inline constexpr std::uint32_t kControlState = 0;
inline constexpr std::uint32_t kControlLastGen = 2;
inline constexpr std::uint32_t kControlPresetCount = 3;
inline constexpr std::uint32_t kControlPresets = 5;
inline constexpr std::uint32_t kControlFoms = 25;
inline constexpr std::uint32_t kControlFinalPreset = 45;
inline constexpr std::uint32_t kControlFinalPre = 47;
inline constexpr std::uint32_t kControlFinalMain = 49;
inline constexpr std::uint32_t kControlFinalPost = 51;
inline constexpr std::uint32_t kControlBytes = 53;
inline constexpr unsigned kPresetRequestsMax = 10;
inline constexpr std::uint8_t kFinalIsCoefficients = 0xF;  ///< of the preset: was none

// ---- how 16 lanes are shared out: bits 12:7 of kGlobalParam0 ----
struct LaneGroup {
  std::uint8_t start = 0;
  std::uint8_t width = 0;
};
/// Links of a bifurcation mode in order of their number; empty where the mode is reserved.
[[nodiscard]] std::span<const LaneGroup> bifurcation(std::uint8_t mode);
/// The mode with these widths in order of lanes from 0; kNotFound where there is none.
[[nodiscard]] base::Result<std::uint8_t> bifurcation_of(std::span<const std::uint8_t> widths);
[[nodiscard]] std::uint8_t bifurcation_field(std::uint32_t global_param0);
[[nodiscard]] std::uint32_t with_bifurcation(std::uint32_t global_param0, std::uint8_t mode);
[[nodiscard]] std::uint8_t max_rate_field(std::uint32_t global_param0);  ///< 1 = Gen1
[[nodiscard]] std::uint32_t with_max_rate(std::uint32_t global_param0, std::uint8_t generation);

/// Which path carries a lane toward the device (even) or toward the host (odd), and its place
/// there.
[[nodiscard]] constexpr unsigned path_of(unsigned lane, bool toward_host) {
  return lane / 2 * 2 + (toward_host ? 1U : 0U);
}

// ---- eFuse ----
inline constexpr unsigned kEfuseBytes = 128;
inline constexpr unsigned kEfuseChipId = 0;  ///< 12 B
inline constexpr unsigned kEfuseChipIdBytes = 12;
inline constexpr unsigned kEfusePart = 12;  ///< [7:6] type [5:0] width; place modelled
inline constexpr unsigned kEfuseLot = 16;   ///< 6 B
inline constexpr unsigned kEfuseLotBytes = 6;
inline constexpr unsigned kEfuseCalibrationB = 32;  ///< + 4 slice
inline constexpr unsigned kEfuseCalibrationA = 34;
inline constexpr unsigned kEfuseFlags = 48;        ///< [2] calibrated
inline constexpr unsigned kEfusePageInvalid = 63;  ///< [7] use the bytes from 64 on
/// "PT5161L", as code and width say; empty where unknown.
[[nodiscard]] std::string_view part_name(std::uint8_t efuse_code);

}  // namespace weft::wire::retimer
