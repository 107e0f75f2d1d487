// SPDX-License-Identifier: Apache-2.0
// The options of `weft up` that say whom its control plane tells, and when not to.
#pragma once

#include "cli/up_plane.h"
#include "cli/verb.h"

namespace weft::cli {

/// --notify, --notify-token, --notify-ca, --notify-level, --quiet-hours into `out`.
/// kInvalidArgument; kNotFound: the token's file.
[[nodiscard]] base::Result<void> read_notify_options(const Arguments& arguments,
                                                     UpPlaneOptions& out);

/// A secret from a file: its first line. kNotFound, kInvalidArgument where it is empty or has
/// characters that no header may have. What it says goes into no message.
[[nodiscard]] base::Result<std::string> read_token(const std::string& file);

}  // namespace weft::cli
