// SPDX-License-Identifier: Apache-2.0
// `weft rack check`, `weft rack show` and `weft rack diff`: rack files checked, shown and compared,
// with each other or with a machine. What a rack file is stands in fabric/rack.h; these verbs only
// print.
#pragma once

#include "cli/verb.h"

namespace weft::cli {

[[nodiscard]] VerbSpec rack_check_verb();
[[nodiscard]] VerbSpec rack_show_verb();
[[nodiscard]] VerbSpec rack_diff_verb();

}  // namespace weft::cli
