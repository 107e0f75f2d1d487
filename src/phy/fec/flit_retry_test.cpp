// SPDX-License-Identifier: Apache-2.0
// The flit's retry ratio against the anchors of facts: two independent hits at first bit error
// ratio 1e-6, the burst figures of an independent Monte Carlo, eFEC's failure ratios, the FIT
// bound; and monotony.
#include "phy/fec/flit_retry.h"

#include <algorithm>
#include <cmath>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace weft::phy::fec {
namespace {

std::string two_digits(double value) {
  return fmt::format("{:.1e}", value);
}

double retry(FlitFec fec, const FlitErrors& errors) {
  const auto result = flit_retry(fec, errors);
  EXPECT_TRUE(result) << (result ? "" : result.error().text());
  return result ? result->retry : -1;
}

TEST(FlitRetry, TwoIndependentHitsAreThePublishedAnchors) {
  EXPECT_EQ(two_digits(retry(FlitFec::kPcie6, {.first_bit_error_ratio = 1e-6})), "6.9e-07");
  EXPECT_EQ(two_digits(retry(FlitFec::kPcie6, {.first_bit_error_ratio = 1e-5})), "6.9e-05");
  EXPECT_EQ(two_digits(retry(FlitFec::kPcie6, {.first_bit_error_ratio = 1e-4})), "6.6e-03");
  // 86, 85 and 85 bytes in the three words: pairs * (8 p)^2.
  const double pairs = 86 * 85 / 2.0 + 85 * 84;
  EXPECT_NEAR(retry(FlitFec::kPcie6, {.first_bit_error_ratio = 1e-9}) / (pairs * 6.4e-17), 1, 1e-5);
}

TEST(FlitRetry, EfecFailuresAreThePublishedAnchors) {
  EXPECT_EQ(two_digits(retry(FlitFec::kEfec0, {.first_bit_error_ratio = 1e-4})), "6.1e-05");
  EXPECT_EQ(two_digits(retry(FlitFec::kEfec1, {.first_bit_error_ratio = 1e-4})), "2.4e-06");
  EXPECT_EQ(two_digits(retry(FlitFec::kEfec2, {.first_bit_error_ratio = 1e-4})), "8.1e-08");
}

TEST(FlitRetry, BurstsGiveTheMonteCarloFigures) {
  const auto at = [](double burst, std::size_t lanes) {
    return retry(FlitFec::kPcie6, {.first_bit_error_ratio = 1e-6, .burst = burst, .lanes = lanes});
  };
  EXPECT_EQ(two_digits(at(0.5, 16)), "2.6e-06");
  // Its error bars are some 5 %; it started each flit on clean lanes, while here bursts that reach
  // in from the flit before count as well.
  EXPECT_NEAR(at(0.5, 1), 3.0e-6, 0.15e-6);
  EXPECT_NEAR(at(0.75, 16), 8.6e-5, 0.5e-5);
  EXPECT_NEAR(at(0.75, 1), 1.0e-4, 0.1e-4);
}

/// First-order term: one burst, by enumeration of its start and length, on a lane of 256 / lanes
/// bytes of four symbols. Four bytes in a row on one lane hit one of the three words twice.
double one_burst(double burst, std::size_t lanes) {
  const int symbols = static_cast<int>(4 * 256 / lanes);
  double sum = 0;
  for (int start = -200; start < symbols; ++start) {
    double p = 1 - burst;
    for (int last = start; p > 1e-18; ++last, p *= burst) {
      if (last >= 0 && std::min(last, symbols - 1) / 4 - std::max(start, 0) / 4 >= 3) {
        sum += p;
      }
    }
  }
  return sum * static_cast<double>(lanes);
}

TEST(FlitRetry, OneBurstIsTheSumOverItsStartsAndLengths) {
  for (const std::size_t lanes : {1, 2, 4, 8, 16}) {
    for (const double burst : {0.25, 0.5, 0.75, 0.9}) {
      const double fber = 1e-15;  // two bursts in a flit no longer count
      const double expected = 2 * fber * one_burst(burst, lanes);
      EXPECT_NEAR(
          retry(FlitFec::kPcie6, {.first_bit_error_ratio = fber, .burst = burst, .lanes = lanes}) /
              expected,
          1, 1e-6)
          << burst << " x" << lanes;
    }
  }
}

TEST(FlitRetry, KeepsItsLogarithmWhereTheRatioUnderflows) {
  const auto result = flit_retry(FlitFec::kPcie6, {.first_bit_error_ratio = 1e-200});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->retry, 0);
  EXPECT_NEAR(result->log10_retry, std::log10(10795 * 64.0) - 400, 1e-9);
  const auto none = flit_retry(FlitFec::kPcie6, {.first_bit_error_ratio = 0});
  EXPECT_EQ(none->retry, 0);
  EXPECT_TRUE(std::isinf(none->log10_retry));
}

