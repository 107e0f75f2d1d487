// SPDX-License-Identifier: Apache-2.0
// The Ethernet driver over hosts that do not exist: what runs, what both ends could do, what is not
// a link, what is missing and why.
#include "driver/module.h"
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
using testing::HasSubstr;

constexpr std::uint8_t kLinkModes = 4;
constexpr std::uint8_t kLinkState = 6;
constexpr std::uint8_t kFec = 29;
constexpr std::uint8_t kStats = 32;
// Bits of linux/ethtool.h: 38 is 100000baseCR4, 31 25000baseCR, 80 200000baseKR2, 50 FEC_RS.

const std::string kPci = "../../devices/pci0000:16/0000:16:02.0/0000:17:00.0/net/";

void add_interface(TestHost& host, const std::string& name, const std::string& port) {
  const std::string at = "sys/devices/pci0000:16/0000:16:02.0/0000:17:00.0/net/" + name;
  host.link("sys/class/net/" + name, kPci + name);
  host.link(at + "/device", "../../../0000:17:00.0");
  host.link("sys/devices/pci0000:16/0000:16:02.0/0000:17:00.0/subsystem", "../../../../bus/pci");
  host.file(at + "/type", "1\n").file(at + "/flags", "0x1003\n").file(at + "/carrier", "1\n");
  host.file(at + "/speed", "25000\n").file(at + "/dev_port", port + "\n");
  host.file(at + "/duplex", "full\n").file(at + "/operstate", "up\n");
  host.file(at + "/carrier_changes", "3\n").file(at + "/carrier_down_count", "1\n");
  host.file(at + "/statistics/rx_errors", "10\n").file(at + "/statistics/rx_crc_errors", "7\n");
  host.file(at + "/statistics/tx_errors", "0\n");
}

TEST(NetdevDriver, SaysWhatRunsAndWhatBothEndsCouldDo) {
  TestHost host;
  host.function("0000:17:00.0", "pci0000:16/02.0/00.0");
  add_interface(host, "ens1f0", "0");
  auto& replies = host.netdev().replies;
  replies[{"ens1f0", kLinkModes}] = test::join(
      {test::nla_number(2, 1, 1), test::bit_set(3, {31, 38}, {31, 38, 50}),
       test::bit_set(4, {31, 38}), test::nla_number(5, 25000, 4), test::nla_number(9, 1, 4)});
  replies[{"ens1f0", kLinkState}] = test::nla_number(2, 1, 1);
  base::Bytes corrected(24);
  base::write_le(corrected, 0, 8, 30);
  base::write_le(corrected, 8, 8, 10);
  base::write_le(corrected, 16, 8, 20);
  replies[{"ens1f0", kFec}] =
      test::join({test::bit_set(2, {50}), test::nla_number(4, 50, 4),
                  test::nla(5, test::join({test::nla(2, corrected), test::nla_number(3, 4, 8)}))});
  replies[{"ens1f0", kStats}] = test::nla(
      4, test::join({test::nla_number(2, 0, 4), test::nla(4, test::nla_number(0, 99, 8))}));

  const auto snapshot = host.collect_with(collect_netdev);
  EXPECT_THAT(snapshot.problems, testing::IsEmpty());
  ASSERT_EQ(snapshot.links.size(), 1U);
  const auto& link = snapshot.links[0];
  EXPECT_EQ(link.family, fabric::ProtocolFamily::kEthernet);
  EXPECT_EQ(link.up, true);
  EXPECT_EQ(link.disabled, false);
  EXPECT_DOUBLE_EQ(link.data_rate->value(), 25e9);
  EXPECT_DOUBLE_EQ(link.a.max_data_rate->value(), 100e9);
  EXPECT_DOUBLE_EQ(link.b.max_data_rate->value(), 100e9);
  EXPECT_EQ(link.fec, "RS");
  EXPECT_EQ(link.a.address, "ens1f0");
  const auto port = link.a.port;
  EXPECT_EQ(whole(sample(snapshot, port, Metric::kCarrierDown)), 1U);
  EXPECT_EQ(whole(sample(snapshot, port, Metric::kReceiveCrcErrors)), 7U);
  EXPECT_EQ(whole(sample(snapshot, port, Metric::kTransmitErrors)), 0U);
  EXPECT_EQ(whole(sample(snapshot, port, Metric::kSymbolErrors)), 99U);
  EXPECT_EQ(whole(sample(snapshot, port, Metric::kFecCorrectedBlocks, "total")), 30U);
  EXPECT_EQ(whole(sample(snapshot, port, Metric::kFecCorrectedBlocks, "1")), 20U);
  EXPECT_EQ(whole(sample(snapshot, port, Metric::kFecUncorrectableBlocks, "total")), 4U);
  const auto* bits = sample(snapshot, port, Metric::kFecCorrectedBits, "total");
  ASSERT_NE(bits, nullptr);
  EXPECT_EQ(bits->value.error().why, Absence::kNotSupported);  // absent, not zero

  // The port hangs on the PCI function's device and is as wide as its fastest mode.
  const auto* model = snapshot.fabric.port(port);
  ASSERT_NE(model, nullptr);
  EXPECT_EQ(snapshot.fabric.device(model->device)->name, "0000:17:00.0");
  EXPECT_EQ(model->lanes.value(), 4U);
  EXPECT_EQ(model->protocol, fabric::find_protocol("eth-100g-25"));
  EXPECT_EQ(snapshot.fabric.link(link.link)->protocol, fabric::find_protocol("eth-25g-25"));
  EXPECT_EQ(*test::attribute(snapshot, "interface", "peer_modes"),
            "25000baseCR/Full 100000baseCR4/Full");
}

