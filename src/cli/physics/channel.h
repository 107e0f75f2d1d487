// SPDX-License-Identifier: Apache-2.0
// `weft channel show|check|cascade|fit`: what a channel is, whether its data can be true, several
// in a row as one, and a model of poles and delays (channel_fit.cpp). The engine is phy/channel;
// channel_input.h reads the options that say what the channel is, channel_report.h prints.
#pragma once

#include "cli/verb.h"

namespace weft::cli {

[[nodiscard]] VerbSpec channel_show_verb();
[[nodiscard]] VerbSpec channel_check_verb();
[[nodiscard]] VerbSpec channel_cascade_verb();
[[nodiscard]] VerbSpec channel_fit_verb();

}  // namespace weft::cli
