// SPDX-License-Identifier: Apache-2.0
// `weft scan`: the read-only truth about a machine's links. This file only gathers, asks diagnose/
// and prints; scan_text.h and scan_json.h hold the two ways to print.
#pragma once

#include "cli/verb.h"

namespace weft::cli {

[[nodiscard]] VerbSpec scan_verb();

}  // namespace weft::cli