/// One bin as the kernel sends it: ETHTOOL_A_FEC_HIST_BIN_LOW, _HIGH, _VAL, _VAL_PER_LANE.
base::Bytes fec_bin(std::uint32_t low, std::uint32_t high, std::uint64_t count,
                    const std::vector<std::uint64_t>& lanes) {
  base::Bytes per_lane(lanes.size() * 8);
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    base::write_le(per_lane, i * 8, 8, lanes[i]);
  }
  return test::nla(5, test::join({test::nla_number(2, low, 4), test::nla_number(3, high, 4),
                                  test::nla_number(4, count, 8), test::nla(5, per_lane)}));
}

TEST(NetdevDriver, CodewordsByCorrectedSymbolsAreAHistogram) {
  TestHost host;
  host.function("0000:17:00.0", "pci0000:16/02.0/00.0");
  add_interface(host, "ens1f0", "0");
  add_interface(host, "ens1f1", "1");
  auto& replies = host.netdev().replies;
  replies[{"ens1f0", kFec}] =
      test::nla(5, test::join({fec_bin(0, 0, 1000, {600, 400}), fec_bin(1, 1, 30, {10, 20})}));
  replies[{"ens1f1", kFec}] =
      test::nla(5, test::join({fec_bin(0, 0, 9, {}), fec_bin(1, 3, 2, {})}));
  const auto snapshot = host.collect_with(collect_netdev);
  ASSERT_EQ(snapshot.links.size(), 2U);
  const auto counts = [&](std::size_t link, const std::string& label) {
    const auto* found = sample(snapshot, snapshot.links[link].a.port, Metric::kFecCodewords, label);
    return found == nullptr ? std::vector<std::uint64_t>{}
                            : std::get<observe::Histogram>(*found->value).counts;
  };
  EXPECT_THAT(counts(0, "total"), testing::ElementsAre(1000, 30));
  EXPECT_THAT(counts(0, "1"), testing::ElementsAre(400, 20));
  EXPECT_THAT(counts(1, "total 0,1-3"), testing::ElementsAre(9, 2));
  EXPECT_THAT(counts(1, "total"), testing::IsEmpty());
}

TEST(NetdevDriver, WithoutEthtoolAnswersItSaysSo) {
  TestHost host;
  host.function("0000:17:00.0", "pci0000:16/02.0/00.0");
  add_interface(host, "ens1f0", "0");
  const auto snapshot = host.collect_with(collect_netdev);
  ASSERT_EQ(snapshot.links.size(), 1U);
  const auto& link = snapshot.links[0];
  EXPECT_DOUBLE_EQ(link.data_rate->value(), 25e9);  // from /sys
  EXPECT_EQ(link.a.max_data_rate.error().why, Absence::kNotSupported);
  EXPECT_EQ(link.fec.error().why, Absence::kNotSupported);
  EXPECT_EQ(sample(snapshot, link.a.port, Metric::kSymbolErrors)->value.error().why,
            Absence::kNotSupported);
}

