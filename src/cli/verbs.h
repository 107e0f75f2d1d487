// SPDX-License-Identifier: Apache-2.0
// The one table of verbs. main.cpp gives it whole to run_program; readonly_main.cpp gives the part
// that only reads. Adding a verb: a file pair src/cli/<verb>.{h,cpp} and one line in verbs.cpp.
#pragma once

#include "cli/verb.h"

#include <span>
#include <vector>

namespace weft::cli {

/// Every verb, in the order in which help lists them.
[[nodiscard]] std::span<const VerbSpec> verbs();

/// Those that only read (`VerbSpec::is_read_only`), in the same order.
[[nodiscard]] std::span<const VerbSpec> read_only_verbs();

}  // namespace weft::cli
