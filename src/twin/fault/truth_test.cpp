// SPDX-License-Identifier: Apache-2.0
#include "twin/fault/truth.h"

#include "twin/test_rack.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

namespace weft::twin {
namespace {

bool may_know(const std::string& path) {
  return path.starts_with("twin/fault/") || path.starts_with("score/") ||
         path.ends_with("_test.cpp");
}

TEST(GroundTruth, NobodyButFaultsAndScoringIncludesIt) {
  const std::filesystem::path source = std::filesystem::path(WEFT_SOURCE_DIR) / "src";
  std::size_t files = 0;
  std::size_t insiders = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(source)) {
    const auto extension = entry.path().extension();
    if (extension != ".h" && extension != ".cpp") {
      continue;
    }
    ++files;
    std::ifstream file(entry.path());
    const std::string text(std::istreambuf_iterator<char>(file), {});
    const auto path = std::filesystem::relative(entry.path(), source).generic_string();
    // Its path under any folder's name, and its reader's name, which a declaration would need.
    const bool knows = text.find("fault/truth.h\"") != std::string::npos ||
                       text.find("TruthReader") != std::string::npos;
    insiders += knows ? 1 : 0;
    EXPECT_TRUE(!knows || may_know(path)) << path << " must find faults out through the doors";
  }
  EXPECT_GT(files, 100U);
  EXPECT_GE(insiders, 3U) << "this walk sees those who may";
}

TEST(GroundTruth, SaysWhatWasInjectedWhereAndWhen) {
  auto plan = plan_world(test::rack_of(test::kSmallRack));
  ASSERT_TRUE(plan);
  FaultDirectory directory;
  directory.plan = &*plan;
  directory.links.assign(plan->links.size(), kNobody);
  directory.hosts.assign(plan->machines.size(), kNobody);
  World world;
  struct Host final : Actor {
    Host() : Actor("host") {}
    void on_timer(std::uint32_t) override {}
    void on_message(const Message&) override {}
    void exchange(Archive&) override {}
  };
  directory.hosts.front() = world.add(std::make_unique<Host>()).value();
  auto made = std::make_unique<FaultEngine>(std::move(directory));
  FaultEngine& engine = *made;
  ASSERT_TRUE(world.add(std::move(made)));
  world.start();

  FaultOrder order;
  order.fault = "fan-loss";
  order.target = "host:server0";
  order.at = later({}, base::seconds(2));
  order.label = "first";
  ASSERT_TRUE(engine.order(order));
  order.fault = "inlet";
  order.at = {};
  ASSERT_TRUE(engine.order(order));

  auto truth = TruthReader::read(engine);
  ASSERT_EQ(truth.faults.size(), 2U);
  EXPECT_EQ(truth.faults[0].phase, TruthPhase::kWaiting);
  EXPECT_FALSE(truth.faults[0].lives(later({}, base::seconds(3)))) << "it may be cleared before";
  EXPECT_TRUE(truth.faults[1].is_background);

  world.advance(base::seconds(3));
  ASSERT_TRUE(engine.clear(truth.faults[0].id));
  world.advance(base::seconds(1));
  truth = TruthReader::read(engine);
  const InjectedFault& fault = truth.faults[0];
  EXPECT_EQ(fault.fault, "fan-loss");
  EXPECT_EQ(fault.label, "first");
  EXPECT_EQ(fault.phase, TruthPhase::kOver);
  EXPECT_EQ(fault.machines, std::vector<std::size_t>{0});
  EXPECT_EQ(fault.cleared, later({}, base::seconds(3)));
  EXPECT_FALSE(fault.lives(later({}, base::seconds(1))));
  EXPECT_TRUE(fault.lives(later({}, base::seconds(2))));
  EXPECT_FALSE(fault.lives(later({}, base::seconds(3))));
}

}  // namespace
}  // namespace weft::twin
