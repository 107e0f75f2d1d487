// SPDX-License-Identifier: Apache-2.0
// Links without a public machinery: up, narrower, recovering, down; and make_link()'s choice.
#include "twin/link/generic_link.h"

#include "twin/families.h"
#include "twin/link/ethernet_link.h"
#include "twin/link/pcie_link.h"
#include "twin/link/test_link.h"

#include <gtest/gtest.h>

namespace weft::twin {
namespace {

using Tested = TestLink<GenericLink>;
using State = TrainingState;
constexpr auto kTowardDevice = fabric::LaneDirection::kTowardDevice;
const TestLinkOptions kUalink{.protocol = "ualink200", .lanes = 4};

TEST(GenericLink, ComesUpAtItsRate) {
  Tested test(kUalink);
  test.run_s(1);
  const LinkStatus status = test.link->status();
  EXPECT_TRUE(status.is_up);
  EXPECT_EQ(status.rate, fabric::protocol(test.plan.protocol).lane_rate);
  EXPECT_EQ(status.width, base::LaneCount(4));
  EXPECT_EQ(test.listener->count(MessageKind::kLinkUp), 1U);
  EXPECT_FALSE(test.world.next_event());
}

TEST(GenericLink, NarrowsToWhatItsProtocolAllows) {
  Tested test(kUalink);
  test.run_s(1);
  test.set(Quantity::kOpen, 1, {0, kTowardDevice, 3});
  test.run_s(1);
  EXPECT_EQ(test.link->status().width, base::LaneCount(2));
  EXPECT_TRUE(test.link->status().is_up);
  EXPECT_EQ(test.counter(LinkCounter::kWidthDowngrades, End::kA), 1U);
  EXPECT_EQ(test.counter(LinkCounter::kRecoveries, End::kA), 1U);
}

TEST(GenericLink, RetriesWhatIsPastCorrectionAndGivesUpWithoutLock) {
  Tested test({.protocol = "ualink200", .lanes = 4, .quantile_pam4 = 3.35});
  test.run_s(5);
  const auto past = test.counter(LinkCounter::kFlitUncorrected, End::kB);
  EXPECT_GT(test.counter(LinkCounter::kFlitCorrected, End::kB), 0U);
  EXPECT_EQ(test.counter(LinkCounter::kRetries, End::kA), past);
  test.set(Quantity::kLoss, 15, {0, kTowardDevice, 0});
  test.run_s(1);
  EXPECT_FALSE(test.link->status().is_up);
  EXPECT_EQ(test.counter(LinkCounter::kLinkDowns, End::kA), 1U);
  test.clear(Quantity::kLoss, {0, kTowardDevice, 0});
  test.run_s(1);
  EXPECT_TRUE(test.link->status().is_up);
}

TEST(GenericLink, RetrainsAndIsSwitchedOff) {
  Tested test(kUalink);
  test.run_s(1);
  test.link->retrain(End::kA);
  EXPECT_FALSE(test.link->status().is_up);
  test.run_s(1);
  EXPECT_EQ(test.counter(LinkCounter::kTrainings, End::kA), 2U);
  test.link->set_disabled(End::kA, true);
  EXPECT_EQ(test.link->status().state, State::kDisabled);
  test.link->set_disabled(End::kA, false);
  test.run_s(1);
  EXPECT_TRUE(test.link->status().is_up);
  EXPECT_EQ(test.counter(LinkCounter::kLinkDowns, End::kA), 0U);
}

TEST(MakeLink, ChoosesByRoleAndProtocol) {
  const auto physics = std::make_shared<FakePhysics>();
  const auto made = [&](LinkRole role, std::string_view protocol) {
    LinkPlan plan;
    plan.role = role;
    plan.protocol = *fabric::find_protocol(protocol);
    plan.lanes = base::LaneCount(4);
    plan.sections.resize(1);
    const auto link = make_link(plan, physics);
    return dynamic_cast<PcieLink*>(link.get()) != nullptr       ? 'p'
           : dynamic_cast<EthernetLink*>(link.get()) != nullptr ? 'e'
                                                                : 'g';
  };
  EXPECT_EQ(made(LinkRole::kPcie, "cxl3"), 'p');
  EXPECT_EQ(made(LinkRole::kEthernet, "eth-400g-100"), 'e');
  EXPECT_EQ(made(LinkRole::kGeneric, "pcie6"), 'p');
  EXPECT_EQ(made(LinkRole::kGeneric, "nvlink5"), 'g');
}

}  // namespace
}  // namespace weft::twin
