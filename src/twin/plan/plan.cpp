// SPDX-License-Identifier: Apache-2.0
// See plan.h. The PCIe part is hierarchy.cpp, the ways of links are sections.cpp; here machines get
// their members and the names by which clients find things.
#include "twin/plan/plan.h"

#include "phy/media/path.h"
#include "twin/plan/hierarchy.h"
#include "twin/plan/sections.h"

#include <algorithm>
#include <array>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

namespace weft::twin {
namespace plan_cpp {
namespace {

using fabric::DeviceId;
using fabric::DeviceKind;
using fabric::Medium;
using fabric::PortId;
using fabric::ProtocolFamily;

/// Straps of a retimer's address (PT5161L: 0x20 to 0x27), and where segments' numbers start: bus 9
/// is where a public eight-retimer baseboard has them.
constexpr std::uint8_t kFirstAddress = 0x20;
constexpr std::size_t kAddresses = 8;
constexpr std::size_t kFirstSegment = 9;

ProtocolFamily family_of(fabric::ProtocolId id) {
  return fabric::protocol(id).family;
}

bool is_ethernet(fabric::ProtocolId id) {
  return family_of(id) == ProtocolFamily::kEthernet ||
         family_of(id) == ProtocolFamily::kUltraEthernet;
}

struct Planner {
  WorldPlan out;
  planning::Hierarchy hierarchy = {};
  std::vector<std::optional<planning::Plug>> plugs = {};      // as out.links
  std::unordered_map<DeviceId, std::size_t> machine_of = {};  // who holds a device
  std::unordered_map<DeviceId, std::size_t> system_of = {};   // whose software drives it
  std::unordered_map<PortId, std::string> interface_of = {};
  std::unordered_set<PortId> pcie_ports = {};  // those with a function
  std::set<std::string> said = {};

  void note(const std::vector<std::string>& texts) {
    for (const auto& text : texts) {
      if (said.insert(text).second) {
        out.notes.push_back(text);
      }
    }
  }

  [[nodiscard]] const fabric::Fabric& fabric() const { return out.fabric; }
  [[nodiscard]] std::size_t system(DeviceId device) const {
    const auto found = system_of.find(device);
    return found != system_of.end() ? found->second : machine_of.at(device);
  }

  void add_machines() {
    for (const auto& device : fabric().devices()) {
      if (!device.parent.empty()) {
        continue;
      }
      MachinePlan machine;
      machine.device = device.id;
      machine.name = device.name;
      std::ranges::replace(machine.name, '/', '-');
      if (const auto keys = fabric().match.find(device.id);
          keys != fabric().match.end() && !keys->second.host.empty()) {
        machine.name = keys->second.host;
      }
      machine_of.emplace(device.id, out.machines.size());
      out.machines.push_back(std::move(machine));
    }
    for (const auto& device : fabric().devices()) {
      const auto index = machine_of.at(planning::top_of(fabric(), device.id));
      machine_of.emplace(device.id, index);
      out.machines[index].members.push_back(device.id);
      if (device.kind == DeviceKind::kMemoryController || device.kind == DeviceKind::kSwitch ||
          device.kind == DeviceKind::kBridge) {
        out.machines[index].not_modelled.push_back(device.id);
      }
    }
  }

  void add_functions() {
    for (auto& [device, functions] : hierarchy.functions) {
      const auto index = machine_of.at(device);
      for (const auto& function : functions) {
        if (function.role == FunctionPlan::Role::kEndpoint) {
          system_of.emplace(function.device, index);
        }
        pcie_ports.insert(function.port);
      }
      out.machines[index].functions = std::move(functions);
    }
  }

  [[nodiscard]] LinkRole role_of(const fabric::Link& link) const {
    return hierarchy.upper_end.contains(link.id) ? LinkRole::kPcie
           : is_ethernet(link.protocol)          ? LinkRole::kEthernet
                                                 : LinkRole::kGeneric;
  }

  base::Result<void> add_links() {
    std::set<std::string> read;
    for (const auto& link : fabric().links()) {
      LinkPlan plan;
      plan.id = link.id;
      plan.name = link.name;
      plan.role = role_of(link);
      plan.protocol = link.protocol;
      plan.lanes = link.lanes;
      const auto upper = hierarchy.upper_end.find(link.id);
      const bool is_reversed =
          upper != hierarchy.upper_end.end() ? upper->second != link.a : link.a.is_null();
      plan.a = is_reversed ? link.b : link.a;
      plan.b = is_reversed ? link.a : link.b;
      auto way = planning::cut_way(fabric(), link, is_reversed);
      if (!way) {
        return tl::unexpected(way.error());
      }
      note(way->notes);
      plan.sections = std::move(way->sections);
      plan.repeaters = std::move(way->repeaters);
      plugs.push_back(way->plug);
      for (const auto& section : plan.sections) {
        if (auto known = check(section, read); !known) {
          return base::fail(
              base::Code::kInvalidArgument,
              fmt::format("its path `{}` cannot be built: {}", section.text, known.error().what),
              link.name, known.error().hint);
        }
      }
      out.links.push_back(std::move(plan));
    }
    return {};
  }

