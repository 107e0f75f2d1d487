// SPDX-License-Identifier: Apache-2.0
// The verb `up`: brings a rack file to life, paces it, opens its doors and says what goes on.
#pragma once

#include "cli/verb.h"

namespace weft::cli {

[[nodiscard]] VerbSpec up_verb();

}  // namespace weft::cli
