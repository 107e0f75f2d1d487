// SPDX-License-Identifier: Apache-2.0
// Completion scripts for bash, zsh and fish, made from the verb tables: verbs, their sub-verbs,
// their options; file names where a value is asked for. The scripts are static text: completing
// never runs weft.
#pragma once

#include "base/result.h"
#include "cli/help.h"

#include <string>
#include <string_view>

namespace weft::cli {

/// The script for `shell` ("bash", "zsh", "fish"). Errors: kInvalidArgument for other shells.
[[nodiscard]] base::Result<std::string> completion_script(const Program& program,
                                                          std::string_view shell);

}  // namespace weft::cli
