// SPDX-License-Identifier: Apache-2.0
// The story of each fault on a living rack: it is brought, its symptom appears at the receiver or
// machine where it must, lanes and directions that have nothing to do with it do not change, and
// clearing it restores them. One table; a fault without a row fails. Lane models are those of
// link/fake_physics.h. What devices show on their buses is told where drivers may be used.
#include "twin/enclosure/enclosure.h"
#include "twin/fault/engine.h"
#include "twin/link/fake_physics.h"
#include "twin/test_rack.h"

#include <algorithm>
#include <iostream>
#include <memory>
#include <string>

#include <gtest/gtest.h>

namespace weft::twin {
namespace {

constexpr auto kToDevice = fabric::LaneDirection::kTowardDevice;
constexpr auto kToHost = fabric::LaneDirection::kTowardHost;

/// What must be seen.
enum class Show : std::uint8_t {
  kErrors,      ///< error ratio of the watched receiver rises, bit errors are counted there
  kNoSignal,    ///< the watched receiver has no lock, or the link trains without the lane
  kSkew,        ///< the watched lane comes later than the others
  kDown,        ///< the link goes down, and comes back
  kRecoveries,  ///< the link recovers more often
  kReceiver,    ///< receiver errors of the link as a whole
  kAir,         ///< the air of the machine
  kRail,        ///< noise of the rail at the machine's receivers
  kUntold,      ///< not told here; `why`
};

struct Story {
  std::string_view fault;
  Show show = Show::kUntold;
  std::string_view target = {};  // for kUntold: why
  std::string_view link = {};
  LaneAt watched = {};    // where it is seen
  LaneAt unchanged = {};  // where it must not be
  double amplitude = 0;   // 0: the fault's own
  double decades = 1;     // that the error ratio rises by; models of tests hardly mind jitter
};

constexpr std::string_view kNvme = "server0/psw0/nvme0--server0/nvme0/pcie0";
constexpr std::string_view kCable = "server0/nic0/eth0--leaf0/port0";
constexpr std::string_view kRetimed = "server0/cpu0/pcie0--server0/psw0/up0";
constexpr std::string_view kAoc = "host0/pcie0--switch0/up0";
constexpr std::string_view kBus = "seen on the device's bus: told by the family's own tests";

constexpr LaneAt at(std::uint32_t section, fabric::LaneDirection direction, std::uint32_t lane) {
  return {.section = section, .direction = direction, .lane = lane};
}

constexpr auto kStories = std::to_array<Story>({
    {"contaminated-connector", Show::kErrors,
     "link:server0/psw0/nvme0--server0/nvme0/pcie0 lane 3 toward-device", kNvme,
     at(0, kToDevice, 3), at(0, kToHost, 3), 3},
    {"worn-connector", Show::kErrors, "port:server0/nvme0/pcie0 lane 1", kNvme, at(0, kToHost, 1),
     at(0, kToHost, 2), 3},
    {"bent-twinax", Show::kErrors, "link:server0/nic0/eth0--leaf0/port0", kCable,
     at(1, kToDevice, 2), at(0, kToDevice, 2), 2},
    {"lane-skew", Show::kSkew, "link:server0/nic0/eth0--leaf0/port0 section 1 lane 2", kCable,
     at(1, kToDevice, 2), at(1, kToDevice, 3)},
    {"cold-solder", Show::kErrors, "port:server0/nvme0/pcie0 lane 2 toward-device", kNvme,
     at(0, kToDevice, 2), at(0, kToDevice, 1), 3},
    {"open-lane", Show::kNoSignal, "port:server0/nvme0/pcie0 lane 3 toward-device", kNvme,
     at(0, kToDevice, 3), at(0, kToDevice, 0)},
    {"marginal-eq", Show::kErrors, "port:server0/nvme0/pcie0 lane 2", kNvme, at(0, kToDevice, 2),
     at(0, kToHost, 2), 0.05},
    {"adapted-on-transient", Show::kErrors, "device:leaf0/cable0 lane 5 toward-device", kCable,
     at(1, kToDevice, 5), at(1, kToDevice, 4)},
    {"mis-seated-card", Show::kErrors, "port:server0/nvme0/pcie0", kNvme, at(0, kToDevice, 3),
     at(0, kToDevice, 1), 3},
    {"wrong-cable", Show::kErrors, "link:server0/nic0/eth0--leaf0/port0", kCable, at(1, kToHost, 7),
     at(0, kToHost, 7), 3},
    {"moisture", Show::kErrors, "link:server0/psw0/nvme0--* toward-host", kNvme, at(0, kToHost, 0),
     at(0, kToDevice, 0)},
    {"low-swing", Show::kErrors, "port:server0/nvme0/pcie0", kNvme, at(0, kToHost, 0),
     at(0, kToDevice, 0), 0.3},
    {"esd-receiver", Show::kErrors, "port:server0/nvme0/pcie0 lane 2", kNvme, at(0, kToDevice, 2),
     at(0, kToHost, 2), 6},
    {"supply-noise", Show::kErrors, "port:server0/nvme0/pcie0", kNvme, at(0, kToDevice, 1),
     at(0, kToHost, 1), 300, 0.05},
    {"jittery-clock", Show::kErrors, "port:server0/nvme0/pcie0", kNvme, at(0, kToHost, 1),
     at(0, kToDevice, 1), 30, 0.05},
    {"retimer-lane", Show::kErrors, "device:server0/retimer0 lane 4 toward-device", kRetimed,
     at(0, kToDevice, 4), at(1, kToDevice, 4), 6},
    {"loud-neighbour", Show::kUntold, "the fake lane models have no aggressors"},
    {"broken-shield", Show::kUntold, "the fake lane models have no aggressors"},
    {"dirty-fibre", Show::kErrors, "link:host0/pcie0--switch0/up0", kAoc, at(1, kToDevice, 3),
     at(1, kToHost, 3), 1},
    {"bent-fibre", Show::kErrors, "link:host0/pcie0--switch0/up0", kAoc, at(1, kToHost, 3),
     at(0, kToHost, 3), 1},
    {"reflective-connector", Show::kErrors, "link:host0/pcie0--switch0/up0 toward-device", kAoc,
     at(1, kToDevice, 0), at(1, kToHost, 0), 6},
    {"ageing-laser", Show::kErrors, "link:host0/pcie0--switch0/up0 lane 3 toward-device", kAoc,
     at(1, kToDevice, 3), at(1, kToDevice, 2), 0.2},
    {"dead-laser", Show::kNoSignal, "link:host0/pcie0--switch0/up0 lane 3 toward-device", kAoc,
     at(1, kToDevice, 3), at(1, kToDevice, 2)},
    {"clock-drift", Show::kReceiver, "port:server0/nvme0/pcie0", kNvme, {}, {}, 5000},
    {"vibration", Show::kRecoveries, "port:server0/nvme0/pcie0", kNvme, {}, {}, 2},
    {"link-flap", Show::kDown, "link:server0/nic0/eth0--leaf0/port0", kCable},
    {"unplugged", Show::kDown, "link:server0/nic0/eth0--leaf0/port0", kCable},
    {"hot-inlet", Show::kAir, "host:server0"},
    {"fan-loss", Show::kAir, "host:server0"},
    {"blocked-filter", Show::kAir, "host:server0", {}, {}, {}, 0.7},
    {"rail-noise", Show::kRail, "host:server0", kNvme, at(0, kToDevice, 0)},
    {"brown-out", Show::kRail, "host:server0", kNvme, at(0, kToDevice, 0)},
    {"blocked-heat-sink", Show::kUntold, kBus},
    {"leaky-die", Show::kUntold, kBus},
    {"firmware-hang", Show::kUntold, kBus},
    {"stuck-sensor", Show::kUntold, kBus},
    {"sensor-offset", Show::kUntold, kBus},
    {"lying-counter", Show::kUntold, kBus},
    {"eeprom-corruption", Show::kUntold, kBus},
});

const Story* story_of(std::string_view fault) {
  const auto found = std::ranges::find(kStories, fault, &Story::fault);
  return found == kStories.end() ? nullptr : &*found;
}

/// Field quirks are all of one kind: a switch that the family reads.
bool is_quirk(const FaultRow& row) {
  return row.effects.front().quantity == Quantity::kQuirk;
}

std::unique_ptr<Rack> living_rack(std::string_view link) {
  RackOptions options;
  options.physics = std::make_shared<FakePhysics>();
  auto fabric =
      link == kAoc ? test::reference_rack("active-optical-pcie") : test::rack_of(test::kSmallRack);
  auto rack = build_rack(std::move(fabric), {.seed = 3}, options);
  EXPECT_TRUE(rack) << (rack ? "" : rack.error().text());
  return rack ? std::move(*rack) : nullptr;
}

class Telling {
 public:
  Telling(const FaultRow& row, const Story& story)
      : row_(row), story_(story), rack_(living_rack(story.link)) {
    for (Link* each : rack_->links) {
      if (each->plan().name == story.link) {
        link_ = each;
      }
    }
    FaultOrder load;
    load.fault = "workload";
    load.target = "link:*";
    load.amplitude = 1;
    EXPECT_TRUE(fault_engine(*rack_).order(load));
    rack_->world->advance(base::seconds(20));
  }

