// SPDX-License-Identifier: Apache-2.0
// `weft import`: what other programs measured (Prometheus text, JSON lines, captures) into a store,
// or before the judge.
#pragma once

#include "cli/verb.h"

namespace weft::cli {

[[nodiscard]] VerbSpec import_verb();

}  // namespace weft::cli
