// SPDX-License-Identifier: Apache-2.0
// A fibre's end face gets dirty in a living rack: the control plane, which reads modules rarely as
// long as all is calm, must look closely by itself and name the connector, with the light that is
// missing, within two minutes of world time. Time is the world's; nothing is timed here.
#include "serve/control_plane.h"
#include "twin/fault/control.h"
#include "twin/machine.h"
#include "twin/plan/inventory.h"
#include "twin/test_rack.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft::cli {
namespace {

using testing::HasSubstr;

/// A server's port over pluggable optics to a switch: two machines, each hears one direction.
constexpr std::string_view kOpticalRack = R"(
weftline: rack/1
name: optical
devices:
  server0:
    kind: host
    devices:
      cpu0: {kind: processor, ports: {pcie0: pcie6 x16}}
      nic0: {kind: nic, ports: {pcie0: pcie6 x16, eth0: eth-800g-100 x8}}
      cable0: {kind: cable-module, lanes: 8}
    links:
      - {from: cpu0/pcie0, to: nic0/pcie0, segments: [{medium: board, length: 150 mm}]}
  leaf0:
    kind: switch
    ports: {"port[0-1]": eth-800g-100 x8}
    devices: {cable0: {kind: cable-module, lanes: 8}}
links:
  - from: server0/nic0/eth0
    to: leaf0/port0
    segments:
      - {medium: board, length: 80 mm, retimer: server0/cable0}
      - {medium: dsp-optics, length: 100 m, retimer: leaf0/cable0}
      - {medium: board, length: 80 mm}
)";
constexpr base::WallTime kStart{1'700'006'400LL * 1'000'000'000};

class LightTest : public testing::Test {
 protected:
  void SetUp() override {
    auto rack = twin::build_rack(twin::test::rack_of(kOpticalRack), {.seed = 7});
    ASSERT_TRUE(rack) << rack.error().text();
    rack_ = *std::move(rack);
    plan_ = twin::located(*rack_->plan);
    serve::ControlPlaneOptions how;
    how.plan = &plan_;
    how.is_cost_measured = false;
    plane_ = std::make_unique<serve::ControlPlane>(nullptr, how);
    for (std::size_t i = 0; i < rack_->machines.size(); ++i) {
      plane_->add(rack_->machines[i].plan->name, twin::host_of(*rack_, i));
    }
  }
  [[nodiscard]] base::WallTime now() const {
    return kStart + base::Duration{rack_->world->now().ns};
  }
  /// Lets the world live, and looks whenever the plane wants to.
  void live(double seconds) {
    const base::WallTime end = now() + base::seconds(seconds);
    for (base::WallTime next = plane_->next_due(); next <= end; next = plane_->next_due()) {
      advance_to(std::max(next, now()));
      EXPECT_THAT(plane_->step(now()).problems, testing::IsEmpty());
    }
    advance_to(end);
  }
  void advance_to(base::WallTime at) { rack_->world->advance_to({(at - kStart).ns}); }
  void inject(const std::string& more) {
    EXPECT_THAT(twin::control_service(*rack_).answer(R"({"command":"inject",)" + more + "}"),
                HasSubstr("\"ok\":true"));
  }
  [[nodiscard]] std::uint64_t whole_polls() const {
    std::uint64_t out = 0;
    for (const serve::HostStatus& host : plane_->hosts()) {
      out += host.whole_polls;
    }
    return out;
  }

  std::unique_ptr<twin::Rack> rack_;
  fabric::Fabric plan_;
  std::unique_ptr<serve::ControlPlane> plane_;
};

TEST_F(LightTest, ADirtyConnectorIsNamedByItsLightWithinTwoMinutes) {
  live(400);  // they have come up, and were looked at since
  EXPECT_THAT(plane_->findings(), testing::IsEmpty());
  EXPECT_LT(whole_polls(), 50U) << "two machines are calm";
  inject(R"("fault":"dirty-fibre","target":"link:server0/nic0/eth0* toward-device",)"
         R"("amplitude":"3 dB")");
  live(120);
  ASSERT_EQ(plane_->findings().size(), 1U);
  const diagnose::Finding& found = plane_->findings()[0].finding;
  EXPECT_EQ(found.place, "server0/nic0/eth0--leaf0/port0");
  ASSERT_FALSE(found.hypotheses.empty());
  EXPECT_EQ(found.hypotheses[0].cause, "contaminated_connector") << found.cause;
  EXPECT_GT(found.hypotheses[0].probability, 0.8);
  // The light is cited where it is missing: at the switch, which hears this direction.
  EXPECT_THAT(found.evidence, testing::Contains(testing::AllOf(HasSubstr("light received"),
                                                               HasSubstr("leaf0/port0"))));
  EXPECT_THAT(found.evidence, testing::Not(testing::Contains(testing::AllOf(
                                  HasSubstr("light received"), HasSubstr("server0")))));
  EXPECT_THAT(found.next_step, HasSubstr("lean"));
}

}  // namespace
}  // namespace weft::cli
