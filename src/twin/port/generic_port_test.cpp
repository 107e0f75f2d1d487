// SPDX-License-Identifier: Apache-2.0
// A generic port over a link whose counters the test sets: which end and which lanes it reads, the
// widths of generic_port.h, and the fault by which its counters stop.
#include "twin/port/generic_port.h"

#include "twin/door/test_rack.h"

#include <memory>
#include <utility>

#include <gtest/gtest.h>

namespace weft::twin {
namespace {

struct Plugged {
  LinkPlan plan;
  World world{WorldOptions{}};
  door::FakeLink* link = nullptr;
  GenericPort* a = nullptr;
  GenericPort* b = nullptr;
  ActorId id_b = 0;
  Plugged() {
    plan.name = "scale-up";
    plan.lanes = base::LaneCount(2);
    plan.sections.resize(1);
    auto made = std::make_unique<door::FakeLink>("link/scale-up", plan);
    link = made.get();
    link->state.is_up = true;
    link->state.state = TrainingState::kL0;
    link->state.rate = base::giga_transfers(64);
    link->state.width = base::LaneCount(2);
    (void)world.add(std::move(made));
    a = add("gpu0/up0", End::kA).first;
    std::tie(b, id_b) = add("switch0/port3", End::kB);
    world.start();
  }
  std::pair<GenericPort*, ActorId> add(const std::string& name, End end) {
    auto port = std::make_unique<GenericPort>("port/" + name, name, link, end);
    auto* raw = port.get();
    return {raw, world.add(std::move(port)).value()};
  }
  std::uint64_t& counter(LinkCounter which, End end) {
    return link->counters.at(static_cast<std::size_t>(end)).at(static_cast<std::size_t>(which));
  }
};

TEST(GenericPort, ReadsItsOwnEnd) {
  Plugged plugged;
  plugged.counter(LinkCounter::kRetries, End::kB) = 7;
  plugged.counter(LinkCounter::kFlitCorrected, End::kA) = 3;
  plugged.link->lane_fec[1].bits = 1000;
  plugged.link->lane_fec[1].bit_errors = 4;
  const auto a = plugged.a->read();
  const auto b = plugged.b->read();
  ASSERT_TRUE(a && b);
  EXPECT_TRUE(b->is_up);
  EXPECT_EQ(b->lane_rate, base::giga_transfers(64));
  EXPECT_EQ(b->retries, 7U);
  EXPECT_EQ(a->retries, 0U);
  EXPECT_EQ(a->corrected_codewords, 3U);
  ASSERT_EQ(b->receivers.size(), 2U);
  EXPECT_EQ(b->receivers[1].bits, 1000U);
  EXPECT_EQ(b->receivers[1].bit_errors, 4U);
  EXPECT_FALSE(b->receivers[1].fom);  // the fake has no model
  EXPECT_EQ(plugged.b->description(), "switch0/port3");
}

TEST(GenericPort, CountersHaveWidths) {
  Plugged plugged;
  plugged.counter(LinkCounter::kRetries, End::kB) = (std::uint64_t{1} << 32) + 5;
  plugged.counter(LinkCounter::kLinkDowns, End::kB) = 70'000;
  plugged.counter(LinkCounter::kFlitUncorrected, End::kB) = (std::uint64_t{1} << 48) + 1;
  plugged.link->lane_fec[0].bit_errors = std::uint64_t{1} << 60;
  const auto b = plugged.b->read().value();
  EXPECT_EQ(b.retries, 5U);
  EXPECT_EQ(b.link_downs, 0xFFFFU);
  EXPECT_EQ(b.uncorrectable_codewords, 1U);
  EXPECT_EQ(b.receivers[0].bit_errors, (std::uint64_t{1} << 48) - 1);
}

TEST(GenericPort, ADownLinkHasNoRate) {
  Plugged plugged;
  plugged.link->state.is_up = false;
  plugged.link->state.state = TrainingState::kConfiguration;
  const auto b = plugged.b->read().value();
  EXPECT_FALSE(b.is_up);
  EXPECT_TRUE(b.is_training);
  EXPECT_EQ(b.lanes.value(), 0U);
}

TEST(GenericPort, StuckCountersStopAndComeBack) {
  Plugged plugged;
  plugged.counter(LinkCounter::kRetries, End::kB) = 1;
  plugged.world.set_quantity(plugged.id_b, Quantity::kCounterStuck, 0, 1, 1);
  EXPECT_EQ(plugged.b->read()->retries, 1U);
  plugged.counter(LinkCounter::kRetries, End::kB) = 9;
  plugged.link->state.is_up = false;
  EXPECT_EQ(plugged.b->read()->retries, 1U);
  EXPECT_FALSE(plugged.b->read()->is_up);
  // The stuck value is part of a checkpoint.
  const auto bytes = plugged.world.checkpoint();
  EXPECT_GT(bytes.size(), 0U);
  plugged.world.set_quantity(plugged.id_b, Quantity::kCounterStuck, 0, 1, std::nullopt);
  EXPECT_EQ(plugged.b->read()->retries, 9U);
}

TEST(GenericPort, NothingPluggedIsDown) {
  GenericPort port("port/switch0/port9", "switch0/port9", nullptr, End::kA);
  EXPECT_FALSE(port.read()->is_up);
  EXPECT_TRUE(port.read()->receivers.empty());
  EXPECT_EQ(port.retrain().error().code, base::Code::kFailedPrecondition);
}

}  // namespace
}  // namespace weft::twin
