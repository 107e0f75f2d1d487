// SPDX-License-Identifier: Apache-2.0
// What exporters say, as looks at machines. The texts follow the public names, types and labels of
// node_exporter (collectors netclass, infiniband, hwmon), dcgm-exporter (default-counters.csv) and
// the SONiC exporters; the machine's own prometheus-node-exporter is asked where it is installed.
#include "serve/import/exposition.h"

#include "base/temp_folder.h"
#include "base/test_shell.h"

#include <algorithm>
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft::serve {
namespace {

using observe::Metric;
using testing::Contains;
using testing::Key;
using testing::Pair;

constexpr base::WallTime kAt{1'700'000'000LL * 1'000'000'000};

Imported import_text(std::string_view text, const std::string& host = "node7") {
  const auto mappings = find_mappings("");
  EXPECT_TRUE(mappings);
  auto read = import_exposition(text, *mappings, {.host = host, .at = kAt});
  EXPECT_TRUE(read) << read.error().text();
  return read ? *std::move(read) : Imported{};
}

const observe::Sample* sample_of(const observe::Snapshot& look, Metric metric,
                                 const std::string& label = "") {
  const auto at = std::ranges::find_if(look.samples, [&](const observe::Sample& one) {
    return one.metric == metric && one.label == label;
  });
  return at == look.samples.end() ? nullptr : &*at;
}

TEST(ExpositionImportTest, NodeExporterInterfacesBecomeLinks) {
  const Imported got = import_text(
      "# TYPE node_uname_info gauge\n"
      "node_uname_info{domainname=\"(none)\",machine=\"x86_64\",nodename=\"n9\",release=\"6.1\"} "
      "1\n"
      "node_boot_time_seconds 1.6999e+09\n"
      "node_network_carrier{device=\"eth0\"} 1\n"
      "node_network_carrier{device=\"eth1\"} 0\n"
      "node_network_carrier{device=\"lo\"} 1\n"
      "node_network_speed_bytes{device=\"eth0\"} 1.25e+10\n"
      "node_network_speed_bytes{device=\"eth1\"} -125000\n"
      "node_network_carrier_changes_total{device=\"eth0\"} 3\n"
      "node_network_receive_errs_total{device=\"eth0\"} 12\n"
      "node_network_mtu_bytes{device=\"eth0\"} 9000\n"
      "node_load1 0.5\n",
      "");
  ASSERT_EQ(got.looks.size(), 1U);
  const observe::Snapshot& look = got.looks[0];
  EXPECT_EQ(look.host.name, "n9");
  ASSERT_TRUE(look.host.uptime);
  EXPECT_DOUBLE_EQ(look.host.uptime->seconds(), 100'000);
  ASSERT_EQ(look.links.size(), 2U);
  EXPECT_EQ(look.links[0].a.address, "eth0");
  EXPECT_EQ(look.links[0].up, true);
  EXPECT_EQ(look.links[0].data_rate->value(), 100'000'000'000U);
  EXPECT_EQ(look.links[1].up, false);
  EXPECT_FALSE(look.links[1].data_rate);
  const auto* changes = sample_of(look, Metric::kCarrierChanges);
  ASSERT_NE(changes, nullptr);
  EXPECT_EQ(*changes->value, observe::Value(std::uint64_t{3}));
  EXPECT_EQ(changes->subject, observe::Subject(look.links[0].a.port));
  EXPECT_THAT(got.unmapped, Contains(Pair("node_load1", 1U)));
  EXPECT_EQ(got.samples, 11U);
  EXPECT_EQ(got.left_out.size(), 2U) << "the loopback interface, the MTU";
  EXPECT_EQ(got.refused.size(), 1U) << "a rate below 0 is none";
}

TEST(ExpositionImportTest, NodeExporterInfinibandStatesAreNumbers) {
  const Imported got = import_text(
      "node_infiniband_state_id{device=\"mlx5_0\",port=\"1\"} 4\n"
      "node_infiniband_rate_bytes_per_second{device=\"mlx5_0\",port=\"1\"} 5e+10\n"
      "node_infiniband_link_downed_total{device=\"mlx5_0\",port=\"1\"} 2\n"
      "node_infiniband_state_id{device=\"mlx5_1\",port=\"1\"} 1\n"
      "node_infiniband_port_data_received_bytes_total{device=\"mlx5_0\",port=\"1\"} 2.2e+10\n");
  ASSERT_EQ(got.looks.size(), 1U);
  ASSERT_EQ(got.looks[0].links.size(), 2U);
  EXPECT_EQ(got.looks[0].links[0].family, fabric::ProtocolFamily::kInfiniband);
  EXPECT_EQ(got.looks[0].links[0].up, true);
  EXPECT_EQ(got.looks[0].links[0].data_rate->value(), 400'000'000'000U);
  EXPECT_EQ(got.looks[0].links[1].up, false);
  EXPECT_NE(sample_of(got.looks[0], Metric::kLinkDowned), nullptr);
}

TEST(ExpositionImportTest, DcgmAcceleratorsByTheirPciAddress) {
  const std::string labels =
      "{gpu=\"0\",UUID=\"GPU-1\",pci_bus_id=\"00000000:1B:00.0\",device=\"nvidia0\","
      "modelName=\"NVIDIA H100\",Hostname=\"hgx3\"} ";
  const Imported got = import_text(
      "# TYPE DCGM_FI_DEV_GPU_TEMP gauge\n"
      "DCGM_FI_DEV_GPU_TEMP" +
          labels +
          "41\n"
          "DCGM_FI_DEV_MEMORY_TEMP" +
          labels +
          "55\n"
          "# TYPE DCGM_FI_DEV_PCIE_REPLAY_COUNTER counter\n"
          "DCGM_FI_DEV_PCIE_REPLAY_COUNTER" +
          labels +
          "7\n"
          "DCGM_FI_DEV_NVLINK_CRC_FLIT_ERROR_COUNT_TOTAL" +
          labels +
          "0\n"
          "DCGM_FI_DEV_GPU_UTIL" +
          labels +
          "98\n"
          "DCGM_FI_DEV_XID_ERRORS" +
          labels +
          "79\n"
          "DCGM_FI_DEV_SM_CLOCK" +
          labels +
          "1980\n"
          "DCGM_FI_DEV_GPU_NEW_THING" +
          labels + "1\n",
      "");
  ASSERT_EQ(got.looks.size(), 1U);
  const observe::Snapshot& look = got.looks[0];
  EXPECT_EQ(look.host.name, "hgx3");
  ASSERT_EQ(look.fabric.devices().size(), 1U);
  EXPECT_EQ(look.fabric.devices()[0].name, "0000:1b:00.0");
  EXPECT_EQ(look.fabric.devices()[0].kind, fabric::DeviceKind::kAccelerator);
  EXPECT_EQ(*sample_of(look, Metric::kTemperature, "gpu")->value, observe::Value(41.0));
  EXPECT_EQ(*sample_of(look, Metric::kPcieReplay)->value, observe::Value(std::uint64_t{7}));
  EXPECT_EQ(look.samples.size(), 5U);
  EXPECT_EQ(got.left_out.size(), 2U);
  EXPECT_THAT(got.unmapped, Contains(Key("DCGM_FI_DEV_GPU_NEW_THING")));
}

TEST(ExpositionImportTest, SonicPortsHaveModules) {
  const Imported got = import_text(
      "sonic_interface_operational_status{interface=\"Ethernet0\"} 1\n"
      "sonic_interface_operational_status{device=\"Ethernet4\"} 0\n"
      "sonic_interface_receive_optic_power_dbm{interface=\"Ethernet0\",optic_unit=\"1\"} -2.5\n"
      "sonic_interface_transmit_optic_bias_amperes{interface=\"Ethernet0\",optic_unit=\"1\"} "
      "0.0065\n"
      "sonic_interface_transceiver_info{interface=\"Ethernet0\",serial=\"S1\",part_number=\"P1\"} "
      "1\n",
      "leaf1");
  ASSERT_EQ(got.looks.size(), 1U);
  const observe::Snapshot& look = got.looks[0];
  EXPECT_EQ(look.links.size(), 2U);
  EXPECT_EQ(*sample_of(look, Metric::kLaneReceivePower, "1")->value, observe::Value(-2.5));
  EXPECT_NEAR(std::get<double>(*sample_of(look, Metric::kLaneBias, "1")->value), 6.5, 1e-9);
  ASSERT_EQ(look.attributes.size(), 1U);
  EXPECT_EQ(look.attributes[0].kind, "module");
}

TEST(ExpositionImportTest, TimesAndMachinesMakeLooks) {
  const Imported got = import_text(
      "node_network_carrier{device=\"eth0\",instance=\"a:9100\"} 1 1700000000000\n"
      "node_network_carrier{device=\"eth0\",instance=\"b:9100\"} 1 1700000000000\n"
      "node_network_carrier{device=\"eth0\",instance=\"a:9100\"} 0 1700000060000\n",
      "");
  ASSERT_EQ(got.looks.size(), 3U);
  EXPECT_EQ(got.looks[0].host.name, "a:9100");
  EXPECT_EQ(got.looks[1].host.name, "b:9100");
  EXPECT_DOUBLE_EQ((got.looks[2].taken - got.looks[0].taken).seconds(), 60);
  EXPECT_EQ(got.looks[0].links[0].link, got.looks[2].links[0].link) << "ids come from places";
}

TEST(ExpositionImportTest, WhatCannotBeIsNotMeasured) {
  const Imported got = import_text(
      "node_network_receive_errs_total{device=\"eth0\"} NaN\n"
      "node_network_receive_errs_total{device=\"eth1\"} -1\n"
      "node_network_receive_errs_total{device=\"eth2\"} 1e30\n"
      "node_network_receive_errs_total 4\n"
      "not a line\n");
  ASSERT_EQ(got.looks.size(), 1U);
  ASSERT_EQ(got.looks[0].samples.size(), 3U);
  for (const observe::Sample& one : got.looks[0].samples) {
    EXPECT_FALSE(one.value);
  }
  EXPECT_EQ(got.bad_lines, 1U);
  EXPECT_EQ(got.taken_count(), 0U);
}

TEST(ExpositionImportTest, NobodysSamplesAreRefused) {
  const auto mappings = find_mappings("");
  const auto read = import_exposition("node_network_carrier{device=\"eth0\"} 1\n", *mappings,
                                      {.host = "", .at = kAt});
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().hint, "Name it with --host.");
}

/// Debian's exporter, asked once; empty where it does not run.
std::string own_metrics(const base::TempFolder& folder) {
  const std::string file = folder.at("metrics");
  base::shell(
      "for port in 29471 29472 29473; do"
      " prometheus-node-exporter --web.listen-address=127.0.0.1:$port --collector.disable-defaults"
      " --collector.netclass --collector.netdev --collector.uname --collector.stat"
      " >/dev/null 2>&1 & own=$!;"
      " for try in 1 2 3 4 5 6 7 8; do sleep 0.1;"
      " if curl -sf 127.0.0.1:$port/metrics -o '" +
      file +
      "'; then break; fi; done;"
      " kill $own 2>/dev/null; if [ -s '" +
      file + "' ]; then break; fi; done");
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

TEST(ExpositionImportTest, DebiansNodeExporterIsUnderstood) {
  if (!base::has_program("prometheus-node-exporter") || !base::has_program("curl")) {
    GTEST_SKIP() << "no prometheus-node-exporter or no curl; Debian packages of these names";
  }
  const base::TempFolder folder("weft-import");
  const std::string text = own_metrics(folder);
  if (text.empty()) {
    GTEST_SKIP() << "prometheus-node-exporter did not answer here";
  }
  const Imported got = import_text(text, "");
  EXPECT_EQ(got.bad_lines, 0U);
  EXPECT_THAT(got.problems, testing::IsEmpty());
  ASSERT_EQ(got.looks.size(), 1U);
  const std::string name = base::shell_output("uname -n").out;
  EXPECT_EQ(got.looks[0].host.name + "\n", name);
  for (const auto& [metric, count] : got.unmapped) {
    EXPECT_NE(metric.rfind("node_network_", 0), 0U) << metric << " is in no rule";
  }
  std::size_t sum = got.taken_count();
  for (const auto* counts : {&got.left_out, &got.refused}) {
    for (const auto& [key, count] : *counts) {
      sum += count;
    }
  }
  for (const auto& [key, count] : got.unmapped) {
    sum += count;
  }
  EXPECT_EQ(sum, got.samples) << "nothing is dropped silently";
}

}  // namespace
}  // namespace weft::serve
