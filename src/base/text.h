// SPDX-License-Identifier: Apache-2.0
// Small text helpers that every reader of /sys, logs and dumps needs: trim, split, numbers that
// must be whole. No locale, no exceptions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::base {

/// Without leading and trailing white space (space, tab, CR, LF).
[[nodiscard]] std::string_view trim(std::string_view text);

/// The parts between `separator`, empty ones kept. "a,,b" -> "a", "", "b".
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);

/// The words between runs of white space, no empty ones.
[[nodiscard]] std::vector<std::string_view> words(std::string_view text);

/// The whole of `text` as an unsigned number in `base` (10 or 16; "0x" is taken where base is 16).
[[nodiscard]] std::optional<std::uint64_t> parse_unsigned(std::string_view text, int base = 10);

/// The whole of `text` as a signed decimal number.
[[nodiscard]] std::optional<std::int64_t> parse_signed(std::string_view text);

/// The whole of `text` as a decimal fraction ("2.5").
[[nodiscard]] std::optional<double> parse_double(std::string_view text);

/// Whether the whole of `text` fits the pattern: '*' stands for any text, '?' for one byte, all
/// else for itself.
[[nodiscard]] bool matches(std::string_view pattern, std::string_view text);

/// Text from outside made fit for a terminal and a log: control characters and invalid UTF-8 become
/// '?', and what exceeds `bytes_max` ends in "...".
[[nodiscard]] std::string printable(std::string_view text, std::size_t bytes_max = 200);

}  // namespace weft::base
