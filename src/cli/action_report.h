// SPDX-License-Identifier: Apache-2.0
// What verbs that act share on the command line: their options, and the outline of an action
// (serve/action/outline.h) printed.
#pragma once

#include "cli/place.h"
#include "serve/action/actions.h"
#include "serve/action/outline.h"

#include <string>
#include <string_view>

namespace weft::cli {

using serve::Outline;
using serve::outline_json;
using serve::outline_of;
using serve::outline_text;

inline constexpr OptionSpec kApplyOption = {
    "--apply", "", "Do it. Without it nothing is written: what would be is printed."};
inline constexpr OptionSpec kActionJsonOption = {
    "--json", "", "The result as JSON, schema weftline/action/1 (docs/formats/action.md)."};

/// What outline_text() says, and that nothing was written.
[[nodiscard]] std::string dry_run_text(const Outline& outline);

void print_text(const std::string& text);

/// All that weft link and weft device do after their words are read: exit status.
/// @param actions which there are, for who names none of them
int run_action(const Arguments& arguments, const serve::ActionRequest& request,
               std::string_view actions);

}  // namespace weft::cli
