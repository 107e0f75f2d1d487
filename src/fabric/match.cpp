// SPDX-License-Identifier: Apache-2.0
#include "fabric/match.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

namespace weft::fabric {
namespace {

std::string_view first_part(std::string_view name) {
  return name.substr(0, name.find('/'));
}

std::string_view last_part(std::string_view name) {
  const auto slash = name.rfind('/');
  return slash == std::string_view::npos ? name : name.substr(slash + 1);
}

/// An address as it is compared: the last part of a name, without the domain 0000.
std::string_view address(std::string_view name) {
  constexpr std::string_view kDomain = "0000:";
  const auto last = last_part(name);
  return last.starts_with(kDomain) ? last.substr(kDomain.size()) : last;
}

/// A machine's devices by what may find them, so that a large plan does not search a large machine
/// once for each device.
class LiveIndex {
 public:
  explicit LiveIndex(const Fabric& live) {
    for (const auto& device : live.devices()) {
      by_address_[std::string(address(device.name))].push_back(&device);
      by_serial_[device.part.serial].push_back(&device);
      by_part_[std::string(first_part(device.part.part_number))].push_back(&device);
      by_slot_[device.part.slot].push_back(&device);
      if (device.position.slot != device.part.slot) {
        by_slot_[device.position.slot].push_back(&device);
      }
    }
  }

  /// The one device that answers; nullptr for none or several.
  [[nodiscard]] const Device* find(const MatchKeys& keys) const {
    const Device* found = nullptr;
    for (const Device* device : candidates(keys)) {
      if (!answers(keys, *device)) {
        continue;
      }
      if (found != nullptr) {
        return nullptr;
      }
      found = device;
    }
    return found;
  }

 private:
  using Devices = std::vector<const Device*>;
  using Index = std::unordered_map<std::string, Devices>;

  static const Devices& at(const Index& index, const std::string& key) {
    static const Devices kNone;
    const auto found = index.find(key);
    return found == index.end() ? kNone : found->second;
  }
  /// By the most telling key that is given.
  [[nodiscard]] const Devices& candidates(const MatchKeys& keys) const {
    if (!keys.bdf.empty()) {
      return at(by_address_, std::string(address(keys.bdf)));
    }
    if (!keys.serial.empty()) {
      return at(by_serial_, keys.serial);
    }
    for (const auto& name : keys.addresses) {
      if (const auto& found = at(by_address_, std::string(address(name))); !found.empty()) {
        return found;
      }
    }
    return keys.slot.empty() ? at(by_part_, std::string(first_part(keys.part)))
                             : at(by_slot_, keys.slot);
  }

