// SPDX-License-Identifier: Apache-2.0
// `weft sim fault`: what a degraded link costs a collective, or a model's step: before, after, and
// after rerouting, with the ranks that it touches. Only options and printing.
#pragma once

#include "cli/verb.h"

namespace weft::cli {

[[nodiscard]] VerbSpec sim_fault_verb();

}  // namespace weft::cli
