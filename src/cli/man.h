// SPDX-License-Identifier: Apache-2.0
// Manual pages in man(7) roff, made from the verb tables: weft(1), and one weft-VERB(1) for each
// verb
// ("rack check" is weft-rack-check(1)). The build writes them for the package with `weft man
// --all`.
#pragma once

#include "base/result.h"
#include "cli/help.h"

#include <string>

namespace weft::cli {

[[nodiscard]] std::string program_man_page(const Program& program);
[[nodiscard]] std::string verb_man_page(const Program& program, const VerbSpec& verb);

/// Writes every page as `folder`/NAME.1. Errors: kUnavailable with the path.
[[nodiscard]] base::Result<void> write_man_pages(const Program& program, const std::string& folder);

}  // namespace weft::cli
