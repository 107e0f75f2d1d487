// SPDX-License-Identifier: Apache-2.0
// Sensors over hosts that do not exist; file names of Documentation/hwmon/sysfs-interface.
#include "driver/test_host.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft::driver {
namespace {

using observe::Absence;
using observe::Metric;
using test::real;
using test::sample;
using test::TestHost;
using test::whole;

const std::string kNvme = "sys/devices/pci0000:00/0000:00:1c.0/0000:01:00.0/nvme/nvme0/hwmon2";

TEST(HwmonDriver, PutsTemperaturesOnThePciDevice) {
  TestHost host;
  host.function("0000:01:00.0", "pci0000:00/1c.0/00.0");
  host.link("sys/class/hwmon/hwmon2",
            "../../devices/pci0000:00/0000:00:1c.0/0000:01:00.0/nvme/nvme0/hwmon2");
  host.file(kNvme + "/name", "nvme\n").file(kNvme + "/temp1_label", "Composite\n");
  host.file(kNvme + "/temp1_input", "41850\n").file(kNvme + "/temp1_crit", "84850\n");
  host.file(kNvme + "/temp1_max", "79850\n").file(kNvme + "/temp1_alarm", "0\n");
  host.file(kNvme + "/temp3_input", "-5000\n").file(kNvme + "/temp3_max", "65261850\n");
  const auto snapshot = host.collect_with(collect_hwmon);
  const auto device = snapshot.fabric.devices().at(0).id;
  EXPECT_EQ(snapshot.fabric.devices().size(), 1U);
  EXPECT_DOUBLE_EQ(real(sample(snapshot, device, Metric::kTemperature, "nvme Composite")), 41.85);
  EXPECT_DOUBLE_EQ(real(sample(snapshot, device, Metric::kTemperatureLimit, "nvme Composite")),
                   84.85);
  EXPECT_EQ(whole(sample(snapshot, device, Metric::kTemperatureAlarm, "nvme Composite")), 0U);
  EXPECT_DOUBLE_EQ(real(sample(snapshot, device, Metric::kTemperature, "nvme temp3")), -5.0);
  // 65261.85 degrees is how a drive says that it has no limit.
  EXPECT_EQ(sample(snapshot, device, Metric::kTemperatureLimit, "nvme temp3")->value.error().why,
            Absence::kNotSupported);
  EXPECT_EQ(sample(snapshot, device, Metric::kTemperatureAlarm, "nvme temp3")->value.error().why,
            Absence::kNotSupported);
}

TEST(HwmonDriver, AChipWithoutPciFunctionIsADeviceOfItsOwn) {
  const auto id_of = [](const std::string& hwmon) {
    TestHost host;
    const auto at = "sys/devices/platform/coretemp.0/hwmon/" + hwmon;
    host.link("sys/class/hwmon/" + hwmon, "../../devices/platform/coretemp.0/hwmon/" + hwmon);
    host.file(at + "/name", "coretemp\n").file(at + "/temp1_input", "50000\n");
    host.file(at + "/temp1_crit", "100000\n").file(at + "/temp1_crit_alarm", "1\n");
    const auto snapshot = host.collect_with(collect_hwmon);
    const auto& device = snapshot.fabric.devices().at(0);
    EXPECT_EQ(device.name, "coretemp.0");
    EXPECT_EQ(device.kind, fabric::DeviceKind::kProcessor);
    EXPECT_EQ(whole(sample(snapshot, device.id, Metric::kTemperatureAlarm, "coretemp temp1")), 1U);
    return device.id;
  };
  EXPECT_EQ(id_of("hwmon0"), id_of("hwmon7"));  // numbers change from boot to boot
}

TEST(HwmonDriver, UnreadableAndGarbledAreNotMeasured) {
  TestHost host;
  const std::string at = "sys/devices/platform/x.0/hwmon/hwmon0";
  host.link("sys/class/hwmon/hwmon0", "../../devices/platform/x.0/hwmon/hwmon0");
  host.file(at + "/name", "x\n").file(at + "/temp1_input", "warm\n");
  host.unreadable(at + "/temp2_input", base::Code::kUnavailable, "No data available");
  const auto snapshot = host.collect_with(collect_hwmon);
  const auto device = snapshot.fabric.devices().at(0).id;
  EXPECT_EQ(sample(snapshot, device, Metric::kTemperature, "x temp1")->value.error().why,
            Absence::kGarbled);
  EXPECT_EQ(sample(snapshot, device, Metric::kTemperature, "x temp2")->value.error().why,
            Absence::kUnreadable);
}

TEST(HwmonDriver, NoSensorsIsSilent) {
  TestHost host;
  host.file("sys/class/net/x", "");
  const auto snapshot = host.collect_with(collect_hwmon);
  EXPECT_TRUE(snapshot.samples.empty());
  EXPECT_TRUE(snapshot.problems.empty());
}

}  // namespace
}  // namespace weft::driver
