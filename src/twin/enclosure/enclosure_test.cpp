// SPDX-License-Identifier: Apache-2.0
// The air of a machine: by hand from the exponential of enclosure.h, told in steps, silent once it
// has settled, the same after a checkpoint in the middle.
#include "twin/enclosure/enclosure.h"

#include "twin/world/world.h"

#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace weft::twin {
namespace {

class Listener final : public Actor {
 public:
  explicit Listener(std::string path) : Actor(std::move(path)) {}
  void on_timer(std::uint32_t /*timer*/) override {}
  void on_message(const Message& message) override {
    if (message.kind == MessageKind::kAirChanged) {
      air.emplace_back(now().ns * 1e-9, message.value);
      sub = message.sub;
    } else if (message.kind == MessageKind::kHostSupply) {
      supply = message.value;
    }
  }
  void exchange(Archive& archive) override { archive.fields(air, supply); }
  void registers(Archive& out) const override {
    auto copy = air;
    out.field(copy);
  }
  std::vector<std::pair<double, double>> air;
  double supply = -1;
  std::uint32_t sub = 9;
};

struct Room {
  World world{WorldOptions{}};
  Enclosure* enclosure = nullptr;
  Listener* listener = nullptr;
  ActorId id = 0;
  explicit Room(bool starts = true) {
    auto made = std::make_unique<Listener>("listener");
    listener = made.get();
    const auto to = world.add(std::move(made)).value();
    auto box = std::make_unique<Enclosure>("enclosure/host0");
    enclosure = box.get();
    enclosure->tell(to, 1);
    id = world.add(std::move(box)).value();
    if (starts) {
      world.start();
    }
  }
};

TEST(Enclosure, TellsTheAirAtTheStartAndIsSilentThen) {
  Room room;
  room.world.advance(base::seconds(86400));
  ASSERT_EQ(room.listener->air.size(), 1U);
  EXPECT_EQ(room.listener->air[0].second, 25);
  EXPECT_EQ(room.listener->sub, 1U);
  EXPECT_EQ(room.listener->supply, 0);
  EXPECT_FALSE(room.world.next_event());
}

TEST(Enclosure, AirFollowsAmbientInStepsAndSettles) {
  Room room;
  room.world.advance(base::seconds(10));
  room.world.set_quantity(room.id, Quantity::kAmbient, 0, 1, 10);
  room.world.advance(base::seconds(120));  // one time constant: 10 (1 - 1/e) = 6.32
  EXPECT_NEAR(room.enclosure->air().value(), 31.32, 0.01);
  ASSERT_GT(room.listener->air.size(), 1U);
  for (std::size_t i = 1; i < room.listener->air.size(); ++i) {
    const auto [at, air] = room.listener->air[i];
    EXPECT_NEAR(air - room.listener->air[i - 1].second, 0.5, 1e-9);
    EXPECT_NEAR(25 + 10 * (1 - std::exp(-(at - 10) / 120)), air - 0.25, 0.01);
  }
  room.world.advance(base::seconds(3600));
  EXPECT_EQ(room.listener->air.back().second, 35);
  EXPECT_EQ(room.listener->air.size(), 21U);
  EXPECT_FALSE(room.world.next_event());
  room.world.set_quantity(room.id, Quantity::kAmbient, 0, 1, std::nullopt);
  room.world.advance(base::seconds(3600));
  EXPECT_EQ(room.listener->air.back().second, 25);
}

TEST(Enclosure, LessAirIsWarmerAndRailNoiseIsShared) {
  Room room;
  room.world.set_quantity(room.id, Quantity::kAirflow, 0, 1, 0.5);
  room.world.set_quantity(room.id, Quantity::kHostSupplyNoise, 0, 1, 12);
  room.world.advance(base::seconds(3600));
  EXPECT_EQ(room.listener->air.back().second, 35);  // 10 Cel more, from half of the air
  EXPECT_EQ(room.listener->supply, 12);
}

TEST(Enclosure, ACheckpointOnTheWayChangesNothing) {
  Room straight;
  Room cut;
  for (Room* room : {&straight, &cut}) {
    room->world.set_quantity(room->id, Quantity::kAmbient, 0, 1, 8);
    room->world.advance(base::seconds(77));
  }
  const auto bytes = cut.world.checkpoint();
  Room again(false);
  ASSERT_TRUE(again.world.restore(bytes));
  straight.world.advance(base::seconds(500));
  again.world.advance(base::seconds(500));
  EXPECT_EQ(straight.world.hash(), again.world.hash());
  EXPECT_EQ(straight.listener->air, again.listener->air);
}

}  // namespace
}  // namespace weft::twin
