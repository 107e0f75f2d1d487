// SPDX-License-Identifier: Apache-2.0
// host_of(): a machine of a rack as drivers see any host. Each call on a device holds the world for
// as long as it takes; a driver that needs several without others between holds the segment, which
// is taken before the world, never after.
#include "fabric/nearest.h"
#include "twin/door/netdev.h"
#include "twin/door/sysfs_tree.h"
#include "twin/machine.h"

#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace weft::twin {
namespace host_cpp {
namespace {

using base::Result;

class HeldConfigSpace final : public bus::ConfigSpace {
 public:
  HeldConfigSpace(World& world, bus::ConfigSpace& inner) : world_(world), inner_(inner) {}
  [[nodiscard]] Result<std::uint32_t> read(std::uint16_t offset, std::uint8_t width) override {
    const Hold hold(world_.mutex());
    return inner_.read(offset, width);
  }
  Result<void> write(std::uint16_t offset, std::uint8_t width, std::uint32_t value) override {
    const Hold hold(world_.mutex());
    return inner_.write(offset, width, value);
  }
  [[nodiscard]] std::string description() const override { return inner_.description(); }

 private:
  World& world_;
  bus::ConfigSpace& inner_;
};

/// A segment as one of its users has it: transactions are this user's own.
class HeldSmbus final : public bus::Smbus {
 public:
  HeldSmbus(World& world, smbus::Segment& inner) : world_(world), inner_(inner) {}
  [[nodiscard]] Result<base::Bytes> run(const bus::SmbusTransaction& transaction) override {
    const std::lock_guard<bus::Smbus> segment(inner_);
    const Hold hold(world_.mutex());
    ++transactions_;
    return inner_.run(transaction);
  }
  [[nodiscard]] std::uint64_t transactions() const override { return transactions_; }
  [[nodiscard]] std::string description() const override { return inner_.description(); }
  void lock() override { inner_.lock(); }
  void unlock() override { inner_.unlock(); }

 private:
  World& world_;
  smbus::Segment& inner_;
  std::uint64_t transactions_ = 0;
};

class HeldModuleMemory final : public bus::ModuleMemory {
 public:
  HeldModuleMemory(World& world, bus::ModuleMemory& inner) : world_(world), inner_(inner) {}
  [[nodiscard]] Result<base::Bytes> read(bus::ModuleAddress from, std::uint8_t length) override {
    const Hold hold(world_.mutex());
    return inner_.read(from, length);
  }
  Result<void> write(bus::ModuleAddress to, base::ByteView bytes) override {
    const Hold hold(world_.mutex());
    return inner_.write(to, bytes);
  }
  [[nodiscard]] std::string description() const override { return inner_.description(); }

 private:
  World& world_;
  bus::ModuleMemory& inner_;
};

class HeldPortCounters final : public bus::PortCounters {
 public:
  HeldPortCounters(World& world, bus::PortCounters& inner) : world_(world), inner_(inner) {}
  [[nodiscard]] Result<bus::PortStatus> read() override {
    const Hold hold(world_.mutex());
    return inner_.read();
  }
  Result<void> retrain() override {
    const Hold hold(world_.mutex());
    return inner_.retrain();
  }
  [[nodiscard]] std::string description() const override { return inner_.description(); }

 private:
  World& world_;
  bus::PortCounters& inner_;
};

class MachineDevices final : public bus::Devices {
 public:
  MachineDevices(Rack& rack, std::size_t machine)
      : world_(*rack.world), machine_(rack.machines.at(machine)) {}

  [[nodiscard]] std::vector<std::string> names(bus::DoorKind kind) const override {
    switch (kind) {
      case bus::DoorKind::kConfigSpace: {
        std::vector<std::string> found;
        for (std::size_t i = 0; i < machine_.functions.size(); ++i) {
          if (machine_.functions[i] != nullptr) {
            found.push_back(machine_.plan->functions[i].address);
          }
        }
        return found;
      }
      case bus::DoorKind::kSmbus:
        return keys(machine_.segments);
      case bus::DoorKind::kModuleMemory:
        return keys(machine_.modules);
      case bus::DoorKind::kPortCounters:
        return keys(machine_.counters);
    }
    return {};
  }

  [[nodiscard]] Result<std::unique_ptr<bus::ConfigSpace>> config_space(
      std::string_view name) override {
    for (std::size_t i = 0; i < machine_.functions.size(); ++i) {
      if (machine_.functions[i] != nullptr && machine_.plan->functions[i].address == name) {
        return std::make_unique<HeldConfigSpace>(world_, *machine_.functions[i]);
      }
    }
    return unknown(bus::DoorKind::kConfigSpace, "PCI function", name);
  }
  [[nodiscard]] Result<std::unique_ptr<bus::Smbus>> smbus(std::string_view name) override {
    const auto found = machine_.segments.find(std::string(name));
    if (found == machine_.segments.end()) {
      return unknown(bus::DoorKind::kSmbus, "SMBus segment", name);
    }
    return std::make_unique<HeldSmbus>(world_, *found->second);
  }
  [[nodiscard]] Result<std::unique_ptr<bus::ModuleMemory>> module_memory(
      std::string_view name) override {
    const auto found = machine_.modules.find(std::string(name));
    if (found == machine_.modules.end()) {
      return unknown(bus::DoorKind::kModuleMemory, "module", name);
    }
    return std::make_unique<HeldModuleMemory>(world_, *found->second);
  }
  [[nodiscard]] Result<std::unique_ptr<bus::PortCounters>> port_counters(
      std::string_view name) override {
    const auto found = machine_.counters.find(std::string(name));
    if (found == machine_.counters.end()) {
      return unknown(bus::DoorKind::kPortCounters, "port", name);
    }
    return std::make_unique<HeldPortCounters>(world_, *found->second);
  }

 private:
  template <class Map>
  static std::vector<std::string> keys(const Map& map) {
    std::vector<std::string> found;
    for (const auto& [name, thing] : map) {
      found.push_back(name);
    }
    return found;
  }
  [[nodiscard]] tl::unexpected<base::Error> unknown(bus::DoorKind kind, std::string_view what,
                                                    std::string_view name) const {
    const auto known = names(kind);
    const std::vector<std::string_view> views(known.begin(), known.end());
    const auto near = fabric::nearest(name, views);
    return base::fail(base::Code::kNotFound, fmt::format("no {} `{}`", what, name),
                      machine_.plan->name,
                      known.empty()  ? "This machine has none."
                      : near.empty() ? fmt::format("The first is `{}`.", known.front())
                                     : fmt::format("Did you mean `{}`?", near));
  }

  World& world_;
  Machine& machine_;
};

/// Accelerators' management library: no twin speaks for it; their links have port counters.
class NoAccelerators final : public bus::Accelerators {
 public:
  [[nodiscard]] Result<std::vector<bus::Accelerator>> list() const override {
    return base::fail(base::Code::kUnavailable, "a twin has no accelerator library", "",
                      "Its links are read by their port counters.");
  }
};

}  // namespace
}  // namespace host_cpp

bus::Host host_of(Rack& rack, std::size_t machine) {
  bus::Host host;
  host.tree = door::sysfs_tree(rack, machine);
  host.netdev = door::netdev_of(rack, machine);
  host.accelerators = std::make_unique<host_cpp::NoAccelerators>();
  host.devices = std::make_unique<host_cpp::MachineDevices>(rack, machine);
  return host;
}

}  // namespace weft::twin
