// SPDX-License-Identifier: Apache-2.0
// The states and result codes of a CMIS module, with the names that the specification gives them:
// module state (6.3.2, table 8-5), data path state (6.3.3, table 8-84), configuration command
// status (table 8-91), fault causes (table 8-15), and SFF-8024's interface codes as far as this
// project's links use them.
#pragma once

#include "base/units.h"

#include <cstdint>
#include <string_view>

namespace weft::wire::cmis {

enum class ModuleState : std::uint8_t {
  kLowPwr = 1,
  kPwrUp = 2,
  kReady = 3,
  kPwrDn = 4,
  kFault = 5,
};
[[nodiscard]] std::string_view name(ModuleState state);  ///< "ModuleLowPwr"

enum class DataPathState : std::uint8_t {
  kDeactivated = 1,
  kInit = 2,
  kDeinit = 3,
  kActivated = 4,
  kTxTurnOn = 5,
  kTxTurnOff = 6,
  kInitialized = 7,
};
[[nodiscard]] std::string_view name(DataPathState state);  ///< "DPDeactivated"

enum class ConfigStatus : std::uint8_t {
  kUndefined = 0,
  kSuccess = 1,
  kRejected = 2,
  kRejectedInvalidAppSel = 3,
  kRejectedInvalidDataPath = 4,
  kRejectedInvalidSi = 5,
  kRejectedLanesInUse = 6,
  kRejectedPartialDataPath = 7,
  kInProgress = 12,
};
[[nodiscard]] std::string_view name(ConfigStatus status);  ///< "ConfigSuccess"

/// 00h:41.
enum class FaultCause : std::uint8_t {
  kNone = 0,
  kTecRunaway = 1,
  kDataMemory = 2,
  kProgramMemory = 3,
};

/// 00h:85.
enum class MediaType : std::uint8_t {
  kUndefined = 0,
  kMultimode = 1,
  kSinglemode = 2,
  kPassiveCopper = 3,
  kActiveCable = 4,
  kBaseT = 5,
};

/// SFF-8024 tables 4-5 to 4-9: an interface code and what it is called; empty where unknown.
[[nodiscard]] std::string_view host_interface_name(std::uint8_t code);
[[nodiscard]] std::string_view media_interface_name(MediaType type, std::uint8_t code);

/// A host interface of retimed lanes at this rate: 0x51 for eight lanes of 106.25 Gb/s; 0 where
/// SFF-8024 has none. 53.125, 106.25 and 212.5 Gb/s lanes, 25.78125 for four.
[[nodiscard]] std::uint8_t host_interface_of(base::TransferRate lane, base::LaneCount lanes);

}  // namespace weft::wire::cmis
