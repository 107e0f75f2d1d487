// SPDX-License-Identifier: Apache-2.0
// A scan as a person reads it: a verdict, findings worst first, a tree of what is not well, the
// rest counted. Fits the terminal's width (100 columns at most); nothing wraps into noise.
#pragma once

#include "cli/scan_report.h"
#include "cli/terminal.h"

#include <string>

namespace weft::cli {

struct ScanTextOptions {
  bool verbose = false;  ///< all links, all evidence, all notes
};

[[nodiscard]] std::string scan_text(const Scan& scan, const Terminal& terminal,
                                    const ScanTextOptions& options);

}  // namespace weft::cli
