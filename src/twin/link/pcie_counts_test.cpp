// SPDX-License-Identifier: Apache-2.0
// What lane errors become on a PCIe link: at the rates that phy says, at the right end, by the
// shares that pcie_rates.h states. Sums over seeds are held to 3.5 sigma of a Poisson number.
#include "phy/fec/flit_retry.h"
#include "twin/link/pcie_link.h"
#include "twin/link/pcie_rates.h"
#include "twin/link/test_link.h"

#include <cmath>

#include <gtest/gtest.h>

namespace weft::twin {
namespace {

using Tested = TestLink<PcieLink>;
constexpr auto kTowardDevice = fabric::LaneDirection::kTowardDevice;
constexpr auto kTowardHost = fabric::LaneDirection::kTowardHost;

void expect_poisson(double counted, double expected, const char* what) {
  EXPECT_NEAR(counted, expected, 3.5 * std::sqrt(expected) + 1) << what;
}

TEST(PcieRates, SharesOfATlpLinkAddUp) {
  for (const double load : {0.0, 0.3, 1.0}) {
    const TlpRates rates = tlp_rates({.events_per_s = 100, .bits_per_second = 5e11, .load = load});
    EXPECT_NEAR(rates.framing + rates.bad_tlp + rates.bad_dllp, 100, 1e-9);
  }
  const TlpRates idle = tlp_rates({.events_per_s = 100, .bits_per_second = 5e11, .load = 0});
  EXPECT_EQ(idle.bad_tlp, 0);
  EXPECT_GT(idle.framing, 95);  // an idle symbol that is not zero is a framing error
  const TlpRates full = tlp_rates({.events_per_s = 100, .bits_per_second = 5e11, .load = 1});
  EXPECT_NEAR(full.bad_tlp, 100 * 128.0 / 130 * 0.95 * 276 / 280, 1e-9);
}

TEST(PcieRates, FlitsAreThoseOfFlitRetry) {
  for (const double burst : {0.0, 0.5}) {
    for (const double fber : {1e-6, 1.78e-5}) {
      const FlitRates rates = flit_rates({.first_bit_error_ratio = fber,
                                          .burst = burst,
                                          .bits_per_symbol = 2,
                                          .lanes = 16,
                                          .bits_per_second = 16 * 64e9});
      const auto exact = phy::fec::flit_retry(
          phy::fec::FlitFec::kPcie6,
          {.first_bit_error_ratio = fber, .burst = burst, .bits_per_symbol = 2, .lanes = 16});
      const double flits = 16 * 64e9 / 2048;
      EXPECT_DOUBLE_EQ(rates.flits, flits);
      EXPECT_NEAR(rates.past_fec / (flits * exact->retry), 1, 0.02) << fber << " " << burst;
      EXPECT_NEAR(rates.mended / (flits * (exact->touched - exact->retry)), 1, 0.02);
    }
  }
}

TEST(PcieCounts, GrowAtTheRatePhySaysAtTheReceivingEndOnly) {
  double events = 0;
  double framing = 0;
  double tlps = 0;
  double dllps = 0;
  double bits_wrong = 0;
  double bits_expected = 0;
  constexpr double kLoad = 0.6;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    Tested test({.seed = seed, .quantile = 8.5});
    test.set(Quantity::kLoad, kLoad);
    test.run_ms(500);
    const LaneAt bad{0, kTowardDevice, 4};
    test.set(Quantity::kLoss, 3.2, bad);  // some 1e-9 and worse
    const auto before = test.link->lane_counts(bad);
    const auto framing_then = test.counter(LinkCounter::kFramingErrors, End::kB);
    const auto recoveries_then = test.counter(LinkCounter::kRecoveries, End::kB);
    test.run_ms(900);  // less than it takes to give the rate up
    const double ber = test.link->lane(bad).reading.ber;
    const double span = 0.9 * 32e9;
    ASSERT_EQ(test.link->status().rate, base::giga_transfers(32));
    const double a = test.link->lane(bad).reading.burst;
    events += ber * (1 - a) * span;
    bits_expected += ber * span;
    const auto after = test.link->lane_counts(bad);
    EXPECT_EQ(after.bits - before.bits, static_cast<std::uint64_t>(span));
    bits_wrong += static_cast<double>(after.bit_errors - before.bit_errors);
    framing +=
        static_cast<double>(test.counter(LinkCounter::kFramingErrors, End::kB) - framing_then);
    EXPECT_EQ(test.counter(LinkCounter::kRecoveries, End::kB) - recoveries_then,
              test.counter(LinkCounter::kFramingErrors, End::kB) - framing_then +
                  test.counter(LinkCounter::kReplayRollovers, End::kB));
    tlps += static_cast<double>(test.counter(LinkCounter::kBadTlp, End::kB));
    dllps += static_cast<double>(test.counter(LinkCounter::kBadDllp, End::kB));
    EXPECT_EQ(test.counter(LinkCounter::kNaksSent, End::kB),
              test.counter(LinkCounter::kBadTlp, End::kB));
    EXPECT_EQ(test.counter(LinkCounter::kNaksReceived, End::kA),
              test.counter(LinkCounter::kBadTlp, End::kB));
    EXPECT_EQ(test.link->lanes_with_errors(End::kB), 1U << 4);
    EXPECT_EQ(test.link->lanes_with_errors(End::kA), 0U);
    for (const LinkCounter none :
         {LinkCounter::kReceiverErrors, LinkCounter::kBadTlp, LinkCounter::kBadDllp,
          LinkCounter::kFramingErrors, LinkCounter::kNaksSent}) {
      EXPECT_EQ(test.counter(none, End::kA), 0U);
    }
  }
  ASSERT_GT(events, 50);
  const TlpRates share = tlp_rates({.events_per_s = 1, .bits_per_second = 5e11, .load = kLoad});
  expect_poisson(bits_wrong, bits_expected, "bits");
  expect_poisson(framing, events * share.framing, "framing");
  expect_poisson(tlps, events * share.bad_tlp, "TLPs");
  expect_poisson(dllps, events * share.bad_dllp, "DLLPs");
}

TEST(PcieCounts, ErrorsBeforeARetimerAreSeenByItAndByTheEnd) {
  Tested test({.sections = 2, .quantile = 8.5});
  test.set(Quantity::kLoad, 1);
  test.run_s(1);
  const LaneAt first{0, kTowardDevice, 7};
  test.set(Quantity::kLoss, 3.2, first);
  test.run_ms(900);
  EXPECT_GT(test.link->lane_counts(first).bit_errors, 0U);
  EXPECT_EQ(test.link->lane_counts({1, kTowardDevice, 7}).bit_errors, 0U)
      << "the retimer's own receiver decided them";
  EXPECT_EQ(test.link->lane_counts({0, kTowardHost, 7}).bit_errors, 0U);
  EXPECT_GT(test.counter(LinkCounter::kBadTlp, End::kB), 0U);
  EXPECT_EQ(test.counter(LinkCounter::kBadTlp, End::kA), 0U);
}

TEST(PcieCounts, FlitsAreMendedAndReplayedAsFlitRetrySays) {
  Tested test({.protocol = "pcie6", .quantile_pam4 = 4.7});  // some 1e-6
  test.run_s(1);
  ASSERT_EQ(test.link->status().rate, base::giga_transfers(64));
  const auto mended = test.counter(LinkCounter::kFlitCorrected, End::kA);
  const auto past = test.counter(LinkCounter::kFlitUncorrected, End::kA);
  test.run_s(10);
  double fber = 0;
  double burst = 0;
  for (std::uint32_t lane = 0; lane < 16; ++lane) {
    const auto reading = test.link->lane({0, kTowardHost, lane}).reading;
    fber += reading.ber * (1 - reading.burst) / 16;
    burst += reading.burst / 16;
  }
  const auto exact = phy::fec::flit_retry(
      phy::fec::FlitFec::kPcie6,
      {.first_bit_error_ratio = fber, .burst = burst, .bits_per_symbol = 2, .lanes = 16});
  const double flits = 10 * 16 * 64e9 / 2048;
  const auto got = [&](LinkCounter counter, std::uint64_t then) {
    return static_cast<double>(test.counter(counter, End::kA) - then);
  };
  EXPECT_NEAR(got(LinkCounter::kFlitCorrected, mended) / (flits * exact->touched), 1, 0.03);
  ASSERT_GT(flits * exact->retry, 100);
  EXPECT_NEAR(got(LinkCounter::kFlitUncorrected, past) / (flits * exact->retry), 1, 0.15);
  EXPECT_EQ(test.counter(LinkCounter::kRetries, End::kB),
            test.counter(LinkCounter::kFlitUncorrected, End::kA));
  EXPECT_EQ(test.counter(LinkCounter::kFramingErrors, End::kA), 0U);
}

TEST(PcieCounts, InjectedErrorsAreSeenOnce) {
  Tested test;
  test.run_ms(500);
  test.set(Quantity::kLoad, 0.5);
  const LaneAt at{0, kTowardHost, 1};
  test.link->inject_errors(at, 1000);
  EXPECT_EQ(test.link->lane_counts(at).bit_errors, 1000U);
  EXPECT_EQ(test.counter(LinkCounter::kFramingErrors, End::kA) +
                test.counter(LinkCounter::kBadTlp, End::kA) +
                test.counter(LinkCounter::kBadDllp, End::kA),
            1000U);
  EXPECT_EQ(test.counter(LinkCounter::kBadTlp, End::kB), 0U);
  EXPECT_EQ(test.link->lanes_with_errors(End::kA), 2U);
}

TEST(PcieCounts, RatesWithoutAModelAreFreeOfErrorsAndSaidSo) {
  Tested test({.protocol = "pcie2"});
  test.set(Quantity::kLoss, 20, {0, kTowardDevice, 0});
  test.run_s(100);
  EXPECT_EQ(test.link->status().rate, base::TransferRate(5000));
  const LaneReport report = test.link->lane({0, kTowardDevice, 0});
  EXPECT_TRUE(report.is_active);
  EXPECT_FALSE(report.is_modelled);
  EXPECT_EQ(report.reading.ber, 0);
  EXPECT_EQ(test.link->lane_counts({0, kTowardDevice, 0}).bit_errors, 0U);
  EXPECT_GT(test.link->lane_counts({0, kTowardDevice, 0}).bits, 4'000'000'000'00U);
}

TEST(PcieMargin, AgreesWithTheLaneAtItsOwnPointAndGrowsAwayFromIt) {
  Tested test({.quantile = 6});
  test.run_ms(500);
  const LaneAt at{0, kTowardDevice, 0};
  const double own = test.link->lane(at).reading.ber;
  const auto ratio = [&](double ui, double mv) {
    return test.link->error_ratio_at(at, base::UnitIntervals(ui), base::Millivolts(mv));
  };
  EXPECT_NEAR(std::log10(ratio(0, 0)), std::log10(own), 0.15);
  EXPECT_GT(ratio(0.2, 0), 3 * own);
  EXPECT_GT(ratio(0, 60), 100 * own);
  EXPECT_NEAR(ratio(0, 60) / ratio(0, -60), 1, 0.05);
  EXPECT_GT(ratio(0, 180), ratio(0, 100));
  EXPECT_LE(ratio(0.5, 0), 0.5);
  const MarginCount one =
      test.link->margin(at, base::UnitIntervals(0), base::Millivolts(100), 1'000'000'000);
  const MarginCount again =
      test.link->margin(at, base::UnitIntervals(0), base::Millivolts(100), 1'000'000'000);
  EXPECT_EQ(one.errors, again.errors);
  expect_poisson(static_cast<double>(one.errors), 1e9 * one.error_ratio, "margin");
  const MarginCount other = test.link->margin({0, kTowardDevice, 1}, base::UnitIntervals(0),
                                              base::Millivolts(100), 1'000'000'000);
  EXPECT_NE(one.errors, other.errors);
}

}  // namespace
}  // namespace weft::twin
