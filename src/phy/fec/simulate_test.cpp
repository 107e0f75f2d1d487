// SPDX-License-Identifier: Apache-2.0
// Computed against thrown: the Monte Carlo sends data through the real codecs, and its counts must
// lie within their error bars of the sums (bounds wide enough that a right program fails once in
// some million seeds; the seeds are fixed). Then the inner Hamming code and the proofs.
#include "phy/fec/simulate.h"

#include "base/random.h"
#include "phy/fec/concatenated.h"
#include "phy/fec/proof.h"
#include "wire/fec/hamming.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace weft::phy::fec {
namespace {

/// Whether `seen` of `trials` fits probability p within five standard deviations.
void expect_fits(std::uint64_t seen, std::uint64_t trials, double p, const char* what) {
  const double mean = p * static_cast<double>(trials);
  const double sigma = std::sqrt(mean * (1 - p)) + 0.5;
  EXPECT_NEAR(static_cast<double>(seen), mean, 5 * sigma) << what;
}

TEST(FecSimulate, CodewordsAgreeWithTheSums) {
  const ErrorProcess processes[] = {
      {.ber = 1.5e-3},
      {.ber = 1.5e-3, .burst = 0.6, .bits_per_symbol = 2},
      {.ber = 1.0e-3, .burst = 0.6, .bits_per_symbol = 2, .precoding = true},
      {.ber = 1.5e-3, .burst = 0.75, .bits_per_symbol = 2, .interleave = 4, .lanes = 1},
      {.ber = 1.5e-3, .burst = 0.75, .bits_per_symbol = 1, .interleave = 2, .lanes = 4},
      {.ber = 1.2e-3, .bits_per_symbol = 2, .precoding = true, .lanes = 2},
  };
  for (const auto& errors : processes) {
    const auto computed = post_fec(kKp4, errors);
    const auto trial = simulate_codewords(kKp4, errors, 1200, 11);
    ASSERT_TRUE(computed);
    ASSERT_TRUE(trial);
    const std::uint64_t failed = trial->uncorrectable + trial->miscorrected;
    expect_fits(failed, trial->codewords, computed->codeword_failure, "failed");
    EXPECT_EQ(failed, trial->histogram.back()) << "every pattern beyond t fails, none within";
    for (std::size_t i = 0; i < trial->histogram.size(); ++i) {
      expect_fits(trial->histogram[i], trial->codewords, computed->histogram[i], "bin");
    }
    const double symbols = static_cast<double>(trial->codewords) * 544;
    EXPECT_NEAR(
        static_cast<double>(trial->wrong_symbols) / symbols / computed->pre_fec_symbol_error_ratio,
        1, 0.06);
    if (failed > 50) {
      EXPECT_NEAR(
          static_cast<double>(trial->wrong_symbols_left) / symbols / computed->symbol_error_ratio,
          1, 5 / std::sqrt(static_cast<double>(failed)));
      EXPECT_NEAR(
          static_cast<double>(trial->wrong_bits_left) / symbols / 10 / computed->bit_error_ratio, 1,
          5 / std::sqrt(static_cast<double>(failed)));
    }
  }
}

TEST(FecSimulate, FlitsAgreeWithTheSums) {
  const FlitErrors processes[] = {
      {.first_bit_error_ratio = 1e-4},
      {.first_bit_error_ratio = 1e-5, .burst = 0.5, .lanes = 16},
      {.first_bit_error_ratio = 1e-5, .burst = 0.5, .lanes = 1},
      {.first_bit_error_ratio = 1e-5, .burst = 0.75, .lanes = 4},
      {.first_bit_error_ratio = 2e-5, .burst = 0.75, .precoding = true, .lanes = 2},
      {.first_bit_error_ratio = 5e-5, .burst = 0.5, .bits_per_symbol = 1, .lanes = 8},
  };
  for (const auto& errors : processes) {
    const auto computed = flit_retry(FlitFec::kPcie6, errors);
    const auto trial = simulate_flits(errors, 60'000, 5);
    ASSERT_TRUE(computed);
    ASSERT_TRUE(trial);
    EXPECT_EQ(trial->flits, 60'000u);
    expect_fits(trial->touched, trial->flits, computed->touched, "touched");
    expect_fits(trial->retried, trial->flits, computed->retry, "retried");
    EXPECT_EQ(trial->undetected, 0u);
    EXPECT_EQ(trial->corrected + trial->retried, trial->touched);
  }
}

TEST(FecSimulate, OneSeedGivesOneResult) {
  const ErrorProcess errors{.ber = 2e-3, .burst = 0.5, .bits_per_symbol = 2};
  const auto first = simulate_codewords(kKp4, errors, 100, 3);
  const auto again = simulate_codewords(kKp4, errors, 100, 3);
  const auto other = simulate_codewords(kKp4, errors, 100, 4);
  EXPECT_EQ(first->histogram, again->histogram);
  EXPECT_NE(first->wrong_symbols, other->wrong_symbols);
  EXPECT_FALSE(simulate_codewords({"own", 255, 223, 16, 8}, errors, 1, 1));
  EXPECT_FALSE(simulate_codewords(kKp4, {.ber = 2}, 1, 1));
}

TEST(Concatenated, InnerCodeLeavesWhatItsCodecLeaves) {
  const auto codec = wire::fec::InnerHamming::create();
  ASSERT_TRUE(codec);
  for (const double p : {0.003, 0.02, 0.1}) {
    base::Random random(9, "inner");
    const int blocks = 40'000;
    std::uint64_t wrong = 0;
    double next = std::floor(std::log1p(-random.uniform()) / std::log1p(-p));
    for (int i = 0; i < blocks; ++i) {
      wire::fec::InnerHamming::Block block{};  // a linear code: the zero word stands for all
      for (; next < 128; next += 1 + std::floor(std::log1p(-random.uniform()) / std::log1p(-p))) {
        const auto bit = static_cast<std::size_t>(next);
        block[bit / 64] ^= std::uint64_t{1} << (bit % 64);
      }
      next -= 128;
      (void)codec->decode(block);
      wrong += static_cast<std::uint64_t>(std::popcount(block[0]) + std::popcount(block[1]));
    }
    const auto computed = post_concatenated(p);
    ASSERT_TRUE(computed);
    const double expected = computed->inner_bit_error_ratio * 128 * blocks;
    // Wrong bits come in fours: the count varies like some fours of Poisson counts.
    EXPECT_NEAR(static_cast<double>(wrong), expected, 5 * std::sqrt(4.5 * expected)) << p;
  }
}

TEST(Concatenated, BeatsKp4AloneAndKeepsItsOrder) {
  double last = 0;
  for (const double p : {1e-5, 1e-4, 2.4e-4, 5e-4, 1e-3, 3e-3}) {
    const auto both = post_concatenated(p);
    const auto alone = post_fec(kKp4, {.ber = p});
    ASSERT_TRUE(both);
    EXPECT_LT(both->outer.log10_codeword_failure, alone->log10_codeword_failure) << p;
    EXPECT_GT(both->inner_bit_error_ratio, last);
    last = both->inner_bit_error_ratio;
  }
  // First order: two wrong bits stay, so 128 * 127 / 2 * p^2 * 2 / 128 plus nothing else.
  EXPECT_NEAR(post_concatenated(1e-7)->inner_bit_error_ratio / (127 * 1e-14), 1, 1e-4);
  EXPECT_FALSE(post_concatenated(0.6));
  EXPECT_FALSE(post_concatenated(std::nan("")));
  EXPECT_EQ(post_concatenated(0)->outer.codeword_failure, 0);
}

TEST(Proof, IsTheRuleOfThreeWithoutErrors) {
  const auto proof = prove({.errors = 0, .bits = 1e13});
  ASSERT_TRUE(proof);
  EXPECT_NEAR(proof->bits_needed, -std::log(0.05) * 1e15, 1e9);
  EXPECT_NEAR(proof->upper, 2.9957e-13, 1e-17);
  EXPECT_NEAR(proof->bounds.high, 3.6889e-13, 1e-17);  // -ln(0.025) / 1e13
  EXPECT_EQ(proof->bounds.low, 0);
  EXPECT_FALSE(proof->is_proven);
  EXPECT_TRUE(prove({.errors = 0, .bits = 3e15})->is_proven);
  EXPECT_FALSE(prove({.errors = 0, .bits = 2.99e15})->is_proven);
}

TEST(Proof, CountsErrorsThatWereSeen) {
  // One-sided 95 % Poisson bounds of 1 and 2 events: 4.7439 and 6.2958 (tables of chi-square / 2).
  EXPECT_NEAR(prove({.errors = 1, .bits = 1e10, .target = 1e-9})->bits_needed, 4.7439e9, 1e6);
  EXPECT_NEAR(prove({.errors = 2, .bits = 1e20, .target = 1e-15})->bits_needed, 6.2958e15, 1e12);
  const auto above = prove({.errors = 100, .bits = 1e10, .target = 1e-9});
  EXPECT_TRUE(above->is_disproven);
  EXPECT_FALSE(above->is_proven);
  EXPECT_FALSE(prove({.errors = 5, .bits = 2}));
  EXPECT_FALSE(prove({.errors = 0, .bits = std::nan("")}));
  EXPECT_FALSE(prove({.errors = 0, .bits = 1e13, .target = 0}));
  EXPECT_FALSE(prove({.errors = 0, .bits = 1e13, .confidence = 1}));
}

RC_GTEST_PROP(ProofProperty, MoreErrorsProveLessAndMoreBitsProveMore, ()) {
  const auto errors = *rc::gen::inRange<std::uint64_t>(0, 1000);
  const double bits = std::pow(10.0, *rc::gen::inRange(40, 250) / 10.0);
  const auto proof = prove({.errors = errors, .bits = bits});
  const auto worse = prove({.errors = errors + 1, .bits = bits});
  const auto longer = prove({.errors = errors, .bits = bits * 2});
  RC_ASSERT(worse->upper > proof->upper);
  RC_ASSERT(worse->bits_needed > proof->bits_needed);
  RC_ASSERT(longer->upper < proof->upper);
  RC_ASSERT(proof->bounds.low <= proof->estimate * (1 + 1e-12));
  RC_ASSERT(proof->bounds.high >= proof->estimate);
}

}  // namespace
}  // namespace weft::phy::fec
