// SPDX-License-Identifier: Apache-2.0
// `weft events`: what happened, as lines or JSON; follows what comes.
#pragma once

#include "cli/verb.h"

namespace weft::cli {

[[nodiscard]] VerbSpec events_verb();

}  // namespace weft::cli
