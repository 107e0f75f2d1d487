// SPDX-License-Identifier: Apache-2.0
// Accelerators' links as NVML would give them.
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

bus::Accelerator gpu() {
  bus::Accelerator accelerator;
  accelerator.bdf = "0000:1b:00.0";
  accelerator.name = "Test GPU";
  accelerator.serial = "165";
  accelerator.utilization_percent = 87;
  bus::AcceleratorLink link;
  link.index = 14;
  link.is_active = true;
  link.version = 7;
  link.speed_mbytes_per_s = 53125;
  link.remote_bdf = "0000:c1:00.0";
  link.recovery_errors = 505;
  link.replay_errors = 0;
  accelerator.links.push_back(link);
  bus::AcceleratorLink dead;
  dead.index = 15;
  dead.is_active = false;
  dead.speed_mbytes_per_s = 0;
  accelerator.links.push_back(dead);
  return accelerator;
}

TEST(AcceleratorDriver, EachNvlinkIsALinkOfTheDevice) {
  TestHost host;
  host.function("0000:1b:00.0", "pci0000:16/02.0/00.0");
  host.accelerators().found = std::vector{gpu()};
  const auto snapshot = host.collect_with(collect_accelerator);
  ASSERT_EQ(snapshot.links.size(), 2U);
  const auto& link = snapshot.links[0];
  EXPECT_EQ(link.family, fabric::ProtocolFamily::kNvlink);
  EXPECT_EQ(link.up, true);
  EXPECT_DOUBLE_EQ(link.data_rate->value(), 425e9);
  EXPECT_EQ(link.a.address, "0000:1b:00.0/nvl14");
  EXPECT_EQ(link.b.address, "0000:c1:00.0");
  EXPECT_EQ(snapshot.fabric.port(link.a.port)->protocol, fabric::find_protocol("nvlink5"));
  EXPECT_EQ(whole(sample(snapshot, link.a.port, Metric::kNvlinkRecovery)), 505U);
  EXPECT_EQ(whole(sample(snapshot, link.a.port, Metric::kNvlinkReplay)), 0U);
  EXPECT_EQ(sample(snapshot, link.a.port, Metric::kNvlinkCrcFlit)->value.error().why,
            Absence::kNotSupported);
  EXPECT_EQ(snapshot.links[1].up, false);
  EXPECT_EQ(snapshot.links[1].data_rate.error().why, Absence::kNotApplicable);
  ASSERT_EQ(snapshot.fabric.devices().size(), 1U);
  const auto& device = snapshot.fabric.devices()[0];
  EXPECT_EQ(device.part.serial, "165");
  EXPECT_EQ(whole(sample(snapshot, device.id, Metric::kUtilization)), 87U);
}

TEST(AcceleratorDriver, ADeviceThatPcieDoesNotKnowIsMade) {
  TestHost host;
  host.file("sys/class/net/x", "");
  host.accelerators().found = std::vector{gpu()};
  const auto snapshot = host.collect_with(collect_accelerator);
  ASSERT_EQ(snapshot.fabric.devices().size(), 1U);
  EXPECT_EQ(snapshot.fabric.devices()[0].kind, fabric::DeviceKind::kAccelerator);
  EXPECT_EQ(snapshot.links.size(), 2U);
}

TEST(AcceleratorDriver, NoLibraryIsSilentAndNoRightsAreSaid) {
  TestHost without;
  without.file("sys/class/net/x", "");
  EXPECT_TRUE(without.collect_with(collect_accelerator).notes.empty());
  TestHost host;
  host.file("sys/class/net/x", "");
  host.accelerators().found = base::fail(base::Code::kPermissionDenied, "NVML would not start");
  EXPECT_THAT(host.collect_with(collect_accelerator).notes,
              testing::ElementsAre(testing::HasSubstr("NVML would not start")));
}

}  // namespace
}  // namespace weft::driver
