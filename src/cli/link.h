// SPDX-License-Identifier: Apache-2.0
// `weft link ACTION TARGET [VALUE]`: retrain, speed, width, disable, enable and reset of a link,
// with what is at its ends. See docs/formats/action.md for its JSON.
#pragma once

#include "cli/verb.h"

namespace weft::cli {

[[nodiscard]] VerbSpec link_verb();

}  // namespace weft::cli
