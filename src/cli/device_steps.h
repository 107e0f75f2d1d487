// SPDX-License-Identifier: Apache-2.0
// What the verbs that act on retimers and modules share: what serve/action/steps.h gives, the wrong
// kind of target, and undoing what an earlier verb that was killed left on this machine.
#pragma once

#include "cli/action_report.h"
#include "cli/place.h"
#include "serve/action/steps.h"

#include <string>
#include <string_view>

namespace weft::cli {

using serve::add_module_notes;
using serve::add_plan;
using serve::add_steps;
using serve::lanes_in_use;
using serve::open_retimer;
using serve::OpenRetimer;

/// kUsage's error where the verb is not for this kind of target.
[[nodiscard]] base::Error wrong_kind(const Place& place, std::string_view verb);

/// Puts back what killed soaks and margins left on this machine, and says so on standard error.
base::Result<void> recover_first(Place& place, const std::string& folder);

}  // namespace weft::cli
