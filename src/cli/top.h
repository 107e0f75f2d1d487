// SPDX-License-Identifier: Apache-2.0
// `weft top`: what is worst now, redrawn in a terminal.
#pragma once

#include "cli/verb.h"

namespace weft::cli {

[[nodiscard]] VerbSpec top_verb();

}  // namespace weft::cli
