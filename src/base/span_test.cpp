// SPDX-License-Identifier: Apache-2.0
#include "base/span.h"

#include <gtest/gtest.h>

namespace weft::base {
namespace {

TEST(Span, ReadsWhatPeopleWrite) {
  struct Case {
    std::string_view text;
    double seconds;
  };
  for (const Case& one : {Case{"30s", 30}, Case{"10m", 600}, Case{"10 min", 600}, Case{"2h", 7200},
                          Case{"1.5h", 5400}, Case{"1d", 86400}, Case{"1w", 604800},
                          Case{" 45 ", 45}, Case{"0.5", 0.5}, Case{"0", 0}}) {
    const auto span = parse_span(one.text);
    ASSERT_TRUE(span) << one.text;
    EXPECT_DOUBLE_EQ(span->seconds(), one.seconds) << one.text;
  }
}

TEST(Span, RefusesTheRestWithAHint) {
  for (const std::string_view text : {"", "m", "-1s", "+1s", "1e3s", "1..2s", "5 weeks", "1h30m",
                                      "200y", "5300w", "nan", "inf"}) {
    const auto span = parse_span(text);
    ASSERT_FALSE(span) << text;
    EXPECT_EQ(span.error().code, Code::kInvalidArgument);
    EXPECT_EQ(span.error().hint, kSpanHint);
  }
}

}  // namespace
}  // namespace weft::base
