// SPDX-License-Identifier: Apache-2.0
// The storm of scenarios/field/aoc-storm.yaml on real lane models: cables flap together, come back
// up and decades worse in one direction, with everything that a host looks at in order, and heal by
// a data path that is initialised anew. The same seed is the same storm.
#include "twin/cable_module/module.h"
#include "twin/fault/engine.h"
#include "twin/fault/scenario.h"
#include "twin/test_rack.h"

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace weft::twin {
namespace {

constexpr auto kToHost = fabric::LaneDirection::kTowardHost;
constexpr auto kToDevice = fabric::LaneDirection::kTowardDevice;

class Storm : public testing::Test {
 protected:
  void SetUp() override { rack = started(); }

  static std::unique_ptr<Rack> started() {
    static const auto kPhysics = std::make_shared<Physics>();
    const auto scenario =
        load_scenario(std::string(WEFT_SOURCE_DIR) + "/scenarios/field/aoc-storm.yaml");
    EXPECT_TRUE(scenario) << (scenario ? "" : scenario.error().text());
    auto made = build_rack(test::reference_rack("active-optical-pcie"), {.seed = scenario->seed},
                           {.starts = true, .physics = kPhysics});
    EXPECT_TRUE(made) << (made ? "" : made.error().text());
    EXPECT_TRUE(apply(*scenario, fault_engine(**made)));
    return std::move(*made);
  }

  /// Links of light between a host and a switch.
  [[nodiscard]] std::vector<Link*> cables() const {
    std::vector<Link*> out;
    for (Link* link : rack->links) {
      const std::string& name = link->plan().name;
      if (name.starts_with("host") && name.find("--switch") != std::string::npos) {
        out.push_back(link);
      }
    }
    return out;
  }
  /// Decades of the error ratio on the light, by lane.
  static std::vector<double> decades(const Link& link, fabric::LaneDirection direction) {
    std::vector<double> out;
    out.reserve(link.plan().lanes.value());
    for (std::uint32_t lane = 0; lane < link.plan().lanes.value(); ++lane) {
      out.push_back(link.lane({1, direction, lane}).reading.log10_ber);
    }
    return out;
  }
  static std::vector<unsigned> caught(const std::vector<double>& before,
                                      const std::vector<double>& after) {
    std::vector<unsigned> out;
    for (unsigned lane = 0; lane < before.size(); ++lane) {
      if (after[lane] > before[lane] + 1) {
        out.push_back(lane);
      }
    }
    return out;
  }
  void to(double minutes) { rack->world->advance_to({static_cast<std::int64_t>(minutes * 60e9)}); }

  std::unique_ptr<Rack> rack;
};

/// The module at the host's end of this link.
CableModule& host_module(Rack& rack, const Link& link) {
  for (const Machine& machine : rack.machines) {
    for (const auto& [interface, memory] : machine.modules) {
      auto& module = dynamic_cast<CableModule&>(*memory);
      if (module.setup().link == &link && module.setup().end == End::kA) {
        return module;
      }
    }
  }
  ADD_FAILURE() << "no module on " << link.plan().name;
  std::abort();
}

bool write(CableModule& module, std::uint8_t bank, std::uint8_t value) {
  return module.write({.bank = bank, .page = 0x10, .offset = 128}, base::Bytes{value}).has_value();
}

TEST_F(Storm, LinksComeBackUpAndDecadesWorse) {
  to(9.9);
  ASSERT_EQ(cables().size(), 4U);
  std::vector<std::vector<double>> to_host;
  std::vector<std::vector<double>> to_device;
  for (const Link* link : cables()) {
    ASSERT_TRUE(link->status().is_up) << link->plan().name;
    EXPECT_EQ(link->counter(LinkCounter::kLinkDowns, End::kA), 0U);
    to_host.push_back(decades(*link, kToHost));
    to_device.push_back(decades(*link, kToDevice));
  }
  to(10.5);
  std::size_t lanes = 0;
  for (std::size_t i = 0; i < cables().size(); ++i) {
    const Link& link = *cables()[i];
    SCOPED_TRACE(link.plan().name);
    EXPECT_EQ(link.counter(LinkCounter::kLinkDowns, End::kA), 1U);
    EXPECT_TRUE(link.status().is_up);
    EXPECT_EQ(link.status().rate, fabric::protocol(link.plan().protocol).lane_rate);
    EXPECT_EQ(link.status().width.value(), link.plan().lanes.value());
    EXPECT_TRUE(caught(to_device[i], decades(link, kToDevice)).empty());
    const auto after = decades(link, kToHost);
    for (const unsigned lane : caught(to_host[i], after)) {
      EXPECT_NEAR(after[lane] - to_host[i][lane], 2.5, 1.5) << "some two decades";
      ++lanes;
    }
    // 11h:128, all data paths activated; 11h:147, no loss of light.
    CableModule& module = host_module(*rack, link);
    const base::Bytes states = module.read({.page = 0x11, .offset = 128}, 4).value();
    EXPECT_EQ(states, base::Bytes(4, 0x44));
  }
  EXPECT_GE(lanes, 4U);
  EXPECT_LE(lanes, 32U) << "a minority of 64";
}

TEST_F(Storm, ADataPathInitialisedAnewHeals) {
  to(9.9);
  std::vector<std::vector<double>> before;
  for (const Link* link : cables()) {
    before.push_back(decades(*link, kToHost));
  }
  to(10.5);
  for (std::size_t i = 0; i < cables().size(); ++i) {
    Link& link = *cables()[i];
    SCOPED_TRACE(link.plan().name);
    CableModule& module = host_module(*rack, link);
    for (const std::uint8_t value : {0xFF, 0x00}) {
      for (std::uint8_t bank = 0; bank < 2; ++bank) {
        ASSERT_TRUE(write(module, bank, value));
      }
      rack->world->advance(base::seconds(10));
    }
    EXPECT_TRUE(link.status().is_up);
    EXPECT_TRUE(caught(before[i], decades(link, kToHost)).empty());
  }
}

TEST_F(Storm, IsTheSameForTheSameSeed) {
  to(11);
  const auto again = started();
  again->world->advance_to(rack->world->now());
  EXPECT_EQ(rack->world->hash(), again->world->hash());
}

}  // namespace
}  // namespace weft::twin
