// SPDX-License-Identifier: Apache-2.0
#include "fabric/expression.h"

#include "base/text.h"

#include <array>
#include <optional>

#include <fmt/format.h>

namespace weft::fabric {

void Scope::set(std::string_view name, std::int64_t value) {
  for (auto& [known, held] : values_) {
    if (known == name) {
      held = value;
      return;
    }
  }
  values_.emplace_back(std::string(name), value);
}

const std::int64_t* Scope::find(std::string_view name) const {
  for (auto at = values_.rbegin(); at != values_.rend(); ++at) {
    if (at->first == name) {
      return &at->second;
    }
  }
  return nullptr;
}

std::string Scope::names() const {
  std::string out;
  for (const auto& [name, value] : values_) {
    out += (out.empty() ? "" : ", ") + name;
  }
  return out;
}

/// Precedence climbing; leaves steps in reverse Polish order. The first mistake ends the parse.
class ExpressionParser {
 public:
  explicit ExpressionParser(std::string_view text) : text_(text) {}

  tl::expected<Expression, TextMistake> run() {
    if (text_.size() > kExpressionBytesMax) {
      return tl::unexpected(TextMistake{
          0, fmt::format("the expression is longer than {} characters", kExpressionBytesMax), ""});
    }
    binary(0, 0);
    skip_space();
    if (!mistake_ && at_ < text_.size()) {
      fail(fmt::format("'{}' is not expected here", text_[at_]),
           "Between values stand || && == != <= >= < > + - * / or %.");
    }
    if (mistake_) {
      return tl::unexpected(*mistake_);
    }
    return std::move(expression_);
  }

 private:
  using Op = Expression::Op;
  struct Operator {
    std::string_view text;
    Op op;
    int level;
  };
  // Two-character operators stand before their one-character beginnings.
  static constexpr std::array kOperators = {
      Operator{"||", Op::kOr, 0},        Operator{"&&", Op::kAnd, 1},
      Operator{"==", Op::kEqual, 2},     Operator{"!=", Op::kNotEqual, 2},
      Operator{"<=", Op::kLessEqual, 2}, Operator{">=", Op::kGreaterEqual, 2},
      Operator{"<", Op::kLess, 2},       Operator{">", Op::kGreater, 2},
      Operator{"+", Op::kAdd, 3},        Operator{"-", Op::kSubtract, 3},
      Operator{"*", Op::kMultiply, 4},   Operator{"/", Op::kDivide, 4},
      Operator{"%", Op::kModulo, 4},
  };

  void fail(std::string what, std::string hint = {}) {
    if (!mistake_) {
      mistake_ = TextMistake{at_, std::move(what), std::move(hint)};
    }
  }

  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) {
      ++at_;
    }
  }

  [[nodiscard]] const Operator* next_operator() {
    skip_space();
    for (const auto& row : kOperators) {
      if (text_.substr(at_).starts_with(row.text)) {
        return &row;
      }
    }
    return nullptr;
  }

  void emit(Op op, std::size_t offset, std::int64_t number = 0, std::string_view variable = {}) {
    expression_.steps_.push_back({op, offset, number, std::string(variable)});
  }

  void binary(int level_min, int depth) {
    unary(depth);
    while (!mistake_) {
      const Operator* found = next_operator();
      if (found == nullptr || found->level < level_min) {
        return;
      }
      const std::size_t offset = at_;
      at_ += found->text.size();
      binary(found->level + 1, depth + 1);
      emit(found->op, offset);
    }
  }

  void unary(int depth) {
    if (depth > kExpressionDepthMax) {
      fail(fmt::format("the expression nests deeper than {} levels", kExpressionDepthMax));
      return;
    }
    skip_space();
    if (at_ >= text_.size()) {
      fail(text_.empty() ? "the expression is empty" : "a number or a variable is missing");
      return;
    }
    const std::size_t offset = at_;
    const char c = text_[at_];
    if (c == '-' || c == '!') {
      ++at_;
      unary(depth + 1);
      emit(c == '-' ? Op::kNegate : Op::kNot, offset);
    } else if (c == '(') {
      ++at_;
      binary(0, depth + 1);
      skip_space();
      if (!mistake_ && (at_ >= text_.size() || text_[at_] != ')')) {
        fail("a closing ')' is missing");
      }
      ++at_;
    } else {
      operand();
    }
  }

  void operand() {
    const std::size_t offset = at_;
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    const auto is_letter = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    };
    while (at_ < text_.size() && (is_digit(text_[at_]) || is_letter(text_[at_]))) {
      ++at_;
    }
    const auto word = text_.substr(offset, at_ - offset);
    if (word.empty()) {
      fail(
          fmt::format("'{}' is not a number or a variable", base::printable(text_.substr(at_, 1))));
    } else if (!is_digit(word[0])) {
      emit(Op::kVariable, offset, 0, word);
    } else if (const auto number = base::parse_signed(word)) {
      emit(Op::kNumber, offset, *number);
    } else {
      at_ = offset;
      fail(fmt::format("'{}' is not a whole number of 64 bits", base::printable(word, 40)));
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  Expression expression_;
  std::optional<TextMistake> mistake_;
};

