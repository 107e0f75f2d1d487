// SPDX-License-Identifier: Apache-2.0
// `weft firmware show` and `weft firmware update`: versions in a retimer or a module, and giving
// either a new image.
#pragma once

#include "cli/verb.h"

namespace weft::cli {

[[nodiscard]] VerbSpec firmware_show_verb();
[[nodiscard]] VerbSpec firmware_update_verb();

}  // namespace weft::cli