TEST(NetdevDriver, AnInterfaceTakenDownIsDownAndDisabled) {
  TestHost host;
  host.function("0000:17:00.0", "p");
  const std::string at = "sys/devices/pci0000:16/0000:16:02.0/0000:17:00.0/net/eth0";
  host.link("sys/class/net/eth0", kPci + "eth0").link(at + "/device", "../../../0000:17:00.0");
  host.file(at + "/type", "1\n").file(at + "/flags", "0x1002\n");
  host.unreadable(at + "/carrier", base::Code::kUnavailable, "Invalid argument");
  host.unreadable(at + "/speed", base::Code::kUnavailable, "Invalid argument");
  const auto snapshot = host.collect_with(collect_netdev);
  ASSERT_EQ(snapshot.links.size(), 1U);
  EXPECT_EQ(snapshot.links[0].up, false);
  EXPECT_EQ(snapshot.links[0].disabled, true);
  EXPECT_EQ(snapshot.links[0].data_rate.error().why, Absence::kNotApplicable);
  const auto* crc = sample(snapshot, snapshot.links[0].a.port, Metric::kReceiveCrcErrors);
  ASSERT_NE(crc, nullptr);
  EXPECT_EQ(crc->value.error().why, Absence::kNotProvided);
}

TEST(NetdevDriver, UnknownSpeedIsNotMeasured) {
  TestHost host;
  const std::string at = "sys/devices/pci0000:00/0000:00:04.0/net/eth0";
  host.link("sys/class/net/eth0", "../../devices/pci0000:00/0000:00:04.0/net/eth0");
  host.link(at + "/device", "../../../0000:00:04.0").file(at + "/carrier", "1\n");
  host.file(at + "/speed", "-1\n");
  const auto snapshot = host.collect_with(collect_netdev);
  ASSERT_EQ(snapshot.links.size(), 1U);
  EXPECT_EQ(snapshot.links[0].up, true);
  EXPECT_FALSE(snapshot.links[0].data_rate);
  EXPECT_EQ(snapshot.fabric.devices().at(0).kind, fabric::DeviceKind::kNic);
}

TEST(NetdevDriver, LeavesOutWhatIsNoLinkAndCountsIt) {
  TestHost host;
  for (const char* name : {"lo", "br0", "veth1"}) {
    host.link(std::string("sys/class/net/") + name,
              std::string("../../devices/virtual/net/") + name);
    host.file(std::string("sys/devices/virtual/net/") + name + "/type", "1\n");
  }
  host.file("sys/class/net/bonding_masters", "\n");
  const std::string virtio = "sys/devices/pci0000:00/0000:00:03.0/virtio2/net/eth0";
  host.link("sys/class/net/eth0", "../../devices/pci0000:00/0000:00:03.0/virtio2/net/eth0");
  host.link(virtio + "/device", "../../../virtio2").file(virtio + "/type", "1\n");
  host.link("sys/devices/pci0000:00/0000:00:03.0/virtio2/subsystem", "../../../../bus/virtio");
  const std::string vf = "sys/devices/pci0000:16/0000:17:00.2/net/ens1f0v0";
  host.link("sys/class/net/ens1f0v0", "../../devices/pci0000:16/0000:17:00.2/net/ens1f0v0");
  host.link(vf + "/device", "../../../0000:17:00.2").file(vf + "/type", "1\n");
  host.link("sys/devices/pci0000:16/0000:17:00.2/physfn", "../0000:17:00.0");
  const std::string ib = "sys/devices/pci0000:16/0000:18:00.0/net/ib0";
  host.link("sys/class/net/ib0", "../../devices/pci0000:16/0000:18:00.0/net/ib0");
  host.link(ib + "/device", "../../../0000:18:00.0").file(ib + "/type", "32\n");
  const auto snapshot = host.collect_with(collect_netdev);
  EXPECT_TRUE(snapshot.links.empty());
  EXPECT_THAT(snapshot.notes,
              testing::UnorderedElementsAre(HasSubstr("3 virtual network interfaces"),
                                            HasSubstr("1 network interfaces that a"),
                                            HasSubstr("1 virtual functions"),
                                            HasSubstr("1 network interfaces that are not")));
}

