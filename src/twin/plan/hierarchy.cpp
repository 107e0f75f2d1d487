// SPDX-License-Identifier: Apache-2.0
// See hierarchy.h. The walk goes by levels, so that a switch's ways up are those nearest to a root
// and links between switches of one level stay outside; numbers are given afterwards.
#include "twin/plan/hierarchy.h"

#include <algorithm>
#include <bit>
#include <utility>

#include <fmt/format.h>

namespace weft::twin::planning {
namespace hierarchy_cpp {
namespace {

using fabric::DeviceId;
using fabric::DeviceKind;
using fabric::Fabric;
using fabric::Link;
using fabric::PortId;
using Role = FunctionPlan::Role;

constexpr unsigned kBuses = 256;
constexpr unsigned kDevicesOnBus = 32;
constexpr unsigned kFunctionsOfDevice = 8;

bool is_pcie(fabric::ProtocolId id) {
  const auto family = fabric::protocol(id).family;
  return family == fabric::ProtocolFamily::kPcie || family == fabric::ProtocolFamily::kCxl;
}

bool is_switch(DeviceKind kind) {
  return kind == DeviceKind::kSwitch || kind == DeviceKind::kBridge;
}

bool is_root(DeviceKind kind) {
  return kind == DeviceKind::kProcessor || kind == DeviceKind::kHost;
}

/// What an accelerator's own PCIe ports may lead to.
bool is_peripheral(DeviceKind kind) {
  return kind == DeviceKind::kNic || kind == DeviceKind::kStorage || kind == DeviceKind::kMemory ||
         kind == DeviceKind::kMemoryController;
}

struct Node {
  DeviceId device;
  PortId port;
  Role role{};
  std::vector<std::size_t> children = {};
};

struct Walk {
  const Fabric& fabric;
  Hierarchy& out;
  std::vector<Node> nodes = {};
  /// Root devices in order, with the nodes of their ports.
  std::vector<std::pair<DeviceId, std::vector<std::size_t>>> roots = {};
  std::unordered_map<DeviceId, std::size_t> level_of = {};  // of switches
  std::unordered_map<DeviceId, bool> is_reached = {};       // of endpoints
  std::size_t level = 0;

  std::size_t add(Node node) {
    nodes.push_back(std::move(node));
    return nodes.size() - 1;
  }
  std::size_t add_below(std::size_t parent, Node node) {
    const auto index = add(std::move(node));
    nodes[parent].children.push_back(index);
    return index;
  }
  [[nodiscard]] const Link* link_below(const Node& node) const {
    return node.port.is_null() ? nullptr : fabric.link_at(node.port);
  }
  [[nodiscard]] static PortId far_end(const Link& link, PortId port) {
    return link.a == port ? link.b : link.a;
  }
  [[nodiscard]] DeviceKind kind_of(DeviceId device) const {
    const auto* found = fabric.device(device);
    return found == nullptr ? DeviceKind::kUnknown : found->kind;
  }

  /// Ports of a device that can run PCIe, but `except`.
  [[nodiscard]] std::vector<PortId> pcie_ports(DeviceId device,
                                               const std::vector<PortId>& except) const {
    std::vector<PortId> found;
    for (const PortId id : fabric.device(device)->ports) {
      if (is_pcie(fabric.port(id)->protocol) && std::ranges::find(except, id) == except.end()) {
        found.push_back(id);
      }
    }
    return found;
  }

  /// Ports of an accelerator that lead to network or storage devices not yet reached.
  [[nodiscard]] std::vector<PortId> forwarding_ports(DeviceId device) const {
    std::vector<PortId> found;
    for (const PortId id : pcie_ports(device, {})) {
      const Link* link = fabric.link_at(id);
      const auto far = link == nullptr ? DeviceId{} : fabric.owner(far_end(*link, id));
      if (!far.is_null() && is_peripheral(kind_of(far)) && !is_reached.contains(far)) {
        found.push_back(id);
      }
    }
    return found;
  }

  std::vector<std::size_t> start(DeviceId device, const std::vector<PortId>& ports) {
    std::vector<std::size_t> started;
    for (const PortId port : ports) {
      started.push_back(add({.device = device, .port = port, .role = Role::kRootPort}));
    }
    if (!started.empty()) {
      roots.emplace_back(device, started);
    }
    return started;
  }

