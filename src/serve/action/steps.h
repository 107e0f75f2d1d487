// SPDX-License-Identifier: Apache-2.0
// What actions on retimers and modules share: opening the target, and what a driver's plan says put
// into an outline.
#pragma once

#include "driver/module_control.h"
#include "driver/retimer_bus.h"
#include "driver/retimer_plan.h"
#include "serve/action/outline.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace weft::serve {

/// A retimer and the bus that it is on.
struct OpenRetimer {
  std::unique_ptr<bus::Smbus> bus;
  std::unique_ptr<driver::RetimerBus> retimer;
};
[[nodiscard]] base::Result<OpenRetimer> open_retimer(const ActionPlace& place);

void add_plan(Outline& outline, const driver::RetimerPlan& plan);
/// Steps as ModuleControl gives them, with what stands there now.
void add_steps(Outline& outline, bus::ModuleMemory& memory, const std::vector<std::string>& steps);
/// What Linux does not let anybody do, said before it is tried.
void add_module_notes(Outline& outline, const ActionPlace& place);

/// A module's lanes as a mask: these, or without any those that an application uses.
[[nodiscard]] base::Result<std::uint8_t> lanes_in_use(bus::ModuleMemory& memory,
                                                      const std::vector<unsigned>& lanes);

}  // namespace weft::serve
