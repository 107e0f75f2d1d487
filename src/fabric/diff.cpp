// SPDX-License-Identifier: Apache-2.0
#include "fabric/diff.h"

#include "fabric/match.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft::fabric {
namespace {

struct ChangeName {
  Change change;
  std::string_view key;
  std::string_view words;  ///< for text: "device added"
};
constexpr std::array kChanges = {
    ChangeName{Change::kDeviceAdded, "device-added", "device added"},
    ChangeName{Change::kDeviceRemoved, "device-removed", "device removed"},
    ChangeName{Change::kDeviceMoved, "device-moved", "device moved"},
    ChangeName{Change::kKindChanged, "kind-changed", "kind changed"},
    ChangeName{Change::kPartChanged, "part-changed", "part changed"},
    ChangeName{Change::kSerialChanged, "serial-changed", "serial changed"},
    ChangeName{Change::kFirmwareChanged, "firmware-changed", "firmware changed"},
    ChangeName{Change::kPositionChanged, "position-changed", "position changed"},
    ChangeName{Change::kPortAdded, "port-added", "port added"},
    ChangeName{Change::kPortRemoved, "port-removed", "port removed"},
    ChangeName{Change::kPortChanged, "port-changed", "port changed"},
    ChangeName{Change::kLinkAdded, "link-added", "link added"},
    ChangeName{Change::kLinkRemoved, "link-removed", "link removed"},
    ChangeName{Change::kLinkMoved, "link-moved", "link moved"},
    ChangeName{Change::kProtocolChanged, "protocol-changed", "protocol changed"},
    ChangeName{Change::kWidthChanged, "width-changed", "width changed"},
    ChangeName{Change::kSegmentsChanged, "segments-changed", "segments changed"},
};

const ChangeName& row(Change change) {
  const auto at = std::find_if(kChanges.begin(), kChanges.end(),
                               [&](const ChangeName& name) { return name.change == change; });
  return at == kChanges.end() ? kChanges.front() : *at;
}

std::string part_words(const PartIdentity& part) {
  std::string out = part.vendor;
  if (!part.part_number.empty()) {
    out += (out.empty() ? "" : " ") + part.part_number;
  }
  return out;
}

std::string position_words(const Device& device) {
  const ChassisPosition& at = device.position;
  std::string out;
  const auto add = [&](std::string_view what, const std::string& value) {
    if (!value.empty()) {
      out += fmt::format("{}{} {}", out.empty() ? "" : ", ", what, value);
    }
  };
  add("row", at.row ? std::to_string(*at.row) : "");
  add("rack", at.rack);
  add("unit", at.unit ? std::to_string(*at.unit) : "");
  add("tray", at.tray);
  add("slot", at.slot);
  add("part slot", device.part.slot);
  return out;
}

std::string speed_words(ProtocolId id, base::LaneCount lanes) {
  return fmt::format("{} x{}", protocol(id).key, lanes.value());
}

std::string segment_words(const Fabric& fabric, const Link& link) {
  std::string out;
  for (const auto& segment : link.segments) {
    out += fmt::format("{}{}", out.empty() ? "" : " | ", key(segment.medium));
    if (segment.length.value() > 0) {
      out += fmt::format(" {} mm", segment.length.value());
    }
    if (!segment.part.empty()) {
      out += ' ' + segment.part;
    }
    if (segment.retimer_after) {
      const Device* retimer = fabric.device(*segment.retimer_after);
      out += fmt::format(" > {}", retimer == nullptr ? "retimer" : retimer->name);
    }
  }
  return out;
}

/// Compares two fabrics; device pairs first, links by the ports that those pairs say are the same.
class Comparison {
 public:
  Comparison(const Fabric& before, const Fabric& after) : before_(before), after_(after) {}

  std::vector<Difference> run() {
    pair_devices();
    for (const auto& device : before_.devices()) {
      compare_device(device);
    }
    for (const auto& device : after_.devices()) {
      if (!paired_after_.contains(device.id)) {
        note(Change::kDeviceAdded, device.name, "", device_words(device));
      }
    }
    pair_links();
    for (const auto& link : before_.links()) {
      compare_link(link);
    }
    for (const auto& link : after_.links()) {
      if (!links_after_.contains(link.id)) {
        note(Change::kLinkAdded, link.name, "", speed_words(link.protocol, link.lanes));
      }
    }
    return std::move(out_);
  }

 private:
  void note(Change change, std::string subject, std::string before, std::string after) {
    out_.push_back({change, std::move(subject), std::move(before), std::move(after)});
  }
  void compare(Change change, const std::string& subject, std::string before, std::string after) {
    if (before != after) {
      note(change, subject, std::move(before), std::move(after));
    }
  }

