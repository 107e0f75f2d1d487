// SPDX-License-Identifier: Apache-2.0
// `weft rack locate`: a rack file with the match table of its twin's machines, so that whoever
// watches that twin (or a rack built and numbered alike) finds every planned device, port and link.
// `weft up` and tests make the text by located_text().
#pragma once

#include "base/result.h"
#include "cli/verb.h"
#include "fabric/model.h"

#include <string>
#include <string_view>

namespace weft::cli {

/// The rack file `text` with its top-level `match` replaced by that of `located`
/// (twin/plan/inventory.h). kInvalidArgument where the file's root is written in one line;
/// kInternal where reading the result back gives another table.
[[nodiscard]] base::Result<std::string> located_text(std::string_view text,
                                                     const fabric::Fabric& located);

[[nodiscard]] VerbSpec rack_locate_verb();

}  // namespace weft::cli
