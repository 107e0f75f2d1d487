// SPDX-License-Identifier: Apache-2.0
// Post-FEC results against published and independently computed figures: the random-error table and
// the burst table of the RS(544,514) literature, the measured hardware of DesignCon 2024, exact
// rational sums recomputed by analytic_judge.py (python3 standard library), and monotony.
#include "phy/fec/analytic.h"

#include "base/test_shell.h"

#include <cmath>
#include <cstdlib>
#include <limits>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace weft::phy::fec {
namespace {

std::string two_digits(double value) {
  return fmt::format("{:.1e}", value);
}

double failure(const CodeParameters& code, const ErrorProcess& errors) {
  const auto post = post_fec(code, errors);
  EXPECT_TRUE(post) << (post ? "" : post.error().text());
  return post ? post->codeword_failure : -1;
}

struct RandomRow {
  double ber;
  const char* kp4;
  const char* kp4_ber;
  const char* kr4;
};

TEST(Analytic, GivesTheRandomErrorTableToItsPrintedDigits) {
  const RandomRow rows[] = {
      {1e-5, "2.1e-34", "6.3e-37", "1.4e-15"},   {5e-5, "2.7e-23", "7.9e-26", "4.4e-10"},
      {1e-4, "1.4e-18", "4.0e-21", "8.9e-08"},   {2e-4, "5.4e-14", "1.6e-16", "1.4e-05"},
      {2.4e-4, "8.2e-13", "2.4e-15", "5.2e-05"}, {3.8e-4, "6.3e-10", "1.9e-12", "1.1e-03"},
      {5e-4, "2.8e-08", "8.3e-11", "5.6e-03"},   {1e-3, "1.5e-04", "4.6e-07", "1.6e-01"},
  };
  for (const RandomRow& row : rows) {
    const auto post = post_fec(kKp4, {.ber = row.ber});
    ASSERT_TRUE(post);
    EXPECT_EQ(two_digits(post->codeword_failure), row.kp4) << row.ber;
    EXPECT_EQ(two_digits(post->bit_error_ratio), row.kp4_ber) << row.ber;
    EXPECT_EQ(two_digits(failure(kKr4, {.ber = row.ber})), row.kr4) << row.ber;
  }
}

TEST(Analytic, GivesTheBurstTableToItsPrintedDigits) {
  struct Row {
    double burst;
    const char* plain;
    const char* precoded;
  };
  const Row rows[] = {{0, "1.3e-18", "4.9e-12"},
                      {0.25, "9.4e-16", "1.9e-12"},
                      {0.5, "5.6e-14", "6.1e-13"},
                      {0.75, "2.4e-09", "4.8e-14"}};
  for (const Row& row : rows) {
    ErrorProcess errors{.ber = 1e-4, .burst = row.burst, .bits_per_symbol = 2};
    EXPECT_EQ(two_digits(failure(kKp4, errors)), row.plain) << row.burst;
    errors.precoding = true;
    EXPECT_EQ(two_digits(failure(kKp4, errors)), row.precoded) << row.burst;
  }
}

TEST(Analytic, FitsTheMeasuredReceivers) {
  // DesignCon 2024, table 4 of p.173: ratios before and after FEC, and the a that explains them.
  struct Row {
    double before;
    double after;
    double burst;
  };
  for (const Row& row : {Row{1.31e-5, 1.93e-15, 0.70}, Row{8.69e-5, 2.71e-15, 0.61},
                         Row{6.72e-5, 6.8e-16, 0.61}, Row{6.78e-5, 5.5e-18, 0.48}}) {
    const auto burst = burst_that_fits(kKp4, {.ber = row.before, .bits_per_symbol = 2}, row.after);
    ASSERT_TRUE(burst) << burst.error().text();
    EXPECT_NEAR(*burst, row.burst, 0.03);
  }
}

/// One case for the judge; ratios as text, so that both sides read the same number.
struct Case {
  const CodeParameters* code;
  const char* ber;
  const char* burst;  ///< "-" for independent bits
  unsigned bits = 2;
  bool precoding = false;
  std::size_t interleave = 1;
  std::size_t lanes = 1;
};

/// What the judge prints for the cases.
std::vector<std::pair<double, double>> judged(const std::string& python,
                                              const std::vector<Case>& cases) {
  std::string input;
  for (const Case& c : cases) {
    input += fmt::format("{} {} {} {} {} {} {} {} {}\\n", c.code->n, c.code->t, c.code->symbol_bits,
                         c.ber, c.burst, c.bits, c.precoding ? 1 : 0, c.interleave, c.lanes);
  }
  const auto run = base::shell_output("printf '" + input + "' | " + python +
                                      " " WEFT_SOURCE_DIR "/src/phy/fec/analytic_judge.py");
  EXPECT_EQ(run.code, 0);
  std::istringstream numbers(run.out);
  std::vector<std::pair<double, double>> results;
  for (double failure = 0, symbols = 0; numbers >> failure >> symbols;) {
    results.emplace_back(failure, symbols);
  }
  return results;
}

void expect_as_judged(const std::vector<Case>& cases) {
  const std::string python = base::python_with();
  if (python.empty()) {
    GTEST_SKIP() << base::no_python_with();
  }
  const auto results = judged(python, cases);
  ASSERT_EQ(results.size(), cases.size());
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const Case& c = cases[i];
    ErrorProcess errors{.ber = std::strtod(c.ber, nullptr),
                        .bits_per_symbol = c.bits,
                        .precoding = c.precoding,
                        .interleave = c.interleave,
                        .lanes = c.lanes};
    if (c.burst[0] != '-') {
      errors.burst = std::strtod(c.burst, nullptr);
    }
    const auto post = post_fec(*c.code, errors);
    ASSERT_TRUE(post);
    // 1e-9 of a decade is 2e-9 of the ratio.
    EXPECT_NEAR(post->log10_codeword_failure, results[i].first, 1e-9) << c.ber << " " << c.burst;
    EXPECT_NEAR(post->log10_symbol_error_ratio, results[i].second, 1e-9) << c.ber << " " << c.burst;
  }
}