tl::expected<Expression, TextMistake> Expression::parse(std::string_view text) {
  return ExpressionParser(text).run();
}

tl::expected<std::int64_t, TextMistake> Expression::apply(const Step& step, std::int64_t a,
                                                          std::int64_t b) {
  std::int64_t out = 0;
  bool overflows = false;
  switch (step.op) {
    case Op::kAdd:
      overflows = __builtin_add_overflow(a, b, &out);
      break;
    case Op::kSubtract:
    case Op::kNegate:
      overflows = __builtin_sub_overflow(a, b, &out);
      break;
    case Op::kMultiply:
      overflows = __builtin_mul_overflow(a, b, &out);
      break;
    case Op::kDivide:
    case Op::kModulo: {
      if (b == 0) {
        return tl::unexpected(TextMistake{step.offset, "the expression divides by zero", ""});
      }
      if (b == -1) {  // INT64_MIN / -1 does not fit; x % -1 is 0 for all x
        overflows = step.op == Op::kDivide && __builtin_sub_overflow(std::int64_t{0}, a, &out);
        break;
      }
      const std::int64_t rest = a % b;
      // % takes the divisor's sign away: 0 <= a % b < |b|; / is what goes with it.
      const std::int64_t wrapped = rest < 0 ? (b < 0 ? rest - b : rest + b) : rest;
      out = step.op == Op::kModulo ? wrapped : a / b - (rest < 0 ? (b < 0 ? -1 : 1) : 0);
      break;
    }
    case Op::kEqual:
      return a == b;
    case Op::kNotEqual:
      return a != b;
    case Op::kLess:
      return a < b;
    case Op::kLessEqual:
      return a <= b;
    case Op::kGreater:
      return a > b;
    case Op::kGreaterEqual:
      return a >= b;
    case Op::kAnd:
      return a != 0 && b != 0;
    case Op::kOr:
      return a != 0 || b != 0;
    case Op::kNot:
      return b == 0;
    case Op::kNumber:
    case Op::kVariable:
      break;
  }
  if (overflows) {
    return tl::unexpected(TextMistake{step.offset, "the result does not fit into 64 bits", ""});
  }
  return out;
}

tl::expected<std::int64_t, TextMistake> Expression::evaluate(const Scope& scope) const {
  std::vector<std::int64_t> stack;
  for (const auto& step : steps_) {
    if (step.op == Op::kNumber) {
      stack.push_back(step.number);
      continue;
    }
    if (step.op == Op::kVariable) {
      const auto* value = scope.find(step.variable);
      if (value == nullptr) {
        const std::string names = scope.names();
        return tl::unexpected(
            TextMistake{step.offset, fmt::format("there is no variable '{}' here", step.variable),
                        names.empty() ? "Name it in `for`, or in the range of a key: tray[t=1-18]."
                                      : fmt::format("Variables here: {}.", names)});
      }
      stack.push_back(*value);
      continue;
    }
    const bool is_unary = step.op == Op::kNegate || step.op == Op::kNot;
    const std::int64_t b = stack.back();
    stack.pop_back();
    std::int64_t a = 0;
    if (!is_unary) {
      a = stack.back();
      stack.pop_back();
    }
    const auto result = apply(step, a, b);
    if (!result) {
      return result;
    }
    stack.push_back(*result);
  }
  return stack.back();
}

}  // namespace weft::fabric
