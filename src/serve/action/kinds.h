// SPDX-License-Identifier: Apache-2.0
// The tables of actions by what they act on, and how each is planned; for actions.cpp. One more
// action on a link: a row in link_actions.cpp, and what it writes in driver/pcie_plan.cpp. On a
// module: a row in device_actions.cpp.
#pragma once

#include "driver/module_control.h"
#include "driver/pcie_plan.h"
#include "serve/action/actions.h"

#include <cstdint>
#include <span>
#include <string_view>

namespace weft::serve::action_rows {

struct LinkRow {
  std::string_view name;  ///< "link retrain"
  driver::PcieAction action;
};
[[nodiscard]] std::span<const LinkRow> link_rows();
/// The action's value as plan_pcie() takes it; 0 where it has none.
[[nodiscard]] base::Result<std::uint32_t> link_value(const ActionRequest& request);

struct ModuleRow {
  std::string_view name;      ///< "device restart"
  std::string_view disturbs;  ///< as driver::disturbs() knows it
  base::Result<void> (*act)(driver::ModuleControl& control, std::uint8_t lanes);
  bool is_of_retimers = false;
  bool lasts = false;
  bool takes_lanes = false;
  bool needs_lanes = false;
  std::string_view undo;
};
[[nodiscard]] std::span<const ModuleRow> module_rows();

[[nodiscard]] base::Result<PlannedAction> plan_link(ActionPlace& place,
                                                    const ActionRequest& request);
[[nodiscard]] base::Result<PlannedAction> plan_device(ActionPlace& place,
                                                      const ActionRequest& request);

}  // namespace weft::serve::action_rows
