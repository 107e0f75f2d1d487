// SPDX-License-Identifier: Apache-2.0
// The FEC histogram over time: bins add up to the codewords that passed, none falls, rare bins are
// Poisson numbers, next() is when they show.
#include "twin/world/histogram_process.h"

#include <cmath>
#include <numeric>

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace weft::twin {
namespace {

using phy::lane::FecHistogram;
using phy::lane::FecProbabilities;
using phy::lane::kFecBins;

constexpr std::int64_t kSecond = 1'000'000'000;

/// Poisson's shares with this mean number of symbol errors, the last bin taking the tail.
FecProbabilities shares(double mean) {
  FecProbabilities p = {};
  double left = 1;
  double term = std::exp(-mean);
  for (std::size_t i = 0; i + 1 < kFecBins; ++i) {
    p[i] = term;
    left -= term;
    term *= mean / static_cast<double>(i + 1);
  }
  p[kFecBins - 1] = std::max(left, 1e-40);
  return p;
}

std::uint64_t sum(const FecHistogram& histogram) {
  return std::accumulate(histogram.begin(), histogram.end(), std::uint64_t{0});
}

TEST(TwinHistogramProcess, BinsAddUpToTheCodewords) {
  for (const double mean : {1e-9, 1e-3, 0.5, 7.0, 30.0}) {
    HistogramProcess process(4);
    process.set_rates(shares(mean), 19.53e6, {500});
    const FecHistogram counts = process.counts({500 + 100 * kSecond});
    EXPECT_NEAR(static_cast<double>(sum(counts)), 19.53e8, 0.1 * 19.53e6) << mean;
    for (std::size_t bin = 0; bin < kFecBins; ++bin) {
      const double expected = shares(mean)[bin] * 19.53e8;
      EXPECT_NEAR(static_cast<double>(counts[bin]), expected,
                  6 * std::sqrt(expected) + 4 + 2e-3 * expected)
          << mean << " bin " << bin;
      EXPECT_EQ(process.count(bin, {500 + 100 * kSecond}), counts[bin]);
    }
  }
}

TEST(TwinHistogramProcess, NothingComesWhileNoCodewordsDo) {
  HistogramProcess process(4);
  EXPECT_EQ(process.counts({kSecond}), FecHistogram{});
  EXPECT_EQ(process.next(0, {0}), kNever);
  process.set_rates(shares(1), 1e6, {kSecond});
  process.set_rates(shares(1), 0, {2 * kSecond});
  const FecHistogram stopped = process.counts({2 * kSecond});
  EXPECT_NEAR(static_cast<double>(sum(stopped)), 1e6, 5000);
  EXPECT_EQ(process.counts({1000 * kSecond}), stopped);
  for (std::size_t bin = 0; bin < kFecBins; ++bin) {
    EXPECT_EQ(process.next(bin, {3 * kSecond}), kNever);
    EXPECT_EQ(process.rate(bin), 0.0);
  }
}

TEST(TwinHistogramProcess, NeverFallsAndIsPure) {
  rc::check("each bin is monotone; reading more often changes nothing", [] {
    const auto stream = *rc::gen::arbitrary<std::uint64_t>();
    HistogramProcess often(stream), seldom(stream);
    std::int64_t at = 0;
    FecHistogram last = {};
    for (int i = 0; i < 20; ++i) {
      at += *rc::gen::inRange<std::int64_t>(
                0, *rc::gen::element(std::int64_t{1000}, kSecond / 1000, 100 * kSecond)) +
            (i == 0 ? 1 : 0);
      if (*rc::gen::inRange(0, 3) == 0) {
        const auto p = shares(std::pow(10.0, *rc::gen::inRange(-60, 15) / 10.0));
        const double pace = *rc::gen::element(0.0, 2.5e6, 19.53e6);
        often.set_rates(p, pace, {at});
        seldom.set_rates(p, pace, {at});
      }
      const FecHistogram counts = often.counts({at});
      for (std::size_t bin = 0; bin < kFecBins; ++bin) {
        RC_ASSERT(counts[bin] >= last[bin]);
      }
      last = counts;
    }
    RC_ASSERT(seldom.counts({at}) == last);
  });
}

TEST(TwinHistogramProcess, NextIsWhenABinShows) {
  rc::check("count() grows at next() and not before", [] {
    HistogramProcess process(*rc::gen::arbitrary<std::uint64_t>());
    process.set_rates(shares(std::pow(10.0, *rc::gen::inRange(-60, 15) / 10.0)), 19.53e6, {3});
    const WorldTime at{3 + *rc::gen::inRange<std::int64_t>(0, kSecond)};
    for (std::size_t bin = 1; bin < kFecBins; ++bin) {
      const WorldTime next = process.next(bin, at);
      RC_ASSERT(next > at);
      if (next != kNever && process.rate(bin) < 19.53e6 / 20) {
        RC_ASSERT(process.count(bin, {next.ns - 1}) == process.count(bin, at));
        RC_ASSERT(process.count(bin, next) > process.count(bin, at));
      }
    }
  });
}

TEST(TwinHistogramProcess, ReadsBackAndRefusesWhatCannotBe) {
  HistogramProcess process(8);
  process.set_rates(shares(0.01), 19.53e6, {77});
  process.add(16, 2);
  static_cast<void>(process.counts({kSecond}));
  Archive out;
  process.exchange(out);
  HistogramProcess back;
  Archive in(out.bytes());
  back.exchange(in);
  EXPECT_FALSE(in.failed());
  EXPECT_EQ(in.left(), 0U);
  for (std::int64_t at = kSecond; at < 20 * kSecond; at += kSecond) {
    EXPECT_EQ(back.counts({at}), process.counts({at}));
  }
  for (std::size_t i = 0; i < out.bytes().size(); ++i) {
    base::Bytes bytes = out.bytes();
    bytes[i] ^= 0xFF;
    Archive garbled(bytes);
    back.exchange(garbled);
    static_cast<void>(back.counts({kSecond}));
    static_cast<void>(back.next(16, {kSecond}));
  }
}

}  // namespace
}  // namespace weft::twin