  Index by_address_;
  Index by_serial_;
  Index by_part_;
  Index by_slot_;
};

/// The one live device that stands for the planned one; nullptr for none or several.
const Device* candidate(const Fabric& plan, const Device& planned, const Fabric& live,
                        const LiveIndex& index) {
  const auto at = plan.match.find(planned.id);
  const bool has_own_keys = at != plan.match.end() && at->second.names_a_device();
  if (has_own_keys) {
    return index.find(at->second);
  }
  if (!planned.part.serial.empty()) {
    if (const Device* found = index.find({.serial = planned.part.serial})) {
      return found;
    }
  }
  return live.device_named(planned.name);
}

bool is_same_family(ProtocolId planned, ProtocolId live) {
  const Protocol& a = protocol(planned);
  const Protocol& b = protocol(live);
  return a.family == b.family || can_run(a, b) || can_run(b, a);
}

using LinksOfDevice = std::unordered_map<DeviceId, std::vector<const Link*>>;

LinksOfDevice links_by_device(const Fabric& fabric) {
  LinksOfDevice out;
  for (const auto& link : fabric.links()) {
    const DeviceId a = fabric.owner(link.a);
    const DeviceId b = fabric.owner(link.b);
    out[a].push_back(&link);
    if (b != a) {
      out[b].push_back(&link);
    }
  }
  return out;
}

/// The one live link of this family at `end` (and at `other`, where that is known).
const Link* live_link(const Fabric& live, const LinksOfDevice& links, ProtocolId planned,
                      DeviceId end, const DeviceId* other) {
  const auto at = links.find(end);
  const Link* found = nullptr;
  if (at == links.end()) {
    return nullptr;
  }
  for (const Link* link : at->second) {
    const bool joins =
        other == nullptr || live.owner(link->a) == *other || live.owner(link->b) == *other;
    if (!joins || !is_same_family(planned, link->protocol)) {
      continue;
    }
    if (found != nullptr) {
      return nullptr;
    }
    found = link;
  }
  return found;
}

/// "10de:2330" or "10de:2330/10de:16c1": what a PCI function says of itself.
bool is_pci_identity(std::string_view text) {
  constexpr std::size_t kLength = 9;
  if (text.size() < kLength || (text.size() > kLength && text[kLength] != '/')) {
    return false;
  }
  for (std::size_t i = 0; i < kLength; ++i) {
    const bool is_hex = (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f') ||
                        (text[i] >= 'A' && text[i] <= 'F');
    if (i == 4 ? text[i] != ':' : !is_hex) {
      return false;
    }
  }
  return true;
}

}  // namespace

std::optional<bool> is_same_part(std::string_view planned, std::string_view live) {
  if (planned.empty() || live.empty() || is_pci_identity(planned) != is_pci_identity(live)) {
    return std::nullopt;
  }
  return live == planned ||
         (live.size() > planned.size() && live.starts_with(planned) && live[planned.size()] == '/');
}

bool answers(const MatchKeys& keys, const Device& live) {
  const auto fits = [](const std::string& key, const std::string& value) {
    return key.empty() || key == value;
  };
  const auto is_at = [&live](const std::string& name) {
    return address(name) == address(live.name) &&
           (name.find('/') == std::string::npos || live.name == name ||
            live.name.ends_with('/' + name));
  };
  return !keys.empty() &&
         (keys.host.empty() || live.parent == keys.host || first_part(live.name) == keys.host) &&
         (keys.bdf.empty() || address(keys.bdf) == address(live.name)) &&
         (!keys.bdf.empty() || keys.addresses.empty() ||
          std::any_of(keys.addresses.begin(), keys.addresses.end(), is_at)) &&
         fits(keys.serial, live.part.serial) &&
         (keys.slot.empty() || keys.slot == live.part.slot || keys.slot == live.position.slot) &&
         (keys.part.empty() || is_same_part(keys.part, live.part.part_number).value_or(false));
}

std::map<DeviceId, DeviceId> match_devices(const Fabric& plan, const Fabric& live) {
  std::map<DeviceId, DeviceId> out;
  std::map<DeviceId, DeviceId> claimed;  // live -> first planned that claims it
  std::set<DeviceId> contested;
  const LiveIndex index(live);
  for (const auto& planned : plan.devices()) {
    const Device* found = candidate(plan, planned, live, index);
    if (found == nullptr) {
      continue;
    }
    out.emplace(planned.id, found->id);
    const auto [at, is_first] = claimed.try_emplace(found->id, planned.id);
    if (!is_first) {
      contested.insert(planned.id);
      contested.insert(at->second);
    }
  }
  for (const DeviceId id : contested) {
    out.erase(id);
  }
  return out;
}

std::vector<ExpectedLink> expected_links(const Fabric& plan, const Fabric& live) {
  std::vector<ExpectedLink> out;
  const auto devices = match_devices(plan, live);
  const auto live_links = links_by_device(live);
  std::unordered_map<LinkId, LinkId> located;
  for (const auto& [seen, end] : Locator(plan).locate(live).links) {
    const auto [at, is_first] = located.try_emplace(end.planned, seen);
    if (!is_first && live.link(seen)->id < at->second) {
      at->second = seen;  // seen from both ends: always the same one of the two
    }
  }
  for (const auto& link : plan.links()) {
    const auto a = devices.find(plan.owner(link.a));
    const auto b = devices.find(plan.owner(link.b));
    if (a == devices.end() && b == devices.end() && !located.contains(link.id)) {
      continue;
    }
    ExpectedLink expected{link.id, std::nullopt, link.protocol, link.lanes};
    if (const auto less = plan.expect.find(link.id); less != plan.expect.end()) {
      expected.protocol = less->second.protocol;
      expected.lanes = less->second.lanes;
    }
    const Link* found = nullptr;
    if (const auto known = located.find(link.id); known != located.end()) {
      found = live.link(known->second);
    }
    if (found == nullptr && a != devices.end() && b != devices.end()) {
      found = live_link(live, live_links, link.protocol, a->second, &b->second);
    }
    // A live host has bridges between that the plan does not draw: the far end's own link is it.
    if (found == nullptr && b != devices.end()) {
      found = live_link(live, live_links, link.protocol, b->second, nullptr);
    }
    if (found == nullptr && a != devices.end() && b == devices.end()) {
      found = live_link(live, live_links, link.protocol, a->second, nullptr);
    }
    if (found != nullptr) {
      expected.live = found->id;
    }
    out.push_back(expected);
  }
  return out;
}

}  // namespace weft::fabric
