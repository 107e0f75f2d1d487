// SPDX-License-Identifier: Apache-2.0
// Lazily drawn counters: pure in time, monotone, Poisson over disjoint spans (against the closed
// form here, against scipy in count_judge.py), and next() at one with count().
#include "twin/world/count_process.h"

#include "base/test_shell.h"
#include "twin/world/normal.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <limits>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace weft::twin {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kYear = 31'557'600 * kSecond;

/// A rate from 1e-9 to 1e11 per second.
double any_rate() {
  return std::pow(10.0, *rc::gen::inRange(-90, 111) / 10.0);
}

TEST(TwinCountProcess, NormalQuantileInvertsTheDistribution) {
  for (double z = -8; z <= 8; z += 0.01) {
    const double p = 0.5 * std::erfc(-z / std::sqrt(2.0));
    // Near 1 the rounding of p itself is what limits.
    const double rounding = 1.2e-16 / (0.3989 * std::exp(-z * z / 2));
    EXPECT_NEAR(normal_quantile(p), z, 1e-12 + (z > 0 ? rounding : 0));
  }
}

TEST(TwinCountProcess, CountsNothingAtRateZero) {
  CountProcess process(1);
  EXPECT_EQ(process.count({kYear}), 0U);
  EXPECT_EQ(process.next({5}), kNever);
  for (const double rate : {0.0, -1.0, 1e-13, std::numeric_limits<double>::quiet_NaN()}) {
    process.set_rate(rate, {10});
    EXPECT_EQ(process.rate(), 0.0);
  }
  process.add(3);
  EXPECT_EQ(process.count({kYear}), 3U);
}

TEST(TwinCountProcess, HoldsTheRangeOfRatesOverAYear) {
  for (double rate = 1e-9; rate < 2e11; rate *= 10) {
    CountProcess process(17);
    process.set_rate(rate, {0});
    for (const std::int64_t span : {kSecond, 3600 * kSecond, 30 * 86400 * kSecond, kYear}) {
      const double mean = rate * static_cast<double>(span) * 1e-9;
      const double away = static_cast<double>(process.count({span})) - mean;
      EXPECT_LE(std::abs(away), 6 * std::sqrt(mean) + 4 + mean * 1e-15) << rate << " " << span;
    }
  }
}

TEST(TwinCountProcess, IsPureInTime) {
  rc::check("count() does not depend on what was read before", [] {
    const auto stream = *rc::gen::arbitrary<std::uint64_t>();
    const double rate = any_rate();
    const auto most = *rc::gen::element(std::int64_t{2000}, kSecond, 86400 * kSecond, kYear);
    const auto times = *rc::gen::nonEmpty(
        rc::gen::container<std::vector<std::int64_t>>(rc::gen::inRange<std::int64_t>(0, most)));
    CountProcess busy(stream);
    busy.set_rate(rate, {0});
    for (const std::int64_t at : times) {
      CountProcess fresh(stream);
      fresh.set_rate(rate, {0});
      RC_ASSERT(busy.count({at}) == fresh.count({at}));
    }
  });
}

TEST(TwinCountProcess, NeverFalls) {
  rc::check("count() is monotone, over settings too", [] {
    CountProcess process(*rc::gen::arbitrary<std::uint64_t>());
    std::int64_t at = 0;
    std::uint64_t last = 0;
    for (int i = 0; i < 30; ++i) {
      at += *rc::gen::inRange<std::int64_t>(0, kSecond);
      if (*rc::gen::inRange(0, 4) == 0) {
        process.set_rate(any_rate(), {at});
      }
      const std::uint64_t count = process.count({at});
      RC_ASSERT(count >= last);
      last = count;
    }
  });
}

TEST(TwinCountProcess, NextAgreesWithCount) {
  rc::check("count() grows at next() and not before", [] {
    CountProcess process(*rc::gen::arbitrary<std::uint64_t>());
    process.set_rate(any_rate(), {*rc::gen::inRange<std::int64_t>(0, kSecond)});
    WorldTime at{kSecond + *rc::gen::inRange<std::int64_t>(0, kSecond)};
    for (int i = 0; i < 5; ++i) {
      const WorldTime next = process.next(at);
      RC_ASSERT(next > at);
      if (next == kNever) {
        RC_ASSERT(process.rate() < 1e-6);
        break;
      }
      RC_ASSERT(process.count({next.ns - 1}) == process.count(at));
      RC_ASSERT(process.count(next) > process.count(at));
      at = next;
    }
  });
}

/// Upper tail of chi-square by Wilson and Hilferty's cube root, as standard deviations.
double chi_square_z(double chi_square, double degrees) {
  const double c = 2 / (9 * degrees);
  return (std::cbrt(chi_square / degrees) - (1 - c)) / std::sqrt(c);
}

/// Counts of spans against Poisson's closed form; cells of 5 expected at least.
double poisson_z(const std::vector<std::uint64_t>& counts, double mean) {
  std::vector<double> seen(1, 0), expected(1, 0);
  const auto all = static_cast<double>(counts.size());
  double p = std::exp(-mean);
  double left = 1;
  for (std::uint64_t k = 0; left * all > 5; ++k) {
    seen.back() += static_cast<double>(std::count(counts.begin(), counts.end(), k));
    expected.back() += p * all;
    left -= p;
    if (expected.back() >= 5) {
      seen.push_back(0);
      expected.push_back(0);
    }
    p *= mean / static_cast<double>(k + 1);
  }
  double seen_before = 0, expected_before = 0;
  for (std::size_t i = 0; i + 1 < seen.size(); ++i) {
    seen_before += seen[i];
    expected_before += expected[i];
  }
  seen.back() = all - seen_before;
  expected.back() = all - expected_before;
  double chi_square = 0;
  for (std::size_t i = 0; i < seen.size(); ++i) {
    chi_square += (seen[i] - expected[i]) * (seen[i] - expected[i]) / expected[i];
  }
  return chi_square_z(chi_square, static_cast<double>(seen.size() - 1));
}

