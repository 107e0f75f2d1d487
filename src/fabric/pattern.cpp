// SPDX-License-Identifier: Apache-2.0
#include "fabric/pattern.h"

#include "base/text.h"

#include <algorithm>

#include <fmt/format.h>

namespace weft::fabric {
namespace {

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.' || c == ':';
}

bool is_variable_name(std::string_view text) {
  return !text.empty() && !(text[0] >= '0' && text[0] <= '9') &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return is_name_character(c) && c != '-' && c != '.' && c != ':';
         });
}

tl::unexpected<TextMistake> mistake(std::size_t offset, std::string what, std::string hint = {}) {
  return tl::unexpected(TextMistake{offset, std::move(what), std::move(hint)});
}

tl::expected<std::int64_t, TextMistake> parse_index(std::string_view text, std::size_t offset) {
  const auto number = base::parse_unsigned(text);
  if (!number) {
    return mistake(offset, fmt::format("'{}' is not a whole number", base::printable(text, 40)),
                   "A range is written as 1-18, or 0-3,8.");
  }
  if (*number > static_cast<std::uint64_t>(kIndexMax)) {
    return mistake(offset, fmt::format("{} is more than {}", *number, kIndexMax));
  }
  if (text.size() > 1 && text[0] == '0') {
    return mistake(offset, fmt::format("'{}' starts with a zero", base::printable(text, 40)),
                   "Numbers in names are not padded: write 1, not 01.");
  }
  return static_cast<std::int64_t>(*number);
}

/// The position after the ']' or '}' that ends the inset at `open_at`; npos where there is none.
std::size_t closing(std::string_view text, std::size_t open_at, char close) {
  return text.find(close, open_at + 1);
}

}  // namespace

tl::expected<std::vector<std::int64_t>, TextMistake> parse_range(std::string_view text) {
  std::vector<std::int64_t> values;
  std::size_t offset = 0;
  for (const auto part : base::split(text, ',')) {
    const auto item = base::trim(part);
    const auto dash = item.find('-');
    const auto low = parse_index(base::trim(item.substr(0, dash)), offset);
    if (!low) {
      return tl::unexpected(low.error());
    }
    auto high = low;
    if (dash != std::string_view::npos) {
      high = parse_index(base::trim(item.substr(dash + 1)), offset);
      if (!high) {
        return tl::unexpected(high.error());
      }
    }
    if (*high < *low || (!values.empty() && *low <= values.back())) {
      return mistake(offset,
                     fmt::format("the range '{}' does not ascend", base::printable(text, 40)),
                     "Write the lower number first, and each number once.");
    }
    for (std::int64_t value = *low; value <= *high; ++value) {
      values.push_back(value);
    }
    offset += part.size() + 1;
  }
  return values;
}

std::uint64_t combinations(const std::vector<RangeVariable>& variables) {
  std::uint64_t product = 1;
  for (const auto& variable : variables) {
    product *= variable.values.size();
    if (product > kCombinationsMax) {
      return kCombinationsMax + 1;
    }
  }
  return product;
}

void for_each_combination(const std::vector<RangeVariable>& variables, Scope& scope,
                          const std::function<bool(const std::vector<std::int64_t>&)>& body) {
  std::vector<std::size_t> at(variables.size(), 0);
  std::vector<std::int64_t> values(variables.size());
  for (const auto& variable : variables) {
    if (variable.values.empty()) {
      return;
    }
  }
  for (;;) {
    std::size_t pushed = 0;
    for (std::size_t i = 0; i < variables.size(); ++i) {
      values[i] = variables[i].values[at[i]];
      if (!variables[i].name.empty()) {
        scope.push(variables[i].name, values[i]);
        ++pushed;
      }
    }
    const bool goes_on = body(values);
    for (; pushed > 0; --pushed) {
      scope.pop();
    }
    std::size_t i = variables.size();
    while (i > 0 && ++at[i - 1] == variables[i - 1].values.size()) {
      at[--i] = 0;
    }
    if (!goes_on || i == 0) {
      return;
    }
  }
}