  /// The endpoint behind node `parent`; what it forwards to is put to `next`.
  void endpoint(std::size_t parent, DeviceId device, PortId port, std::vector<std::size_t>& next) {
    const bool is_first = is_reached.emplace(device, true).second;
    const auto forwards = is_first && kind_of(device) == DeviceKind::kAccelerator
                              ? forwarding_ports(device)
                              : std::vector<PortId>{};
    if (forwards.empty()) {
      add_below(parent, {.device = device, .port = port, .role = Role::kEndpoint});
      return;
    }
    const auto up = add_below(parent, {.device = device, .port = port, .role = Role::kUpstream});
    const auto inner = add_below(up, {.device = device, .port = {}, .role = Role::kDownstream});
    add_below(inner, {.device = device, .port = {}, .role = Role::kEndpoint});
    for (const PortId forward : forwards) {
      next.push_back(add_below(up, {.device = device, .port = forward, .role = Role::kDownstream}));
    }
    out.notes.emplace_back(
        "an accelerator whose PCIe ports lead to network or storage devices has "
        "an inner switch (modelled)");
  }

  /// Downstream ports of a switch, dealt out to its ways up.
  void open_switch(DeviceId device, const std::vector<std::size_t>& ups,
                   std::vector<std::size_t>& next) {
    std::vector<PortId> above;
    for (const auto up : ups) {
      above.push_back(nodes[up].port);
    }
    const auto ports = pcie_ports(device, above);
    for (std::size_t i = 0; i < ports.size(); ++i) {
      const auto up = ups[i * ups.size() / ports.size()];
      next.push_back(
          add_below(up, {.device = device, .port = ports[i], .role = Role::kDownstream}));
    }
    if (ups.size() > 1) {
      out.notes.push_back(
          fmt::format("{} has {} ways up: its other ports are divided among them (modelled)",
                      fabric.device(device)->name, ups.size()));
    }
  }

  void run(std::vector<std::size_t> frontier) {
    while (!frontier.empty()) {
      ++level;
      std::vector<std::size_t> next;
      std::vector<std::pair<DeviceId, std::vector<std::size_t>>> switches;
      for (const auto index : frontier) {
        step(index, next, switches);
      }
      for (const auto& [device, ups] : switches) {
        open_switch(device, ups, next);
      }
      frontier = std::move(next);
    }
  }

  void step(std::size_t index, std::vector<std::size_t>& next,
            std::vector<std::pair<DeviceId, std::vector<std::size_t>>>& switches) {
    const PortId port = nodes[index].port;
    const Link* link = link_below(nodes[index]);
    if (link == nullptr || out.upper_end.contains(link->id)) {
      return;
    }
    const PortId far = far_end(*link, port);
    const DeviceId device = fabric.owner(far);
    if (device.is_null()) {
      out.upper_end.emplace(link->id, port);
      return;
    }
    const auto kind = kind_of(device);
    if (is_root(kind)) {
      return;
    }
    if (!is_switch(kind)) {
      out.upper_end.emplace(link->id, port);
      endpoint(index, device, far, next);
      return;
    }
    if (level_of.emplace(device, level).first->second != level) {
      return;  // nearer to a root already
    }
    out.upper_end.emplace(link->id, port);
    const auto up = add_below(index, {.device = device, .port = far, .role = Role::kUpstream});
    const auto found =
        std::ranges::find(switches, device, [](const auto& entry) { return entry.first; });
    if (found == switches.end()) {
      switches.push_back({device, {up}});
    } else {
      found->second.push_back(up);
    }
  }

  /// A port whose link stayed outside of the hierarchy is no function of it.
  [[nodiscard]] bool is_outside(const Node& node) const {
    const Link* link = link_below(node);
    return link != nullptr && !out.upper_end.contains(link->id);
  }
};

/// Gives numbers to the functions of one machine.
struct Numbering {
  const Walk& walk;
  const std::unordered_map<fabric::LinkId, std::size_t>& link_index;
  std::vector<FunctionPlan> functions = {};
  unsigned domain = 0;
  unsigned next_bus = 0;

  void number(const Node& node, std::optional<std::size_t> parent, unsigned bus, unsigned device,
              unsigned function) {
    const auto index = functions.size();
    FunctionPlan plan;
    plan.device = node.device;
    plan.port = node.port;
    plan.role = node.role;
    plan.parent = parent;
    plan.address = fmt::format("{:04x}:{:02x}:{:02x}.{:x}", domain, bus, device, function);
    if (const Link* link = walk.link_below(node)) {
      plan.link = link_index.at(link->id);
    }
    functions.push_back(plan);
    if (node.role == Role::kEndpoint) {
      return;
    }
    const unsigned secondary = next_bus++;
    unsigned place = 0;
    const bool is_multi_function = node.children.size() > kDevicesOnBus;
    for (const auto child : node.children) {
      if (walk.is_outside(walk.nodes[child])) {
        continue;
      }
      const unsigned share = is_multi_function ? kFunctionsOfDevice : 1;
      number(walk.nodes[child], index, secondary, place / share, place % share);
      ++place;
    }
    functions[index].secondary = static_cast<std::uint8_t>(secondary);
    functions[index].subordinate = static_cast<std::uint8_t>(next_bus - 1);
  }

