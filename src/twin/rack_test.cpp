// SPDX-License-Identifier: Apache-2.0
// Whole racks: everything that a rack file names comes to life, every link with a partner trains,
// and a world is the same at any number of threads and with a checkpoint in the middle.
#include "twin/families.h"
#include "twin/fault/engine.h"
#include "twin/machine.h"
#include "twin/test_rack.h"

#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

namespace weft::twin {
namespace {

/// Tests share one: models are the same whoever builds them, and building is what takes time.
std::shared_ptr<Physics> physics() {
  static const auto kPhysics = std::make_shared<Physics>();
  return kPhysics;
}

std::unique_ptr<Rack> built(std::string_view yaml, const WorldOptions& options = {},
                            bool starts = true) {
  auto rack = build_rack(test::rack_of(yaml), options, {.starts = starts, .physics = physics()});
  EXPECT_TRUE(rack) << (rack ? "" : rack.error().text());
  return rack ? std::move(*rack) : nullptr;
}

TEST(Rack, EveryLinkTrainsAndDriversFindEverything) {
  const auto rack = built(test::kPairRack);
  ASSERT_NE(rack, nullptr);
  rack->world->advance(base::seconds(5));
  for (const Link* link : rack->links) {
    const auto status = link->status();
    EXPECT_TRUE(status.is_up) << link->path();
    EXPECT_EQ(status.rate, base::giga_transfers(32)) << link->path();
    EXPECT_EQ(status.width.value(), 4U) << link->path();
  }
  const auto host = host_of(*rack, 0);
  ASSERT_NE(host.tree, nullptr);
  EXPECT_TRUE(host.tree->is_live());
  ASSERT_NE(host.devices, nullptr);
  EXPECT_EQ(host.devices->names(bus::DoorKind::kConfigSpace).size(), 4U);
  auto config = host.devices->config_space("0000:01:00.0");
  ASSERT_TRUE(config) << config.error().text();
  const auto vendor = (*config)->read(0, 2);
  ASSERT_TRUE(vendor);
  EXPECT_NE(*vendor, 0xFFFFU);
  const auto wrong = host.devices->config_space("0000:01:00.7");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, base::Code::kNotFound);
  EXPECT_EQ(host.devices->names(bus::DoorKind::kSmbus), std::vector<std::string>{"i2c-9"});
  auto segment = host.devices->smbus("i2c-9");
  ASSERT_TRUE(segment);
  EXPECT_EQ((*segment)->transactions(), 0U);
}

TEST(Rack, IsTheSameAtAnyThreadCountAndWithACheckpoint) {
  const auto one = built(test::kPairRack, {.seed = 7, .threads = 1});
  const auto four = built(test::kPairRack, {.seed = 7, .threads = 4});
  auto options = WorldOptions{.seed = 7, .threads = 2};
  const auto cut = built(test::kPairRack, options);
  one->world->advance(base::seconds(20));
  for (int i = 0; i < 20; ++i) {
    four->world->advance(base::seconds(1));
  }
  cut->world->advance(base::seconds(0.02));  // links are training
  const auto bytes = cut->world->checkpoint();
  const auto again = built(test::kPairRack, options, false);
  const auto restored = again->world->restore(bytes);
  ASSERT_TRUE(restored) << restored.error().text();
  again->world->advance_to(one->world->now());
  EXPECT_EQ(one->world->hash(), four->world->hash());
  EXPECT_EQ(one->world->hash(), again->world->hash());
  const auto other = built(test::kPairRack, {.seed = 8, .threads = 1});
  other->world->advance(base::seconds(20));
  EXPECT_NE(one->world->hash(), other->world->hash());
}

/// A day in which something always happens: traffic that comes and goes, a contact that opens, a
/// laser that ages, a cable that flaps, a machine that warms up.
void order_an_eventful_day(Rack& rack) {
  for (const auto& [fault, target, shape] :
       {std::tuple{"workload", "link:*", "sine 2 h"},
        {"vibration", "link:host0/cpu0/pcie0--host0/nvme0/pcie0", "square 6 h 0.01"},
        {"worn-connector", "port:host0/nvme1/pcie0 lane 1", "intermittent 2 s 30 min"},
        {"link-flap", "link:host0/cpu0/pcie1--host0/nvme1/pcie0", "intermittent 1 s 3 h"},
        {"hot-inlet", "host:host0", "exponential 30 min"},
        {"blocked-heat-sink", "device:host0/retimer0", "ramp 12 h"}}) {
    FaultOrder order;
    order.fault = fault;
    order.target = target;
    order.shape = parse_shape(shape).value();
    const auto id = fault_engine(rack).order(order);
    EXPECT_TRUE(id) << (id ? "" : id.error().text());
  }
}

TEST(Rack, IsTheSameAfterADayHoweverItWasRun) {
  constexpr double kDay_s = 86'400;
  const auto one = built(test::kPairRack, {.seed = 5, .threads = 1});
  order_an_eventful_day(*one);
  one->world->advance(base::seconds(kDay_s));
  EXPECT_GT(one->world->events(), 1000U);
  // Four threads, in steps of no pattern, and a checkpoint of one world that another goes on from.
  auto options = WorldOptions{.seed = 5, .threads = 4};
  const auto four = built(test::kPairRack, options);
  order_an_eventful_day(*four);
  for (double at = 1; at < 0.4 * kDay_s; at *= 2.7) {
    four->world->advance_to({static_cast<std::int64_t>(at * 1e9)});
  }
  const auto bytes = four->world->checkpoint();
  const auto again = built(test::kPairRack, options, false);
  const auto restored = again->world->restore(bytes);
  ASSERT_TRUE(restored) << restored.error().text();
  four->world->advance_to(one->world->now());
  again->world->advance_to(one->world->now());
  EXPECT_EQ(one->world->hash(), four->world->hash());
  EXPECT_EQ(one->world->hash(), again->world->hash());
}

TEST(Rack, EachFamilyHasAKeyOfItsOwn) {
  std::set<std::string_view> keys;
  for (const auto& family : families()) {
    EXPECT_TRUE(keys.insert(family.key).second) << family.key;
  }
  EXPECT_EQ(families().back().key, "enclosure");
}

}  // namespace
}  // namespace weft::twin
