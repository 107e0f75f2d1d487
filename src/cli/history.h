// SPDX-License-Identifier: Apache-2.0
// `weft history`: how a metric went, as plot, table, JSON or CSV.
#pragma once

#include "cli/verb.h"

namespace weft::cli {

[[nodiscard]] VerbSpec history_verb();

}  // namespace weft::cli
