// SPDX-License-Identifier: Apache-2.0
// Judges of the exact bounds: R's poisson.test() and binom.test() run here where R is installed,
// values that R 4.2.2 printed where it is not, the published table of Garwood, and coverage by
// simulation.
#include "base/stats.h"

#include "base/random.h"
#include "base/temp_folder.h"
#include "base/test_shell.h"
#include "base/text.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace weft::base {
namespace {

struct Case {
  bool is_poisson = true;
  std::uint64_t hits = 0;
  std::uint64_t trials = 0;
  double confidence = 0.95;

  [[nodiscard]] std::string text() const {
    return is_poisson ? fmt::format("poisson {} at {}", hits, confidence)
                      : fmt::format("binomial {} of {} at {}", hits, trials, confidence);
  }
  [[nodiscard]] Interval bounds() const {
    return is_poisson ? poisson_bounds(hits, confidence)
                      : binomial_bounds(hits, trials, confidence);
  }
};

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const double confidence : {0.5, 0.9, 0.95, 0.99, 0.999999}) {
    for (const std::uint64_t events :
         {0ULL, 1ULL, 2ULL, 3ULL, 5ULL, 10ULL, 17ULL, 50ULL, 100ULL, 999ULL, 12345ULL, 99998ULL,
          100000ULL, 1000000ULL, 1000000000ULL, 123456789012ULL, 1000000000000ULL}) {
      all.push_back({true, events, 0, confidence});
    }
    for (const std::uint64_t trials :
         {1ULL, 2ULL, 7ULL, 30ULL, 1000ULL, 1000000ULL, 1000000000000ULL, 1000000000000000ULL}) {
      for (const std::uint64_t hits : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{3},
                                       trials / 1000, trials / 3, trials / 2, trials - 1, trials}) {
        if (hits <= trials) {
          all.push_back({false, hits, trials, confidence});
        }
      }
    }
  }
  return all;
}

void expect_close(double value, double expected, const std::string& what) {
  EXPECT_NEAR(value, expected, 1e-9 * std::abs(expected)) << what;
}

/// R's answers, a line "low high" per case; empty where R cannot run.
std::vector<Interval> answers_of_r(const std::vector<Case>& all) {
  const TempFolder folder("weft-stats");
  const std::string name = folder.at("cases.R");
  std::FILE* file = std::fopen(name.c_str(), "w");
  if (file == nullptr) {
    return {};
  }
  // binom.test() builds a vector of all outcomes for its p-value; past a million trials its
  // interval's own formula, qbeta(), is asked directly.
  fmt::print(file,
             "show <- function(x) cat(sprintf('%.17g %.17g\\n', x[1], x[2]))\n"
             "p <- function(x, c) show(poisson.test(x, conf.level = c)$conf.int)\n"
             "b <- function(x, n, c) {{\n"
             "  if (n <= 1e6) return(show(binom.test(x, n, conf.level = c)$conf.int))\n"
             "  a <- (1 - c) / 2\n"
             "  show(c(if (x == 0) 0 else qbeta(a, x, n - x + 1),\n"
             "         if (x == n) 1 else qbeta(1 - a, x + 1, n - x)))\n"
             "}}\n");
  for (const Case& one : all) {
    if (one.is_poisson) {
      fmt::print(file, "p({}, {})\n", one.hits, one.confidence);
    } else {
      fmt::print(file, "b({}, {}, {})\n", one.hits, one.trials, one.confidence);
    }
  }
  std::fclose(file);
  std::vector<Interval> answers;
  const std::string command = fmt::format("Rscript --vanilla {} 2>/dev/null", name);
  std::istringstream numbers(shell_output(command).out);
  for (Interval one; numbers >> one.low >> one.high;) {
    answers.push_back(one);
  }
  return answers;
}

TEST(Stats, AgreesWithR) {
  if (!has_program("Rscript")) {
    GTEST_SKIP() << "no Rscript; Debian package r-base-core";
  }
  const std::vector<Case> all = cases();
  const std::vector<Interval> judge = answers_of_r(all);
  ASSERT_EQ(judge.size(), all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Interval ours = all[i].bounds();
    expect_close(ours.low, judge[i].low, all[i].text() + ", lower");
    expect_close(ours.high, judge[i].high, all[i].text() + ", upper");
  }
}

// What R 4.2.2 printed, so that the judge speaks where R is not installed.
TEST(Stats, AgreesWithWhatRPrinted) {
  struct Row {
    Case asked;
    Interval answer;
  };
  for (const Row& row :
       {Row{{true, 3, 0, 0.95}, {0.61867212289560158, 8.7672730697423233}},
        Row{{true, 100, 0, 0.95}, {81.363991250923164, 121.62679379242637}},
        Row{{true, 1000000000000, 0, 0.95}, {999998040036.96265, 1000001959965.9316}},
        Row{{false, 1, 30, 0.95}, {0.00084357092663047903, 0.17216945563341268}},
        Row{{false, 333, 1000, 0.99}, {0.29498905401498543, 0.37262438582155799}},
        Row{{false, 123456789, 1000000000000, 0.95},
            {0.00012343501391362825, 0.00012347856698005118}}}) {
    expect_close(row.asked.bounds().low, row.answer.low, row.asked.text());
    expect_close(row.asked.bounds().high, row.answer.high, row.asked.text());
  }
}

