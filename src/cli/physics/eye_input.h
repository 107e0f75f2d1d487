// SPDX-License-Identifier: Apache-2.0
// From the channel options of `weft eye` to the electrical segments whose eyes are computed.
#pragma once

#include "base/result.h"
#include "cli/physics/eye_report.h"
#include "cli/verb.h"

#include <string>
#include <vector>

namespace weft::cli {

struct EyeInput {
  std::vector<EyeSection> sections;  ///< at least one
  std::vector<std::string> notes;    ///< segments that have no electrical eye
};

[[nodiscard]] base::Result<EyeInput> eye_input(const Arguments& arguments);

/// The same arguments with another channel: a file, or a path as --path takes it.
[[nodiscard]] Arguments with_channel(const Arguments& arguments, const std::string& word);

}  // namespace weft::cli