TEST(TwinCountProcess, DisjointSpansArePoissonNumbers) {
  // Spans that are no power of two, at rates where blocks of all sizes take part.
  for (const double mean : {0.3, 3.0, 40.0}) {
    for (const std::int64_t span : {std::int64_t{997}, std::int64_t{1'000'003}, 3 * kSecond}) {
      CountProcess process(99);
      process.set_rate(mean / (static_cast<double>(span) * 1e-9), {12345});
      std::vector<std::uint64_t> counts;
      std::uint64_t last = 0;
      double together = 0, before = mean;
      for (std::int64_t i = 1; i <= 4000; ++i) {
        const std::uint64_t count = process.count({12345 + i * span});
        counts.push_back(count - last);
        const double here = static_cast<double>(count - last);
        together += (here - mean) * (before - mean);
        before = here;
        last = count;
      }
      EXPECT_LT(std::abs(poisson_z(counts, mean)), 4.5) << mean << " " << span;
      // Neighbours are independent: their covariance has deviation mean / sqrt(4000).
      EXPECT_LT(std::abs(together / 4000), 4.5 * mean / std::sqrt(4000.0)) << mean << " " << span;
    }
  }
}

TEST(TwinCountProcess, AgreesWithScipysPoisson) {
  const std::string modules = "numpy, scipy";
  const std::string python = base::python_with(modules);
  if (python.empty()) {
    GTEST_SKIP() << base::no_python_with(modules);
  }
  // Means up to where numbers of a block are drawn by each of the methods; prime spans.
  const auto file = std::filesystem::path(WEFT_BINARY_DIR) / "count_judge.txt";
  std::ofstream out(file);
  for (const double mean : {0.05, 1.0, 20.0, 700.0, 3e5, 1e9, 1e11}) {
    for (const std::int64_t span : {std::int64_t{104'729}, 7 * kSecond + 1}) {
      CountProcess process(2024);
      process.set_rate(mean / (static_cast<double>(span) * 1e-9), {1});
      if (process.rate() == kGreatestRate) {
        continue;
      }
      out.precision(17);
      out << mean << "/" << span << " " << process.rate() * static_cast<double>(span) * 1e-9;
      std::uint64_t last = 0;
      for (std::int64_t i = 1; i <= 3000; ++i) {
        const std::uint64_t count = process.count({1 + i * span});
        out << " " << count - last;
        last = count;
      }
      out << "\n";
    }
  }
  out.close();
  const base::Run judge = base::shell(
      python + " " WEFT_SOURCE_DIR "/src/twin/world/count_judge.py < '" + file.string() + "'");
  EXPECT_EQ(judge.code, 0) << judge.out;
  std::filesystem::remove(file);
}

TEST(TwinCountProcess, WaitingTimesAreExponential) {
  CountProcess process(5);
  process.set_rate(1e5, {0});
  std::vector<std::uint64_t> tenths(10, 0);
  WorldTime at{0};
  for (int i = 0; i < 5000; ++i) {
    const WorldTime next = process.next(at);
    const double share = 1 - std::exp(-(next - at).seconds() * 1e5);
    ++tenths[std::min<std::size_t>(9, static_cast<std::size_t>(share * 10))];
    at = next;
  }
  double chi_square = 0;
  for (const std::uint64_t n : tenths) {
    chi_square += std::pow(static_cast<double>(n) - 500, 2) / 500;
  }
  EXPECT_LT(std::abs(chi_square_z(chi_square, 9)), 4.5);
}

TEST(TwinCountProcess, TheSameRateAgainChangesNothing) {
  CountProcess once(3), often(3);
  once.set_rate(1e6, {0});
  for (std::int64_t at = 0; at < kSecond; at += kSecond / 10) {
    often.set_rate(1e6, {at});
  }
  EXPECT_EQ(once.count({kSecond}), often.count({kSecond}));
}

TEST(TwinCountProcess, ReadsBackAndRefusesWhatCannotBe) {
  CountProcess process(8);
  process.set_rate(1234.5, {77});
  process.add(5);
  static_cast<void>(process.count({kSecond}));
  Archive out;
  process.exchange(out);
  CountProcess back;
  Archive in(out.bytes());
  back.exchange(in);
  EXPECT_FALSE(in.failed());
  for (std::int64_t at = kSecond; at < 50 * kSecond; at += kSecond) {
    EXPECT_EQ(back.count({at}), process.count({at}));
  }
  Archive again;
  back.exchange(again);
  EXPECT_EQ(again.bytes(), out.bytes()) << "where one looked is no part of the state";

  base::Bytes bytes = out.bytes();
  bytes[31] |= 0x80;  // the rate's sign
  Archive garbled(bytes);
  back.exchange(garbled);
  EXPECT_TRUE(garbled.failed());
  EXPECT_EQ(back.rate(), 0.0);
}

}  // namespace
}  // namespace weft::twin