  static std::string device_words(const Device& device) {
    const std::string part = part_words(device.part);
    return part.empty() ? std::string(key(device.kind))
                        : fmt::format("{} {}", key(device.kind), part);
  }

  void pair(const Device& a, const Device& b) {
    devices_.emplace(a.id, b.id);
    paired_after_.insert(b.id);
  }

  void pair_devices() {
    for (const auto& device : before_.devices()) {
      if (const Device* same = after_.device_named(device.name)) {
        pair(device, *same);
      }
    }
    // A serial that two devices share tells nothing: such entries hold nullptr.
    std::unordered_map<std::string, const Device*> before_serials;
    std::unordered_map<std::string, const Device*> after_serials;
    const auto collect = [](const Device& device, auto& serials) {
      if (!device.part.serial.empty()) {
        const auto [at, is_new] = serials.try_emplace(device.part.serial, &device);
        at->second = is_new ? &device : nullptr;
      }
    };
    for (const auto& device : before_.devices()) {
      collect(device, before_serials);
    }
    for (const auto& device : after_.devices()) {
      collect(device, after_serials);
    }
    for (const auto& device : before_.devices()) {
      const auto old = before_serials.find(device.part.serial);
      const auto now = after_serials.find(device.part.serial);
      if (!devices_.contains(device.id) && old != before_serials.end() && old->second != nullptr &&
          now != after_serials.end() && now->second != nullptr &&
          !paired_after_.contains(now->second->id)) {
        pair(device, *now->second);
      }
    }
  }

  void compare_device(const Device& device) {
    const auto at = devices_.find(device.id);
    if (at == devices_.end()) {
      note(Change::kDeviceRemoved, device.name, device_words(device), "");
      return;
    }
    const Device& now = *after_.device(at->second);
    compare(Change::kDeviceMoved, device.name, device.name, now.name);
    compare(Change::kKindChanged, device.name, std::string(key(device.kind)),
            std::string(key(now.kind)));
    compare(Change::kPartChanged, device.name, part_words(device.part), part_words(now.part));
    compare(Change::kSerialChanged, device.name, device.part.serial, now.part.serial);
    compare(Change::kFirmwareChanged, device.name, device.part.firmware, now.part.firmware);
    compare(Change::kPositionChanged, device.name, position_words(device), position_words(now));
    compare_ports(device, now);
  }

  void compare_ports(const Device& device, const Device& now) {
    for (const PortId id : device.ports) {
      const Port& port = *before_.port(id);
      const Port* same = after_.port_named(now.name + '/' + port.name);
      const std::string speed = speed_words(port.protocol, port.lanes);
      if (same == nullptr) {
        note(Change::kPortRemoved, before_.port_name(id), speed, "");
        continue;
      }
      ports_.emplace(id, same->id);
      compare(Change::kPortChanged, before_.port_name(id), speed,
              speed_words(same->protocol, same->lanes));
    }
    for (const PortId id : now.ports) {
      const Port& port = *after_.port(id);
      if (before_.port_named(device.name + '/' + port.name) == nullptr) {
        note(Change::kPortAdded, after_.port_name(id), "", speed_words(port.protocol, port.lanes));
      }
    }
  }

  using Ends = std::pair<PortId, PortId>;
  static Ends ends(PortId a, PortId b) { return a < b ? Ends{a, b} : Ends{b, a}; }

  std::optional<PortId> now_at(PortId before) const {
    if (before.is_null()) {
      return before;  // unseen then and now
    }
    const auto at = ports_.find(before);
    return at == ports_.end() ? std::nullopt : std::optional(at->second);
  }

  /// By both ends; then by name; then by one end that both still have.
  void pair_links() {
    std::map<Ends, const Link*> by_ends;
    for (const auto& link : after_.links()) {
      by_ends.emplace(ends(link.a, link.b), &link);
    }
    for (const auto& link : before_.links()) {
      const auto a = now_at(link.a);
      const auto b = now_at(link.b);
      const auto at = a && b ? by_ends.find(ends(*a, *b)) : by_ends.end();
      if (at != by_ends.end()) {
        pair(link, at->second);
      }
    }
    for (const auto& link : before_.links()) {
      if (!links_.contains(link.id)) {
        pair(link, after_.link_named(link.name));
      }
    }
    for (const auto& link : before_.links()) {
      for (const PortId end : {link.a, link.b}) {
        const auto now = now_at(end);
        if (now && !links_.contains(link.id)) {
          pair(link, after_.link_at(*now));
        }
      }
    }
  }

  void pair(const Link& before, const Link* after) {
    if (after != nullptr && links_after_.insert(after->id).second) {
      links_.emplace(before.id, after->id);
    }
  }

