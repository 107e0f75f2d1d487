// SPDX-License-Identifier: Apache-2.0
// `weft eye`: the statistical eye of a channel under a link set-up, as text, picture, JSON and CSV.
// Channels come from channel_input.h, numbers from eye_report.h.
#pragma once

#include "cli/verb.h"

namespace weft::cli {

[[nodiscard]] VerbSpec eye_verb();

}  // namespace weft::cli
