// SPDX-License-Identifier: Apache-2.0
// JSON lines as looks at machines: samples as `weft export --json-lines` writes them, events as
// `weft events --json --follow` does, marks of operators. docs/formats/import.md. A line that is
// wrong is told with its number, and the rest is read.
#pragma once

#include "serve/import/intake.h"

#include <string>
#include <string_view>

namespace weft::serve {

struct JsonLinesOptions {
  std::string host;   ///< whose lines these are that name no machine
  base::WallTime at;  ///< for lines without a time
};

/// kResourceExhausted: too large.
[[nodiscard]] base::Result<Imported> import_json_lines(std::string_view text,
                                                       const JsonLinesOptions& options);

/// A mark as a JSON object: mark, subject, from, until, text. kInvalidArgument.
[[nodiscard]] base::Result<diagnose::Mark> parse_mark(std::string_view json);
[[nodiscard]] std::string mark_json(const diagnose::Mark& mark);

}  // namespace weft::serve
