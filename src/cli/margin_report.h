// SPDX-License-Identifier: Apache-2.0
// What weft margin prints: tables with a drawing of each lane's margins for people, one JSON object
// (docs/formats/margin.md) for programs.
#pragma once

#include "cli/terminal.h"
#include "driver/pcie_margin.h"

#include <string>

namespace weft::cli {

[[nodiscard]] std::string margin_text(const driver::MarginReport& report, const Terminal& to);
[[nodiscard]] std::string margin_json(const driver::MarginReport& report,
                                      const std::string& source);
[[nodiscard]] std::string margin_plan_text(const driver::MarginPlan& plan);
[[nodiscard]] std::string margin_plan_json(const driver::MarginPlan& plan,
                                           const std::string& source);
/// Whether a lane is below a minimum of the specification.
[[nodiscard]] bool is_below_minimum(const driver::MarginReport& report);

}  // namespace weft::cli
