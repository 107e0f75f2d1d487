// SPDX-License-Identifier: Apache-2.0
// Whole racks: everything that a rack file names comes to life, every link with a partner trains,
// and a world is the same at any number of threads and with a checkpoint in the middle.
#include "twin/families.h"
#include "twin/machine.h"
#include "twin/test_rack.h"

#include <memory>
#include <set>
#include <string>
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

TEST(Rack, EachFamilyHasAKeyOfItsOwn) {
  std::set<std::string_view> keys;
  for (const auto& family : families()) {
    EXPECT_TRUE(keys.insert(family.key).second) << family.key;
  }
  EXPECT_EQ(families().back().key, "enclosure");
}

}  // namespace
}  // namespace weft::twin
