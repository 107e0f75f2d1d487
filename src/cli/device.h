// SPDX-License-Identifier: Apache-2.0
// `weft device ACTION TARGET`: reset, restart, power and lanes of a retimer or cable module.
#pragma once

#include "cli/verb.h"

namespace weft::cli {

[[nodiscard]] VerbSpec device_verb();

}  // namespace weft::cli
