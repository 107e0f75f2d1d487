// SPDX-License-Identifier: Apache-2.0
#include "twin/fault/engine.h"

#include "twin/test_rack.h"
#include "twin/world/test_actors.h"

#include <gtest/gtest.h>

namespace weft::twin {
namespace {

constexpr WorldTime at(double seconds) {
  return {static_cast<std::int64_t>(seconds * 1e9)};
}

const WorldPlan& small_plan() {
  static const WorldPlan kPlan = plan_world(test::rack_of(test::kSmallRack)).value();
  return kPlan;
}

/// A world in which every link, device and enclosure only notes what it is told.
struct Stage {
  explicit Stage(const WorldOptions& options = {}, bool is_started = true) : world(options) {
    FaultDirectory directory;
    directory.plan = &small_plan();
    for (const LinkPlan& link : small_plan().links) {
      directory.links.push_back(add("link/" + link.name));
    }
    for (const MachinePlan& machine : small_plan().machines) {
      directory.hosts.push_back(add("enclosure/" + machine.name));
      for (const fabric::DeviceId member : machine.members) {
        directory.devices[member] = {add("device/" + small_plan().fabric.device(member)->name)};
      }
    }
    auto made = std::make_unique<FaultEngine>(std::move(directory));
    engine = made.get();
    static_cast<void>(world.add(std::move(made)));
    if (is_started) {
      world.start();
    }
  }
  ActorId add(const std::string& path) {
    return world.add(std::make_unique<Recorder>(path)).value_or(kNobody);
  }
  double value(std::string_view path, Quantity quantity, std::uint32_t sub = 0) const {
    return world.find(path)->own_quantities().value(quantity, sub);
  }
  FaultId order(const FaultOrder& what) {
    const auto id = engine->order(what);
    EXPECT_TRUE(id) << (id ? "" : id.error().text());
    return id.value_or(0);
  }

