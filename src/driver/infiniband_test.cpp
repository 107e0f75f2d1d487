// SPDX-License-Identifier: Apache-2.0
// The RDMA driver over hosts that do not exist; file contents as the kernel's ABI document and
// InfiniBand machines print them.
#include "driver/test_host.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft::driver {
namespace {

using observe::Absence;
using observe::Metric;
using test::sample;
using test::TestHost;
using test::whole;

const std::string kAt = "sys/devices/pci0000:16/0000:16:02.0/0000:17:00.0/infiniband/mlx5_0";

TestHost& add_port(TestHost& host, const std::string& state, const std::string& physical,
                   const std::string& rate, const std::string& layer) {
  host.function("0000:17:00.0", "pci0000:16/02.0/00.0");
  host.link("sys/class/infiniband/mlx5_0",
            "../../devices/pci0000:16/0000:16:02.0/0000:17:00.0/infiniband/mlx5_0");
  host.link(kAt + "/device", "../../../0000:17:00.0");
  host.file(kAt + "/ports/1/state", state + "\n")
      .file(kAt + "/ports/1/phys_state", physical + "\n");
  host.file(kAt + "/ports/1/rate", rate + "\n").file(kAt + "/ports/1/link_layer", layer + "\n");
  return host;
}

TEST(InfinibandDriver, AnActivePortIsALink) {
  TestHost host;
  add_port(host, "4: ACTIVE", "5: LinkUp", "400 Gb/sec (4X NDR)", "InfiniBand");
  host.file(kAt + "/ports/1/counters/symbol_error", "12\n");
  host.file(kAt + "/ports/1/counters/link_downed", "2\n");
  host.file(kAt + "/ports/1/counters/port_rcv_errors", "N/A (no PMA)\n");
  host.file(kAt + "/ports/1/hw_counters/out_of_sequence", "5\n");
  host.file(kAt + "/ports/1/hw_counters/lifespan", "10\n");
  const auto snapshot = host.collect_with(collect_infiniband);
  EXPECT_THAT(snapshot.problems, testing::IsEmpty());
  ASSERT_EQ(snapshot.links.size(), 1U);
  const auto& link = snapshot.links[0];
  EXPECT_EQ(link.family, fabric::ProtocolFamily::kInfiniband);
  EXPECT_EQ(link.up, true);
  EXPECT_EQ(link.physically_up, true);
  EXPECT_DOUBLE_EQ(link.data_rate->value(), 400e9);
  EXPECT_EQ(link.a.address, "mlx5_0/1");
  EXPECT_EQ(snapshot.fabric.link(link.link)->protocol, fabric::find_protocol("ib-ndr"));
  EXPECT_EQ(snapshot.fabric.link(link.link)->lanes.value(), 4U);
  EXPECT_EQ(snapshot.fabric.device(snapshot.fabric.port(link.a.port)->device)->name,
            "0000:17:00.0");
  EXPECT_EQ(whole(sample(snapshot, link.a.port, Metric::kSymbolErrors)), 12U);
  EXPECT_EQ(whole(sample(snapshot, link.a.port, Metric::kLinkDowned)), 2U);
  EXPECT_EQ(sample(snapshot, link.a.port, Metric::kPortReceiveErrors)->value.error().why,
            Absence::kNotSupported);
  EXPECT_EQ(sample(snapshot, link.a.port, Metric::kLinkErrorRecovery)->value.error().why,
            Absence::kNotProvided);
  EXPECT_EQ(whole(sample(snapshot, link.a.port, Metric::kHardwareCounter, "out_of_sequence")), 5U);
  EXPECT_EQ(sample(snapshot, link.a.port, Metric::kHardwareCounter, "lifespan"), nullptr);
}

TEST(InfinibandDriver, APortThatIsDownHasNoRate) {
  TestHost host;
  add_port(host, "1: DOWN", "3: Disabled", "2.5 Gb/sec (1X SDR)", "InfiniBand");
  const auto snapshot = host.collect_with(collect_infiniband);
  ASSERT_EQ(snapshot.links.size(), 1U);
  EXPECT_EQ(snapshot.links[0].up, false);
  EXPECT_EQ(snapshot.links[0].physically_up, false);
  EXPECT_EQ(snapshot.links[0].disabled, true);
  EXPECT_EQ(snapshot.links[0].data_rate.error().why, Absence::kNotApplicable);
}

TEST(InfinibandDriver, ARocePortAddsItsCountersToItsInterfacesLink) {
  TestHost host;
  add_port(host, "4: ACTIVE", "5: LinkUp", "100 Gb/sec (4X EDR)", "Ethernet");
  host.file(kAt + "/ports/1/gid_attrs/ndevs/0", "ens1f0\n");
  host.file(kAt + "/ports/1/hw_counters/out_of_sequence", "5\n");
  const std::string net = "sys/devices/pci0000:16/0000:16:02.0/0000:17:00.0/net/ens1f0";
  host.link("sys/class/net/ens1f0",
            "../../devices/pci0000:16/0000:16:02.0/0000:17:00.0/net/ens1f0");
  host.link(net + "/device", "../../../0000:17:00.0").file(net + "/carrier", "1\n");
  const auto snapshot = host.collect_with([](Collection& collection) {
    collect_netdev(collection);
    collect_infiniband(collection);
  });
  ASSERT_EQ(snapshot.links.size(), 1U);
  EXPECT_EQ(snapshot.links[0].family, fabric::ProtocolFamily::kEthernet);
  EXPECT_EQ(whole(sample(snapshot, snapshot.links[0].a.port, Metric::kHardwareCounter,
                         "out_of_sequence")),
            5U);
}

TEST(InfinibandDriver, ARocePortWithoutAnInterfaceIsANote) {
  TestHost host;
  add_port(host, "4: ACTIVE", "5: LinkUp", "100 Gb/sec (4X EDR)", "Ethernet");
  const auto snapshot = host.collect_with(collect_infiniband);
  EXPECT_TRUE(snapshot.links.empty());
  EXPECT_THAT(snapshot.notes, testing::ElementsAre(testing::HasSubstr("1 RoCE ports")));
}

TEST(InfinibandDriver, GarbledFilesAreNotMeasured) {
  TestHost host;
  add_port(host, "ACTIVE", "", "fast", "InfiniBand");
  const auto snapshot = host.collect_with(collect_infiniband);
  ASSERT_EQ(snapshot.links.size(), 1U);
  EXPECT_EQ(snapshot.links[0].up.error().why, Absence::kGarbled);
  EXPECT_EQ(snapshot.links[0].data_rate.error().why, Absence::kGarbled);
}

TEST(InfinibandDriver, NoRdmaIsSilent) {
  TestHost host;
  host.file("sys/class/net/x", "");
  const auto snapshot = host.collect_with(collect_infiniband);
  EXPECT_TRUE(snapshot.links.empty());
  EXPECT_TRUE(snapshot.notes.empty());
  EXPECT_TRUE(snapshot.problems.empty());
}

}  // namespace
}  // namespace weft::driver
