// SPDX-License-Identifier: Apache-2.0
// `weft soak TARGET`: a test pattern over the lanes of a retimer or a module for some time, and
// what its checkers counted, with exact bounds. Everything that it changes is put back, also by
// weft undo after a kill.
#pragma once

#include "cli/verb.h"

namespace weft::cli {

[[nodiscard]] VerbSpec soak_verb();

}  // namespace weft::cli
