// SPDX-License-Identifier: Apache-2.0
// The public register map of PT4/PT5-class retimers: addresses by the names that the vendor's SDK
// (aries_a0_reg_defines.h, aries_api.c) and the mainline driver pt5161l use, in 17-bit space.
// Drivers and twins name registers by these constants; describe() says what one is, for dumps and
// errors.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace weft::wire::retimer {

inline constexpr std::uint16_t kVendorId = 0x1DFA;

// ---- direct registers ----
inline constexpr std::uint32_t kGlobalParam0 = 0x000;  ///< 4 B: bifurcation 12:7, max rate 26:24
inline constexpr std::uint32_t kGlobalParam1 = 0x004;  ///< 4 B: vendor 31:16, device 15:8, rev 7:0
inline constexpr std::uint32_t kGlobalErrorMask2 = 0x00E;  ///< [1] reload on SBR [2] over-temp
inline constexpr std::uint32_t kGlobalParam4 = 0x010;      ///< [8] port orientation
inline constexpr std::uint32_t kEepromBlockWide = 0x410;   ///< 16 B, FW before 1.24
inline constexpr std::uint32_t kThermalShutdownEnable = 0x420;
inline constexpr std::uint32_t kTemperatureAllTimeMax = 0x424;
inline constexpr std::uint32_t kTemperatureMax = 0x428;
inline constexpr std::uint32_t kTemperatureAverage = 0x42C;
inline constexpr std::uint32_t kHardwareReset = 0x600;
inline constexpr std::uint32_t kSoftwareReset = 0x602;
inline constexpr std::uint32_t kPerstN = 0x604;  ///< bit n: link n, 0 asserts
inline constexpr std::uint32_t kCodeLoad = 0x605;
inline constexpr std::uint32_t kEfuseControl = 0x8EC;  ///< 5 B
inline constexpr std::uint32_t kEfuseAddress = 0x8F6;  ///< [7] load
inline constexpr std::uint32_t kEfuseData = 0x8F7;
inline constexpr std::uint32_t kGpioIn = 0x915;
inline constexpr std::uint32_t kGpioOut = 0x916;
inline constexpr std::uint32_t kGpioDirection = 0x917;  ///< 1: input
inline constexpr std::uint32_t kEepromAssistCommand = 0x920;
inline constexpr std::uint32_t kStatusClear = 0x921;
inline constexpr std::uint32_t kStatus = 0x922;  ///< [0] the firmware cleared a stuck I2C target
inline constexpr std::uint32_t kHeartbeat = 0x923;
inline constexpr std::uint32_t kRevisionStep = 0x924;  ///< [0] B0, where kRevision is 0x64
inline constexpr std::uint32_t kRevision = 0x949;
inline constexpr std::uint32_t kMasterRegister = 0xD04;  ///< which register of the I2C master
inline constexpr std::uint32_t kMasterData = 0xD05;      ///< 4 B
inline constexpr std::uint32_t kMasterCommand = 0xD09;   ///< [0] go
inline constexpr std::uint32_t kMasterInit = 0xD0A;      ///< bit-bang mode
inline constexpr std::uint32_t kMasterBitBang = 0xD0B;   ///< [1] SDA [0] SCL
inline constexpr std::uint32_t kAssistAddress = 0xD99;   ///< 2 B, or 3 with kAssistPath
inline constexpr std::uint32_t kAssistPath = 0xD9B;      ///< [7:4] path
inline constexpr std::uint32_t kAssistData = 0xD9C;
inline constexpr std::uint32_t kAssistCommand = 0xD9D;  ///< reads 0 when done
inline constexpr std::uint32_t kAssistStatus = 0xD9E;   ///< second byte of a PMA word
inline constexpr std::uint32_t kSpare0 = 0xD9F;         ///< 3 B of address, then 5 B of data
inline constexpr std::uint32_t kSpare3 = 0xDA2;
inline constexpr std::uint32_t kEepromBlock = 0x88E7;  ///< 32 B, FW 1.24 and later

inline constexpr std::uint8_t kCodeLoaded = 0x0E;
inline constexpr std::uint16_t kHardwareResetAll = 0x06FF;
inline constexpr std::uint16_t kResetMainMicro = 0x0400;
inline constexpr std::uint16_t kResetI2cMaster = 0x0200;

/// The main micro's mailbox. Wide registers: width w (2 to 5) reads by kReadWide2 + w - 2.
enum class Assist : std::uint8_t {
  kReadPma0 = 0x06,
  kReadPma1 = 0x07,
  kWritePma0 = 0x0F,
  kWritePma1 = 0x10,
  kWritePmaBoth = 0x11,
  kReadSram = 0x16,
  kWriteSram = 0x17,
  kReadWide2 = 0x1D,
  kWriteWide2 = 0x21,
};

