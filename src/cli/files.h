// SPDX-License-Identifier: Apache-2.0
// Files that verbs read and write whole; "-" is standard input and output.
#pragma once

#include "base/result.h"

#include <string>
#include <string_view>

namespace weft::cli {

/// The whole of a text file of at most a megabyte; "-" is standard input.
[[nodiscard]] base::Result<std::string> small_file(const std::string& path);
/// Writes a file, or standard output for "-".
[[nodiscard]] base::Result<void> write_output(const std::string& path, std::string_view bytes);

}  // namespace weft::cli
