// SPDX-License-Identifier: Apache-2.0
// The options of `weft eye` that concern the receiver and the analysis, read into an EyeJob. Which
// channel it is stands in the shared channel options (channel_input.h).
#pragma once

#include "base/result.h"
#include "cli/physics/eye_report.h"
#include "cli/physics/eye_text.h"
#include "cli/verb.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weft::cli {

/// Those of this file, without the channel's.
[[nodiscard]] std::span<const OptionSpec> eye_option_specs();

/// `words` may replace the set-up: a key of --list-protocols or a file that ends in .yaml.
[[nodiscard]] base::Result<phy::link::LinkSetup> eye_setup(const Arguments& arguments,
                                                           std::string_view words = {});
/// Whether `word` names a set-up rather than a channel.
[[nodiscard]] bool is_setup_word(std::string_view word);

[[nodiscard]] base::Result<EyeJob> eye_job(const Arguments& arguments, phy::link::LinkSetup setup);
[[nodiscard]] base::Result<EyePlotKind> eye_plot_kind(const Arguments& arguments);

/// The table that --list-protocols prints.
[[nodiscard]] std::string setup_list_text(std::size_t columns);

/// Numbers divided by commas or blanks. kInvalidArgument names the option.
[[nodiscard]] base::Result<std::vector<double>> number_list(std::string_view option,
                                                            std::string_view text);

}  // namespace weft::cli
