// SPDX-License-Identifier: Apache-2.0
// A machine's link may lead to a port that is not seen (a cable to another machine). Everything
// that walks links must take that.
#include "fabric/diff.h"
#include "fabric/graph.h"
#include "fabric/match.h"
#include "fabric/model.h"
#include "fabric/show.h"

#include <gtest/gtest.h>

namespace weft::fabric {
namespace {

Fabric machine() {
  Fabric fabric;
  fabric.name = "machine";
  Device nic;
  nic.name = "0000:01:00.0";
  Port port;
  port.device = fabric.add(nic).value();
  port.name = "eth0";
  Link link;
  link.name = "eth0";
  link.a = fabric.add(port).value();
  EXPECT_TRUE(fabric.add(link));
  return fabric;
}

TEST(HalfLink, IsKeptAndNamed) {
  const auto fabric = machine();
  ASSERT_EQ(fabric.links().size(), 1U);
  EXPECT_EQ(fabric.port_name(fabric.links()[0].b), "(unseen)");
  EXPECT_TRUE(fabric.owner(fabric.links()[0].b).is_null());
}

TEST(HalfLink, TwoUnseenEndsAreNoLink) {
  Fabric fabric;
  Link link;
  link.name = "nothing";
  EXPECT_FALSE(fabric.add(link));
}

TEST(HalfLink, DoesNotDifferFromItself) {
  EXPECT_TRUE(diff(machine(), machine()).empty());
}

TEST(HalfLink, IsTakenByGraphMatchAndShow) {
  const auto fabric = machine();
  const Graph graph(fabric);
  EXPECT_TRUE(graph.downstream(fabric.links()[0].id).empty());
  EXPECT_TRUE(expected_links(fabric, fabric).size() <= 1);
  EXPECT_NE(dot_text(fabric).find("graph"), std::string::npos);
  EXPECT_FALSE(tree_text(fabric).empty());
}

}  // namespace
}  // namespace weft::fabric