// Garwood, F. (1936), "Fiducial limits for the Poisson distribution", Biometrika 28: 95 % limits,
// as printed to the table's digits.
TEST(Stats, AgreesWithGarwoodsTable) {
  struct Row {
    std::uint64_t events;
    double low;
    double high;
  };
  for (const Row& row :
       {Row{0, 0, 3.689}, Row{1, 0.0253, 5.572}, Row{2, 0.242, 7.225}, Row{5, 1.623, 11.668},
        Row{10, 4.795, 18.390}, Row{20, 12.217, 30.888}, Row{50, 37.111, 65.919}}) {
    const Interval bounds = poisson_bounds(row.events);
    EXPECT_NEAR(bounds.low, row.low, 0.0006) << row.events;
    EXPECT_NEAR(bounds.high, row.high, 0.0006) << row.events;
  }
}

TEST(Stats, ClosedForms) {
  // No event: the upper bound is -ln(tail); no hit in n: 1 - tail^(1/n); one trial, one hit: tail.
  for (const double confidence : {0.5, 0.95, 0.999}) {
    const double tail = (1 - confidence) / 2;
    expect_close(poisson_bounds(0, confidence).high, -std::log(tail), "no event");
    expect_close(binomial_bounds(0, 10, confidence).high, 1 - std::pow(tail, 0.1), "none of ten");
    expect_close(binomial_bounds(10, 10, confidence).low, std::pow(tail, 0.1), "ten of ten");
    expect_close(binomial_bounds(1, 1, confidence).low, tail, "one of one");
  }
  EXPECT_EQ(poisson_bounds(0).low, 0.0);
  EXPECT_EQ(binomial_bounds(0, 5).low, 0.0);
  EXPECT_EQ(binomial_bounds(5, 5).high, 1.0);
}

TEST(Stats, BinomialIsSymmetric) {
  for (const std::uint64_t hits : {0ULL, 1ULL, 40ULL, 99ULL, 100ULL}) {
    const Interval here = binomial_bounds(hits, 100);
    const Interval there = binomial_bounds(100 - hits, 100);
    EXPECT_NEAR(here.low, 1 - there.high, 1e-14);
    EXPECT_NEAR(here.high, 1 - there.low, 1e-14);
  }
}

TEST(Stats, TheLargestCountsStillHaveBounds) {
  constexpr std::uint64_t kMost = ~std::uint64_t{0};
  const Interval poisson = poisson_bounds(kMost);
  EXPECT_LT(poisson.low, 1.8446744073709552e19);
  EXPECT_GT(poisson.high, 1.8446744073709552e19);
  const Interval one = binomial_bounds(1, kMost);
  expect_close(one.high, poisson_bounds(1).high / 1.8446744073709552e19, "one of 2^64");
}

/// The share of `kRuns` simulated counts whose bounds hold the true value.
template <class Distribution, class Bounds>
double coverage(const char* stream, Distribution draw, double truth, Bounds bounds) {
  constexpr int kRuns = 20000;  // standard error of a 95 % share: 0.15 %
  Random random(20260101, stream);
  std::map<std::uint64_t, bool> known;
  int held = 0;
  for (int i = 0; i < kRuns; ++i) {
    const auto count = static_cast<std::uint64_t>(draw(random));
    auto at = known.find(count);
    if (at == known.end()) {
      const Interval interval = bounds(count);
      at = known.emplace(count, interval.low <= truth && truth <= interval.high).first;
    }
    held += at->second ? 1 : 0;
  }
  return static_cast<double>(held) / kRuns;
}

// Exact intervals promise at least 95 %. Where counts are large, whole numbers hardly matter, and
// the share must lie close to 95 %.
TEST(Stats, CoverageIsCloseToNominalForLargeCounts) {
  for (const double mean : {1000.0, 5000.0, 123456.7}) {
    const double share = coverage("poisson", std::poisson_distribution<std::int64_t>(mean), mean,
                                  [](std::uint64_t n) { return poisson_bounds(n); });
    EXPECT_GE(share, 0.94) << mean;
    EXPECT_LE(share, 0.96) << mean;
  }
  struct Binomial {
    std::int64_t trials;
    double probability;
  };
  for (const auto& [trials, probability] : {Binomial{10000, 0.3}, Binomial{100000, 0.01}}) {
    const double share =
        coverage("binomial", std::binomial_distribution<std::int64_t>(trials, probability),
                 probability, [n = static_cast<std::uint64_t>(trials)](std::uint64_t hits) {
                   return binomial_bounds(hits, n);
                 });
    EXPECT_GE(share, 0.94) << trials;
    EXPECT_LE(share, 0.96) << trials;
  }
}

// Where counts are small, no interval can hit 95 % for every mean; the exact one errs on the safe
// side.
TEST(Stats, CoverageIsNeverBelowNominalForSmallCounts) {
  constexpr double kSimulationError = 0.005;  // over three standard errors
  for (const double mean : {0.01, 0.5, 1.0, 3.0, 5.5, 12.0}) {
    EXPECT_GE(coverage("poisson", std::poisson_distribution<std::int64_t>(mean), mean,
                       [](std::uint64_t n) { return poisson_bounds(n); }),
              0.95 - kSimulationError)
        << mean;
  }
  for (const double probability : {0.001, 0.05, 0.5, 0.97}) {
    EXPECT_GE(coverage("binomial", std::binomial_distribution<std::int64_t>(20, probability),
                       probability, [](std::uint64_t hits) { return binomial_bounds(hits, 20); }),
              0.95 - kSimulationError)
        << probability;
  }
}

}  // namespace
}  // namespace weft::base
