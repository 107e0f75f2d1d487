// SPDX-License-Identifier: Apache-2.0
// 13h diagnostics control (8.11), 14h diagnostics results (8.12), 2Fh VDM control (8.19). What
// 14h:192-255 holds follows its selector: diagnostics.h.
#include "wire/cmis/register_rows.h"

#include <array>

namespace weft::wire::cmis::rows {

std::span<const Register> diagnostics() {
  using enum Access;
  static constexpr auto kRows = std::to_array<Register>({
      bits("SimultaneousHostAndMediaSideLoopbacks", 0x13, 128, 6, 6),
      bits("PerLaneMediaSideLoopbacks", 0x13, 128, 5, 5),
      bits("PerLaneHostSideLoopbacks", 0x13, 128, 4, 4),
      bits("HostSideInputLoopbackSupported", 0x13, 128, 3, 3),
      bits("HostSideOutputLoopbackSupported", 0x13, 128, 2, 2),
      bits("MediaSideInputLoopbackSupported", 0x13, 128, 1, 1),
      bits("MediaSideOutputLoopbackSupported", 0x13, 128, 0, 0),
      byte("DiagnosticsMeasurementCapabilities", 0x13, 129),
      byte("DiagnosticReportingCapabilities", 0x13, 130),
      byte("PatternLocations", 0x13, 131),
      bytes("HostSideGeneratorPatterns", 0x13, 132, 2),
      bytes("MediaSideGeneratorPatterns", 0x13, 134, 2),
      bytes("HostSideCheckerPatterns", 0x13, 136, 2),
      bytes("MediaSideCheckerPatterns", 0x13, 138, 2),
      byte("PatternOptions", 0x13, 140),
      byte("PatternSwapInvertCapabilities", 0x13, 141),
      byte("PerLanePatternCapabilities", 0x13, 142),
      lane_bits("HostSideGeneratorEnable", 0x13, 144, kReadWrite),
      lane_bits("HostSideGeneratorInvert", 0x13, 145, kReadWrite),
      lane_bits("HostSideGeneratorSwap", 0x13, 146, kReadWrite),
      lane_bits("HostSideGeneratorPreFEC", 0x13, 147, kReadWrite),
      lane_nibbles("HostSideGeneratorPattern", 0x13, 148, kReadWrite),
      lane_bits("MediaSideGeneratorEnable", 0x13, 152, kReadWrite),
      lane_bits("MediaSideGeneratorInvert", 0x13, 153, kReadWrite),
      lane_bits("MediaSideGeneratorSwap", 0x13, 154, kReadWrite),
      lane_bits("MediaSideGeneratorPreFEC", 0x13, 155, kReadWrite),
      lane_nibbles("MediaSideGeneratorPattern", 0x13, 156, kReadWrite),
      lane_bits("HostSideCheckerEnable", 0x13, 160, kReadWrite),
      lane_bits("HostSideCheckerInvert", 0x13, 161, kReadWrite),
      lane_bits("HostSideCheckerSwap", 0x13, 162, kReadWrite),
      lane_bits("HostSideCheckerPostFEC", 0x13, 163, kReadWrite),
      lane_nibbles("HostSideCheckerPattern", 0x13, 164, kReadWrite),
      lane_bits("MediaSideCheckerEnable", 0x13, 168, kReadWrite),
      lane_bits("MediaSideCheckerInvert", 0x13, 169, kReadWrite),
      lane_bits("MediaSideCheckerSwap", 0x13, 170, kReadWrite),
      lane_bits("MediaSideCheckerPostFEC", 0x13, 171, kReadWrite),
      lane_nibbles("MediaSideCheckerPattern", 0x13, 172, kReadWrite),
      byte("GeneratorClockSources", 0x13, 176, kReadWrite),
      bits("StartStopIsGlobal", 0x13, 177, 7, 7, kReadWrite),
      bits("ResetErrorInformation", 0x13, 177, 5, 5, kReadWrite),
      bits("AutoRestartGating", 0x13, 177, 4, 4, kReadWrite),
      bits("MeasurementTime", 0x13, 177, 3, 1, kReadWrite),
      bits("UpdatePeriodSelect", 0x13, 177, 0, 0, kReadWrite),
      byte("CheckerClockSources", 0x13, 178, kReadWrite),
      lane_bits("MediaSideOutputLoopbackEnable", 0x13, 180, kReadWrite),
      lane_bits("MediaSideInputLoopbackEnable", 0x13, 181, kReadWrite),
      lane_bits("HostSideOutputLoopbackEnable", 0x13, 182, kReadWrite),
      lane_bits("HostSideInputLoopbackEnable", 0x13, 183, kReadWrite),
      bytes("HostScratchpad", 0x13, 184, 8, kReadWrite),
      bytes("Custom13h", 0x13, 196, 10, kReadWrite),
      bytes("DiagnosticsFlagMasks", 0x13, 206, 8, kReadWrite),
      bytes("UserPattern", 0x13, 224, 32, kReadWrite),
      byte("DiagnosticsSelector", 0x14, 128, kReadWrite),
      bytes("DiagnosticsFlags", 0x14, 132, 2, kClearOnRead),
      lane_bits("HostPatternCheckGatingCompleteFlag", 0x14, 134, kClearOnRead),
      lane_bits("MediaPatternCheckGatingCompleteFlag", 0x14, 135, kClearOnRead),
      lane_bits("HostPatternGeneratorLOLFlag", 0x14, 136, kClearOnRead),
      lane_bits("MediaPatternGeneratorLOLFlag", 0x14, 137, kClearOnRead),
      lane_bits("HostPatternCheckerLOLFlag", 0x14, 138, kClearOnRead),
      lane_bits("MediaPatternCheckerLOLFlag", 0x14, 139, kClearOnRead),
      bytes("DiagnosticsData", 0x14, 192, 64),
      bits("VDMGroupsSupported", 0x2F, 128, 1, 0),
      word("VDMFineIntervalLength", 0x2F, 129),
      bits("VDMFreezeRequest", 0x2F, 144, 7, 7, kReadWrite),
      bits("VDMPowerSaving", 0x2F, 144, 6, 6, kReadWrite),
      bits("VDMFreezeDone", 0x2F, 145, 7, 7),
      bits("VDMUnfreezeDone", 0x2F, 145, 6, 6),
  });
  return kRows;
}

}  // namespace weft::wire::cmis::rows
