// SPDX-License-Identifier: Apache-2.0
// The cheapest test that is left: nobody is sent to read what has been read.
#include "diagnose/next_step.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft::diagnose {
namespace {

using ::testing::AllOf;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

Finding between(std::initializer_list<std::pair<const char*, double>> causes) {
  Finding out;
  for (const auto& [cause, probability] : causes) {
    Hypothesis one;
    one.cause = cause;
    one.probability = probability;
    out.hypotheses.push_back(std::move(one));
  }
  return out;
}

TEST(NextStep, LeavesOutWhatWasRead) {
  Finding finding = between({{"bent_fibre", 0.3}, {"contaminated_connector", 0.3}});
  finding.tests = separating_tests(finding);
  ASSERT_FALSE(finding.tests.empty());
  EXPECT_THAT(next_step(finding), StartsWith("Read received and sent light of both ends"));
  finding.tests = separating_tests(finding, {.both_ends = false, .light = true});
  EXPECT_THAT(next_step(finding), StartsWith("Read the far end's counters and log"));
  finding.tests = separating_tests(finding, {.both_ends = true, .light = true});
  EXPECT_THAT(next_step(finding), AllOf(StartsWith("Inspect and clean the fibre's end faces"),
                                        HasSubstr("disturbs traffic of this link")));
}

TEST(NextStep, AsksFirstWhatTellsMostAndDisturbsNobody) {
  const auto tests = separating_tests(between({{"overheated_part", 0.4}, {"loose_module", 0.15}}));
  ASSERT_GE(tests.size(), 3U);
  EXPECT_THAT(tests[0].action, HasSubstr("fans")) << "halves the belief";
  EXPECT_THAT(tests[1].action, HasSubstr("far end's counters"));
  EXPECT_EQ(tests[1].disturbs, "nothing");
  EXPECT_NE(tests[2].disturbs, "nothing");
}

TEST(NextStep, AlwaysHasATest) {
  const Finding nothing = between({});
  EXPECT_THAT(separating_tests(nothing), SizeIs(1));
  const auto left = separating_tests(nothing, {.both_ends = true, .light = true});
  ASSERT_THAT(left, SizeIs(1));
  EXPECT_THAT(left[0], AllOf(Field(&SeparatingTest::action, HasSubstr("swap")),
                             Field(&SeparatingTest::disturbs, Not(IsEmpty()))));
}

TEST(NextStep, ActsWhereOneCauseIsLeft) {
  Finding finding = between({{"contaminated_connector", 0.5}, {"bent_fibre", 0.2}});
  finding.tests = separating_tests(finding);
  EXPECT_THAT(next_step(finding), HasSubstr("lean"));
  EXPECT_THAT(next_step(finding), Not(HasSubstr("disturbs"))) << "a repair, not a test";
}

}  // namespace
}  // namespace weft::diagnose