  /// Buses that a root device takes from `first` on.
  unsigned root(const std::vector<std::size_t>& ports, unsigned first) {
    next_bus = first + 1;
    unsigned place = 1;  // as root ports usually start
    for (const auto port : ports) {
      const Node& node = walk.nodes[port];
      if (!walk.is_outside(node)) {
        number(node, std::nullopt, first, place % kDevicesOnBus, place / kDevicesOnBus);
        ++place;
      }
    }
    return next_bus - first;
  }
};

base::Result<std::vector<FunctionPlan>> number_machine(
    const Walk& walk, const std::unordered_map<fabric::LinkId, std::size_t>& link_index,
    const std::vector<const std::vector<std::size_t>*>& roots, const std::string& name) {
  const auto step = static_cast<unsigned>(kBuses / std::bit_ceil(roots.size()));
  for (const bool has_own_domains : {false, true}) {
    Numbering numbering{walk, link_index};
    bool fits = step > 0 || has_own_domains;
    for (std::size_t i = 0; i < roots.size() && fits; ++i) {
      numbering.domain = has_own_domains ? static_cast<unsigned>(i) : 0;
      const unsigned first = has_own_domains ? 0 : step * static_cast<unsigned>(i);
      fits = numbering.root(*roots[i], first) <= (has_own_domains ? kBuses : step);
    }
    if (fits) {
      return std::move(numbering.functions);
    }
  }
  return base::fail(base::Code::kResourceExhausted,
                    fmt::format("a root device needs more than {} buses", kBuses), name,
                    "Put fewer switches below one processor.");
}

}  // namespace
}  // namespace hierarchy_cpp

fabric::DeviceId top_of(const fabric::Fabric& fabric, fabric::DeviceId device) {
  const auto* found = fabric.device(device);
  for (std::size_t i = 0; found != nullptr && !found->parent.empty() && i < 64; ++i) {
    const auto* parent = fabric.device_named(found->parent);
    if (parent == nullptr) {
      break;
    }
    found = parent;
  }
  return found == nullptr ? fabric::DeviceId{} : found->id;
}

base::Result<Hierarchy> find_hierarchy(const fabric::Fabric& fabric) {
  using namespace hierarchy_cpp;  // NOLINT(google-build-using-namespace): this file's own helpers
  Hierarchy out;
  Walk walk{fabric, out};
  std::vector<std::size_t> frontier;
  for (const auto& device : fabric.devices()) {
    if (is_root(device.kind)) {
      const auto started = walk.start(device.id, walk.pcie_ports(device.id, {}));
      frontier.insert(frontier.end(), started.begin(), started.end());
    }
  }
  walk.run(std::move(frontier));
  for (const auto& device : fabric.devices()) {
    if (device.kind == DeviceKind::kAccelerator && !walk.is_reached.contains(device.id)) {
      auto started = walk.start(device.id, walk.forwarding_ports(device.id));
      if (!started.empty()) {
        out.notes.emplace_back(
            "an accelerator that no processor reaches over PCIe has root ports of its own toward "
            "network and storage devices (modelled)");
        walk.run(std::move(started));
      }
    }
  }
  std::unordered_map<fabric::LinkId, std::size_t> link_index;
  for (std::size_t i = 0; i < fabric.links().size(); ++i) {
    link_index.emplace(fabric.links()[i].id, i);
  }
  std::vector<DeviceId> order;
  std::unordered_map<DeviceId, std::vector<const std::vector<std::size_t>*>> by_machine;
  for (const auto& [device, ports] : walk.roots) {
    const auto machine = top_of(fabric, device);
    auto& list = by_machine[machine];
    if (list.empty()) {
      order.push_back(machine);
    }
    list.push_back(&ports);
  }
  for (const auto machine : order) {
    auto functions =
        number_machine(walk, link_index, by_machine.at(machine), fabric.device(machine)->name);
    if (!functions) {
      return tl::unexpected(functions.error());
    }
    out.functions.emplace(machine, std::move(*functions));
  }
  return out;
}

}  // namespace weft::twin::planning
