// SPDX-License-Identifier: Apache-2.0
// Locator: a machine's devices, ports and links in a plan's terms. diagnose/joint.h joins machines
// by it, and match.cpp's expected_links() reads it. Names are compared without the PCI domain 0000
// and without the host's own name before them, as drivers write both.
#include "fabric/match.h"

#include <algorithm>
#include <array>
#include <set>
#include <unordered_set>

namespace weft::fabric {
namespace match_locate {
namespace {

constexpr std::string_view kDomain = "0000:";

std::string_view bare(std::string_view name, std::string_view host = {}) {
  if (!host.empty() && name.size() > host.size() + 1 && name.starts_with(host) &&
      name[host.size()] == '/') {
    name.remove_prefix(host.size() + 1);
  }
  if (name.starts_with(kDomain)) {
    name.remove_prefix(kDomain.size());
  }
  return name;
}

/// "00:1c.0" behind an optional domain: what a PCIe port of a machine is called.
bool is_pci_name(std::string_view name) {
  name = bare(name);
  return name.size() >= 7 && name[name.size() - 2] == '.' && name.find(':') != name.npos;
}

/// The machine of an address that is not on the device's own: "HOST ADDRESS"; else empty.
std::string_view machine_of(std::string_view address) {
  const auto space = address.find(' ');
  return space == address.npos ? std::string_view{} : address.substr(0, space);
}

/// What can be joined to what: PCIe with CXL, Ethernet with Ultra Ethernet.
ProtocolFamily group_of(ProtocolFamily family) {
  return family == ProtocolFamily::kCxl             ? ProtocolFamily::kPcie
         : family == ProtocolFamily::kUltraEthernet ? ProtocolFamily::kEthernet
                                                    : family;
}

ProtocolFamily planned_group(const Port& port) {
  return group_of(protocol(port.protocol).family);
}

ProtocolFamily live_group(const Fabric& live, const Port& port) {
  if (is_pci_name(port.name)) {
    return ProtocolFamily::kPcie;
  }
  const auto known = group_of(protocol(port.protocol).family);
  const Device* owner = live.device(port.device);
  return known == ProtocolFamily::kUnknown && owner != nullptr && owner->kind == DeviceKind::kNic
             ? ProtocolFamily::kEthernet
             : known;
}

}  // namespace
}  // namespace match_locate

/// One machine.
struct LocatorRun {
  using Family = ProtocolFamily;
  const Locator& locator;
  const Fabric& live;
  std::string_view host;
  Located out = {};
  std::vector<const Device*> candidates = {};
  std::unordered_map<std::string_view, std::vector<const Device*>> named = {};
  std::unordered_map<DeviceId, DeviceId> planned_of = {};  // as out.devices, before it is sure
  std::unordered_set<DeviceId> contested = {};             // live
  std::unordered_map<DeviceId, std::vector<DeviceId>> lives_of = {};
  std::unordered_set<PortId> taken = {};  // planned ports
  std::unordered_set<LinkId> found = {};  // planned links found by devices

  [[nodiscard]] const Fabric& plan() const { return *locator.plan_; }

  [[nodiscard]] std::string_view host_of(const Device& device) const {
    return host.empty() ? std::string_view(device.parent) : host;
  }

  void find_candidates() {
    const auto add = [this](const std::string& key) {
      const auto at = locator.by_host_.find(key);
      if (at != locator.by_host_.end()) {
        candidates.insert(candidates.end(), at->second.begin(), at->second.end());
      }
    };
    add({});
    std::set<std::string> hosts;
    for (const auto& device : live.devices()) {
      const auto key = host_of(device);
      named[match_locate::bare(device.name, key)].push_back(&device);
      if (!key.empty()) {
        hosts.emplace(key);
      }
    }
    for (const auto& key : hosts) {
      add(key);
    }
  }

  void claim(const Device& planned, const Device& device) {
    const auto [at, is_new] = planned_of.try_emplace(device.id, planned.id);
    if (!is_new && at->second != planned.id) {
      contested.insert(device.id);
    }
  }

