// SPDX-License-Identifier: Apache-2.0
// `weft eye --json` (docs/formats/eye.md) and `--csv`: the report for programs, in volts and unit
// intervals. The same report is the same bytes.
#pragma once

#include "cli/physics/eye_report.h"

#include <string>

namespace weft::cli {

[[nodiscard]] std::string eye_json(const EyeReport& report);
[[nodiscard]] std::string eye_compare_json(const EyeReport& a, const EyeReport& b);

/// Bathtubs, contours and pulses as rows: segment,kind,series,x,y,y2.
[[nodiscard]] std::string eye_csv(const EyeReport& report);

}  // namespace weft::cli
