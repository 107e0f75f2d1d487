// SPDX-License-Identifier: Apache-2.0
// `weft undo`: what actions left changed, by their journals (driver/journal.h), and putting it
// back.
#pragma once

#include "cli/verb.h"

namespace weft::cli {

[[nodiscard]] VerbSpec undo_verb();

}  // namespace weft::cli
