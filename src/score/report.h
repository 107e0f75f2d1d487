// SPDX-License-Identifier: Apache-2.0
// The table as people read it: text for a terminal, Markdown for docs/DIAGNOSIS.md, JSON for
// programs (docs/formats/score.md). All from the same Table; nothing is rounded before.
#pragma once

#include "score/suite.h"

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace weft::score {

/// What was run, for the head of each report.
struct ReportHead {
  std::uint64_t seeds = 0;  ///< of drawn stories: the number of the pair of seeds
  std::uint64_t drawn = 0;  ///< stories of each seed that were drawn; 0: templates
  double perturbed = 0;
};

[[nodiscard]] std::string table_text(const Table& table, const ReportHead& head);
[[nodiscard]] std::string table_markdown(const Table& table, const ReportHead& head);
/// "weftline/score/1".
[[nodiscard]] nlohmann::json table_json(const Table& table, const std::vector<RunResult>& results,
                                        const ReportHead& head);
/// `document` with what stands between the marks of `section` replaced; kNotFound where it has
/// none.
[[nodiscard]] base::Result<std::string> with_section(const std::string& document,
                                                     std::string_view section,
                                                     std::string_view text);

}  // namespace weft::score
