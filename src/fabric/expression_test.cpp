// SPDX-License-Identifier: Apache-2.0
#include "fabric/expression.h"

#include "fabric/pattern.h"

#include <cstdlib>
#include <set>
#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace weft::fabric {
namespace {

Scope scope() {
  Scope out;
  out.set("t", 5);
  out.set("g", 3);
  return out;
}

std::int64_t value(std::string_view text) {
  const auto parsed = Expression::parse(text);
  EXPECT_TRUE(parsed) << text << ": " << parsed.error().what;
  const auto result = parsed->evaluate(scope());
  EXPECT_TRUE(result) << text << ": " << result.error().what;
  return *result;
}

TextMistake mistake(std::string_view text) {
  const auto parsed = Expression::parse(text);
  if (!parsed) {
    return parsed.error();
  }
  const auto result = parsed->evaluate(scope());
  EXPECT_FALSE(result) << text << " = " << *result;
  return result ? TextMistake{} : result.error();
}

TEST(Expression, FollowsThePrecedenceOfC) {
  EXPECT_EQ(value("1+2*3"), 7);
  EXPECT_EQ(value("(1+2)*3"), 9);
  EXPECT_EQ(value("10-3-2"), 5);
  EXPECT_EQ(value("-2*-3"), 6);
  EXPECT_EQ(value(" ( t - 1 ) * 4 + g "), 19);
  EXPECT_EQ(value("t < 6 && g != 2"), 1);
  EXPECT_EQ(value("1 == 2 || 3 >= 3"), 1);
  EXPECT_EQ(value("!t"), 0);
  EXPECT_EQ(value("!(t > 9)"), 1);
  EXPECT_EQ(value("2 <= 1"), 0);
}

TEST(Expression, ModuloWrapsAndDivisionRoundsDown) {
  EXPECT_EQ(value("(0-1)%4"), 3);
  EXPECT_EQ(value("(3+1)%4"), 0);
  EXPECT_EQ(value("7/2"), 3);
  EXPECT_EQ(value("(0-7)/2"), -4);
  EXPECT_EQ(value("(0-9223372036854775807-1)%-1"), 0);
}

TEST(Expression, SaysWhereItIsWrong) {
  EXPECT_EQ(mistake("").what, "the expression is empty");
  EXPECT_EQ(mistake("1+").what, "a number or a variable is missing");
  EXPECT_EQ(mistake("1 2").offset, 2U);
  EXPECT_EQ(mistake("(1").what, "a closing ')' is missing");
  EXPECT_EQ(mistake("t+x").offset, 2U);
  EXPECT_EQ(mistake("t+x").hint, "Variables here: t, g.");
  EXPECT_EQ(mistake("1/0").what, "the expression divides by zero");
  EXPECT_EQ(mistake("1%(t-5)").what, "the expression divides by zero");
  EXPECT_EQ(mistake("9223372036854775807+1").what, "the result does not fit into 64 bits");
  EXPECT_EQ(mistake("(0-9223372036854775807-1)/-1").what, "the result does not fit into 64 bits");
  EXPECT_EQ(mistake("99999999999999999999").offset, 0U);
  EXPECT_EQ(mistake("1a").what, "'1a' is not a whole number of 64 bits");
  EXPECT_NE(mistake("$").what.find("'$'"), std::string::npos);
}

TEST(Expression, DepthAndLengthAreBounded) {
  EXPECT_NE(mistake(std::string(100, '(')).what.find("deeper"), std::string::npos);
  EXPECT_NE(mistake(std::string(100, '-') + "1").what.find("deeper"), std::string::npos);
  EXPECT_NE(mistake(std::string(kExpressionBytesMax + 1, '1')).what.find("longer"),
            std::string::npos);
}

/// A random expression as text and its value by C++'s own arithmetic, kept small.
struct Tree {
  std::string text;
  std::int64_t value = 0;
};
Tree grow(int depth) {
  if (depth == 0) {
    const auto number = *rc::gen::inRange<std::int64_t>(0, 100);
    return {std::to_string(number), number};
  }
  const Tree a = grow(depth - 1);
  const Tree b = grow(depth - 1);
  switch (*rc::gen::inRange(0, 4)) {
    case 0:
      return {"(" + a.text + "+" + b.text + ")", a.value + b.value};
    case 1:
      return {"(" + a.text + " - " + b.text + ")", a.value - b.value};
    case 2:
      return {"(" + a.text + "<" + b.text + ")", a.value < b.value ? 1 : 0};
    default:
      return {"(" + a.text + "*" + b.text + ")", a.value * b.value};
  }
}

RC_GTEST_PROP(Expression, AgreesWithTheCompilersArithmetic, ()) {
  const Tree tree = grow(*rc::gen::inRange(0, 4));
  const auto parsed = Expression::parse(tree.text);
  RC_ASSERT(parsed.has_value());
  RC_ASSERT(parsed->evaluate({}).value() == tree.value);
}

RC_GTEST_PROP(Expression, DivisionAndModuloGoTogether, ()) {
  const auto a = *rc::gen::inRange<std::int64_t>(-1000, 1000);
  const auto b = *rc::gen::nonZero<std::int8_t>();
  Scope values;
  values.set("a", a);
  values.set("b", b);
  const auto quotient = Expression::parse("a/b")->evaluate(values).value();
  const auto rest = Expression::parse("a%b")->evaluate(values).value();
  RC_ASSERT(quotient * b + rest == a);
  RC_ASSERT(rest >= 0);
  RC_ASSERT(rest < std::abs(static_cast<int>(b)));
}

RC_GTEST_PROP(Expression, AnyTextIsAnswered, (const std::string& text)) {
  const auto parsed = Expression::parse(text);
  if (parsed) {
    (void)parsed->evaluate(scope());
  } else {
    RC_ASSERT(parsed.error().offset <= text.size());
  }
}

TEST(Range, ReadsListsOfRanges) {
  EXPECT_EQ(parse_range("1-4").value(), (std::vector<std::int64_t>{1, 2, 3, 4}));
  EXPECT_EQ(parse_range("0-1, 5,7-8").value(), (std::vector<std::int64_t>{0, 1, 5, 7, 8}));
  EXPECT_EQ(parse_range("3").value(), (std::vector<std::int64_t>{3}));
  for (const auto bad : {"", "-", "1-", "-1", "4-1", "1,1", "2,1", "a", "1-2-3", "01", "1000001",
                         "99999999999999999999", "1;2"}) {
    EXPECT_FALSE(parse_range(bad)) << bad;
  }
}

RC_GTEST_PROP(Range, WritesAndReadsBack, ()) {
  const auto set =
      *rc::gen::container<std::set<std::int64_t>>(rc::gen::inRange<std::int64_t>(0, 999));
  RC_PRE(!set.empty());
  std::string text;
  for (const auto number : set) {
    text += (text.empty() ? "" : ",") + std::to_string(number);
  }
  RC_ASSERT(parse_range(text).value() == std::vector<std::int64_t>(set.begin(), set.end()));
}

TEST(NamePattern, ExpandsItsRanges) {
  const auto pattern = NamePattern::parse("tray[t=1-2]-gpu[0-1]").value();
  ASSERT_EQ(pattern.ranges().size(), 2U);
  EXPECT_EQ(pattern.ranges()[0].name, "t");
  EXPECT_EQ(pattern.ranges()[1].name, "");
  std::vector<std::string> names;
  Scope variables;
  for_each_combination(pattern.ranges(), variables, [&](const std::vector<std::int64_t>& values) {
    EXPECT_EQ(*variables.find("t"), values[0]);
    names.push_back(pattern.name(values));
    return true;
  });
  EXPECT_EQ(names,
            (std::vector<std::string>{"tray1-gpu0", "tray1-gpu1", "tray2-gpu0", "tray2-gpu1"}));
  EXPECT_EQ(variables.find("t"), nullptr);
}

TEST(NamePattern, RefusesWhatNamesCannotHold) {
  for (const auto bad : {"", "a b", "a/b", "a[", "a[]", "a[1", "a]", "a[x]", "a[=1]", "a[1x=1]",
                         "a[0-1000000][0-1000000]",
                         "gr\xc3\xbc"
                         "n"}) {
    EXPECT_FALSE(NamePattern::parse(bad)) << bad;
  }
  EXPECT_FALSE(NamePattern::parse(std::string(kNameBytesMax + 1, 'a')));
}

TEST(TextPattern, PutsValuesIn) {
  EXPECT_EQ(TextPattern::parse_path("tray[t]/gpu[(t-1)*4+g]").value().evaluate(scope()).value(),
            "tray5/gpu19");
  EXPECT_EQ(TextPattern::parse_text("slot {g+1} of {t}").value().evaluate(scope()).value(),
            "slot 4 of 5");
  EXPECT_EQ(TextPattern::parse_text("").value().evaluate(scope()).value(), "");
}

TEST(TextPattern, SaysWhereItIsWrong) {
  EXPECT_EQ(TextPattern::parse_path("gpu[0-7]/p").error().offset, 4U);
  EXPECT_NE(TextPattern::parse_path("gpu[0-7]/p").error().what.find("range"), std::string::npos);
  EXPECT_EQ(TextPattern::parse_path("gpu[1+]/p").error().offset, 6U);
  EXPECT_EQ(TextPattern::parse_path("gpu[0]/p p").error().offset, 8U);
  for (const auto bad : {"", "/a", "a/", "a//b", "a[", "a b"}) {
    EXPECT_FALSE(TextPattern::parse_path(bad)) << bad;
  }
  const auto pattern = TextPattern::parse_path("gpu[g]/p[x]").value();
  EXPECT_EQ(pattern.evaluate(scope()).error().offset, 9U);
}

}  // namespace
}  // namespace weft::fabric
