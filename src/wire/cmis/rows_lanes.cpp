// SPDX-License-Identifier: Apache-2.0
// 10h lane and data path control (8.8), 11h lane and data path status (8.10). Both are banked: a
// bank holds eight lanes.
#include "wire/cmis/register_rows.h"

#include <array>

namespace weft::wire::cmis::rows {

std::span<const Register> lanes() {
  using enum Access;
  static constexpr auto kRows = std::to_array<Register>({
      // ---- 10h: direct effect ----
      lane_bits("DPDeinitLane", 0x10, 128, kReadWrite),
      lane_bits("InputPolarityFlipTx", 0x10, 129, kReadWrite),
      lane_bits("OutputDisableTx", 0x10, 130, kReadWrite),
      lane_bits("AutoSquelchDisableTx", 0x10, 131, kReadWrite),
      lane_bits("OutputSquelchForceTx", 0x10, 132, kReadWrite),
      lane_bits("AdaptiveInputEqFreezeTx", 0x10, 134, kReadWrite),
      bytes("AdaptiveInputEqStoreTx", 0x10, 135, 2, kWriteOnly),
      lane_bits("OutputPolarityFlipRx", 0x10, 137, kReadWrite),
      lane_bits("OutputDisableRx", 0x10, 138, kReadWrite),
      lane_bits("AutoSquelchDisableRx", 0x10, 139, kReadWrite),
      // ---- 10h: staged control set 0 ----
      lane_bits("SCS0ApplyDPInit", 0x10, 143, kSelfClears),
      lane_bits("SCS0ApplyImmediate", 0x10, 144, kSelfClears),
      bytes("SCS0DPConfig", 0x10, 145, 8, kReadWrite),
      lane_bits("SCS0AdaptiveInputEqEnableTx", 0x10, 153, kReadWrite),
      bytes("SCS0AdaptiveInputEqRecallTx", 0x10, 154, 2, kReadWrite),
      lane_nibbles("SCS0FixedInputEqTargetTx", 0x10, 156, kReadWrite),
      lane_bits("SCS0CDREnableTx", 0x10, 160, kReadWrite),
      lane_bits("SCS0CDREnableRx", 0x10, 161, kReadWrite),
      lane_nibbles("SCS0OutputEqPreCursorTargetRx", 0x10, 162, kReadWrite),
      lane_nibbles("SCS0OutputEqPostCursorTargetRx", 0x10, 166, kReadWrite),
      lane_nibbles("SCS0OutputAmplitudeTargetRx", 0x10, 170, kReadWrite),
      // ---- 10h: staged control set 1 ----
      lane_bits("SCS1ApplyDPInit", 0x10, 178, kSelfClears),
      lane_bits("SCS1ApplyImmediate", 0x10, 179, kSelfClears),
      bytes("SCS1DPConfig", 0x10, 180, 8, kReadWrite),
      lane_bits("SCS1AdaptiveInputEqEnableTx", 0x10, 188, kReadWrite),
      bytes("SCS1AdaptiveInputEqRecallTx", 0x10, 189, 2, kReadWrite),
      lane_nibbles("SCS1FixedInputEqTargetTx", 0x10, 191, kReadWrite),
      lane_bits("SCS1CDREnableTx", 0x10, 195, kReadWrite),
      lane_bits("SCS1CDREnableRx", 0x10, 196, kReadWrite),
      lane_nibbles("SCS1OutputEqPreCursorTargetRx", 0x10, 197, kReadWrite),
      lane_nibbles("SCS1OutputEqPostCursorTargetRx", 0x10, 201, kReadWrite),
      lane_nibbles("SCS1OutputAmplitudeTargetRx", 0x10, 205, kReadWrite),
      // ---- 10h: masks of 11h:134-153 ----
      bytes("LaneFlagMasks", 0x10, 213, 20, kReadWrite),
      bytes("Custom10h", 0x10, 240, 16, kReadWrite),
      // ---- 11h ----
      lane_nibbles("DPStateHostLane", 0x11, 128, kReadOnly),
      lane_bits("OutputStatusRx", 0x11, 132, kReadOnly),
      lane_bits("OutputStatusTx", 0x11, 133, kReadOnly),
      lane_bits("DPStateChangedFlag", 0x11, 134, kClearOnRead),
      lane_bits("FailureFlagTx", 0x11, 135, kClearOnRead),
      lane_bits("LOSFlagTx", 0x11, 136, kClearOnRead),
      lane_bits("CDRLOLFlagTx", 0x11, 137, kClearOnRead),
      lane_bits("AdaptiveInputEqFailFlagTx", 0x11, 138, kClearOnRead),
      lane_bits("OpticalPowerHighAlarmFlagTx", 0x11, 139, kClearOnRead),
      lane_bits("OpticalPowerLowAlarmFlagTx", 0x11, 140, kClearOnRead),
      lane_bits("OpticalPowerHighWarningFlagTx", 0x11, 141, kClearOnRead),
      lane_bits("OpticalPowerLowWarningFlagTx", 0x11, 142, kClearOnRead),
      lane_bits("LaserBiasHighAlarmFlagTx", 0x11, 143, kClearOnRead),
      lane_bits("LaserBiasLowAlarmFlagTx", 0x11, 144, kClearOnRead),
      lane_bits("LaserBiasHighWarningFlagTx", 0x11, 145, kClearOnRead),
      lane_bits("LaserBiasLowWarningFlagTx", 0x11, 146, kClearOnRead),
      lane_bits("LOSFlagRx", 0x11, 147, kClearOnRead),
      lane_bits("CDRLOLFlagRx", 0x11, 148, kClearOnRead),
      lane_bits("OpticalPowerHighAlarmFlagRx", 0x11, 149, kClearOnRead),
      lane_bits("OpticalPowerLowAlarmFlagRx", 0x11, 150, kClearOnRead),
      lane_bits("OpticalPowerHighWarningFlagRx", 0x11, 151, kClearOnRead),
      lane_bits("OpticalPowerLowWarningFlagRx", 0x11, 152, kClearOnRead),
      lane_bits("OutputStatusChangedFlagRx", 0x11, 153, kClearOnRead),
      lane_words("OpticalPowerTx", 0x11, 154, Coding::kMilliwatts),
      lane_words("LaserBiasTx", 0x11, 170, Coding::kMilliamps),
      lane_words("OpticalPowerRx", 0x11, 186, Coding::kMilliwatts),
      lane_nibbles("ConfigStatusLane", 0x11, 202, kReadOnly),
      bytes("ACSDPConfig", 0x11, 206, 8),
      lane_bits("ACSAdaptiveInputEqEnableTx", 0x11, 214, kReadOnly),
      bytes("ACSAdaptiveInputEqRecalledTx", 0x11, 215, 2),
      lane_nibbles("ACSFixedInputEqTargetTx", 0x11, 217, kReadOnly),
      lane_bits("ACSCDREnableTx", 0x11, 221, kReadOnly),
      lane_bits("ACSCDREnableRx", 0x11, 222, kReadOnly),
      lane_nibbles("ACSOutputEqPreCursorTargetRx", 0x11, 223, kReadOnly),
      lane_nibbles("ACSOutputEqPostCursorTargetRx", 0x11, 227, kReadOnly),
      lane_nibbles("ACSOutputAmplitudeTargetRx", 0x11, 231, kReadOnly),
      lane_bits("DPInitPendingLane", 0x11, 235, kReadOnly),
      bytes("MediaLaneToWavelengthTx", 0x11, 240, 8),
      bytes("MediaLaneToWavelengthRx", 0x11, 248, 8),
  });
  return kRows;
}

}  // namespace weft::wire::cmis::rows
