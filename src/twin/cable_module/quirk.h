// SPDX-License-Identifier: Apache-2.0
// Misbehaviour that real hosts met in real modules, each off unless Quantity::kQuirk of its number
// is on for the module. Adding one more: an enumerator, a row in quirk.cpp, its effect where the
// state machines ask is_quirk().
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace weft::twin::cable_module {

/// The number is the `sub` of Quantity::kQuirk.
enum class Quirk : std::uint32_t {
  kNoPendingOnSame = 1,    ///< DPInitPending not asserted again for an unchanged application
  kClearsForeignPending,   ///< initialising one data path clears the others' DPInitPending
  kSlowAfterDecommission,  ///< 150 to 200 ms of ConfigInProgress after AppSel 0
  kConfigSticks,           ///< one configuration in four stays ConfigInProgress
  kLowPowerSticks,         ///< stays in ModuleLowPwr after a bulk flap of low power
  kSettingsLate,           ///< applies signal settings late: a second flap 10 s later
  kFlatNotSaid,            ///< flat memory that does not say so
  kBreakoutCrosstalk,      ///< configuring one data path initialises the others anew
  kSingleNeverActivates,   ///< data paths of one lane never leave DPInit
  kPoorTransient,          ///< far receivers adapt to how its light comes back after a flap
};
inline constexpr std::uint32_t kQuirks = 10;

struct QuirkRow {
  Quirk quirk;
  std::string_view key;  ///< "dp-init-pending-lost", as scenario files write it
  std::string_view help;
};
[[nodiscard]] std::span<const QuirkRow> quirks();
[[nodiscard]] std::optional<Quirk> find_quirk(std::string_view key);

}  // namespace weft::twin::cable_module