  World world;
  FaultEngine* engine = nullptr;
};

constexpr std::string_view kNvme = "link/server0/psw0/nvme0--server0/nvme0/pcie0";
constexpr std::string_view kNvmeTarget = "link:server0/psw0/nvme0--server0/nvme0/pcie0";
constexpr std::string_view kHost = "enclosure/small-server";

FaultOrder order_of(std::string_view fault, std::string_view target) {
  FaultOrder order;
  order.fault = fault;
  order.target = target;
  return order;
}

TEST(FaultEngine, BringsQuantitiesAndTakesThemAway) {
  Stage stage;
  FaultOrder order =
      order_of("contaminated-connector", std::string(kNvmeTarget) + " lane 2 toward-device");
  order.amplitude = 5;
  order.at = at(10);
  order.length = base::seconds(20);
  stage.order(order);
  stage.world.advance_to(at(10));
  EXPECT_EQ(stage.value(kNvme, Quantity::kLoss, lane_sub(0, 0, 2)), 0);
  stage.world.advance_to(at(10.001));
  EXPECT_EQ(stage.value(kNvme, Quantity::kLoss, lane_sub(0, 0, 2)), 5);
  EXPECT_DOUBLE_EQ(stage.value(kNvme, Quantity::kMisadaptation, lane_sub(0, 0, 2)), 0.02);
  EXPECT_EQ(stage.value(kNvme, Quantity::kLoss, lane_sub(0, 1, 2)), 0);
  stage.world.advance_to(at(30.001));
  EXPECT_TRUE(stage.world.find(kNvme)->own_quantities().empty());
  EXPECT_FALSE(stage.world.next_event());
}

TEST(FaultEngine, TwoFaultsOfOneKindAddUpAndPartAgain) {
  Stage stage;
  FaultOrder order = order_of("contaminated-connector", std::string(kNvmeTarget) + " lane 1");
  order.amplitude = 2;
  const FaultId first = stage.order(order);
  order.amplitude = 3;
  const FaultId second = stage.order(order);
  stage.world.advance_to(at(1));
  EXPECT_EQ(stage.value(kNvme, Quantity::kLoss, lane_sub(0, 0, 1)), 5);
  ASSERT_TRUE(stage.engine->clear(first));
  stage.world.advance_to(at(2));
  EXPECT_EQ(stage.value(kNvme, Quantity::kLoss, lane_sub(0, 0, 1)), 3);
  EXPECT_FALSE(stage.engine->clear(first));
  EXPECT_FALSE(stage.engine->clear(77));
  ASSERT_TRUE(stage.engine->clear(second));
  stage.world.advance_to(at(3));
  EXPECT_TRUE(stage.world.find(kNvme)->own_quantities().empty());
}

TEST(FaultEngine, LoadCoupledFaultsFollowTheWorkload) {
  Stage stage;
  FaultOrder load = order_of("workload", kNvmeTarget);
  load.amplitude = 0.5;
  load.shape = parse_shape("square 10 s 0.5").value_or(Shape{});
  stage.order(load);
  stage.order(order_of("loud-neighbour", std::string(kNvmeTarget) + " lane 1 toward-device"));
  stage.world.advance_to(at(1));
  EXPECT_EQ(stage.value(kNvme, Quantity::kLoad), 0.5);
  EXPECT_EQ(stage.value(kNvme, Quantity::kCrosstalk, lane_sub(0, 0, 0)), 2.5);
  EXPECT_EQ(stage.value(kNvme, Quantity::kCrosstalk, lane_sub(0, 0, 1)), 1);
  EXPECT_EQ(stage.value(kNvme, Quantity::kCrosstalk, lane_sub(0, 0, 2)), 2.5);
  stage.world.advance_to(at(6));
  EXPECT_EQ(stage.value(kNvme, Quantity::kLoad), 0);
  EXPECT_EQ(stage.value(kNvme, Quantity::kCrosstalk, lane_sub(0, 0, 0)), 1);
  // Workload and weather are no faults.
  EXPECT_EQ(stage.engine->clear_faults(), 1U);
  stage.world.advance_to(at(11));
  EXPECT_EQ(stage.value(kNvme, Quantity::kLoad), 0.5);
}

TEST(FaultEngine, TemperatureCoupledFaultsFollowTheAir) {
  Stage stage;
  FaultOrder order = order_of("cold-solder", std::string(kNvmeTarget) + " lane 3 toward-device");
  order.amplitude = 16;
  stage.order(order);
  const auto blow = [&](double air_cel) {
    Message message;
    message.kind = MessageKind::kAirChanged;
    message.value = air_cel;
    message.sub = 0;
    stage.engine->on_message(message);
  };
  stage.world.advance_to(at(1));
  EXPECT_EQ(stage.value(kNvme, Quantity::kLoss, lane_sub(0, 0, 3)), 0);
  ASSERT_EQ(small_plan().machines[0].name, "small-server");
  blow(40);
  stage.world.advance_to(at(2));
  EXPECT_EQ(stage.value(kNvme, Quantity::kLoss, lane_sub(0, 0, 3)), 8);
  blow(28);
  stage.world.advance_to(at(3));
  EXPECT_EQ(stage.value(kNvme, Quantity::kLoss, lane_sub(0, 0, 3)), 0);
}

TEST(FaultEngine, HostsAndDevicesGetTheirs) {
  Stage stage;
  stage.order(order_of("fan-loss", "host:server0"));
  stage.order(order_of("firmware-hang", "device:server0/retimer1"));
  stage.world.advance_to(at(1));
  EXPECT_EQ(stage.value(kHost, Quantity::kAirflow), 0.5);
  EXPECT_TRUE(
      stage.world.find("device/server0/retimer1")->own_quantities().is_on(Quantity::kFirmwareHang));
  EXPECT_FALSE(
      stage.world.find("device/server0/retimer0")->own_quantities().is_on(Quantity::kFirmwareHang));
}

TEST(FaultEngine, OrdersThatCannotBeAreRefused) {
  Stage stage;
  FaultOrder order = order_of("dirty-fiber", "link:*");
  EXPECT_EQ(stage.engine->order(order).error().hint, "Did you mean 'dirty-fibre'?");
  order = order_of("fan-loss", "host:server0");
  order.amplitude = 7;
  EXPECT_EQ(stage.engine->order(order).error().code, base::Code::kInvalidArgument);
  order = order_of("workload", kNvmeTarget);
  order.shape = standard_shape(ShapeKind::kLoad);
  EXPECT_EQ(stage.engine->order(order).error().code, base::Code::kInvalidArgument);
}

/// Every kind of shape at once.
void order_many(Stage& stage) {
  std::uint32_t lane = 0;
  for (const ShapeRow& row : shapes()) {
    FaultOrder order =
        order_of("contaminated-connector",
                 "link:server0/cpu0/pcie0--* toward-device lane " + std::to_string(lane++));
    order.shape = standard_shape(row.kind);
    order.at = at(lane);
    if (row.kind != ShapeKind::kStep) {
      order.length = base::seconds(5000);
    }
    stage.order(order);
  }
  FaultOrder load = order_of("workload", "link:server0/cpu0/pcie0--*");
  load.shape = parse_shape("sine 100 s").value_or(Shape{});
  stage.order(load);
}

TEST(FaultEngine, ACheckpointInMidFlightEqualsAnUninterruptedRun) {
  Stage whole({.seed = 5});
  order_many(whole);
  whole.world.advance_to(at(7000));

  Stage first({.seed = 5, .threads = 2});
  order_many(first);
  for (int i = 1; i < 300; ++i) {
    first.world.advance_to(at(i * 4.7));
  }
  const base::Bytes bytes = first.world.checkpoint();
  Stage second({.seed = 5}, false);
  const auto restored = second.world.restore(bytes);
  ASSERT_TRUE(restored) << restored.error().text();
  second.world.advance_to(at(7000));
  EXPECT_EQ(second.world.hash(), whole.world.hash());
  EXPECT_EQ(second.engine->clear_faults(), whole.engine->clear_faults());
}

TEST(FaultEngine, NothingHappensWhereNothingIsOrdered) {
  Stage stage;
  EXPECT_FALSE(stage.world.next_event());
  stage.order(order_of("unplugged", kNvmeTarget));
  stage.world.advance_to(at(1));
  EXPECT_FALSE(stage.world.next_event());
}

}  // namespace
}  // namespace weft::twin