  void find_by_name(const Device& planned, const MatchKeys& keys, std::string_view name) {
    const auto other = match_locate::machine_of(name);
    const std::string_view machine = other.empty() ? std::string_view(keys.host) : other;
    name.remove_prefix(other.empty() ? 0 : other.size() + 1);
    const auto at = named.find(match_locate::bare(name, machine));
    if (at == named.end()) {
      return;
    }
    const Device* one = nullptr;
    for (const Device* device : at->second) {
      const bool is_other_part = !keys.serial.empty() && !device->part.serial.empty() &&
                                 keys.serial != device->part.serial;
      if ((machine.empty() || machine == host_of(*device)) && !is_other_part) {
        if (one != nullptr) {
          return;
        }
        one = device;
      }
    }
    if (one != nullptr) {
      claim(planned, *one);
    }
  }

  void find_devices() {
    const auto by_keys = match_devices(plan(), live);
    for (const auto& [planned, device] : by_keys) {
      claim(*plan().device(planned), *live.device(device));
    }
    for (const Device* planned : candidates) {
      const auto at = plan().match.find(planned->id);
      if (at != plan().match.end()) {
        if (!at->second.bdf.empty()) {
          find_by_name(*planned, at->second, at->second.bdf);
        }
        for (const auto& address : at->second.addresses) {
          find_by_name(*planned, at->second, address);
        }
      }
    }
  }

  void find_named_ports() {
    std::unordered_map<std::string_view, std::vector<const Port*>> by_name;
    for (const auto& port : live.ports()) {
      by_name[match_locate::bare(port.name)].push_back(&port);
    }
    for (const Device* planned : candidates) {
      for (const PortId id : planned->ports) {
        const auto key = plan().match_port.find(id);
        if (key == plan().match_port.end()) {
          continue;
        }
        std::string_view name = key->second;
        const auto machine = match_locate::machine_of(name);
        name.remove_prefix(machine.empty() ? 0 : machine.size() + 1);
        const auto at = by_name.find(match_locate::bare(name));
        if (at != by_name.end()) {
          take_named(*planned, id, machine, at->second);
        }
      }
    }
  }

  void take_named(const Device& planned, PortId id, std::string_view machine,
                  const std::vector<const Port*>& ports) {
    const auto keys = plan().match.find(planned.id);
    if (machine.empty() && keys != plan().match.end()) {
      machine = keys->second.host;
    }
    const Port* one = nullptr;
    for (const Port* port : ports) {
      const Device& device = *live.device(port->device);
      if (!machine.empty() && machine != host_of(device)) {
        continue;
      }
      const auto owner = planned_of.find(device.id);
      const bool is_anothers = owner != planned_of.end() && owner->second != planned.id;
      if (is_anothers && ports.size() > 1) {
        continue;
      }
      if (one != nullptr) {
        return;
      }
      one = port;
    }
    if (one != nullptr && taken.insert(id).second) {
      out.ports.emplace(one->id, id);
      claim(planned, *live.device(one->device));
    }
  }

  void settle_devices() {
    for (const auto& device : live.devices()) {
      const auto at = planned_of.find(device.id);
      if (at != planned_of.end() && !contested.contains(device.id)) {
        out.devices.emplace(device.id, at->second);
        lives_of[at->second].push_back(device.id);
      }
    }
  }

  void find_other_ports() {
    for (const auto& device : live.devices()) {
      const auto at = out.devices.find(device.id);
      if (at == out.devices.end()) {
        continue;
      }
      for (const PortId id : device.ports) {
        const auto* same =
            plan().port_named(plan().device(at->second)->name + '/' + live.port(id)->name);
        if (same != nullptr && !out.ports.contains(id) && taken.insert(same->id).second) {
          out.ports.emplace(id, same->id);
        }
      }
      find_only_ports(device, *plan().device(at->second));
    }
  }

  void find_only_ports(const Device& device, const Device& planned) {
    std::map<Family, std::vector<PortId>> left;
    for (const PortId id : device.ports) {
      if (!out.ports.contains(id)) {
        left[match_locate::live_group(live, *live.port(id))].push_back(id);
      }
    }
    for (const auto& [group, ports] : left) {
      std::vector<PortId> open;
      for (const PortId id : planned.ports) {
        if (match_locate::planned_group(*plan().port(id)) == group && !taken.contains(id)) {
          open.push_back(id);
        }
      }
      // Functions of one device may each be a port; only the first one's link is the planned one.
      if (ports.size() == 1 && open.size() == 1 && group != Family::kUnknown) {
        taken.insert(open.front());
        out.ports.emplace(ports.front(), open.front());
      }
    }
  }

