// SPDX-License-Identifier: Apache-2.0
// `weft undo`: what actions left changed, by their journals (driver/journal.h), and putting it
// back.
#pragma once

#include "base/result.h"
#include "cli/place.h"
#include "cli/verb.h"
#include "driver/journal.h"

namespace weft::cli {

[[nodiscard]] VerbSpec undo_verb();

/// Writes a journal's old values back on its machine, whatever doors they came through, and removes
/// it. What cannot be put back stays in it, and the first such error is given.
base::Result<void> put_back(driver::Journal& journal, Place& place);

}  // namespace weft::cli
