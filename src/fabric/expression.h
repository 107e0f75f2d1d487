// SPDX-License-Identifier: Apache-2.0
// Small integer expressions of rack files: "(t-1)*4+g", "(x+1)%4", "i < j". Whole numbers of 64
// bits;
// + - * / % with / rounding down and % never negative (so that rings wrap), comparisons and && || !
// giving 0 or 1. No assignment, no calls: an expression ends, always. Length and depth are bounded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

namespace weft::fabric {

inline constexpr std::size_t kExpressionBytesMax = 256;
inline constexpr int kExpressionDepthMax = 32;

/// Values of variables, innermost last; a later name hides an earlier one.
class Scope {
 public:
  void set(std::string_view name, std::int64_t value);
  void push(std::string name, std::int64_t value) { values_.emplace_back(std::move(name), value); }
  void pop() { values_.pop_back(); }
  [[nodiscard]] const std::int64_t* find(std::string_view name) const;
  /// "t, g, s", for messages.
  [[nodiscard]] std::string names() const;

 private:
  std::vector<std::pair<std::string, std::int64_t>> values_;
};

/// What is wrong in a text, and how many bytes into it.
struct TextMistake {
  std::size_t offset = 0;
  std::string what;
  std::string hint;
};

class Expression {
 public:
  [[nodiscard]] static tl::expected<Expression, TextMistake> parse(std::string_view text);

  /// Fails on an unknown variable, a division by zero and a result beyond 64 bits.
  [[nodiscard]] tl::expected<std::int64_t, TextMistake> evaluate(const Scope& scope) const;

 private:
  friend class ExpressionParser;
  enum class Op : std::uint8_t {
    kNumber,
    kVariable,
    kNegate,
    kNot,
    kAdd,
    kSubtract,
    kMultiply,
    kDivide,
    kModulo,
    kEqual,
    kNotEqual,
    kLess,
    kLessEqual,
    kGreater,
    kGreaterEqual,
    kAnd,
    kOr,
  };
  struct Step {
    Op op = Op::kNumber;
    std::size_t offset = 0;
    std::int64_t number = 0;
    std::string variable;
  };
  [[nodiscard]] static tl::expected<std::int64_t, TextMistake> apply(const Step& step,
                                                                     std::int64_t a,
                                                                     std::int64_t b);

  std::vector<Step> steps_;  ///< in reverse Polish order
};

}  // namespace weft::fabric
