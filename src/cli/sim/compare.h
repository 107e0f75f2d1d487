// SPDX-License-Identifier: Apache-2.0
// `weft sim compare`: the same collective on several racks, in several states, by several
// algorithms, side by side. Only options and printing; sim/study.h answers.
#pragma once

#include "cli/verb.h"

namespace weft::cli {

[[nodiscard]] VerbSpec sim_compare_verb();

}  // namespace weft::cli
