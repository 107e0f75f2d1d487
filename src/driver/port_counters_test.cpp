// SPDX-License-Identifier: Apache-2.0
// Ports read by their counters: what a door says comes out as a port, a link from one end and
// samples; ports that are down, empty, silent or badly named.
#include "driver/port_counters.h"

#include "driver/test_host.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace weft::driver {
namespace {

class FakePort final : public bus::PortCounters {
 public:
  explicit FakePort(base::Result<bus::PortStatus> status) : status_(std::move(status)) {}
  [[nodiscard]] base::Result<bus::PortStatus> read() override { return status_; }
  base::Result<void> retrain() override { return {}; }
  [[nodiscard]] std::string description() const override { return "fake"; }

 private:
  base::Result<bus::PortStatus> status_;
};

class FakeDevices final : public bus::Devices {
 public:
  std::map<std::string, base::Result<bus::PortStatus>> ports;
  [[nodiscard]] std::vector<std::string> names(bus::DoorKind kind) const override {
    std::vector<std::string> out;
    for (const auto& [name, status] : ports) {
      if (kind == bus::DoorKind::kPortCounters) {
        out.push_back(name);
      }
    }
    return out;
  }
  [[nodiscard]] base::Result<std::unique_ptr<bus::ConfigSpace>> config_space(
      std::string_view) override {
    return base::fail(base::Code::kNotFound, "none");
  }
  [[nodiscard]] base::Result<std::unique_ptr<bus::Smbus>> smbus(std::string_view) override {
    return base::fail(base::Code::kNotFound, "none");
  }
  [[nodiscard]] base::Result<std::unique_ptr<bus::ModuleMemory>> module_memory(
      std::string_view) override {
    return base::fail(base::Code::kNotFound, "none");
  }
  [[nodiscard]] base::Result<std::unique_ptr<bus::PortCounters>> port_counters(
      std::string_view name) override {
    return std::make_unique<FakePort>(ports.at(std::string(name)));
  }
};

const observe::Sample* sample(const observe::Snapshot& snapshot, observe::Metric metric,
                              const std::string& label) {
  const auto found = std::ranges::find_if(snapshot.samples, [&](const observe::Sample& one) {
    return one.metric == metric && one.label == label;
  });
  return found == snapshot.samples.end() ? nullptr : &*found;
}

observe::Snapshot collected(std::map<std::string, base::Result<bus::PortStatus>> ports) {
  bus::Host host;
  auto devices = std::make_unique<FakeDevices>();
  devices->ports = std::move(ports);
  host.devices = std::move(devices);
  observe::Snapshot snapshot;
  snapshot.host.name = "switch0";
  snapshot.host.identity = "machine/switch0";
  Collection collection{
      .host = host, .snapshot = snapshot, .device_of_function = {}, .path_of_function = {}};
  collect_port_counters(collection);
  return snapshot;
}

TEST(PortCounters, APortIsALinkFromOneEndAndItsSamples) {
  bus::PortStatus status;
  status.is_up = true;
  status.lane_rate = base::giga_transfers(64);
  status.lanes = base::LaneCount(2);
  status.corrected_codewords = 5;
  status.retries = 3;
  status.receivers = {{.bits = 1000, .bit_errors = 4, .fom = base::Decibel(20)},
                      {.bits = 900, .bit_errors = 0, .fom = std::nullopt}};
  const auto seen = collected({{"server0/gpu1/up3", status}});
  ASSERT_EQ(seen.links.size(), 1U);
  EXPECT_EQ(seen.links[0].up.value(), true);
  EXPECT_EQ(seen.links[0].rate.value(), base::giga_transfers(64));
  EXPECT_EQ(seen.links[0].a.address, "server0/gpu1/up3");
  const auto* device = seen.fabric.device_named("server0/gpu1");
  ASSERT_NE(device, nullptr);
  ASSERT_EQ(device->ports.size(), 1U);
  EXPECT_EQ(seen.fabric.port(device->ports[0])->name, "up3");
  const auto* retries = sample(seen, observe::Metric::kPortRetries, "");
  ASSERT_NE(retries, nullptr);
  EXPECT_EQ(retries->value.value(), observe::Value(std::uint64_t{3}));
  EXPECT_EQ(sample(seen, observe::Metric::kLaneBitErrors, "0")->value.value(),
            observe::Value(std::uint64_t{4}));
  EXPECT_EQ(sample(seen, observe::Metric::kPortFigureOfMerit, "0")->value.value(),
            observe::Value(20.0));
  EXPECT_EQ(sample(seen, observe::Metric::kPortFigureOfMerit, "1"), nullptr);
}

TEST(PortCounters, DownEmptySilentAndNamelessPorts) {
  bus::PortStatus down;
  down.receivers.resize(2);
  const auto seen = collected({{"switch0/port1", down},
                               {"switch0/port2", bus::PortStatus{}},
                               {"switch0/port3", base::fail(base::Code::kUnavailable, "silent")},
                               {"nameless", down}});
  ASSERT_EQ(seen.links.size(), 1U);
  EXPECT_EQ(seen.links[0].up.value(), false);
  EXPECT_FALSE(seen.links[0].rate.has_value());
  EXPECT_EQ(seen.fabric.ports().size(), 2U);
  EXPECT_EQ(seen.problems.size(), 2U);
}

TEST(PortCounters, AHostWithoutDevicesHasNone) {
  const bus::Host host;
  observe::Snapshot snapshot;
  Collection collection{
      .host = host, .snapshot = snapshot, .device_of_function = {}, .path_of_function = {}};
  collect_port_counters(collection);
  EXPECT_TRUE(snapshot.links.empty());
}

}  // namespace
}  // namespace weft::driver