  std::string end_words(const Fabric& fabric, const Link& link) const {
    return fabric.port_name(link.a) + " -- " + fabric.port_name(link.b);
  }

  void compare_link(const Link& link) {
    const auto at = links_.find(link.id);
    if (at == links_.end()) {
      note(Change::kLinkRemoved, link.name, speed_words(link.protocol, link.lanes), "");
      return;
    }
    const Link& now = *after_.link(at->second);
    const auto a = now_at(link.a);
    const auto b = now_at(link.b);
    if (!a || !b || ends(*a, *b) != ends(now.a, now.b)) {
      note(Change::kLinkMoved, link.name, end_words(before_, link), end_words(after_, now));
    }
    compare(Change::kProtocolChanged, link.name, std::string(protocol(link.protocol).key),
            std::string(protocol(now.protocol).key));
    compare(Change::kWidthChanged, link.name, fmt::format("x{}", link.lanes.value()),
            fmt::format("x{}", now.lanes.value()));
    compare(Change::kSegmentsChanged, link.name, segment_words(before_, link),
            segment_words(after_, now));
  }

  const Fabric& before_;
  const Fabric& after_;
  std::unordered_map<DeviceId, DeviceId> devices_;
  std::set<DeviceId> paired_after_;
  std::unordered_map<PortId, PortId> ports_;
  std::unordered_map<LinkId, LinkId> links_;
  std::set<LinkId> links_after_;
  std::vector<Difference> out_;
};

}  // namespace

std::string_view key(Change change) {
  return row(change).key;
}

std::vector<Difference> diff(const Fabric& before, const Fabric& after) {
  return Comparison(before, after).run();
}

std::vector<Difference> diff_with_machine(const Fabric& plan, const Fabric& live) {
  std::vector<Difference> out;
  const auto devices = match_devices(plan, live);
  const auto compare = [&](Change change, const std::string& subject, const std::string& planned,
                           const std::string& found) {
    if (!planned.empty() && !found.empty() && planned != found) {
      out.push_back({change, subject, planned, found});
    }
  };
  for (const auto& device : plan.devices()) {
    const auto at = devices.find(device.id);
    if (at == devices.end()) {
      const auto keys = plan.match.find(device.id);
      if (keys != plan.match.end() && keys->second.names_a_device()) {
        out.push_back({Change::kDeviceRemoved, device.name, std::string(key(device.kind)), ""});
      }
      continue;
    }
    const Device& found = *live.device(at->second);
    if (!is_same_part(device.part.part_number, found.part.part_number).value_or(true)) {
      compare(Change::kPartChanged, device.name, device.part.part_number, found.part.part_number);
    }
    compare(Change::kSerialChanged, device.name, device.part.serial, found.part.serial);
    compare(Change::kFirmwareChanged, device.name, device.part.firmware, found.part.firmware);
  }
  for (const auto& expected : expected_links(plan, live)) {
    const std::string& name = plan.link(expected.planned)->name;
    const std::string planned = speed_words(expected.protocol, expected.lanes);
    if (!expected.live) {
      out.push_back({Change::kLinkRemoved, name, planned, ""});
      continue;
    }
    const Link& found = *live.link(*expected.live);
    compare(Change::kProtocolChanged, name, std::string(protocol(expected.protocol).key),
            std::string(protocol(found.protocol).key));
    compare(Change::kWidthChanged, name, fmt::format("x{}", expected.lanes.value()),
            fmt::format("x{}", found.lanes.value()));
  }
  return out;
}

std::string diff_text(const std::vector<Difference>& differences) {
  if (differences.empty()) {
    return "no difference\n";
  }
  std::string out;
  for (const auto& difference : differences) {
    out += fmt::format("{:<16}  {}", row(difference.change).words, difference.subject);
    const bool is_whole = row(difference.change).key.ends_with("-added") ||
                          row(difference.change).key.ends_with("-removed");
    if (is_whole) {
      out += "  (" + difference.before + difference.after + ')';
    } else {
      out += fmt::format("  {} -> {}", difference.before.empty() ? "none" : difference.before,
                         difference.after.empty() ? "none" : difference.after);
    }
    out += '\n';
  }
  return out +
         fmt::format("{} difference{}\n", differences.size(), differences.size() == 1 ? "" : "s");
}

std::string diff_json(const std::vector<Difference>& differences) {
  auto list = nlohmann::ordered_json::array();
  for (const auto& difference : differences) {
    list.push_back({{"change", key(difference.change)},
                    {"subject", difference.subject},
                    {"before", difference.before},
                    {"after", difference.after}});
  }
  const nlohmann::ordered_json root = {{"schema", "weftline/rack-diff/1"}, {"differences", list}};
  return root.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
}

}  // namespace weft::fabric