tl::expected<NamePattern, TextMistake> NamePattern::parse(std::string_view text) {
  NamePattern pattern;
  std::string literal;
  if (text.empty() || text.size() > kNameBytesMax) {
    return mistake(0, fmt::format("a name has 1 to {} characters", kNameBytesMax));
  }
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '[') {
      if (!is_name_character(text[at])) {
        return mistake(at,
                       fmt::format("the name '{}' holds a character that names cannot have",
                                   base::printable(text, 60)),
                       "Names are letters, digits and _ - . : only; ranges stand in [ ].");
      }
      literal += text[at];
      continue;
    }
    const std::size_t end = closing(text, at, ']');
    if (end == std::string_view::npos) {
      return mistake(at, "the range has no closing ']'");
    }
    std::string_view inside = text.substr(at + 1, end - at - 1);
    std::size_t inside_at = at + 1;
    RangeVariable range;
    if (const auto equals = inside.find('='); equals != std::string_view::npos) {
      range.name = base::trim(inside.substr(0, equals));
      if (!is_variable_name(range.name)) {
        return mistake(
            inside_at,
            fmt::format("'{}' is not the name of a variable", base::printable(range.name, 40)),
            "Variables are letters, digits and _, and do not start with a digit.");
      }
      inside.remove_prefix(equals + 1);
      inside_at += equals + 1;
    }
    auto values = parse_range(inside);
    if (!values) {
      values.error().offset += inside_at;
      return tl::unexpected(values.error());
    }
    range.values = std::move(*values);
    pattern.ranges_.push_back(std::move(range));
    pattern.literals_.push_back(std::move(literal));
    literal.clear();
    at = end;
  }
  pattern.literals_.push_back(std::move(literal));
  if (combinations(pattern.ranges_) > kCombinationsMax) {
    return mistake(0, fmt::format("the ranges stand for more than {} names", kCombinationsMax));
  }
  return pattern;
}

std::string NamePattern::name(const std::vector<std::int64_t>& values) const {
  std::string out = literals_[0];
  for (std::size_t i = 0; i < ranges_.size() && i < values.size(); ++i) {
    out += std::to_string(values[i]);
    out += literals_[i + 1];
  }
  return out;
}

tl::expected<TextPattern, TextMistake> TextPattern::parse(std::string_view text, char open,
                                                          char close) {
  constexpr std::size_t kTextBytesMax = 1024;
  if (text.size() > kTextBytesMax) {
    return mistake(0, fmt::format("the text is longer than {} characters", kTextBytesMax));
  }
  TextPattern pattern;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t open_at = std::min(text.find(open, at), text.size());
    if (open_at > at) {
      pattern.parts_.emplace_back(std::string(text.substr(at, open_at - at)));
    }
    if (open_at == text.size()) {
      break;
    }
    const std::size_t end = closing(text, open_at, close);
    if (end == std::string_view::npos) {
      return mistake(open_at, fmt::format("'{}' has no closing '{}'", open, close));
    }
    const std::string_view inside = text.substr(open_at + 1, end - open_at - 1);
    const bool looks_like_range =
        inside.find_first_not_of("0123456789,-") == std::string_view::npos &&
        inside.find_first_of("-,", 1) != std::string_view::npos;
    if (looks_like_range) {
      return mistake(open_at + 1,
                     fmt::format("'{}' is a range, but here stands one number", inside),
                     fmt::format("Write a variable in its place and give it the range: "
                                 "`for: {{i: \"{}\"}}`.",
                                 inside));
    }
    auto expression = Expression::parse(inside);
    if (!expression) {
      expression.error().offset += open_at + 1;
      return tl::unexpected(expression.error());
    }
    pattern.parts_.emplace_back(Inset{open_at + 1, std::move(*expression)});
    at = end + 1;
  }
  return pattern;
}

tl::expected<TextPattern, TextMistake> TextPattern::parse_path(std::string_view text) {
  auto pattern = parse(text, '[', ']');
  if (!pattern) {
    return pattern;
  }
  if (text.empty() || text.front() == '/' || text.back() == '/' ||
      text.find("//") != std::string_view::npos) {
    return mistake(0, fmt::format("'{}' is not a path of names", base::printable(text, 60)),
                   "Write DEVICE/PORT, such as gpu[g]/nvl[s].");
  }
  std::size_t offset = 0;
  for (const auto& part : pattern->parts_) {
    const auto* literal = std::get_if<std::string>(&part);
    if (literal == nullptr) {
      offset = text.find(']', offset) + 1;
      continue;
    }
    for (const char c : *literal) {
      if (!is_name_character(c) && c != '/') {
        return mistake(
            offset,
            fmt::format("'{}' holds a character that names cannot have", base::printable(text, 60)),
            "Names are letters, digits and _ - . : only; expressions stand in [ ].");
      }
      ++offset;
    }
  }
  return pattern;
}

tl::expected<TextPattern, TextMistake> TextPattern::parse_text(std::string_view text) {
  return parse(text, '{', '}');
}

tl::expected<std::string, TextMistake> TextPattern::evaluate(const Scope& scope) const {
  std::string out;
  for (const auto& part : parts_) {
    if (const auto* literal = std::get_if<std::string>(&part)) {
      out += *literal;
      continue;
    }
    const auto& inset = std::get<Inset>(part);
    const auto value = inset.expression.evaluate(scope);
    if (!value) {
      auto error = value.error();
      error.offset += inset.offset;
      return tl::unexpected(std::move(error));
    }
    out += std::to_string(*value);
  }
  return out;
}

}  // namespace weft::fabric
