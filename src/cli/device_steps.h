// SPDX-License-Identifier: Apache-2.0
// What the verbs that act on retimers and modules share: opening the target, what a driver's plan
// says put into an outline, and undoing what an earlier verb that was killed left on this machine.
#pragma once

#include "cli/action_report.h"
#include "cli/place.h"
#include "driver/module_control.h"
#include "driver/retimer_bus.h"
#include "driver/retimer_plan.h"

#include <memory>
#include <string>
#include <vector>

namespace weft::cli {

/// A retimer and the bus that it is on.
struct OpenRetimer {
  std::unique_ptr<bus::Smbus> bus;
  std::unique_ptr<driver::RetimerBus> retimer;
};
[[nodiscard]] base::Result<OpenRetimer> open_retimer(const Place& place);

/// kUsage's error where the verb is not for this kind of target.
[[nodiscard]] base::Error wrong_kind(const Place& place, std::string_view verb);

void add_plan(Outline& outline, const driver::RetimerPlan& plan);
/// Steps as ModuleControl gives them, with what stands there now.
void add_steps(Outline& outline, bus::ModuleMemory& memory, const std::vector<std::string>& steps);
/// What Linux does not let anybody do, said before it is tried.
void add_module_notes(Outline& outline, const Place& place);

/// A module's lanes as a mask: these, or without any those that an application uses.
[[nodiscard]] base::Result<std::uint8_t> lanes_in_use(bus::ModuleMemory& memory,
                                                      const std::vector<unsigned>& lanes);

/// Puts back what killed soaks and margins left on this machine, and says so on standard error.
base::Result<void> recover_first(Place& place, const std::string& folder);

}  // namespace weft::cli