TEST(NetdevDriver, IdsComeFromThePlaceNotFromTheName) {
  const auto id_of = [](const std::string& name) {
    TestHost host;
    host.function("0000:17:00.0", "pci0000:16/02.0/00.0");
    add_interface(host, name, "1");
    return host.collect_with(collect_netdev).links.at(0).link;
  };
  EXPECT_EQ(id_of("eth0"), id_of("ens1f1np1"));
}

TEST(NetdevDriver, GarbledAnswersAreAProblemNotACrash) {
  TestHost host;
  add_interface(host, "eth0", "0");
  host.netdev().replies[{"eth0", kLinkModes}] = base::Bytes{200, 0, 3, 0, 1};
  host.netdev().replies[{"eth0", kFec}] = base::Bytes{1, 0};
  const auto snapshot = host.collect_with(collect_netdev);
  ASSERT_EQ(snapshot.links.size(), 1U);
  EXPECT_THAT(snapshot.problems, testing::ElementsAre(HasSubstr("eth0")));
}

base::Bytes passive_cable() {
  base::Bytes page(256);
  page[0] = 0x11;
  page[128] = 0x11;
  page[130] = 0x23;
  page[146] = 3;
  page[147] = 0xA0;
  const std::string part = "DAC-100G";
  std::copy(part.begin(), part.end(), page.begin() + 168);
  return page;
}

TEST(NetdevDriver, TheModuleIsTheLinksSegment) {
  TestHost host;
  host.function("0000:17:00.0", "p");
  add_interface(host, "eth0", "0");
  host.netdev().pages[0] = passive_cable();
  const auto snapshot = host.collect_with(collect_netdev);
  const auto* link = snapshot.fabric.link(snapshot.links.at(0).link);
  ASSERT_EQ(link->segments.size(), 1U);
  EXPECT_EQ(link->segments[0].medium, fabric::Medium::kDac);
  EXPECT_EQ(link->segments[0].part, "DAC-100G");
  EXPECT_DOUBLE_EQ(link->segments[0].length.value(), 3000);
  EXPECT_EQ(*test::attribute(snapshot, "module", "form"), "QSFP28");
  EXPECT_EQ(*test::attribute(snapshot, "module", "length_m"), "3");
  EXPECT_THAT(**test::attribute(snapshot, "module", "checksums"), HasSubstr("CC_BASE: stored 00"));
}

TEST(NetdevDriver, WithoutRootTheModuleNeedsRoot) {
  TestHost host;
  add_interface(host, "eth0", "0");
  host.netdev().module_error = {base::Code::kPermissionDenied, "Operation not permitted", "eth0",
                                ""};
  const auto snapshot = host.collect_with(collect_netdev);
  const auto* form = test::attribute(snapshot, "module", "form");
  ASSERT_NE(form, nullptr);
  EXPECT_EQ(form->error().why, Absence::kNeedsRoot);
}

TEST(NetdevDriver, WatchingDoesNotReadModules) {
  TestHost host;
  add_interface(host, "eth0", "0");
  host.netdev().pages[0] = passive_cable();
  const auto snapshot = host.collect_with(collect_netdev, true);
  EXPECT_EQ(snapshot.links.size(), 1U);
  EXPECT_TRUE(snapshot.attributes.empty());
}

/// 800G active copper, CMIS 5.2, that has latched everything there is to latch.
void plug_latched(test::FakeNetdev& netdev) {
  base::Bytes page(256);
  page[0] = 0x19;
  page[1] = 0x52;
  page[3] = 0x06;  // ready, interrupt
  page[85] = 4;
  std::fill(page.begin() + 8, page.begin() + 14, std::uint8_t{0xFF});
  page[14] = 40;
  page[212] = 0x0C;
  netdev.pages[0] = page;
  netdev.pages[1] = base::Bytes(128);
  netdev.pages[1][159 - 128] = 0x01;
  netdev.pages[0x11] = base::Bytes(128);
  std::fill(netdev.pages[0x11].begin() + 6, netdev.pages[0x11].begin() + 26, std::uint8_t{0xFF});
}

