// SPDX-License-Identifier: Apache-2.0
#include "diagnose/joint.h"
#include "fabric/graph.h"
#include "serve/action/outline.h"

#include <algorithm>
#include <cstddef>
#include <optional>

#include <fmt/format.h>

namespace weft::serve {
namespace affected_parts {

/// The name without the machine that Place put before it.
std::string_view own_name(const ActionPlace& place) {
  std::string_view name = place.target.name;
  if (!place.machine.empty() && name.starts_with(place.machine + "/")) {
    name.remove_prefix(place.machine.size() + 1);
  }
  return name;
}

std::optional<fabric::LinkId> link_of_port(const diagnose::Joint& joint,
                                           const observe::Snapshot& snapshot,
                                           std::string_view name) {
  for (const observe::LinkState& one : snapshot.links) {
    if (one.a.address == name || one.b.address == name) {
      if (const auto link = joint.link(one.link)) {
        return link->link;
      }
    }
  }
  return std::nullopt;
}

std::optional<fabric::LinkId> link_through(const diagnose::Joint& joint, const ActionPlace& place,
                                           std::string_view name) {
  if (!place.plan) {
    return std::nullopt;
  }
  for (const auto& [id, keys] : place.plan->match) {
    const bool is_here = place.machine.empty() || keys.host.empty() || keys.host == place.machine;
    if (is_here && std::ranges::find(keys.addresses, name) != keys.addresses.end()) {
      return joint.link_through(id);
    }
  }
  return std::nullopt;
}

/// The outermost device that holds this one.
std::string machine_of(const fabric::Fabric& fabric, const fabric::Device& device) {
  const fabric::Device* at = &device;
  for (std::size_t i = 0; i < fabric.devices().size() && !at->parent.empty(); ++i) {
    const fabric::Device* const above = fabric.device_named(at->parent);
    if (above == nullptr) {
      return at->parent;
    }
    at = above;
  }
  return at->name;
}

void add_once(std::vector<std::string>& to, std::string name) {
  if (!name.empty() && std::ranges::find(to, name) == to.end()) {
    to.push_back(std::move(name));
  }
}

std::string list(const std::vector<std::string>& names) {
  constexpr std::ptrdiff_t kMost = 8;
  const auto count = std::min(kMost, static_cast<std::ptrdiff_t>(names.size()));
  std::string out = fmt::format("{}", fmt::join(names.begin(), names.begin() + count, ", "));
  const auto more = static_cast<std::ptrdiff_t>(names.size()) - count;
  return more > 0 ? fmt::format("{} and {} more", out, more) : out;
}

}  // namespace affected_parts

Affected affected_by(const ActionPlace& place) {
  using namespace affected_parts;
  Affected out;
  const auto snapshot = place.look ? place.look() : base::Result<observe::Snapshot>();
  if (!place.look || !snapshot) {
    return out;
  }
  diagnose::Joint joint(place.plan ? &*place.plan : nullptr);
  joint.take(*snapshot);
  const auto name = own_name(place);
  const auto id = place.target.kind == TargetKind::kRetimer ? link_through(joint, place, name)
                                                            : link_of_port(joint, *snapshot, name);
  const fabric::Fabric& fabric = joint.fabric();
  const fabric::Link* const link = id ? fabric.link(*id) : nullptr;
  if (link == nullptr) {
    return out;
  }
  out.links.push_back(link->name);
  const auto add_machine = [&](fabric::DeviceId of) {
    if (const auto* const device = fabric.device(of)) {
      add_once(out.machines, machine_of(fabric, *device));
    }
  };
  for (const fabric::PortId port : {link->a, link->b}) {
    if (!port.is_null()) {
      out.ends.push_back(fabric.port_name(port));
      add_machine(fabric.owner(port));
    }
  }
  for (const fabric::DeviceId one : fabric::Graph(fabric).cut_off(*id)) {
    if (const auto* const device = fabric.device(one)) {
      add_once(out.cut_off, device->name);
      add_machine(one);
    }
  }
  return out;
}

std::string affected_text(const Affected& affected, bool goes_down) {
  using affected_parts::list;
  if (affected.links.empty()) {
    return "";
  }
  std::string out = fmt::format("Link {}", list(affected.links));
  if (!affected.ends.empty()) {
    out += fmt::format(", ports {}", list(affected.ends));
  }
  out += ".";
  if (!affected.cut_off.empty()) {
    out += fmt::format(" {}: {}.", goes_down ? "Cut off while it is down" : "Behind it",
                       list(affected.cut_off));
  }
  if (!affected.machines.empty()) {
    out += fmt::format(" Machines: {}.", list(affected.machines));
  }
  return out;
}

}  // namespace weft::serve