  void find_links_by_ports() {
    for (const auto& link : live.links()) {
      const auto a = out.ports.find(link.a);
      const auto b = out.ports.find(link.b);
      const bool has_a = a != out.ports.end();
      const bool has_b = b != out.ports.end();
      const Link* by_a = has_a ? plan().link_at(a->second) : nullptr;
      const Link* by_b = has_b ? plan().link_at(b->second) : nullptr;
      if (by_a != nullptr && by_b != nullptr && by_a != by_b) {
        continue;  // not plugged as planned
      }
      if (by_a != nullptr) {
        add(link, *by_a, by_a->a != a->second);
      } else if (by_b != nullptr) {
        add(link, *by_b, by_b->b != b->second);
      }
    }
  }

  void add(const Link& link, const Link& planned, bool is_turned) {
    out.links.emplace(link.id, Located::LinkEnd{planned.id, is_turned});
    found.insert(planned.id);
  }

  /// What a live link's device is planned as; null where it is not.
  [[nodiscard]] DeviceId planned_owner(PortId port) const {
    const auto at = out.devices.find(live.owner(port));
    return at == out.devices.end() ? DeviceId{} : at->second;
  }

  /// Links whose ports nobody told, by the devices that they join.
  void find_links_by_devices() {
    std::map<std::pair<DeviceId, DeviceId>, std::vector<const Link*>> open;
    for (const auto& link : live.links()) {
      const auto a = planned_owner(link.a);
      const auto b = planned_owner(link.b);
      if (!out.links.contains(link.id) && !a.is_null() && !b.is_null() && a != b) {
        open[std::minmax(a, b)].push_back(&link);
      }
    }
    for (const auto& [pair, links] : open) {
      if (links.size() != 1) {
        continue;
      }
      const Link* one = nullptr;
      std::size_t fitting = 0;
      const auto at = locator.links_of_.find(pair.first);
      if (at != locator.links_of_.end()) {
        for (const Link* planned : at->second) {
          const auto a = plan().owner(planned->a);
          const auto b = plan().owner(planned->b);
          if (std::minmax(a, b) == std::minmax(pair.first, pair.second) &&
              !found.contains(planned->id)) {
            one = planned;
            ++fitting;
          }
        }
      }
      if (fitting == 1) {
        join(*links.front(), *one);
      }
    }
  }

  void join(const Link& link, const Link& planned) {
    const bool is_turned = plan().owner(planned.a) != planned_owner(link.a);
    add(link, planned, is_turned);
    const std::array<std::pair<PortId, PortId>, 2> ends{
        std::pair(link.a, is_turned ? planned.b : planned.a),
        std::pair(link.b, is_turned ? planned.a : planned.b)};
    for (const auto& [seen, meant] : ends) {
      if (!seen.is_null() && !meant.is_null() && !out.ports.contains(seen) &&
          taken.insert(meant).second) {
        out.ports.emplace(seen, meant);
      }
    }
  }

  Located run() {
    find_candidates();
    find_devices();
    find_named_ports();
    settle_devices();
    find_other_ports();
    find_links_by_ports();
    find_links_by_devices();
    return std::move(out);
  }
};

Locator::Locator(const Fabric& plan) : plan_(&plan) {
  for (const auto& device : plan.devices()) {
    const auto keys = plan.match.find(device.id);
    if (keys == plan.match.end()) {
      by_host_[""].push_back(&device);
      continue;
    }
    std::set<std::string> hosts{keys->second.host};
    for (const auto& address : keys->second.addresses) {
      if (const auto machine = match_locate::machine_of(address); !machine.empty()) {
        hosts.emplace(machine);
      }
    }
    for (const auto& host : hosts) {
      by_host_[host].push_back(&device);
    }
  }
  for (const auto& link : plan.links()) {
    for (const DeviceId end : {plan.owner(link.a), plan.owner(link.b)}) {
      auto& links = links_of_[end];
      if (links.empty() || links.back() != &link) {
        links.push_back(&link);
      }
    }
  }
}

Located Locator::locate(const Fabric& live, std::string_view host) const {
  return LocatorRun{*this, live, host}.run();
}

}  // namespace weft::fabric
