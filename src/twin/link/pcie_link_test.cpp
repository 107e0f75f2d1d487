// SPDX-License-Identifier: Apache-2.0
// A PCIe link in a world of its own: order and times of training, downgrades, counters.
#include "twin/link/pcie_link.h"

#include "twin/link/fake_physics.h"
#include "twin/link/reason.h"
#include "twin/world/world.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace weft::twin {
namespace {

using State = TrainingState;

struct Bench {
  explicit Bench(std::string_view protocol = "pcie5", std::size_t sections = 1,
                 std::uint64_t seed = 1, std::uint32_t lanes = 16)
      : physics(std::make_shared<FakePhysics>()), world({.seed = seed}) {
    plan.name = "test";
    plan.role = LinkRole::kPcie;
    plan.protocol = *fabric::find_protocol(protocol);
    plan.lanes = base::LaneCount(lanes);
    plan.a = fabric::PortId(1);
    plan.b = fabric::PortId(2);
    plan.sections.resize(sections);
    plan.repeaters.resize(sections - 1);
  }
  void start() {
    auto made = std::make_unique<PcieLink>(plan, physics);
    link = made.get();
    EXPECT_TRUE(world.add(std::move(made)));
    world.start();
  }
  void run_ms(std::int64_t ms) { world.advance(Duration{ms * 1'000'000}); }
  [[nodiscard]] std::vector<State> states() const {
    std::vector<State> all;
    for (const TrainingEvent& event : link->log()) {
      all.push_back(event.to);
    }
    return all;
  }

  std::shared_ptr<FakePhysics> physics;
  LinkPlan plan;
  World world;
  PcieLink* link = nullptr;
};

TEST(PcieLink, TrainsToItsFullRateAndWidth) {
  Bench bench;
  bench.start();
  EXPECT_FALSE(bench.link->status().is_up);
  EXPECT_EQ(bench.link->status().rate, base::TransferRate(0));
  bench.run_ms(500);
  const LinkStatus status = bench.link->status();
  EXPECT_EQ(status.state, State::kL0);
  EXPECT_TRUE(status.is_up);
  EXPECT_EQ(status.rate, base::giga_transfers(32));
  EXPECT_EQ(status.width, base::LaneCount(16));
  EXPECT_EQ(status.lane_mask, 0xFFFFU);
  EXPECT_FALSE(status.is_flit);
  EXPECT_EQ(bench.link->counter(LinkCounter::kTrainings, End::kA), 1U);
  EXPECT_EQ(bench.link->counter(LinkCounter::kRateDowngrades, End::kA), 0U);
}

TEST(PcieLink, PassesTheStatesInOrder) {
  Bench bench("pcie3");
  bench.start();
  bench.run_ms(500);
  const std::vector<State> expected = {
      State::kDetectQuiet,           State::kDetectActive,          State::kPollingActive,
      State::kPollingConfiguration,  State::kConfiguration,         State::kL0,
      State::kRecoveryLock,          State::kRecoveryConfiguration, State::kRecoverySpeed,
      State::kRecoveryLock,          State::kRecoveryPhase0,        State::kRecoveryPhase1,
      State::kRecoveryPhase2,        State::kRecoveryPhase3,        State::kRecoveryLock,
      State::kRecoveryConfiguration, State::kRecoveryIdle,          State::kL0};
  EXPECT_EQ(bench.states(), expected);
  const auto log = bench.link->log();
  EXPECT_EQ(log[1].at.ns, 12'000'000);
  EXPECT_LT(log.back().at.ns, 60'000'000);
}

}  // namespace
}  // namespace weft::twin