TEST(Analytic, IsTheExactRationalSumOfIndependentErrors) {
  expect_as_judged(
      {{&kKp4, "2.4e-4", "-"}, {&kKp4, "1e-3", "-"}, {&kKp4, "1e-5", "-"}, {&kKr4, "1e-8", "-"}});
}

TEST(Analytic, IsTheExactRationalSumOfBursts) {
  // Whole codes once each; interleaving and lanes on a short one, for whole ones take minutes.
  static constexpr CodeParameters kShort{"short", 67, 57, 5, 10};
  expect_as_judged({{&kKp4, "1e-4", "0.5"},
                    {&kKr4, "1e-6", "0.75", 2, true},
                    {&kShort, "1e-5", "0.25", 1, true},
                    {&kShort, "1e-3", "0.7", 2, false, 2},
                    {&kShort, "2e-4", "0.7", 2, true, 4, 1},
                    {&kShort, "1e-25", "0.5", 2, false, 1, 4},
                    {&kShort, "1e-4", "0.9", 1, false, 4, 8}});
}

TEST(Analytic, KeepsItsLogarithmBelowWhatADoubleHolds) {
  const auto post = post_fec(kKp4, {.ber = 1e-30});
  ASSERT_TRUE(post);
  EXPECT_EQ(post->codeword_failure, 0);
  // C(544,16) (1e-29)^16, all other terms negligible.
  const double log_choose =
      (std::lgamma(545) - std::lgamma(17) - std::lgamma(529)) / std::log(10.0);
  EXPECT_NEAR(post->log10_codeword_failure, log_choose - 29 * 16, 1e-9);
  const auto none = post_fec(kKp4, {.ber = 0, .burst = 0.5});
  ASSERT_TRUE(none);
  EXPECT_EQ(none->codeword_failure, 0);
  EXPECT_TRUE(std::isinf(none->log10_codeword_failure));
  EXPECT_EQ(none->histogram.size(), 17u);
  EXPECT_EQ(none->histogram[0], 1);
}

