// SPDX-License-Identifier: Apache-2.0
// `weft channel show|check|cascade`: what a channel is, whether its data can be true, and several
// in a row as one. The engine is phy/channel; channel_input.h reads the options that say what the
// channel is, channel_report.h prints.
#pragma once

#include "cli/verb.h"

namespace weft::cli {

[[nodiscard]] VerbSpec channel_show_verb();
[[nodiscard]] VerbSpec channel_check_verb();
[[nodiscard]] VerbSpec channel_cascade_verb();

}  // namespace weft::cli
