// SPDX-License-Identifier: Apache-2.0
// `weft sim collective`: what a collective costs on a rack, as a table shaped like nccl-tests',
// with the bound, the share of it that is reached and where the rest went. Only options and
// printing; sim/study.h answers.
#pragma once

#include "cli/verb.h"

namespace weft::cli {

[[nodiscard]] VerbSpec sim_collective_verb();

}  // namespace weft::cli