  void tell() {
    ASSERT_TRUE(link_ != nullptr || story_.link.empty()) << story_.link;
    if (link_ != nullptr) {
      ASSERT_TRUE(link_->status().is_up);
    }
    const double calm = value(story_.watched);
    const double calm_beside = value(story_.unchanged);
    const FaultId id = bring();
    rack_->world->advance(base::seconds(is_slow() ? 900 : 20));
    expect_more(calm, value(story_.watched));
    if (story_.show == Show::kErrors || story_.show == Show::kSkew) {
      EXPECT_NEAR(value(story_.unchanged), calm_beside, 0.02);
    }
    const double at_clearing = value(story_.watched);
    ASSERT_TRUE(fault_engine(*rack_).clear(id));
    rack_->world->advance(base::seconds(is_slow() ? 1500 : 20));
    const double after = value(story_.watched);
    if (story_.show == Show::kRecoveries || story_.show == Show::kReceiver) {
      EXPECT_LE(after - at_clearing, 0.1 * (at_clearing - calm) + 3);  // counts stay, and stop
    } else if (story_.show == Show::kDown) {
      EXPECT_TRUE(link_->status().is_up);
      EXPECT_GT(after, calm);  // what was counted stays
    } else if (story_.show != Show::kNoSignal) {
      EXPECT_NEAR(after, calm, story_.show == Show::kAir ? 0.5 : 0.05);
    }
  }

