// SPDX-License-Identifier: Apache-2.0
// A PCIe link: order and times of training, rates and widths that it gives up and takes again, and
// what software asks of it. States and their order as PCIe Base 4.2 has them.
#include "twin/link/pcie_link.h"

#include "twin/link/reason.h"
#include "twin/link/test_link.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace weft::twin {
namespace {

using Tested = TestLink<PcieLink>;
using State = TrainingState;
constexpr auto kTowardDevice = fabric::LaneDirection::kTowardDevice;
constexpr auto kTowardHost = fabric::LaneDirection::kTowardHost;

TEST(PcieLink, TrainsToItsFullRateAndWidth) {
  Tested test;
  EXPECT_FALSE(test.link->status().is_up);
  EXPECT_EQ(test.link->status().rate, base::TransferRate(0));
  test.run_ms(500);
  const LinkStatus status = test.link->status();
  EXPECT_EQ(status.state, State::kL0);
  EXPECT_TRUE(status.is_up);
  EXPECT_EQ(status.rate, base::giga_transfers(32));
  EXPECT_EQ(fabric::protocol(status.protocol).key, "pcie5");
  EXPECT_EQ(status.width, base::LaneCount(16));
  EXPECT_EQ(status.lane_mask.low(), 0xFFFFU);
  EXPECT_FALSE(status.is_flit);
  EXPECT_EQ(test.counter(LinkCounter::kTrainings, End::kA), 1U);
  EXPECT_EQ(test.counter(LinkCounter::kRateDowngrades, End::kA), 0U);
  EXPECT_EQ(test.counter(LinkCounter::kLinkDowns, End::kB), 0U);
  // Heard at 2.5 GT/s first, then of each rate that was reached.
  EXPECT_EQ(test.listener->count(MessageKind::kLinkUp), 1U);
  EXPECT_EQ(test.listener->count(MessageKind::kLinkChanged), 3U);
}

TEST(PcieLink, PassesTheStatesInOrderAndInTime) {
  Tested test({.protocol = "pcie3"});
  test.run_ms(500);
  const std::vector<State> expected = {
      State::kDetectQuiet,           State::kDetectActive,          State::kPollingActive,
      State::kPollingConfiguration,  State::kConfiguration,         State::kL0,
      State::kRecoveryLock,          State::kRecoveryConfiguration, State::kRecoverySpeed,
      State::kRecoveryLock,          State::kRecoveryPhase0,        State::kRecoveryPhase1,
      State::kRecoveryPhase2,        State::kRecoveryPhase3,        State::kRecoveryLock,
      State::kRecoveryConfiguration, State::kRecoveryIdle,          State::kL0};
  EXPECT_EQ(test.states(), expected);
  const auto log = test.link->log();
  EXPECT_EQ(log[1].at.ns, 12'000'000);                  // Detect.Quiet's 12 ms
  EXPECT_GE((log[3].at - log[2].at).ns, 1024 * 64);     // 1024 TS1 in Polling.Active
  EXPECT_LE((log[13].at - log[12].at).ns, 24'000'000);  // phase 2 has at most 24 ms
  EXPECT_LT(log.back().at.ns, 100'000'000);             // 100 ms after a reset: 6.6.1
  EXPECT_EQ(log[8].reason, static_cast<std::uint32_t>(Reason::kSpeedChange));
}

TEST(PcieLink, EqualisesEachRateOnceAndAgainWhenAsked) {
  Tested test;
  test.run_ms(500);
  const auto phases = [&] {
    const auto states = test.states();
    return std::count(states.begin(), states.end(), State::kRecoveryPhase2);
  };
  EXPECT_EQ(phases(), 3);  // 8, 16, 32 GT/s
  test.link->retrain(End::kA);
  test.run_ms(500);
  EXPECT_EQ(phases(), 3);
  test.link->redo_equalisation(End::kA);
  test.run_ms(500);
  EXPECT_EQ(phases(), 4);
  EXPECT_EQ(test.link->status().state, State::kL0);
  EXPECT_EQ(test.link->status().rate, base::giga_transfers(32));
}

TEST(PcieLink, FlitModeStaysOnAtEveryRate) {
  Tested test({.protocol = "pcie6"});
  test.run_ms(600);
  EXPECT_EQ(test.link->status().rate, base::giga_transfers(64));
  EXPECT_TRUE(test.link->status().is_flit);
  test.link->set_target_rate(End::kA, base::giga_transfers(32));
  EXPECT_EQ(test.link->status().rate, base::giga_transfers(64)) << "effective at retrain";
  test.link->retrain(End::kA);
  test.run_ms(600);
  EXPECT_EQ(test.link->status().rate, base::giga_transfers(32));
  EXPECT_TRUE(test.link->status().is_flit);
  EXPECT_EQ(test.counter(LinkCounter::kRateDowngrades, End::kA), 0U) << "it was told";
}

TEST(PcieLink, CxlRunsAsPcieOfItsRate) {
  Tested test({.protocol = "cxl2"});
  test.run_ms(500);
  EXPECT_EQ(test.link->status().rate, base::giga_transfers(32));
  EXPECT_EQ(fabric::protocol(test.link->status().protocol).key, "cxl2");
}

// Loss that closes the eye at full rate: no lock, a rate lower; back after repair and retrain.
TEST(PcieLink, GivesUpARateThatItCannotHoldAndTakesItBack) {
  Tested test;
  test.run_ms(500);
  const LaneAt bad{0, kTowardDevice, 3};
  test.set(Quantity::kLoss, 8, bad);  // 9 sigma become 3.6
  test.run_s(3);
  const LinkStatus low = test.link->status();
  EXPECT_EQ(low.state, State::kL0);
  EXPECT_LT(low.rate, base::giga_transfers(32));
  EXPECT_GE(test.counter(LinkCounter::kRateDowngrades, End::kA), 1U);
  EXPECT_GE(test.counter(LinkCounter::kRecoveries, End::kB), PcieLink::kRecoveriesMost);
  test.clear(Quantity::kLoss, bad);
  test.run_s(3);
  EXPECT_EQ(test.link->status().rate, low.rate) << "stays until it is asked again";
  test.link->retrain(End::kA);
  test.run_s(1);
  EXPECT_EQ(test.link->status().rate, base::giga_transfers(32));
  EXPECT_EQ(test.counter(LinkCounter::kLinkDowns, End::kA), 0U);
}

TEST(PcieLink, TrainsLowerWhereAReceiverFindsNoLock) {
  Tested test({}, false);
  test.physics->quantile_of[*fabric::find_protocol("pcie5")] = 3;
  test.world.start();
  test.run_s(1);
  EXPECT_EQ(test.link->status().rate, base::giga_transfers(16));
  const auto log = test.link->log();
  const bool is_said = std::any_of(log.begin(), log.end(), [](const TrainingEvent& e) {
    return e.to == State::kRecoverySpeed && e.reason == static_cast<std::uint32_t>(Reason::kNoLock);
  });
  EXPECT_TRUE(is_said);
}

TEST(PcieLink, DropsToTheWidthOfTheLanesThatWork) {
  Tested test;
  test.run_ms(500);
  const LaneAt open{0, kTowardHost, 9};
  test.set(Quantity::kOpen, 1, open);
  test.run_ms(500);
  EXPECT_EQ(test.link->status().width, base::LaneCount(8));
  EXPECT_EQ(test.link->status().lane_mask.low(), 0xFFU);
  EXPECT_TRUE(test.link->status().is_up);
  EXPECT_EQ(test.counter(LinkCounter::kWidthDowngrades, End::kA), 1U);
  EXPECT_EQ(test.counter(LinkCounter::kLinkDowns, End::kA), 0U);
  EXPECT_EQ(test.link->lane(open).is_active, false);
  test.clear(Quantity::kOpen, open);
  test.run_ms(500);
  EXPECT_EQ(test.link->status().width, base::LaneCount(8));
  test.link->retrain(End::kB);
  test.run_ms(500);
  EXPECT_EQ(test.link->status().width, base::LaneCount(16));
}

TEST(PcieLink, CountsLanesFromTheOtherEndWhereLaneZeroIsOpen) {
  Tested test({}, false);
  test.set(Quantity::kOpen, 1, {0, kTowardDevice, 0});
  test.world.start();
  test.run_ms(500);
  EXPECT_EQ(test.link->status().width, base::LaneCount(8));
  EXPECT_EQ(test.link->status().lane_mask.low(), 0xFF00U);
  EXPECT_TRUE(test.link->status().is_reversed);
}

TEST(PcieLink, ASurpriseIsToldAndCounted) {
  Tested test;
  test.run_ms(500);
  test.set(Quantity::kDisconnect, 1);
  test.run_ms(10);
  EXPECT_TRUE(test.link->status().is_up) << "Recovery.RcvrLock has 24 ms";
  EXPECT_EQ(test.link->status().state, State::kRecoveryLock);
  test.run_ms(30);
  EXPECT_FALSE(test.link->status().is_up);
  EXPECT_EQ(test.link->status().width, base::LaneCount(0));
  EXPECT_EQ(test.counter(LinkCounter::kLinkDowns, End::kA), 1U);
  EXPECT_EQ(test.listener->count(MessageKind::kLinkDown), 1U);
  EXPECT_EQ(test.listener->count(MessageKind::kLinkError), 1U);
  EXPECT_FALSE(test.world.next_event()) << "nothing to be detected costs nothing";
  test.clear(Quantity::kDisconnect);
  test.run_ms(500);
  EXPECT_EQ(test.link->status().rate, base::giga_transfers(32));
  EXPECT_EQ(test.counter(LinkCounter::kTrainings, End::kB), 2U);
}

TEST(PcieLink, PowerResetAndDisableAreNoSurprise) {
  Tested test;
  test.run_ms(500);
  test.link->set_power(End::kB, false);
  test.run_ms(50);
  EXPECT_FALSE(test.link->status().is_up);
  test.link->set_power(End::kB, true);
  test.run_ms(500);
  EXPECT_TRUE(test.link->status().is_up);
  test.link->hot_reset(End::kA, true);
  test.run_ms(5);
  EXPECT_EQ(test.link->status().state, State::kHotReset);
  EXPECT_EQ(test.listener->count(MessageKind::kHotReset), 1U);
  test.link->hot_reset(End::kA, false);
  test.run_ms(500);
  EXPECT_TRUE(test.link->status().is_up);
  test.link->set_disabled(End::kA, true);
  EXPECT_EQ(test.link->status().state, State::kDisabled);
  EXPECT_EQ(test.link->status().rate, base::TransferRate(0));
  test.run_ms(50);
  test.link->set_disabled(End::kA, false);
  test.run_ms(500);
  EXPECT_TRUE(test.link->status().is_up);
  EXPECT_EQ(test.counter(LinkCounter::kLinkDowns, End::kA), 0U);
  EXPECT_EQ(test.counter(LinkCounter::kTrainings, End::kA), 4U);
  EXPECT_EQ(test.listener->count(MessageKind::kLinkError), 0U);
}

TEST(PcieLink, WaitsForARetimerAndLosesTheLinkWithIt) {
  Tested test({.sections = 2}, false);
  test.world.start();
  test.tell(LinkAsk::kRepeaterReady, 0, 0);
  test.run_ms(500);
  EXPECT_FALSE(test.link->status().is_up);
  test.tell(LinkAsk::kRepeaterReady, 0, 1);
  test.run_ms(500);
  EXPECT_EQ(test.link->status().rate, base::giga_transfers(32));
  test.tell(LinkAsk::kRepeaterReady, 0, 0);
  test.run_ms(100);
  EXPECT_FALSE(test.link->status().is_up);
  EXPECT_EQ(test.counter(LinkCounter::kLinkDowns, End::kA), 1U);
}

TEST(PcieLink, RetimersTakeTimeToEqualise) {
  Tested one;
  Tested three({.sections = 3});
  one.run_s(1);
  three.run_s(1);
  EXPECT_GT(three.link->log().back().at.ns, one.link->log().back().at.ns);
  EXPECT_TRUE(three.link->lane({2, kTowardDevice, 15}).is_active);
  EXPECT_TRUE(three.link->lane({1, kTowardHost, 0}).has_lock);
  EXPECT_EQ(three.link->lane({1, kTowardHost, 0}).preset, 7);
}

TEST(PcieLink, SleepsWhereBothEndsAllowAndNothingIsSent) {
  Tested test;
  test.set(Quantity::kLoad, 0.5);
  test.link->set_aspm(End::kA, 2);
  test.link->set_aspm(End::kB, 2);
  test.run_ms(500);
  EXPECT_EQ(test.link->status().state, State::kL0);
  const auto recoveries = test.counter(LinkCounter::kRecoveries, End::kA);
  test.set(Quantity::kLoad, 0);
  test.run_ms(1);
  EXPECT_EQ(test.link->status().state, State::kL1);
  EXPECT_TRUE(test.link->status().is_up);
  const auto bits = test.link->lane_counts({0, kTowardDevice, 0}).bits;
  test.run_s(5);
  EXPECT_EQ(test.link->lane_counts({0, kTowardDevice, 0}).bits, bits);
  test.set(Quantity::kLoad, 0.5);
  test.run_ms(1);
  EXPECT_EQ(test.link->status().state, State::kL0);
  EXPECT_EQ(test.counter(LinkCounter::kRecoveries, End::kA), recoveries);
  EXPECT_GT(test.link->lane_counts({0, kTowardDevice, 0}).bits, bits);
  test.link->set_aspm(End::kB, 0);
  test.set(Quantity::kLoad, 0);
  test.run_ms(10);
  EXPECT_EQ(test.link->status().state, State::kL0);
}

TEST(PcieLink, L0pNarrowsAFlitLinkWithoutRecovery) {
  Tested test({.protocol = "pcie6"});
  test.run_s(1);
  const auto recoveries = test.counter(LinkCounter::kRecoveries, End::kA);
  test.link->set_target_width(End::kA, base::LaneCount(4));
  EXPECT_EQ(test.link->status().width, base::LaneCount(4));
  EXPECT_EQ(test.link->status().trained_width, base::LaneCount(16));
  EXPECT_EQ(test.link->status().lane_mask.low(), 0xFU);
  test.link->set_target_width(End::kA, base::LaneCount(16));
  EXPECT_EQ(test.link->status().width, base::LaneCount(16));
  EXPECT_EQ(test.counter(LinkCounter::kRecoveries, End::kA), recoveries);
  EXPECT_EQ(test.counter(LinkCounter::kWidthDowngrades, End::kA), 0U);
}

TEST(PcieLink, LanesTooFarApartDoNotAlign) {
  Tested test;
  test.run_ms(500);
  test.set(Quantity::kSkew, 5500, {0, kTowardDevice, 5});  // 5 ns at 16 GT/s and up, 6 ns at 8
  test.run_s(1);
  EXPECT_EQ(test.link->status().rate, base::giga_transfers(8));
  const LaneReport late = test.link->lane({0, kTowardDevice, 5});
  EXPECT_GT(late.skew, base::Picoseconds(5400));
}

TEST(PcieLink, ATestPatternTakesTheLinkAndGivesItBack) {
  Tested test({.quantile = 6});  // 1e-9
  test.run_ms(500);
  const LaneAt at{0, kTowardHost, 2};
  test.link->set_test_pattern(at, true);
  EXPECT_EQ(test.link->status().state, State::kLoopback);
  EXPECT_FALSE(test.link->status().is_up);
  test.run_s(1);
  const phy::lane::Counts counts = test.link->lane_counts(at);
  EXPECT_EQ(counts.bits, 32'000'000'000U);
  EXPECT_GT(counts.bit_errors, 0U);
  EXPECT_EQ(test.link->lane_counts({0, kTowardHost, 3}).bits,
            test.link->lane_counts({0, kTowardHost, 4}).bits);
  test.link->inject_errors(at, 100);
  EXPECT_EQ(test.link->lane_counts(at).bit_errors, counts.bit_errors + 100);
  test.link->set_test_pattern(at, false);
  test.run_ms(500);
  EXPECT_TRUE(test.link->status().is_up);
  EXPECT_EQ(test.counter(LinkCounter::kLinkDowns, End::kA), 0U);
}

TEST(PcieLink, VibrationCountsRecoveriesAndNowAndThenLosesTheLink) {
  Tested test;
  test.run_ms(500);
  const auto before = test.counter(LinkCounter::kRecoveries, End::kA);
  test.set(Quantity::kVibration, 1.0);
  test.run_s(200);
  const auto more = test.counter(LinkCounter::kRecoveries, End::kA) - before;
  EXPECT_GT(more, 130U);
  EXPECT_LT(more, 320U);
  const auto downs = test.counter(LinkCounter::kLinkDowns, End::kA);
  EXPECT_GT(downs, 1U);  // 5 % of 200
  EXPECT_LT(downs, 25U);
  test.clear(Quantity::kVibration);
  test.run_s(1);
  const auto at_rest = test.counter(LinkCounter::kRecoveries, End::kA);
  test.run_s(100);
  EXPECT_EQ(test.counter(LinkCounter::kRecoveries, End::kA), at_rest);
  EXPECT_TRUE(test.link->status().is_up);
}

TEST(PcieLink, ALinkWithoutAFarEndNeverTrains) {
  Tested test({}, false);
  test.plan.b = fabric::PortId();
  test.world.start();
  test.run_s(10);
  EXPECT_FALSE(test.link->status().is_up);
  EXPECT_FALSE(test.world.next_event());
}

}  // namespace
}  // namespace weft::twin