TEST(Analytic, RefusesWhatIsNoRatioAndNoShape) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const ErrorProcess& errors :
       {ErrorProcess{.ber = -1e-9}, ErrorProcess{.ber = 1.1}, ErrorProcess{.ber = nan},
        ErrorProcess{.ber = 1e-4, .burst = -0.1}, ErrorProcess{.ber = 1e-4, .burst = 1.1},
        ErrorProcess{.ber = 1e-4, .burst = nan}, ErrorProcess{.ber = 1e-4, .bits_per_symbol = 3},
        ErrorProcess{.ber = 1e-4, .interleave = 3}, ErrorProcess{.ber = 1e-4, .lanes = 0},
        ErrorProcess{.ber = 1e-4, .lanes = 65}}) {
    const auto post = post_fec(kKp4, errors);
    ASSERT_FALSE(post);
    EXPECT_EQ(post.error().code, base::Code::kInvalidArgument);
  }
  EXPECT_FALSE(post_fec({"big", 1000, 900, 50, 10}, {.ber = 1e-4}));
  EXPECT_FALSE(burst_that_fits(kKp4, {.ber = 1e-4, .bits_per_symbol = 2}, 0));
  EXPECT_FALSE(burst_that_fits(kKp4, {.ber = 1e-4, .bits_per_symbol = 2}, 1e-30));
}

RC_GTEST_PROP(AnalyticProperty, HistogramIsADistributionAndMoreErrorsNeverHelp, ()) {
  const CodeParameters& code = *rc::gen::arbitrary<bool>() ? kKp4 : kKr4;
  ErrorProcess errors;
  errors.ber = std::pow(10.0, -*rc::gen::inRange(3, 3000) / 10.0);
  if (*rc::gen::arbitrary<bool>()) {
    errors.burst = *rc::gen::inRange(0, 101) / 100.0;
  }
  errors.bits_per_symbol = *rc::gen::element(1u, 2u);
  errors.precoding = *rc::gen::arbitrary<bool>();
  errors.interleave = *rc::gen::element<std::size_t>(1, 2, 4);
  errors.lanes = *rc::gen::element<std::size_t>(1, 2, 3, 4, 8, 16);
  const auto post = post_fec(code, errors);
  RC_ASSERT(post.has_value());
  double sum = 0;
  for (const double p : post->histogram) {
    RC_ASSERT(p >= 0);
    sum += p;
  }
  RC_ASSERT(std::abs(sum - 1) < 1e-9);
  RC_ASSERT(post->symbol_error_ratio <= post->pre_fec_symbol_error_ratio * (1 + 1e-9));
  RC_ASSERT(post->codeword_failure <= 1 + 1e-9);
  // Where errors are rare, that is: in the saturated range precoding's two errors can fall
  // together.
  ErrorProcess more = errors;
  more.ber *= 1.05;
  if (errors.ber < 0.02) {
    RC_ASSERT(post_fec(code, more)->log10_codeword_failure >= post->log10_codeword_failure - 1e-12);
  }
}

RC_GTEST_PROP(AnalyticProperty, LongerBurstsNeverHelpWhereFailuresAreRare, ()) {
  // PAM4, without precoding, one lane, no interleaving, below the knee. At higher ratios, and with
  // NRZ's ten line symbols in a FEC symbol, short bursts may help: errors fall into fewer symbols.
  ErrorProcess errors;
  errors.ber = std::pow(10.0, -*rc::gen::inRange(40, 300) / 10.0);
  errors.bits_per_symbol = 2;
  const double burst = *rc::gen::inRange(0, 85) / 100.0;
  errors.burst = burst;
  const auto shorter = post_fec(kKp4, errors);
  errors.burst = burst + 0.02;
  RC_ASSERT(post_fec(kKp4, errors)->log10_codeword_failure >= shorter->log10_codeword_failure);
}

}  // namespace
}  // namespace weft::phy::fec
