// SPDX-License-Identifier: Apache-2.0
#include "twin/plan/inventory.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>

#include <fmt/format.h>

namespace weft::twin {
namespace inventory_cpp {
namespace {

/// "pci0000:40": the root complex of a root port's bus, as sysfs names it.
std::string complex_of(std::string_view address) {
  return "pci" + std::string(address.substr(0, address.rfind(':')));
}

class Inventory {
 public:
  explicit Inventory(const WorldPlan& plan) : plan_(plan), out_(plan.fabric) {}

  fabric::Fabric run() {
    for (const auto& machine : plan_.machines) {
      for (const auto member : machine.members) {
        keys(member).host = machine.name;
      }
    }
    for (const auto& machine : plan_.machines) {
      add_functions(machine);
      add_ports(machine);
      for (const auto& retimer : machine.retimers) {
        const auto bus = retimer.segment.substr(retimer.segment.rfind('-') + 1);
        add_address(machine, retimer.retimer,
                    fmt::format("{}/0x{:02x}", retimer.segment, retimer.address));
        add_address(machine, retimer.retimer, fmt::format("{}-00{:02x}", bus, retimer.address));
      }
    }
    return std::move(out_);
  }

 private:
  fabric::MatchKeys& keys(fabric::DeviceId device) { return out_.match[device]; }

  void add_functions(const MachinePlan& machine) {
    for (const auto& function : machine.functions) {
      auto& at = keys(function.device);
      if (function.role == FunctionPlan::Role::kRootPort) {
        add_address(machine, function.device, complex_of(function.address));
      } else if (function.role != FunctionPlan::Role::kDownstream) {
        const auto address = on(machine, function.device, function.address);
        const bool is_open = at.bdf.empty() || at.bdf == function.address;
        if (is_open && address == function.address) {
          at.bdf = function.address;
        } else {
          add_address(machine, function.device, function.address);
        }
      }
      if (!function.port.is_null()) {
        out_.match_port[function.port] = on(machine, function.device, function.address);
      }
    }
  }

  void add_ports(const MachinePlan& machine) {
    for (const auto& netdev : machine.netdevs) {
      out_.match_port[netdev.port] = on(machine, out_.owner(netdev.port), netdev.interface);
    }
    for (const auto& counter : machine.counters) {
      const auto slash = counter.name.rfind('/');
      if (const auto* port = out_.port_named(counter.name)) {
        add_address(machine, port->device, counter.name.substr(0, slash));
      }
    }
  }

  /// The name as the machine gives it; behind the machine's name where the device's keys name
  /// another one. The first machine that shows a device is the one that they name.
  std::string on(const MachinePlan& machine, fabric::DeviceId device, std::string name) {
    const auto [seen, is_first] = seen_on_.try_emplace(device, machine.name);
    if (is_first) {
      keys(device).host = machine.name;
    }
    return seen->second == machine.name ? name : machine.name + ' ' + name;
  }

  void add_address(const MachinePlan& machine, fabric::DeviceId device, std::string address) {
    auto& at = keys(device);
    address = on(machine, device, std::move(address));
    if (std::ranges::find(at.addresses, address) == at.addresses.end()) {
      at.addresses.push_back(std::move(address));
    }
  }

  const WorldPlan& plan_;
  fabric::Fabric out_;
  std::unordered_map<fabric::DeviceId, std::string> seen_on_;  ///< the machine that its keys name
};

}  // namespace
}  // namespace inventory_cpp

fabric::Fabric located(const WorldPlan& plan) {
  return inventory_cpp::Inventory(plan).run();
}

}  // namespace weft::twin
