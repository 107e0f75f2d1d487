// SPDX-License-Identifier: Apache-2.0
// The text of --help, made from the verb tables. Also the pieces that help, man pages and
// completion share: how a program calls itself, its built-in verbs, an option's names.
#pragma once

#include "cli/verb.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weft::cli {

/// A program: its name as called ("weft", "weft-readonly") and the verbs that it has.
struct Program {
  std::string name;
  std::span<const VerbSpec> verbs;
};

/// The exit codes that every verb shares, 64 and above.
[[nodiscard]] std::span<const ExitSpec> error_exits();

/// "-o,--output" -> "-o", "--output".
[[nodiscard]] std::vector<std::string_view> option_names(const OptionSpec& option);

/// "weft scan [OPTIONS] [FILE...]"
[[nodiscard]] std::string usage_line(const Program& program, const VerbSpec& verb);

/// The verbs whose name starts with the word `group` and another word: "rack check", "rack show".
[[nodiscard]] std::vector<const VerbSpec*> verbs_of_group(const Program& program,
                                                          std::string_view group);

/// Paragraphs broken at `columns`; lines that start with a space stay as they are.
[[nodiscard]] std::string wrap(std::string_view text, std::size_t indent, std::size_t columns);

[[nodiscard]] std::string program_help(const Program& program, std::size_t columns);
[[nodiscard]] std::string group_help(const Program& program, std::string_view group,
                                     std::size_t columns);
[[nodiscard]] std::string verb_help(const Program& program, const VerbSpec& verb,
                                    std::size_t columns);

}  // namespace weft::cli
