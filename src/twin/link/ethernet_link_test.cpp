// SPDX-License-Identifier: Apache-2.0
// An Ethernet link: how it comes up over copper and over cables with modules, what each end says of
// faults, its FEC histogram against phy, and how it goes down and flaps.
#include "twin/link/ethernet_link.h"

#include "twin/link/reason.h"
#include "twin/link/test_link.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

namespace weft::twin {
namespace {

using Tested = TestLink<EthernetLink>;
using State = TrainingState;
constexpr auto kTowardDevice = fabric::LaneDirection::kTowardDevice;
constexpr auto kTowardHost = fabric::LaneDirection::kTowardHost;
const TestLinkOptions kCopper{.protocol = "eth-400g-100", .lanes = 4};
const TestLinkOptions kSmartCable{.protocol = "eth-800g-100", .lanes = 8, .sections = 3};

TEST(EthernetLink, NegotiatesAndTrainsOverPassiveCopper) {
  Tested test(kCopper);
  test.run_s(2);
  const std::vector<State> expected = {State::kDetectQuiet, State::kPollingActive,
                                       State::kConfiguration, State::kRecoveryLock, State::kL0};
  EXPECT_EQ(test.states(), expected);
  const LinkStatus status = test.link->status();
  EXPECT_TRUE(status.is_up);
  EXPECT_EQ(status.rate, base::TransferRate(106250));
  EXPECT_EQ(status.width, base::LaneCount(4));
  EXPECT_FALSE(status.local_fault_a || status.local_fault_b || status.remote_fault_a ||
               status.remote_fault_b);
  EXPECT_EQ(test.listener->count(MessageKind::kLinkUp), 1U);
}

TEST(EthernetLink, LocksWithoutNegotiationBehindModules) {
  Tested test(kSmartCable, false);
  test.world.start();
  test.tell(LinkAsk::kRepeaterReady, 0, 0);
  test.run_s(2);
  EXPECT_FALSE(test.link->status().is_up);
  EXPECT_TRUE(test.link->status().local_fault_a);
  EXPECT_FALSE(test.link->status().remote_fault_a) << "nothing arrives, remote fault neither";
  test.tell(LinkAsk::kRepeaterReady, 0, 1);
  test.run_s(1);
  EXPECT_TRUE(test.link->status().is_up);
  for (const State state : test.states()) {
    EXPECT_NE(state, State::kPollingActive);
    EXPECT_NE(state, State::kConfiguration);
  }
}

TEST(EthernetLink, ALostLaneIsALocalFaultThereAndARemoteFaultAtTheOtherEnd) {
  Tested test(kSmartCable);
  test.run_s(1);
  ASSERT_TRUE(test.link->status().is_up);
  const LaneAt dark{1, kTowardDevice, 5};
  test.set(Quantity::kOpen, 1, dark);
  test.run_ms(10);
  const LinkStatus status = test.link->status();
  EXPECT_FALSE(status.is_up);
  EXPECT_TRUE(status.local_fault_b);
  EXPECT_FALSE(status.local_fault_a);
  EXPECT_TRUE(status.remote_fault_a);
  EXPECT_FALSE(status.remote_fault_b);
  EXPECT_EQ(test.counter(LinkCounter::kLinkDowns, End::kA), 1U);
  EXPECT_FALSE(test.link->lane(dark).has_lock);
  test.run_s(100);
  EXPECT_EQ(test.link->status().rate, base::TransferRate(0)) << "no other rate is tried";
  test.clear(Quantity::kOpen, dark);
  test.run_s(1);
  EXPECT_TRUE(test.link->status().is_up);
  EXPECT_EQ(test.counter(LinkCounter::kTrainings, End::kB), 2U);
}

TEST(EthernetLink, TheHistogramIsThatOfPhy) {
  Tested test({.protocol = "eth-400g-100", .lanes = 4, .quantile_pam4 = 3.9});  // some 5e-5
  test.run_s(1);
  ASSERT_TRUE(test.link->status().is_up);
  const LaneAt at{0, kTowardDevice, 2};
  const auto before = test.link->lane_counts(at);
  test.run_s(20);
  const auto after = test.link->lane_counts(at);
  const auto kind = *test.physics->lane_kind(test.plan.sections[0], test.plan.protocol);
  const phy::lane::FecProbabilities shares = kind->model.fec(test.link->lane(at).reading);
  const double codewords = 20 * 106.25e9 / 5440;
  EXPECT_NEAR(static_cast<double>(after.codewords - before.codewords), codewords, 1e4);
  unsigned told = 0;
  for (std::size_t bin = 0; bin < shares.size(); ++bin) {
    const double expected = shares[bin] * codewords;
    const auto counted = static_cast<double>(after.histogram[bin] - before.histogram[bin]);
    EXPECT_NEAR(counted, expected, 4 * std::sqrt(expected) + 0.001 * expected + 2) << bin;
    told += expected > 100 ? 1 : 0;
  }
  EXPECT_GE(told, 4U);
  const double wrong = static_cast<double>(after.bit_errors - before.bit_errors);
  const double bits = static_cast<double>(after.bits - before.bits);
  EXPECT_NEAR(wrong / bits / test.link->lane(at).reading.ber, 1, 0.02);
  EXPECT_GT(test.counter(LinkCounter::kFlitCorrected, End::kB), 0U);
  EXPECT_EQ(test.counter(LinkCounter::kFlitUncorrected, End::kB), 0U);
}

TEST(EthernetLink, ErrorsOfEarlierSectionsReachTheLastDecoder) {
  Tested test(kSmartCable);
  test.run_s(1);
  test.set(Quantity::kLoss, 3.5, {0, kTowardDevice, 1});
  test.run_s(10);
  const auto first = test.link->lane_counts({0, kTowardDevice, 1});
  const auto last = test.link->lane_counts({2, kTowardDevice, 1});
  const auto neighbour = test.link->lane_counts({2, kTowardDevice, 0});
  const auto back = test.link->lane_counts({0, kTowardHost, 1});
  EXPECT_GT(first.bit_errors, 100 * neighbour.bit_errors);
  EXPECT_NEAR(static_cast<double>(last.bit_errors) / static_cast<double>(first.bit_errors), 1, 0.1);
  EXPECT_GT(last.bit_errors, 100 * back.bit_errors);
}

TEST(EthernetLink, GoesDownWhereCodewordsArePastCorrectionAndComesBackWhenCured) {
  Tested test(kSmartCable);
  test.run_s(1);
  const LaneAt worn{2, kTowardHost, 0};
  test.set(Quantity::kLoss, 12, worn);
  test.run_s(1);
  EXPECT_FALSE(test.link->status().is_up);
  EXPECT_TRUE(test.link->status().local_fault_a);
  EXPECT_TRUE(test.link->status().remote_fault_b);
  EXPECT_EQ(test.link->log().back().reason, static_cast<std::uint32_t>(Reason::kTooManyErrors));
  EXPECT_FALSE(test.world.next_event());
  test.clear(Quantity::kLoss, worn);
  test.run_s(1);
  EXPECT_TRUE(test.link->status().is_up);
}

// Error ratios at which the code mostly holds and now and then three codewords in a row do not.
TEST(EthernetLink, FlapsWhereTheCodeNearlyHolds) {
  Tested test(kSmartCable);
  test.run_s(1);
  const LaneAt worn{1, kTowardDevice, 3};
  const auto kind = *test.physics->lane_kind(test.plan.sections[0], test.plan.protocol);
  double loss = 0;
  for (double past = 0; past < 2e-3; loss += 0.02) {
    phy::lane::LaneState state = test.link->lane(worn).state;
    state.loss_delta = state.loss_delta + base::Decibel(loss);
    past = kind->model.fec(kind->model.at(state))[phy::lane::kFecBins - 1];
  }
  test.set(Quantity::kLoss, loss, worn);
  test.run_s(60);
  const auto downs = test.counter(LinkCounter::kLinkDowns, End::kB);
  EXPECT_GE(downs, 3U);
  EXPECT_LE(downs, 60 * 150U);
  EXPECT_EQ(
      test.counter(LinkCounter::kTrainings, End::kB) - 1 + (test.link->status().is_up ? 0 : 1),
      downs);
  EXPECT_GT(test.counter(LinkCounter::kFlitUncorrected, End::kB), 100U);
  EXPECT_GT(test.counter(LinkCounter::kBlockErrors, End::kB),
            test.counter(LinkCounter::kFlitUncorrected, End::kB));
  EXPECT_EQ(test.counter(LinkCounter::kFlitUncorrected, End::kA), 0U);
}

TEST(EthernetLink, AnOpeningContactIsAFlap) {
  Tested test(kCopper);
  test.run_s(1);
  test.set(Quantity::kVibration, 0.1);
  test.run_s(300);
  const auto downs = test.counter(LinkCounter::kLinkDowns, End::kA);
  EXPECT_GT(downs, 8U);
  EXPECT_LT(downs, 80U);
  test.clear(Quantity::kVibration);
  test.run_s(2);
  const auto at_rest = test.counter(LinkCounter::kLinkDowns, End::kA);
  test.run_s(300);
  EXPECT_EQ(test.counter(LinkCounter::kLinkDowns, End::kA), at_rest);
  EXPECT_TRUE(test.link->status().is_up);
}

TEST(EthernetLink, SoftwareSwitchesItOffAndOn) {
  Tested test(kCopper);
  test.run_s(1);
  test.link->set_disabled(End::kB, true);
  test.run_s(1);
  EXPECT_EQ(test.link->status().state, State::kDisabled);
  EXPECT_TRUE(test.link->status().local_fault_a);
  test.link->set_disabled(End::kB, false);
  test.run_s(1);
  EXPECT_TRUE(test.link->status().is_up);
  EXPECT_EQ(test.counter(LinkCounter::kLinkDowns, End::kA), 0U);
}

TEST(EthernetLink, ATestPatternCountsOnItsLaneOnly) {
  Tested test(kSmartCable);
  test.run_s(1);
  const LaneAt at{0, kTowardDevice, 4};
  test.link->set_test_pattern(at, true);
  EXPECT_FALSE(test.link->status().is_up);
  test.run_s(1);
  EXPECT_EQ(test.link->lane_counts(at).bits, 106'250'000'000U);
  test.link->set_test_pattern(at, false);
  test.run_s(1);
  EXPECT_TRUE(test.link->status().is_up);
}

TEST(EthernetLink, LightLosesTwiceItsDecibels) {
  TestLinkOptions options = kSmartCable;
  options.is_optical = true;
  Tested test(options);
  test.run_s(1);
  const LaneAt at{1, kTowardDevice, 0};
  const double before = test.link->lane(at).state.loss_delta.value();
  test.set(Quantity::kOpticalLoss, 1.5, at);
  EXPECT_NEAR(test.link->lane(at).state.loss_delta.value() - before, 3, 1e-9);
  test.clear(Quantity::kOpticalLoss, at);
  // Power control has half of the nominal bias in reserve: 2/3 of the efficiency costs no light.
  test.set(Quantity::kLaserBias, 0.7, at);
  EXPECT_NEAR(test.link->lane(at).state.loss_delta.value() - before, 0, 1e-9);
  test.set(Quantity::kLaserBias, 0.5 / kLaserReserve, at);
  EXPECT_NEAR(test.link->lane(at).state.loss_delta.value() - before, 6.02, 0.01);
}

}  // namespace
}  // namespace weft::twin
