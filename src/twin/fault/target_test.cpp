// SPDX-License-Identifier: Apache-2.0
#include "twin/fault/target.h"

#include "twin/test_rack.h"

#include <algorithm>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace weft::twin {
namespace {

using Direction = fabric::LaneDirection;

const WorldPlan& small_plan() {
  static const WorldPlan kPlan = plan_world(test::rack_of(test::kSmallRack)).value();
  return kPlan;
}

base::Result<Sites> sites(std::string_view fault, std::string_view target) {
  const auto parsed = parse_target(target);
  if (!parsed) {
    return tl::unexpected(parsed.error());
  }
  return resolve(small_plan(), *find_fault(fault), *parsed);
}

std::size_t link_named(std::string_view name) {
  const auto found = std::ranges::find(small_plan().links, name, &LinkPlan::name);
  EXPECT_NE(found, small_plan().links.end()) << name;
  return static_cast<std::size_t>(found - small_plan().links.begin());
}

std::string error_of(const base::Result<Sites>& result) {
  return result ? std::string("no error") : result.error().text();
}

constexpr std::string_view kRetimed = "server0/cpu0/pcie0--server0/psw0/up0";
constexpr std::string_view kCable = "server0/nic0/eth0--leaf0/port0";

TEST(FaultTarget, NamesOneLaneOfOneLink) {
  const auto found =
      sites("contaminated-connector",
            "link:server0/cpu0/pcie0--server0/psw0/up0 lane 3 toward-device section 0");
  ASSERT_TRUE(found) << error_of(found);
  const std::size_t link = link_named(kRetimed);
  EXPECT_EQ(found->lanes, (std::vector<LaneSite>{{link, lane_sub(0, 0, 3)}}));
  EXPECT_EQ(found->neighbours,
            (std::vector<LaneSite>{{link, lane_sub(0, 0, 2)}, {link, lane_sub(0, 0, 4)}}));
  EXPECT_EQ(found->links, std::vector<std::size_t>{link});
}

TEST(FaultTarget, FaultsChooseWhatATargetLeavesOpen) {
  // The card's end, all lanes, both ways.
  const auto connector = sites("contaminated-connector", "link:server0/cpu0/pcie0--*");
  ASSERT_TRUE(connector) << error_of(connector);
  EXPECT_EQ(connector->lanes.size(), 32U);
  EXPECT_EQ(connector->lanes.front().sub >> 16, 1U);
  // The cable between the two modules, not the boards before.
  const auto bent = sites("bent-twinax", std::string("link:") + std::string(kCable));
  ASSERT_TRUE(bent) << error_of(bent);
  EXPECT_EQ(bent->lanes.size(), 16U);
  EXPECT_TRUE(std::ranges::all_of(bent->lanes, [](const LaneSite& s) { return s.sub >> 16 == 1; }));
  // Half of a card's lanes.
  const auto card = sites("mis-seated-card", "port:server0/nvme0/pcie0");
  ASSERT_TRUE(card) << error_of(card);
  EXPECT_EQ(card->lanes.size(), 4U);
  EXPECT_TRUE(
      std::ranges::all_of(card->lanes, [](const LaneSite& s) { return (s.sub & 255) >= 2; }));
}

TEST(FaultTarget, ADeviceMeansItsOwnReceivers) {
  const auto found = sites("retimer-lane", "device:server0/retimer0 lane 5");
  ASSERT_TRUE(found) << error_of(found);
  const std::size_t link = link_named(kRetimed);
  // Toward the device its receiver ends section 0, toward the host section 1.
  EXPECT_EQ(found->lanes,
            (std::vector<LaneSite>{{link, lane_sub(0, 0, 5)}, {link, lane_sub(1, 1, 5)}}));
  const auto one = sites("retimer-lane", "device:server0/retimer0 lane 5 toward-host");
  ASSERT_TRUE(one);
  EXPECT_EQ(one->lanes, (std::vector<LaneSite>{{link, lane_sub(1, 1, 5)}}));
  const auto sender = sites("low-swing", "device:server0/retimer0 lane 5 toward-device");
  ASSERT_TRUE(sender);
  EXPECT_EQ(sender->lanes, (std::vector<LaneSite>{{link, lane_sub(1, 0, 5)}}));
  EXPECT_FALSE(sites("retimer-lane", "device:server0/retimer0 lane 5 toward-host section 0"));
}

TEST(FaultTarget, HostsAndDevices) {
  const auto host = sites("fan-loss", "host:server0");
  ASSERT_TRUE(host) << error_of(host);
  ASSERT_EQ(host->hosts.size(), 1U);
  EXPECT_EQ(small_plan().machines[host->hosts[0]].name, "small-server");
  const auto inside = sites("fan-loss", "device:server0/nic0");
  ASSERT_TRUE(inside);
  EXPECT_EQ(inside->hosts, host->hosts);
  const auto device = sites("firmware-hang", "device:server0/retimer*");
  ASSERT_TRUE(device);
  EXPECT_EQ(device->devices.size(), 2U);
  const auto shaken = sites("vibration", "host:server0");
  ASSERT_TRUE(shaken);
  EXPECT_GE(shaken->links.size(), 8U);
}

TEST(FaultTarget, SeveralSelectors) {
  const auto found =
      sites("esd-receiver", "port:server0/gpu0/pcie0 lane 1 ; port:server0/gpu1/pcie0 lanes 0-2,7");
  ASSERT_TRUE(found) << error_of(found);
  EXPECT_EQ(found->lanes.size(), 5U);
  EXPECT_EQ(found->links.size(), 2U);
}

TEST(FaultTarget, MistakesNameTheNearest) {
  EXPECT_EQ(error_of(sites("firmware-hang", "device:server0/retimre0")),
            "the rack has no device 'server0/retimre0' (Did you mean 'server0/retimer0'?)");
  EXPECT_EQ(error_of(sites("firmware-hang", "devcie:server0/retimer0")),
            "a target does not begin with 'devcie' (Did you mean 'device:'?)");
  EXPECT_EQ(error_of(sites("marginal-eq", "link:* lane 3 towards-device")),
            "a target does not know 'towards-device' (Did you mean 'toward-device'?)");
  EXPECT_EQ(error_of(sites("fan-loss", "link:*")),
            "fan-loss is a fault of a host (Write host:NAME.)");
  EXPECT_EQ(error_of(sites("open-lane", "port:server0/nvme0/pcie0 lane 9")),
            "server0/psw0/nvme0--server0/nvme0/pcie0: has no lane 9 (It has lanes 0 to 3.)");
  EXPECT_EQ(error_of(sites("dirty-fibre", "port:server0/nvme0/pcie0")),
            "server0/psw0/nvme0--server0/nvme0/pcie0: has no optical section for dirty-fibre "
            "(Name a link with optics.)");
  for (const std::string_view text :
       {"", "link", "link:", "link:x lane", "link:x lane -1", "link:x lane 256",
        "link:x section 1 section 2", "link:x toward-host toward-device", "link:\"x", "link:\"x\"y",
        "link:x;", "link:x lane 3-1"}) {
    EXPECT_FALSE(parse_target(text)) << text;
  }
}

RC_GTEST_PROP(FaultTarget, TextReadsBack, ()) {
  Target target;
  const int count = *rc::gen::inRange(1, 4);
  for (int i = 0; i < count; ++i) {
    Selector selector;
    selector.kind = static_cast<SelectorKind>(*rc::gen::inRange(0, 4));
    selector.name = *rc::gen::nonEmpty(
        rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab/-*? ;:0"))));
    const auto lanes = *rc::gen::container<std::set<std::uint32_t>>(rc::gen::inRange(0U, 256U));
    selector.lanes.assign(lanes.begin(), lanes.end());
    if (*rc::gen::arbitrary<bool>()) {
      selector.section = *rc::gen::inRange(0U, 65536U);
    }
    if (*rc::gen::arbitrary<bool>()) {
      selector.direction =
          *rc::gen::arbitrary<bool>() ? Direction::kTowardHost : Direction::kTowardDevice;
    }
    target.selectors.push_back(selector);
  }
  const auto again = parse_target(text(target));
  RC_ASSERT(again.has_value());
  RC_ASSERT(*again == target);
}

}  // namespace
}  // namespace weft::twin
