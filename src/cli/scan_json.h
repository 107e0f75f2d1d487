// SPDX-License-Identifier: Apache-2.0
// A scan as JSON, written piece by piece so that ten thousand devices fit in little memory. Schema:
// docs/formats/scan.schema.json.
#pragma once

#include "cli/scan_report.h"

#include <iosfwd>

namespace weft::cli {

void write_scan_json(const Scan& scan, std::ostream& out);

}  // namespace weft::cli
