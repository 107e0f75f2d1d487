// SPDX-License-Identifier: Apache-2.0
#include "twin/cable_module/quirk.h"

#include <algorithm>
#include <array>

namespace weft::twin::cable_module {

std::span<const QuirkRow> quirks() {
  static constexpr auto kRows = std::to_array<QuirkRow>({
      {Quirk::kNoPendingOnSame, "dp-init-pending-lost",
       "DPInitPending is not asserted where the applied AppSel is the active one."},
      {Quirk::kClearsForeignPending, "dp-init-pending-shared",
       "Initialising one data path clears DPInitPending of all others."},
      {Quirk::kSlowAfterDecommission, "decommission-slow",
       "ConfigInProgress stays for 150 to 200 ms after AppSel 0 was applied."},
      {Quirk::kConfigSticks, "config-sticks",
       "One configuration command in four stays in ConfigInProgress until the next one."},
      {Quirk::kLowPowerSticks, "low-power-sticks",
       "The module stays in ModuleLowPwr when low power was asked for twice within a second."},
      {Quirk::kSettingsLate, "settings-late",
       "Signal settings take effect late: the data path goes down again 10 s after activation."},
      {Quirk::kFlatNotSaid, "flat-not-said",
       "A module of flat memory does not set the flat memory bit."},
      {Quirk::kBreakoutCrosstalk, "breakout-crosstalk",
       "Configuring one data path initialises the other active ones anew."},
      {Quirk::kSingleNeverActivates, "single-lane-never-activates",
       "Data paths of one lane stay in DPInit for good."},
      {Quirk::kPoorTransient, "poor-transient",
       "Light that comes back after a flap begins poorly: far receivers may stay adapted to that."},
  });
  static_assert(kRows.size() == kQuirks);
  return kRows;
}

std::optional<Quirk> find_quirk(std::string_view key) {
  const auto it = std::ranges::find(quirks(), key, &QuirkRow::key);
  return it == quirks().end() ? std::nullopt : std::optional(it->quirk);
}

}  // namespace weft::twin::cable_module
