// SPDX-License-Identifier: Apache-2.0
// Names that stand for many. A NamePattern carries ranges, "tray[t=1-18]" or "port[0-7,16]": the
// key of a device or port. A TextPattern carries expressions, "tray[t]/gpu[g]" or "slot {t+1}": an
// end of a link, a position, a serial. The rack file's loader calls both; docs/formats/rack-file.md
// is their specification. Names are letters, digits and _ - . : only, so that paths and ids stay
// readable.
#pragma once

#include "fabric/expression.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <tl/expected.hpp>

namespace weft::fabric {

inline constexpr std::size_t kNameBytesMax = 128;
inline constexpr std::int64_t kIndexMax = 1'000'000;
/// Values that all ranges of one name (or one `for`) may stand for, multiplied.
inline constexpr std::uint64_t kCombinationsMax = 1'000'000;

/// "1-18" or "0-3,8,12-15": ascending ranges of non-negative whole numbers, without repeats.
[[nodiscard]] tl::expected<std::vector<std::int64_t>, TextMistake> parse_range(
    std::string_view text);

/// A variable and the values it takes in turn.
struct RangeVariable {
  std::string name;  ///< empty where the range has no variable
  std::vector<std::int64_t> values;
};

/// Calls `body` for each combination of the variables' values, the last variable fastest, with the
/// named ones set in `scope`; `body` gets the values in order and returns false to stop.
void for_each_combination(const std::vector<RangeVariable>& variables, Scope& scope,
                          const std::function<bool(const std::vector<std::int64_t>&)>& body);
/// The product of the counts; kCombinationsMax + 1 where it is more than kCombinationsMax.
[[nodiscard]] std::uint64_t combinations(const std::vector<RangeVariable>& variables);

class NamePattern {
 public:
  [[nodiscard]] static tl::expected<NamePattern, TextMistake> parse(std::string_view text);

  [[nodiscard]] const std::vector<RangeVariable>& ranges() const { return ranges_; }
  /// The name with these values in its ranges, in order.
  [[nodiscard]] std::string name(const std::vector<std::int64_t>& values) const;

 private:
  std::vector<std::string> literals_;  ///< one more than ranges: before, between and after
  std::vector<RangeVariable> ranges_;
};

class TextPattern {
 public:
  /// Expressions stand in square brackets; the rest is a path of names, parted by '/'.
  [[nodiscard]] static tl::expected<TextPattern, TextMistake> parse_path(std::string_view text);
  /// Expressions stand in braces; the rest is any text.
  [[nodiscard]] static tl::expected<TextPattern, TextMistake> parse_text(std::string_view text);

  [[nodiscard]] tl::expected<std::string, TextMistake> evaluate(const Scope& scope) const;

 private:
  struct Inset {
    std::size_t offset = 0;
    Expression expression;
  };
  [[nodiscard]] static tl::expected<TextPattern, TextMistake> parse(std::string_view text,
                                                                    char open, char close);
  std::vector<std::variant<std::string, Inset>> parts_;
};

}  // namespace weft::fabric