/// EEPROM through the main micro; or-ed with kEepromAssistModifier for the 32-byte block.
enum class EepromAssist : std::uint8_t {
  kWrite = 1,
  kWriteEnd = 2,
  kReadEnd = 3,
  kRead = 4,
  kChecksum = 16,
  kChecksumPartial = 17,
};
inline constexpr std::uint8_t kEepromAssistModifier = 0x80;
inline constexpr std::size_t kEepromBlockWideBytes = 16;
inline constexpr std::size_t kEepromBlockBytes = 32;

// ---- quad slices: 4 path wrappers each; a wrapper serves two lanes in one direction ----
inline constexpr std::uint32_t kQuadSlice = 0x4000;
inline constexpr std::uint32_t kQuadSliceStride = 0x4000;
inline constexpr std::uint32_t kPathStride = 0x1000;
inline constexpr std::uint32_t kPathLaneState = 0x0B7;  // offsets in a wrapper
inline constexpr std::uint32_t kPathSram = 0x200;       ///< indirect window
inline constexpr std::uint32_t kPathPac = 0x400;        ///< in the slice's first: PMA words
inline constexpr std::uint32_t kPathGlobal = 0x600;
inline constexpr std::uint32_t kPathRate = 0x60E;  ///< [2:0] 0 = Gen1
inline constexpr std::uint32_t kPathNextState = 0x61D;
inline constexpr std::uint32_t kPathLane = 0x800;
inline constexpr std::uint32_t kPathLaneStride = 0x400;
inline constexpr std::uint32_t kLaneNumber = 0x006;  // offsets in a path's lane
inline constexpr std::uint32_t kLaneTermination = 0x0D8;
inline constexpr std::uint32_t kLaneTxDeemphasis = 0x11C;  ///< 3 B, [18] overrides
inline constexpr std::uint32_t kLanePolarity = 0x121;
inline constexpr std::uint32_t kLaneDeskewClocks = 0x160;
inline constexpr std::uint32_t kLaneDeskewStatus = 0x161;
inline constexpr std::uint32_t kLaneTxDeemphasisSeen = 0x17C;  ///< pre 5:0, main 11:6, post 17:12
inline constexpr std::uint32_t kLaneFomFeedback = 0x18C;
inline constexpr std::uint8_t kLaneForwarding = 0x13;
inline constexpr unsigned kPaths = 16;
[[nodiscard]] constexpr std::uint32_t path_base(unsigned path) {
  return kQuadSlice + path * kPathStride;
}

// ---- PMA words: 16 bits, per side and slice; lanes 0x200 apart ----
inline constexpr std::uint16_t kPmaLaneStride = 0x200;
inline constexpr std::uint16_t kPmaTxOverride = 0x1001;
inline constexpr std::uint16_t kPmaTxState = 0x100D;
inline constexpr std::uint16_t kPmaRxOverride0 = 0x1017;
inline constexpr std::uint16_t kPmaRxOverride3 = 0x101A;  ///< [7] override [6] termination
inline constexpr std::uint16_t kPmaRxIn0 = 0x1028;
inline constexpr std::uint16_t kPmaRxIn1 = 0x1029;   ///< [2] termination
inline constexpr std::uint16_t kPmaRxOut0 = 0x1033;  ///< [2] signal [1] valid
inline constexpr std::uint16_t kPmaTxBert = 0x1072;  ///< [3:0] pattern [4] inject an error
inline constexpr std::uint16_t kPmaRxBert = 0x108C;  ///< [3:0] pattern [4] sync
inline constexpr std::uint16_t kPmaRxBertErrors = 0x108D;
inline constexpr std::uint16_t kPmaAttenuator = 0x10AB;
inline constexpr std::uint16_t kPmaVga = 0x10AC;
inline constexpr std::uint16_t kPmaCtle = 0x10AD;
inline constexpr std::uint16_t kPmaDfe1 = 0x10AE;           ///< to 5: 0x10B2
inline constexpr std::uint16_t kPmaDfe6 = 0x10CE;           ///< to 8: 0x10D0
inline constexpr std::uint16_t kPmaTimingOffset = 0x200C;   ///< [11:5] value [12] enable
inline constexpr std::uint16_t kPmaRxPcsOut = 0x2019;       ///< [0] acknowledge
inline constexpr std::uint16_t kPmaFom = 0x201B;            ///< [7:0]
inline constexpr std::uint16_t kPmaMarginRequest = 0x2020;  ///< [5] override [4] request
inline constexpr std::uint16_t kPmaVoltageOffset =
    0x203A;                                                ///< [10:2] [11] en [13:12] run [1:0] clr
inline constexpr std::uint16_t kPmaMarginErrors = 0x212D;  ///< [5:0]

struct RegisterRow {
  std::uint32_t address;
  std::uint8_t bytes;
  bool is_writable;
  std::string_view name;
  std::string_view help;
};
/// The direct registers of the page 0 to 0xFFF, in order.
[[nodiscard]] std::span<const RegisterRow> registers();
/// The one that `address` belongs to; nullptr where nothing public is known.
[[nodiscard]] const RegisterRow* describe(std::uint32_t address);

}  // namespace weft::wire::retimer