TEST(FlitService, GivesTheFitBoundAndGoodputOfX16) {
  // 5e8 flits/s * 3.6e12 s * 5e-6 * 2^-64 = 5e-4 FIT.
  const FlitService service = flit_service(FlitFec::kPcie6, {.retry = 5e-6},
                                           {.bits_per_second = 5e8 * 2048, .round_trip_s = 0});
  EXPECT_NEAR(service.undetected_fit_max, 5e-4, 0.2e-4);
  EXPECT_DOUBLE_EQ(service.flits_per_s, 5e8);
  EXPECT_DOUBLE_EQ(service.replay_latency_s, 2e-9);
  const FlitService slow = flit_service(FlitFec::kPcie6, {.retry = 0.1},
                                        {.bits_per_second = 2048e9, .round_trip_s = 9e-9});
  EXPECT_NEAR(slow.replayed_flits, 10, 1e-6);
  EXPECT_NEAR(slow.efficiency, 0.9 / (0.9 + 1.0), 1e-12);
  EXPECT_NEAR(slow.goodput_bits_per_s, 2048e9 * 0.9 / 1.9 * 236 / 256, 1);
  const FlitService selective =
      flit_service(FlitFec::kPcie6, {.retry = 0.1},
                   {.bits_per_second = 2048e9, .round_trip_s = 9e-9, .is_selective = true});
  EXPECT_NEAR(selective.efficiency, 0.9, 1e-12);
}

TEST(FlitRetry, RefusesWhatIsNoRatioOrNoLink) {
  const double nan = std::nan("");
  EXPECT_FALSE(flit_retry(FlitFec::kPcie6, {.first_bit_error_ratio = -1}));
  EXPECT_FALSE(flit_retry(FlitFec::kPcie6, {.first_bit_error_ratio = nan}));
  EXPECT_FALSE(flit_retry(FlitFec::kPcie6, {.first_bit_error_ratio = 1e-6, .burst = 1}));
  EXPECT_FALSE(flit_retry(FlitFec::kPcie6, {.first_bit_error_ratio = 1e-6, .burst = nan}));
  EXPECT_FALSE(flit_retry(FlitFec::kPcie6, {.first_bit_error_ratio = 1e-6, .bits_per_symbol = 3}));
  EXPECT_FALSE(flit_retry(FlitFec::kPcie6, {.first_bit_error_ratio = 1e-6, .lanes = 3}));
}

RC_GTEST_PROP(FlitRetryProperty, MoreErrorsOrLongerBurstsNeverHelp, ()) {
  FlitErrors errors;
  errors.first_bit_error_ratio = std::pow(10.0, -*rc::gen::inRange(15, 300) / 10.0);
  errors.lanes = *rc::gen::element<std::size_t>(1, 2, 4, 8, 16);
  errors.bits_per_symbol = *rc::gen::element(1u, 2u);
  const double burst = *rc::gen::inRange(0, 95) / 100.0;
  for (const FlitCode& code : flit_codes()) {
    errors.burst = burst;
    const auto less = flit_retry(code.fec, errors);
    errors.burst = burst + 0.04;
    const auto longer = flit_retry(code.fec, errors);
    RC_ASSERT(longer->log10_retry >= less->log10_retry - 1e-12);
    errors.burst = burst;
    FlitErrors more = errors;
    more.first_bit_error_ratio *= 1.1;
    RC_ASSERT(flit_retry(code.fec, more)->log10_retry >= less->log10_retry - 1e-12);
    RC_ASSERT(less->retry >= 0);
    RC_ASSERT(less->retry <= 1 + 1e-12);
  }
}

}  // namespace
}  // namespace weft::phy::fec
