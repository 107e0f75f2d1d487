// SPDX-License-Identifier: Apache-2.0
// What counts as a difference, and that what is written is read back. src/sim/rack_network_test.cpp
// holds the reader against bad input.
#include "fabric/state.h"

#include <gtest/gtest.h>

namespace weft::fabric {
namespace {

Link link_of(const char* protocol, std::uint32_t lanes) {
  Link out;
  out.name = "a/x--b/y";
  out.protocol = find_protocol(protocol).value();
  out.lanes = base::LaneCount(lanes);
  return out;
}

TEST(FabricState, OnlyWhatIsWorseThanPlannedIsADifference) {
  const Link planned = link_of("pcie5", 16);
  EXPECT_FALSE(deviation(planned, {}));
  EXPECT_FALSE(deviation(planned, {.is_up = true,
                                   .lanes = base::LaneCount(16),
                                   .protocol = find_protocol("pcie5"),
                                   .flit_error_ratio = 1e-12}));
  EXPECT_FALSE(
      deviation(planned, {.lanes = base::LaneCount(32), .protocol = find_protocol("pcie6")}));
  EXPECT_FALSE(deviation(planned, {.lanes = base::LaneCount(0)})) << "nobody said that it is down";
  // A CXL 2 link's lanes run at PCIe 5's rate.
  EXPECT_FALSE(deviation(link_of("cxl2", 16), {.protocol = find_protocol("pcie5")}));

  const auto narrow = deviation(planned, {.is_up = true, .lanes = base::LaneCount(8)});
  ASSERT_TRUE(narrow);
  EXPECT_EQ(narrow->link, "a/x--b/y");
  EXPECT_EQ(narrow->lanes, 8U);
  EXPECT_TRUE(narrow->protocol.empty());
  const auto slow = deviation(planned, {.protocol = find_protocol("pcie3")});
  ASSERT_TRUE(slow);
  EXPECT_EQ(slow->protocol, "pcie3");
  const auto down = deviation(planned, {.is_up = false, .lanes = base::LaneCount(8)});
  ASSERT_TRUE(down);
  EXPECT_TRUE(down->is_down);
  EXPECT_FALSE(down->lanes);
  const auto noisy = deviation(planned, {.flit_error_ratio = 1.5});
  ASSERT_TRUE(noisy);
  EXPECT_LT(*noisy->flit_error_ratio, 1) << "the reader takes nothing else";
}

TEST(FabricState, IsReadBackAsItWasWritten) {
  FabricState state;
  state.rack = "r";
  state.links.push_back({.link = "a--b", .is_down = true});
  state.links.push_back(
      {.link = "c--d", .lanes = 2, .protocol = "pcie4", .flit_error_ratio = 0.001});
  state.links.push_back({.link = "e--f", .bit_error_ratio = 1e-9});
  const auto again = read_fabric_state(fabric_state_json(state), "test");
  ASSERT_TRUE(again) << again.error().text();
  EXPECT_EQ(*again, state);
}

}  // namespace
}  // namespace weft::fabric
