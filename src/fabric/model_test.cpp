// SPDX-License-Identifier: Apache-2.0
#include "fabric/model.h"

#include <string>

#include <gtest/gtest.h>

namespace weft::fabric {
namespace {

Device device(std::string name, DeviceKind kind = DeviceKind::kOther) {
  Device out;
  out.name = std::move(name);
  out.kind = kind;
  return out;
}

Port port(DeviceId owner, std::string name) {
  Port out;
  out.device = owner;
  out.name = std::move(name);
  out.protocol = *find_protocol("pcie5");
  out.lanes = base::LaneCount(16);
  return out;
}

Link link(PortId a, PortId b, std::string name = "l") {
  Link out;
  out.name = std::move(name);
  out.a = a;
  out.b = b;
  return out;
}

TEST(Fabric, IdsComeFromNamesNotFromOrder) {
  Fabric one;
  const auto a = *one.add(device("a"));
  const auto b = *one.add(device("b"));
  const auto port_a = *one.add(port(a, "p"));
  Fabric two;
  EXPECT_EQ(*two.add(device("b")), b);
  EXPECT_EQ(*two.add(device("a")), a);
  EXPECT_EQ(*two.add(port(a, "p")), port_a);
  EXPECT_EQ(a, DeviceId::of("a"));
  EXPECT_EQ(port_a, PortId::of("a/p"));
}

TEST(Fabric, AnIdThatIsSetIsKept) {
  Fabric fabric;
  Device given = device("x");
  given.id = DeviceId(42);
  EXPECT_EQ(*fabric.add(given), DeviceId(42));
  EXPECT_EQ(fabric.device(DeviceId(42))->name, "x");
  EXPECT_EQ(fabric.device_named("x")->id, DeviceId(42));
  Device other = device("y");
  other.id = DeviceId(42);
  EXPECT_EQ(fabric.add(other).error().code, base::Code::kAlreadyExists);
}

TEST(Fabric, LooksUpByIdNameAndPort) {
  Fabric fabric;
  const auto a = *fabric.add(device("s/a"));
  const auto b = *fabric.add(device("s/b"));
  const auto pa = *fabric.add(port(a, "p0"));
  const auto pb = *fabric.add(port(b, "p0"));
  const auto id = *fabric.add(link(pa, pb, "a-b"));
  EXPECT_EQ(fabric.port_name(pa), "s/a/p0");
  EXPECT_EQ(fabric.port_named("s/b/p0")->id, pb);
  EXPECT_EQ(fabric.port_named("s/b/p1"), nullptr);
  EXPECT_EQ(fabric.link_named("a-b")->id, id);
  EXPECT_EQ(fabric.link_at(pb)->id, id);
  EXPECT_EQ(fabric.link_at(PortId(1)), nullptr);
  EXPECT_EQ(fabric.device(a)->ports, std::vector<PortId>{pa});
  EXPECT_EQ(fabric.device_named("nobody"), nullptr);
  EXPECT_EQ(fabric.port_name(PortId(1)), "prt-0000000000000001");
}

TEST(Fabric, RefusesWhatDoesNotHold) {
  Fabric fabric;
  const auto a = *fabric.add(device("a"));
  const auto pa = *fabric.add(port(a, "p"));
  EXPECT_EQ(fabric.add(device("a")).error().code, base::Code::kAlreadyExists);
  EXPECT_EQ(fabric.add(device("")).error().code, base::Code::kInvalidArgument);
  EXPECT_EQ(fabric.add(port(a, "p")).error().code, base::Code::kAlreadyExists);
  EXPECT_EQ(fabric.add(port(DeviceId(7), "p")).error().code, base::Code::kNotFound);
  EXPECT_EQ(fabric.add(port(a, "")).error().code, base::Code::kInvalidArgument);
  EXPECT_EQ(fabric.add(link(pa, pa)).error().code, base::Code::kInvalidArgument);
  EXPECT_EQ(fabric.add(link(pa, PortId(9))).error().code, base::Code::kNotFound);
  const auto pb = *fabric.add(port(a, "q"));
  EXPECT_TRUE(fabric.add(link(pa, pb)));
  EXPECT_EQ(fabric.add(link(pa, pb)).error().code, base::Code::kAlreadyExists);
  EXPECT_EQ(fabric.add(link(pa, pb, "")).error().code, base::Code::kInvalidArgument);
  EXPECT_EQ(fabric.links().size(), 1U);
}

TEST(Fabric, KeysOfKindsAndMediaReadBack) {
  for (const auto name : device_kind_keys()) {
    ASSERT_TRUE(device_kind(name)) << name;
    EXPECT_EQ(key(*device_kind(name)), name);
  }
  for (const auto name : medium_keys()) {
    ASSERT_TRUE(medium(name)) << name;
    EXPECT_EQ(key(*medium(name)), name);
  }
  EXPECT_FALSE(device_kind("gpu"));
  EXPECT_FALSE(medium("string"));
  EXPECT_EQ(key(DeviceKind::kMemoryController), "memory-controller");
  EXPECT_EQ(key(Medium::kCoherent), "coherent");
}

}  // namespace
}  // namespace weft::fabric
