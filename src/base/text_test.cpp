// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"

#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace weft::base {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Text, Trim) {
  EXPECT_EQ(trim(" \t a b\r\n"), "a b");
  EXPECT_EQ(trim(""), "");
  EXPECT_EQ(trim(" \n\t"), "");
}

TEST(Text, SplitKeepsEmptyParts) {
  EXPECT_THAT(split("a,,b", ','), ElementsAre("a", "", "b"));
  EXPECT_THAT(split("", ','), ElementsAre(""));
  EXPECT_THAT(split(",", ','), ElementsAre("", ""));
}

TEST(Text, WordsDropThem) {
  EXPECT_THAT(words("  a \t b\n"), ElementsAre("a", "b"));
  EXPECT_THAT(words(" \n"), IsEmpty());
}

TEST(Text, UnsignedNumbersMustBeWhole) {
  EXPECT_EQ(parse_unsigned("0"), 0U);
  EXPECT_EQ(parse_unsigned("18446744073709551615"), 18446744073709551615ULL);
  EXPECT_EQ(parse_unsigned("0x1f", 16), 0x1fU);
  EXPECT_EQ(parse_unsigned("FF", 16), 0xFFU);
  for (const char* bad :
       {"", " 1", "1 ", "-1", "+1", "1x", "18446744073709551616", "0x10", "1.0"}) {
    EXPECT_EQ(parse_unsigned(bad), std::nullopt) << bad;
  }
  for (const char* bad : {"", "0x", "x1", "0x0x1", "0xg", "0x-1"}) {
    EXPECT_EQ(parse_unsigned(bad, 16), std::nullopt) << bad;
  }
}

TEST(Text, SignedNumbers) {
  EXPECT_EQ(parse_signed("-9223372036854775808"), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(parse_signed("42"), 42);
  EXPECT_EQ(parse_signed("9223372036854775808"), std::nullopt);
  EXPECT_EQ(parse_signed("--1"), std::nullopt);
}

TEST(Text, Fractions) {
  EXPECT_EQ(parse_double("2.5"), 2.5);
  EXPECT_EQ(parse_double("-0.125"), -0.125);
  EXPECT_EQ(parse_double("16"), 16.0);
  for (const char* bad : {"", ".", "1e3", "2,5", "2.5 GT/s", "inf", "nan", "0x1"}) {
    EXPECT_EQ(parse_double(bad), std::nullopt) << bad;
  }
}

TEST(Text, PrintableTakesOutWhatWouldMoveTheTerminal) {
  EXPECT_EQ(printable("a\x1b[31mb\n\x7f"), "a?[31mb??");
  EXPECT_EQ(printable(std::string_view("a\0b", 3)), "a?b");
  EXPECT_EQ(printable("µm ± 3 °C"), "µm ± 3 °C");
}

TEST(Text, PrintableTakesOutInvalidUtf8) {
  // RFC 3629: overlong forms, surrogates and code points past U+10FFFF are no UTF-8; a cut-off
  // sequence is none either. Each bad byte becomes one '?'.
  EXPECT_EQ(printable("\xC0\xAF"), "??");
  EXPECT_EQ(printable("\xE0\x80\x80"), "???");
  EXPECT_EQ(printable("\xED\xA0\x80"), "???");
  EXPECT_EQ(printable("\xF4\x90\x80\x80"), "????");
  EXPECT_EQ(printable("\xF5\x80\x80\x80"), "????");
  EXPECT_EQ(printable("a\xE2\x82"), "a??");
  EXPECT_EQ(printable("\xE2\x82\xAC"), "\xE2\x82\xAC");
  EXPECT_EQ(printable("\xF4\x8F\xBF\xBF"), "\xF4\x8F\xBF\xBF");
}

TEST(Text, PrintableTakesOutC1Controls) {
  // U+009B is CSI, the eight-bit form of ESC [ (ECMA-48, 5.3).
  EXPECT_EQ(printable("\xC2\x9B"
                      "31m"),
            "?31m");
  EXPECT_EQ(printable("\xC2\xA0"), "\xC2\xA0");
}

TEST(Text, PrintableIsBounded) {
  EXPECT_EQ(printable("abcdef", 3), "abc...");
  EXPECT_EQ(printable("abc", 3), "abc");
  EXPECT_EQ(printable("ab\xE2\x82\xAC", 3), "ab...");
  EXPECT_EQ(printable(std::string(1000, 'x')).size(), 203U);
}

TEST(Text, PrintableOfAnyBytesHasNoControlsAndIsStable) {
  EXPECT_TRUE(rc::check("printable", [](const std::string& any) {
    const std::string once = printable(any, 1000);
    RC_ASSERT(printable(once, 2000) == once);
    for (const char c : once) {
      RC_ASSERT(static_cast<unsigned char>(c) >= 0x20);
      RC_ASSERT(c != 0x7F);
    }
  }));
}

TEST(MatchesTest, StarsAndQuestionMarks) {
  EXPECT_TRUE(matches("*", ""));
  EXPECT_TRUE(matches("", ""));
  EXPECT_FALSE(matches("", "a"));
  EXPECT_TRUE(matches("server?/gpu*", "server2/gpu0/pcie0"));
  EXPECT_FALSE(matches("server?/gpu*", "server12/gpu0"));
  EXPECT_TRUE(matches("*ab*ab", "abxabyab"));
  EXPECT_FALSE(matches("*ab*ab", "abxabya"));
  EXPECT_FALSE(matches("a?", "a"));
  EXPECT_TRUE(matches("a*c", "abbc"));
  EXPECT_TRUE(matches("a?c*", "abc"));
}

/// The pattern's meaning, as it is defined.
bool fits_by_definition(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) {
    return text.empty();
  }
  if (pattern[0] == '*') {
    return fits_by_definition(pattern.substr(1), text) ||
           (!text.empty() && fits_by_definition(pattern, text.substr(1)));
  }
  return !text.empty() && (pattern[0] == '?' || pattern[0] == text[0]) &&
         fits_by_definition(pattern.substr(1), text.substr(1));
}

std::vector<std::string> all_of(std::string_view letters, std::size_t most) {
  std::vector<std::string> out = {""};
  for (std::size_t i = 0; i < out.size() && out[i].size() < most; ++i) {
    for (const char letter : letters) {
      out.push_back(std::string(out[i]) + letter);
    }
  }
  return out;
}

TEST(TextTest, MatchesAsDefined) {
  const auto texts = all_of("ab", 4);
  for (const std::string& pattern : all_of("ab*?", 4)) {
    for (const std::string& text : texts) {
      ASSERT_EQ(matches(pattern, text), fits_by_definition(pattern, text))
          << pattern << " " << text;
    }
  }
}

/// Tried anew after each star, this would outlive everybody.
TEST(TextTest, MatchesManyStarsAtOnce) {
  std::string stars;
  for (int i = 0; i < 20'000; ++i) {
    stars += "a*";
  }
  const std::string text(100'000, 'a');
  EXPECT_FALSE(matches(stars + "b", text));
  EXPECT_FALSE(matches("*" + stars + "b*", text));
  EXPECT_TRUE(matches(stars, text));
}

}  // namespace
}  // namespace weft::base