TEST(ModuleReader, LookingLeavesLatchedFlagsAlone) {
  TestHost host;
  add_interface(host, "eth0", "0");
  plug_latched(host.netdev());
  const auto read = host.netdev().read;
  const auto snapshot = host.collect_with(collect_netdev);
  EXPECT_EQ(*test::attribute(snapshot, "module", "state"), "ready");
  EXPECT_EQ(*test::attribute(snapshot, "module", "medium"), "active_copper");
  EXPECT_EQ(test::attribute(snapshot, "module", "receive_loss_of_signal_lanes")->error().why,
            Absence::kNotProvided);
  for (unsigned offset = 8; offset <= 13; ++offset) {
    EXPECT_FALSE(read->contains({0, static_cast<std::uint8_t>(offset)})) << offset;
  }
  for (unsigned offset = 134; offset <= 153; ++offset) {
    EXPECT_FALSE(read->contains({0x11, static_cast<std::uint8_t>(offset)})) << offset;
  }
  for (const auto& [page, offset] : {std::pair{0x00, 7}, {0x00, 14}, {0x11, 133}, {0x11, 154}}) {
    EXPECT_TRUE(
        read->contains({static_cast<std::uint8_t>(page), static_cast<std::uint8_t>(offset)}))
        << page << " " << offset;
  }
}

// OIF-CMIS-05.2: 01h:142.6 says that there is VDM, 2Fh:128 how many groups; a descriptor is lane
// and threshold set, then the observable (15: pre-FEC BER, current, media input); F16 is a mantissa
// of 11 bits times ten to the exponent of 5 bits less 24.
TEST(ModuleReader, StatisticsAreSamplesAndTheirFlagsAreLeftAlone) {
  TestHost host;
  add_interface(host, "eth0", "0");
  auto& netdev = host.netdev();
  plug_latched(netdev);
  netdev.pages[1][142 - 128] = 0x40;
  netdev.pages[0x2F] = base::Bytes(128);
  netdev.pages[0x20] = base::Bytes(128);
  netdev.pages[0x24] = base::Bytes(128);
  netdev.pages[0x2C] = base::Bytes(128, 0xFF);
  netdev.pages[0x20][0] = 0x02;
  netdev.pages[0x20][1] = 15;
  netdev.pages[0x24][0] = 0x6B;  // 1000 x 10^(13 - 24)
  netdev.pages[0x24][1] = 0xE8;
  const auto read = netdev.read;
  const auto snapshot = host.collect_with(collect_netdev);
  const auto port = snapshot.links.at(0).a.port;
  EXPECT_DOUBLE_EQ(test::real(sample(snapshot, port, Metric::kModulePreFecBer, "media 2 current")),
                   1e-8);
  EXPECT_FALSE(read->contains({0x2C, 128}));
}

TEST(ModuleReader, FlagsAreReadWhereTheyAreAskedFor) {
  test::FakeNetdev netdev;
  plug_latched(netdev);
  const auto module = read_module(netdev, "eth0", {.clears_flags = true});
  ASSERT_TRUE(module);
  EXPECT_EQ(module->lanes.at(0).receive_loss_of_signal, true);
  EXPECT_TRUE(netdev.read->contains({0, 8}));
}

// SFF-8636: bytes 3 to 21 latch what is in 34 on for whoever reads them first.
TEST(ModuleReader, QsfpFlagsAreLeftAloneToo) {
  TestHost host;
  add_interface(host, "eth0", "0");
  host.netdev().pages[0] = passive_cable();
  const auto read = host.netdev().read;
  const auto snapshot = host.collect_with(collect_netdev);
  EXPECT_EQ(*test::attribute(snapshot, "module", "form"), "QSFP28");
  EXPECT_FALSE(read->contains({0, 3}));
  EXPECT_FALSE(read->contains({0, 21}));
  EXPECT_TRUE(read->contains({0, 22}));
}

TEST(ModuleReader, NoLightIsTheScalesFloor) {
  TestHost host;
  add_interface(host, "eth0", "0");
  base::Bytes page(256);
  page[0] = 0x11;
  page[128] = 0x11;
  page[34] = 0x27;  // lane 0 receives 1 mW, lane 1 nothing
  page[35] = 0x10;
  host.netdev().pages[0] = page;
  const auto snapshot = host.collect_with(collect_netdev);
  const auto port = snapshot.links.at(0).a.port;
  EXPECT_NEAR(test::real(sample(snapshot, port, Metric::kLaneReceivePower, "0")), 0.0, 1e-9);
  EXPECT_DOUBLE_EQ(test::real(sample(snapshot, port, Metric::kLaneReceivePower, "1")), kDarkDbm);
}

}  // namespace
}  // namespace weft::driver
