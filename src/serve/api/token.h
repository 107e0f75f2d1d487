// SPDX-License-Identifier: Apache-2.0
// The secret that clients must know where one is set: read from a file that is its owner's alone,
// compared in a time that tells nothing of it, never printed or logged.
#pragma once

#include "base/result.h"

#include <string>
#include <string_view>

namespace weft::serve {

/// The file's only line. kInvalidArgument: shorter than 16 or longer than 256 characters, or with
/// others than RFC 6750 allows; kPermissionDenied: others than its owner can read it; kNotFound.
[[nodiscard]] base::Result<std::string> read_token(const std::string& path);

/// Whether an Authorization value ("Bearer …", RFC 6750) carries it. Time depends on the lengths.
[[nodiscard]] bool carries_token(std::string_view authorization, std::string_view token);

}  // namespace weft::serve
