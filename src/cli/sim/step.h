// SPDX-License-Identifier: Apache-2.0
// `weft sim step`: what a model's step costs on a rack, by where the time goes. Only options and
// printing; sim/step.h answers.
#pragma once

#include "cli/verb.h"

namespace weft::cli {

[[nodiscard]] VerbSpec sim_step_verb();

}  // namespace weft::cli