  static base::Result<void> check(const SectionPlan& section, std::set<std::string>& read) {
    const bool is_coherent =
        section.segments.size() == 1 && section.segments.front().medium == Medium::kCoherent;
    if (is_coherent || !read.insert(section.text).second) {
      return {};
    }
    auto path = phy::media::parse_path(section.text);
    return path ? base::Result<void>{} : tl::unexpected(path.error());
  }

  [[nodiscard]] std::unordered_map<PortId, std::pair<std::size_t, bool>> ends() const {
    std::unordered_map<PortId, std::pair<std::size_t, bool>> found;
    for (std::size_t i = 0; i < out.links.size(); ++i) {
      found.emplace(out.links[i].a, std::pair(i, true));
      if (!out.links[i].b.is_null()) {
        found.emplace(out.links[i].b, std::pair(i, false));
      }
    }
    return found;
  }

  void add_ports() {
    const auto link_ends = ends();
    for (const auto& port : fabric().ports()) {
      auto& machine = out.machines[system(port.device)];
      const auto end = link_ends.find(port.id);
      const bool has_link = end != link_ends.end();
      if (is_ethernet(port.protocol)) {
        NetdevPlan netdev;
        netdev.interface = fmt::format("eth{}", machine.netdevs.size());
        netdev.port = port.id;
        netdev.link = has_link ? std::optional(end->second.first) : std::nullopt;
        netdev.function = function_of(machine, port.device);
        interface_of.emplace(port.id, netdev.interface);
        machine.netdevs.push_back(std::move(netdev));
        continue;
      }
      const bool is_generic = has_link ? out.links[end->second.first].role == LinkRole::kGeneric
                                       : family_of(port.protocol) != ProtocolFamily::kUnknown &&
                                             !pcie_ports.contains(port.id);
      if (is_generic) {
        machine.counters.push_back(
            {.name = fabric().port_name(port.id),
             .link = has_link ? std::optional(end->second.first) : std::nullopt,
             .is_end_a = !has_link || end->second.second});
      }
    }
  }

  static std::optional<std::size_t> function_of(const MachinePlan& machine, DeviceId device) {
    for (std::size_t i = 0; i < machine.functions.size(); ++i) {
      if (machine.functions[i].device == device &&
          machine.functions[i].role == FunctionPlan::Role::kEndpoint) {
        return i;
      }
    }
    return std::nullopt;
  }

  void add_retimers() {
    for (auto& machine : out.machines) {
      for (const auto member : machine.members) {
        if (fabric().device(member)->kind != DeviceKind::kRetimer) {
          continue;
        }
        const auto number = machine.retimers.size();
        machine.retimers.push_back(
            {.retimer = member,
             .segment = fmt::format("i2c-{}", kFirstSegment + number / kAddresses),
             .address = static_cast<std::uint8_t>(kFirstAddress + number % kAddresses)});
      }
      if (!machine.retimers.empty()) {
        note(
            {fmt::format("retimers answer at 0x{:02x} to 0x{:02x}, eight to a segment from "
                         "i2c-{} on (modelled)",
                         kFirstAddress, kFirstAddress + kAddresses - 1, kFirstSegment)});
      }
    }
  }

  void add_modules() {
    std::vector<std::size_t> cages(out.machines.size());
    for (std::size_t i = 0; i < out.links.size(); ++i) {
      const auto& plug = plugs[i];
      const auto& link = out.links[i];
      if (!plug || plug->medium == Medium::kCoherent ||
          (link.role == LinkRole::kGeneric && plug->medium == Medium::kDac)) {
        continue;
      }
      for (const bool is_a : {true, false}) {
        const PortId port = is_a ? link.a : link.b;
        if (port.is_null()) {
          continue;
        }
        const auto index = system(fabric().owner(port));
        const auto known = interface_of.find(port);
        out.machines[index].modules.push_back(
            {.module = plug->modules[is_a ? 0 : 1],
             .interface = known != interface_of.end() ? known->second
                                                      : fmt::format("cage{}", cages[index]++),
             .link = i,
             .is_end_a = is_a});
      }
    }
  }
};

}  // namespace
}  // namespace plan_cpp

base::Result<WorldPlan> plan_world(fabric::Fabric rack) {
  plan_cpp::Planner planner;
  planner.out.fabric = std::move(rack);
  auto hierarchy = planning::find_hierarchy(planner.fabric());
  if (!hierarchy) {
    return tl::unexpected(hierarchy.error());
  }
  planner.hierarchy = std::move(*hierarchy);
  planner.note(planner.hierarchy.notes);
  planner.add_machines();
  planner.add_functions();
  if (auto done = planner.add_links(); !done) {
    return tl::unexpected(done.error());
  }
  planner.add_ports();
  planner.add_retimers();
  planner.add_modules();
  return std::move(planner.out);
}

}  // namespace weft::twin
