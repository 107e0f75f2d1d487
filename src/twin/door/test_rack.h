// SPDX-License-Identifier: Apache-2.0
// For tests of the doors: a rack put together by hand, with links, configuration spaces, module
// memory and an SMBus target that a test sets as it likes. No physics, no families: what a door
// shows must come out of these. Only tests and fuzzers include it.
#pragma once

#include "twin/machine.h"
#include "wire/pcie/config_builder.h"

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace weft::twin::door {

class FakeLink final : public Link {
 public:
  FakeLink(std::string path, const LinkPlan& plan) : Link(std::move(path), plan, nullptr) {}
  void on_timer(std::uint32_t /*timer*/) override {}
  void exchange(Archive& /*archive*/) override {}
  [[nodiscard]] LinkStatus status() const override { return state; }
  [[nodiscard]] std::uint64_t counter(LinkCounter which, End receiver) const override {
    return counters.at(static_cast<std::size_t>(receiver)).at(static_cast<std::size_t>(which));
  }
  [[nodiscard]] LaneReport lane(const LaneAt& /*at*/) const override { return {}; }
  [[nodiscard]] phy::lane::Counts lane_counts(const LaneAt& at) const override {
    return lane_fec.at(at.lane % lane_fec.size());
  }
  [[nodiscard]] std::uint32_t lanes_with_errors(End /*receiver*/) const override { return 0; }
  [[nodiscard]] std::span<const TrainingEvent> log() const override { return {}; }
  [[nodiscard]] double error_ratio_at(const LaneAt& /*at*/, base::UnitIntervals /*time*/,
                                      base::Millivolts /*voltage*/) const override {
    return 0;
  }
  void retrain(End /*by*/) override {}
  void set_target_rate(End /*by*/, base::TransferRate /*rate*/) override {}
  void set_target_width(End /*by*/, base::LaneCount /*width*/) override {}
  void redo_equalisation(End /*by*/) override {}
  void set_disabled(End /*by*/, bool /*is_disabled*/) override {}
  void hot_reset(End /*by*/, bool /*is_asserted*/) override {}
  void set_power(End /*by*/, bool /*is_powered*/) override {}
  void set_aspm(End /*by*/, std::uint8_t /*mask*/) override {}
  void set_lane_enabled(std::uint32_t /*lane*/, bool /*is_enabled*/) override {}
  void set_test_pattern(const LaneAt& /*at*/, bool /*is_on*/) override {}
  void inject_errors(const LaneAt& /*at*/, std::uint64_t /*bits*/) override {}

  LinkStatus state;
  std::array<std::array<std::uint64_t, static_cast<std::size_t>(LinkCounter::kCount_)>, 2>
      counters = {};
  std::array<phy::lane::Counts, 8> lane_fec = {};
};

class FakeConfig final : public bus::ConfigSpace {
 public:
  FakeConfig(std::string name, base::Bytes registers)
      : name_(std::move(name)), bytes(std::move(registers)) {}
  [[nodiscard]] base::Result<std::uint32_t> read(std::uint16_t offset,
                                                 std::uint8_t width) override {
    return static_cast<std::uint32_t>(*base::read_le(bytes, offset, width));
  }
  base::Result<void> write(std::uint16_t offset, std::uint8_t width, std::uint32_t value) override {
    writes.emplace_back(offset, width);
    base::write_le(bytes, offset, width, value);
    return {};
  }
  [[nodiscard]] std::string description() const override { return name_; }

 private:
  std::string name_;

 public:
  base::Bytes bytes;
  std::vector<std::pair<std::uint16_t, std::uint8_t>> writes;
};

/// 256 pages of 128 bytes and the lower half, in every bank; nothing acts by itself.
class FakeModule final : public bus::ModuleMemory {
 public:
  [[nodiscard]] base::Result<base::Bytes> read(bus::ModuleAddress from,
                                               std::uint8_t length) override {
    if (is_busy) {
      return base::fail(base::Code::kUnavailable, "the module does not answer", description());
    }
    const auto at = place(from);
    return base::Bytes(at, at + length);
  }
  base::Result<void> write(bus::ModuleAddress to, base::ByteView bytes) override {
    std::ranges::copy(bytes, place(to));
    return {};
  }
  [[nodiscard]] std::string description() const override { return "eth0"; }
  bool is_busy = false;

 private:
  [[nodiscard]] base::Bytes::iterator place(bus::ModuleAddress at) {
    const std::size_t half =
        at.offset < 128 ? 0 : 1 + at.page + std::size_t{256} * (at.page >= 0x10 ? at.bank : 0);
    return memory_.begin() + static_cast<std::ptrdiff_t>(half * 128 + at.offset % 128);
  }
  base::Bytes memory_ = base::Bytes(std::size_t{128} * (1 + 256 * 256));
};

/// An I2C device with 256 bytes: the first byte written is the place, others go there; reads come
/// from there on.
class FakeTarget final : public smbus::Target {
 public:
  explicit FakeTarget(std::uint8_t address) : address_(address) {}
  [[nodiscard]] bool start(std::uint8_t address, bool is_read) override {
    is_first_ = !is_read;
    return address == address_;
  }
  bool write(std::uint8_t byte) override {
    if (std::exchange(is_first_, false)) {
      at_ = byte;
    } else {
      memory.at(at_++) = byte;
    }
    return true;
  }
  [[nodiscard]] std::uint8_t read() override { return memory.at(at_++); }
  void stop() override {}
  std::array<std::uint8_t, 256> memory = {};

 private:
  std::uint8_t address_;
  std::uint8_t at_ = 0;
  bool is_first_ = false;
};

constexpr std::size_t kTestExpress = 0x40;
constexpr std::size_t kTestPower = 0x80;

/// A root port or an endpoint at 32 GT/s x16, laid out from linux/pci_regs.h.
inline base::Bytes test_config(bool is_port) {
  wire::pcie::testing::ConfigBuilder config;
  config.header(is_port ? 1 : 0, is_port ? 0x8086 : 0x15B3, is_port ? 0x352A : 0x1021,
                is_port ? 0x060400 : 0x020000);
  if (is_port) {
    config.put(PCI_SECONDARY_BUS, 1, 1).put(PCI_SUBORDINATE_BUS, 1, 1);
  } else {
    config.put(PCI_SUBSYSTEM_VENDOR_ID, 2, 0x15B3).put(PCI_SUBSYSTEM_ID, 2, 0x0041);
  }
  config.capability(kTestExpress, PCI_CAP_ID_EXP);
  config.put(kTestExpress + PCI_EXP_FLAGS, 2,
             is_port ? 2 | PCI_EXP_TYPE_ROOT_PORT << 4 | PCI_EXP_FLAGS_SLOT : 2);
  config.put(kTestExpress + PCI_EXP_LNKCAP, 4,
             5 | 16 << 4 | (is_port ? PCI_EXP_LNKCAP_DLLLARC : 0));
  config.put(kTestExpress + PCI_EXP_LNKSTA, 2, 5 | 16 << 4 | (is_port ? PCI_EXP_LNKSTA_DLLLA : 0));
  config.put(kTestExpress + PCI_EXP_LNKCAP2, 4, 0x3E);
  config.put(kTestExpress + PCI_EXP_LNKCTL2, 2, 5);
  if (is_port) {
    config.put(kTestExpress + PCI_EXP_SLTCAP, 4, 7U << 19);
    config.put(kTestExpress + PCI_EXP_SLTSTA, 2, PCI_EXP_SLTSTA_PDS);
  }
  config.capability(kTestPower, PCI_CAP_ID_PM).put(kTestPower + PCI_PM_PMC, 2, 3);
  config.extended(0x100, PCI_EXT_CAP_ID_ERR, 2);
  return config.bytes();
}

/// One machine, "pod-server0": a root port, a NIC below it with eth0 and a module, a segment i2c-9
/// with a target at 24h.
class TestRack {
 public:
  TestRack() {
    rack.plan = std::make_unique<WorldPlan>();
    auto& plan = *rack.plan;
    plan.fabric.name = "test-rack";
    plan.links.resize(2);
    plan.links[0].name = "port - nic";
    plan.links[0].protocol = *fabric::find_protocol("pcie5");
    plan.links[0].lanes = base::LaneCount(16);
    plan.links[1].name = "nic - leaf";
    plan.links[1].role = LinkRole::kEthernet;
    plan.links[1].protocol = *fabric::find_protocol("eth-400g-100");
    plan.links[1].lanes = base::LaneCount(4);
    plan.links[1].sections.resize(1);
    MachinePlan machine;
    machine.name = "pod-server0";
    machine.functions.resize(2);
    machine.functions[0].address = "0000:00:01.0";
    machine.functions[0].role = FunctionPlan::Role::kRootPort;
    machine.functions[1].address = "0000:01:00.0";
    machine.functions[1].role = FunctionPlan::Role::kEndpoint;
    machine.functions[1].parent = 0;
    machine.retimers.push_back({{}, "i2c-9", 0x24});
    machine.modules.push_back({{}, "eth0", 1, true});
    machine.netdevs.push_back({"eth0", {}, 1, 1});
    plan.machines.push_back(std::move(machine));

    rack.world = std::make_unique<World>();
    for (auto& link : plan.links) {
      auto made = std::make_unique<FakeLink>("link/" + link.name, link);
      rack.links.push_back(made.get());
      links.push_back(made.get());
      (void)rack.world->add(std::move(made));
    }
    auto& link = *links[1];
    link.state.is_up = true;
    link.state.protocol = plan.links[1].protocol;
    link.state.width = base::LaneCount(4);
    rack.machines.resize(1);
    auto& live = rack.machines[0];
    live.plan = plan.machines.data();
    live.functions = {&port, &nic};
    live.modules["eth0"] = &module;
    live.segments["i2c-9"] = std::make_unique<smbus::Segment>("i2c-9");
    live.segments["i2c-9"]->attach(target);
    rack.world->start();
  }

  FakeConfig port{"0000:00:01.0", test_config(true)};
  FakeConfig nic{"0000:01:00.0", test_config(false)};
  FakeModule module;
  FakeTarget target{0x24};
  std::vector<FakeLink*> links;
  Rack rack;
};

}  // namespace weft::twin::door
