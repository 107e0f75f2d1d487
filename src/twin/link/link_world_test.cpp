// SPDX-License-Identifier: Apache-2.0
// Links of all kinds in one world: the same however time is cut, at any thread count, and through a
// checkpoint in mid-training; and next to free of cost where nothing happens.
#include "twin/families.h"
#include "twin/link/test_link.h"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace weft::twin {
namespace {

constexpr auto kTowardDevice = fabric::LaneDirection::kTowardDevice;

/// Some links of each kind, with lanes that err.
struct Many {
  explicit Many(unsigned threads, std::uint64_t seed = 5)
      : world({.seed = seed, .threads = threads}) {
    const auto physics = std::make_shared<FakePhysics>();
    physics->quantile = 7;
    physics->quantile_pam4 = 4.5;
    struct Row {
      std::string_view protocol;
      std::uint32_t lanes;
      std::size_t sections;
    };
    for (const Row& row :
         {Row{"pcie5", 16, 1}, Row{"pcie6", 16, 2}, Row{"pcie6", 4, 1}, Row{"cxl2", 8, 1},
          Row{"eth-400g-100", 4, 1}, Row{"eth-800g-100", 8, 3}, Row{"ualink200", 4, 1}}) {
      LinkPlan plan;
      plan.name = "link" + std::to_string(plans.size());
      plan.protocol = fabric::find_protocol(row.protocol).value();
      plan.lanes = base::LaneCount(row.lanes);
      plan.a = fabric::PortId(1);
      plan.b = fabric::PortId(2);
      plan.sections.resize(row.sections);
      plan.repeaters.resize(row.sections - 1);
      plans.push_back(std::make_unique<LinkPlan>(plan));
      auto link = make_link(*plans.back(), physics);
      links.push_back(link.get());
      static_cast<void>(world.add(std::move(link)));
    }
  }
  void fault(bool is_on) {
    for (const Link* link : links) {
      const auto value = [&](double x) { return is_on ? std::optional(x) : std::nullopt; };
      world.set_quantity(link->id(), Quantity::kLoss, lane_sub(0, 0, 1), 1, value(4));
      world.set_quantity(link->id(), Quantity::kVibration, 0, 1, value(0.5));
      world.set_quantity(link->id(), Quantity::kLoad, 0, 1, value(0.4));
    }
  }

  std::vector<std::unique_ptr<LinkPlan>> plans;
  World world;
  std::vector<Link*> links;
};

void advance(World& world, std::int64_t ms, std::int64_t step_ms) {
  for (std::int64_t at = 0; at < ms; at += step_ms) {
    world.advance(Duration{std::min(step_ms, ms - at) * 1'000'000});
  }
}

std::uint64_t hash_of_run(unsigned threads, std::int64_t step_ms) {
  Many many(threads);
  many.world.start();
  advance(many.world, 1000, step_ms);
  many.fault(true);
  advance(many.world, 8000, step_ms);
  many.fault(false);
  many.links[0]->retrain(End::kA);
  advance(many.world, 2000, step_ms);
  return many.world.hash();
}

TEST(LinkWorld, IsTheSameHoweverTimeIsCutAndAtAnyThreadCount) {
  const std::uint64_t once = hash_of_run(1, 100'000);
  EXPECT_EQ(hash_of_run(1, 7), once);
  EXPECT_EQ(hash_of_run(2, 333), once);
}

TEST(LinkWorld, DiffersBySeed) {
  Many one(1, 1);
  Many two(1, 2);
  for (Many* many : {&one, &two}) {
    many->world.start();
    advance(many->world, 2000, 2000);
  }
  EXPECT_NE(one.world.hash(), two.world.hash());
  EXPECT_NE(one.links[0]->lane({0, kTowardDevice, 0}).state.loss_delta,
            two.links[0]->lane({0, kTowardDevice, 0}).state.loss_delta);
}

TEST(LinkWorld, GoesOnFromACheckpointAtAnyTime) {
  for (const std::int64_t at_us : {0, 13'020, 30'000, 47'321, 400'000, 3'100'003}) {
    Many whole(1);
    whole.world.start();
    whole.fault(true);
    whole.world.advance(Duration{at_us * 1000});
    const base::Bytes bytes = whole.world.checkpoint();
    Many resumed(2);
    ASSERT_TRUE(resumed.world.restore(bytes)) << at_us;
    EXPECT_EQ(resumed.world.hash(), whole.world.hash()) << at_us;
    for (Many* many : {&whole, &resumed}) {
      advance(many->world, 2000, 2000);
      many->fault(false);
      advance(many->world, 1500, 1500);
    }
    EXPECT_EQ(resumed.world.hash(), whole.world.hash()) << at_us;
    for (std::size_t i = 0; i < whole.links.size(); ++i) {
      EXPECT_EQ(resumed.links[i]->log().size(), whole.links[i]->log().size());
    }
  }
}

TEST(LinkWorld, RefusesATruncatedCheckpoint) {
  Many many(1);
  many.world.start();
  advance(many.world, 100, 100);
  base::Bytes bytes = many.world.checkpoint();
  for (std::size_t cut : {bytes.size() / 3, bytes.size() / 2, bytes.size() - 1}) {
    Many other(1);
    EXPECT_FALSE(other.world.restore(base::ByteView(bytes).first(cut)));
  }
}

TEST(LinkWorld, ACalmMonthCostsNothing) {
  Many many(1);
  many.world.start();
  advance(many.world, 2000, 2000);
  const std::uint64_t trained = many.world.events();
  EXPECT_LT(trained, 100U * many.links.size());
  many.world.advance(base::seconds(30 * 86400.0));
  EXPECT_LT(many.world.events() - trained, 10U);
  // And yet its lanes have counted.
  const auto counts = many.links[1]->lane_counts({0, kTowardDevice, 3});
  EXPECT_EQ(counts.bits / 1'000'000'000'000, 64'000'000'000ULL * (30 * 86400) / 1'000'000'000'000);
  EXPECT_GT(counts.bit_errors, 1'000'000U);
  EXPECT_TRUE(many.links[1]->status().is_up);
}

TEST(LinkWorld, CountersNeverFall) {
  Many many(1);
  many.world.start();
  std::vector<std::uint64_t> last;
  for (int step = 0; step < 150; ++step) {
    many.world.advance(Duration{37'000'001});
    if (step == 50 || step == 100) {
      many.fault(step == 50);
    }
    if (step == 120) {
      many.links[4]->retrain(End::kB);
    }
    std::vector<std::uint64_t> now;
    for (const Link* link : many.links) {
      for (std::uint8_t i = 0; i < static_cast<std::uint8_t>(LinkCounter::kCount_); ++i) {
        for (const End end : {End::kA, End::kB}) {
          now.push_back(link->counter(static_cast<LinkCounter>(i), end));
        }
      }
    }
    for (std::size_t i = 0; i < last.size(); ++i) {
      ASSERT_GE(now[i], last[i]) << step << " " << i;
    }
    last = now;
  }
}

}  // namespace
}  // namespace weft::twin