 private:
  [[nodiscard]] bool is_slow() const { return story_.show == Show::kAir; }

  FaultId bring() {
    FaultOrder order;
    order.fault = row_.key;
    order.target = story_.target;
    // Slow and random shapes have tests of their own.
    order.shape = standard_shape(ShapeKind::kStep);
    if (story_.amplitude != 0) {
      order.amplitude = story_.amplitude;
    }
    const auto id = fault_engine(*rack_).order(order);
    EXPECT_TRUE(id) << (id ? "" : id.error().text());
    return id.value_or(0);
  }

  [[nodiscard]] double counted(LinkCounter counter) const {
    return static_cast<double>(link_->counter(counter, End::kA) + link_->counter(counter, End::kB));
  }

  [[nodiscard]] double value(const LaneAt& lane) const {
    switch (story_.show) {
      case Show::kErrors:
        return link_->lane(lane).reading.log10_ber;
      case Show::kNoSignal:
        return link_->lane(lane).has_lock ? 0 : 1;
      case Show::kSkew:
        return link_->lane(lane).skew.value();
      case Show::kDown:
        return counted(LinkCounter::kLinkDowns) + counted(LinkCounter::kTrainings);
      case Show::kRecoveries:
        return counted(LinkCounter::kRecoveries);
      case Show::kReceiver:
        return counted(LinkCounter::kReceiverErrors);
      case Show::kAir:
        return dynamic_cast<Enclosure&>(*rack_->world->find("enclosure/small-server"))
            .air()
            .value();
      case Show::kRail:
        return link_->lane(lane).state.supply_noise.value();
      case Show::kUntold:
        break;
    }
    return 0;
  }

  void expect_more(double calm, double ill) const {
    const double least = story_.show == Show::kErrors ? story_.decades : 0.5;
    if (story_.show == Show::kDown) {
      EXPECT_FALSE(link_->status().is_up);
    } else {
      EXPECT_GE(ill, calm + least);
    }
  }

  const FaultRow& row_;
  const Story& story_;
  std::unique_ptr<Rack> rack_;
  Link* link_ = nullptr;
};

TEST(FaultStories, EveryFaultHasOne) {
  for (const FaultRow& row : faults()) {
    EXPECT_TRUE(is_quirk(row) || story_of(row.key) != nullptr) << row.key << " has no story";
  }
  for (const Story& story : kStories) {
    EXPECT_NE(find_fault(story.fault), nullptr) << story.fault;
  }
}

class FaultStory : public testing::TestWithParam<Story> {};

TEST_P(FaultStory, BringsItsSymptomWhereItIsAndTakesItAway) {
  const Story& story = GetParam();
  if (story.show == Show::kUntold) {
    GTEST_SKIP() << story.fault << ": " << story.target;
  }
  Telling(*find_fault(story.fault), story).tell();
}

INSTANTIATE_TEST_SUITE_P(FaultStories, FaultStory, testing::ValuesIn(kStories),
                         [](const testing::TestParamInfo<Story>& info) {
                           std::string name(info.param.fault);
                           std::erase(name, '-');
                           return name;
                         });

}  // namespace
}  // namespace weft::twin
