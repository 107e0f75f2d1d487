// SPDX-License-Identifier: Apache-2.0
#include "fabric/show.h"

#include "fabric/yaml_tree.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft::fabric {
namespace {

using Json = nlohmann::ordered_json;

// --- names collapsed to ranges ---

/// "gpu12" -> {"gpu#", {12}}: the name with its numbers taken out.
std::pair<std::string, std::vector<std::uint64_t>> split_numbers(std::string_view name) {
  std::string shape;
  std::vector<std::uint64_t> numbers;
  constexpr std::size_t kDigitsMax = 9;
  for (std::size_t at = 0; at < name.size();) {
    std::size_t end = at;
    while (end < name.size() && name[end] >= '0' && name[end] <= '9') {
      ++end;
    }
    if (end == at || end - at > kDigitsMax || (name[at] == '0' && end - at > 1)) {
      const std::size_t stop = std::max(end, at + 1);
      shape += name.substr(at, stop - at);
      at = stop;
      continue;
    }
    shape += '#';
    numbers.push_back(std::stoull(std::string(name.substr(at, end - at))));
    at = end;
  }
  return {shape, numbers};
}

/// {0,1,2,5} -> "0-2,5".
std::string range_words(const std::set<std::uint64_t>& values) {
  std::string out;
  for (auto at = values.begin(); at != values.end();) {
    const std::uint64_t low = *at;
    std::uint64_t high = low;
    for (++at; at != values.end() && *at == high + 1; ++at) {
      high = *at;
    }
    out += (out.empty() ? "" : ",") + std::to_string(low);
    if (high > low) {
      out += '-' + std::to_string(high);
    }
  }
  return out;
}

/// Names of one shape as one: "gpu[0-7]". Exact where the numbers form a full grid; else the spans.
std::string collapsed(const std::string& shape,
                      const std::vector<std::vector<std::uint64_t>>& numbers) {
  std::string out;
  std::size_t index = 0;
  for (const char c : shape) {
    if (c != '#') {
      out += c;
      continue;
    }
    std::set<std::uint64_t> values;
    for (const auto& row : numbers) {
      values.insert(row[index]);
    }
    ++index;
    const std::string words = range_words(values);
    out += values.size() > 1 ? '[' + words + ']' : words;
  }
  return out;
}

// --- the tree ---

/// Devices that look alike, as one line.
struct Group {
  std::string shape;
  std::string look;  ///< kind, part, ports: what must be equal to be one line
  std::vector<std::vector<std::uint64_t>> numbers;
  std::vector<const Device*> devices;
};

class Tree {
 public:
  explicit Tree(const Fabric& fabric) : fabric_(fabric) {
    for (const auto& device : fabric.devices()) {
      const bool has_parent =
          !device.parent.empty() && fabric.device_named(device.parent) != nullptr;
      children_[has_parent ? device.parent : std::string()].push_back(&device);
    }
  }

  std::string text() {
    std::vector<const Device*> roots;
    if (const auto at = children_.find(""); at != children_.end()) {
      roots = at->second;
    }
    add(roots, 1);
    return std::move(out_);
  }

 private:
  /// "18 nvlink5 x2, 1 pcie5 x16"
  std::string ports_words(const Device& device) const {
    std::vector<std::pair<std::string, std::size_t>> counts;
    for (const PortId id : device.ports) {
      const Port& port = *fabric_.port(id);
      const std::string speed =
          fmt::format("{} x{}", protocol(port.protocol).key, port.lanes.value());
      if (counts.empty() || counts.back().first != speed) {
        counts.emplace_back(speed, 0);
      }
      ++counts.back().second;
    }
    std::string out;
    for (const auto& [speed, count] : counts) {
      out += fmt::format("{}{} {}", out.empty() ? "" : ", ", count, speed);
    }
    return out;
  }

  std::string look(const Device& device) const {
    std::string out(key(device.kind));
    for (const auto& word : {device.part.vendor, device.part.part_number}) {
      out += word.empty() ? "" : ' ' + word;
    }
    if (device.lanes.value() > 0) {
      out += fmt::format(", {} lanes", device.lanes.value());
    }
    const std::string ports = ports_words(device);
    return ports.empty() ? out : out + ": " + ports;
  }

  std::string local_name(const Device& device) const {
    const std::string prefix = device.parent + '/';
    return device.parent.empty() || !device.name.starts_with(prefix)
               ? device.name
               : device.name.substr(prefix.size());
  }

  void add(const std::vector<const Device*>& devices, std::size_t depth) {
    std::vector<Group> groups;
    std::map<std::pair<std::string, std::string>, std::size_t> known;
    for (const Device* device : devices) {
      auto [shape, numbers] = split_numbers(local_name(*device));
      const std::string words = look(*device);
      const auto [at, is_new] = known.try_emplace({shape, words}, groups.size());
      if (is_new) {
        groups.push_back({shape, words, {}, {}});
      }
      groups[at->second].numbers.push_back(std::move(numbers));
      groups[at->second].devices.push_back(device);
    }
    for (const auto& group : groups) {
      std::set<std::vector<std::uint64_t>> distinct(group.numbers.begin(), group.numbers.end());
      const std::string name = collapsed(group.shape, {distinct.begin(), distinct.end()});
      out_ += fmt::format("{:{}}{}  {}", "", depth * 2, name, group.look);
      out_ += group.devices.size() > 1 ? fmt::format("  ({})\n", group.devices.size()) : "\n";
      std::vector<const Device*> inside;
      for (const Device* device : group.devices) {
        if (const auto at = children_.find(device->name); at != children_.end()) {
          inside.insert(inside.end(), at->second.begin(), at->second.end());
        }
      }
      constexpr std::size_t kDepthMax = 64;
      if (depth < kDepthMax) {
        add(inside, depth + 1);
      }
    }
  }

  const Fabric& fabric_;
  std::unordered_map<std::string, std::vector<const Device*>> children_;
  std::string out_;
};

std::string rate_words(base::BitsPerSecond one_way) {
  const double both_ways = one_way.value() * 2 / 8;
  return both_ways >= 1e12 ? fmt::format("{:.2f} TB/s", both_ways / 1e12)
                           : fmt::format("{:.1f} GB/s", both_ways / 1e9);
}

// --- JSON ---

void set(Json& object, const char* name, const std::string& value) {
  if (!value.empty()) {
    object[name] = value;
  }
}

Json part_json(const PartIdentity& part) {
  Json out = Json::object();
  set(out, "vendor", part.vendor);
  set(out, "number", part.part_number);
  set(out, "serial", part.serial);
  set(out, "slot", part.slot);
  set(out, "firmware", part.firmware);
  return out;
}

Json position_json(const ChassisPosition& position) {
  Json out = Json::object();
  if (position.row) {
    out["row"] = *position.row;
  }
  set(out, "rack", position.rack);
  if (position.unit) {
    out["unit"] = *position.unit;
  }
  set(out, "tray", position.tray);
  set(out, "slot", position.slot);
  return out;
}

Json device_json(const Fabric& fabric, const Device& device) {
  Json out = {{"id", device.id.text()}, {"name", device.name}, {"kind", key(device.kind)}};
  set(out, "parent", device.parent);
  if (device.lanes.value() > 0) {
    out["lanes"] = device.lanes.value();
  }
  if (auto part = part_json(device.part); !part.empty()) {
    out["part"] = std::move(part);
  }
  if (auto position = position_json(device.position); !position.empty()) {
    out["position"] = std::move(position);
  }
  auto ports = Json::array();
  for (const PortId id : device.ports) {
    const Port& port = *fabric.port(id);
    ports.push_back({{"id", id.text()},
                     {"name", port.name},
                     {"protocol", protocol(port.protocol).key},
                     {"lanes", port.lanes.value()}});
  }
  out["ports"] = std::move(ports);
  if (const auto keys = fabric.match.find(device.id); keys != fabric.match.end()) {
    Json match = Json::object();
    set(match, "host", keys->second.host);
    set(match, "bdf", keys->second.bdf);
    set(match, "serial", keys->second.serial);
    set(match, "slot", keys->second.slot);
    set(match, "part", keys->second.part);
    if (!keys->second.addresses.empty()) {
      match["address"] = keys->second.addresses;
    }
    out["match"] = std::move(match);
  }
  return out;
}

Json link_json(const Fabric& fabric, const Link& link) {
  Json out = {{"id", link.id.text()},
              {"name", link.name},
              {"a", fabric.port_name(link.a)},
              {"b", fabric.port_name(link.b)},
              {"protocol", protocol(link.protocol).key},
              {"lanes", link.lanes.value()}};
  auto segments = Json::array();
  for (const auto& segment : link.segments) {
    Json one = {{"medium", key(segment.medium)}};
    if (segment.length.value() > 0) {
      one["length_mm"] = segment.length.value();
    }
    set(one, "part", segment.part);
    if (segment.retimer_after) {
      const Device* retimer = fabric.device(*segment.retimer_after);
      one["retimer"] = retimer == nullptr ? segment.retimer_after->text() : retimer->name;
    }
    segments.push_back(std::move(one));
  }
  out["segments"] = std::move(segments);
  if (const auto less = fabric.expect.find(link.id); less != fabric.expect.end()) {
    out["expect"] = {{"protocol", protocol(less->second.protocol).key},
                     {"lanes", less->second.lanes.value()}};
  }
  return out;
}

}  // namespace

std::vector<ProtocolTotal> totals(const Fabric& fabric) {
  std::vector<ProtocolTotal> all(protocols().size());
  for (const auto& link : fabric.links()) {
    const Protocol& row = protocol(link.protocol);
    auto& total = all[static_cast<std::size_t>(row.id)];
    ++total.links;
    total.lanes += link.lanes.value();
    total.raw = total.raw + raw_rate(row, link.lanes);
    total.payload = total.payload + payload_rate(row, link.lanes);
  }
  std::vector<ProtocolTotal> out;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].links > 0) {
      all[i].protocol = protocols()[i].id;
      out.push_back(all[i]);
    }
  }
  return out;
}

std::string tree_text(const Fabric& fabric) {
  std::string out = fabric.name;
  if (!fabric.description.empty()) {
    out += ": " + fabric.description;
  }
  out += '\n' + Tree(fabric).text();
  out += fmt::format("\n{} devices, {} ports, {} links\n", fabric.devices().size(),
                     fabric.ports().size(), fabric.links().size());
  for (const auto& total : totals(fabric)) {
    const Protocol& row = protocol(total.protocol);
    out += fmt::format("  {:<28}{:>7} links {:>8} lanes {:>13} raw, both ways{}\n", row.title,
                       total.links, total.lanes, rate_words(total.raw),
                       row.is_modelled ? "  (modelled)" : "");
  }
  return out;
}

std::string fabric_json(const Fabric& fabric) {
  Json root = {{"schema", "weftline/fabric/1"}, {"name", fabric.name}};
  set(root, "description", fabric.description);
  auto devices = Json::array();
  for (const auto& device : fabric.devices()) {
    devices.push_back(device_json(fabric, device));
  }
  auto links = Json::array();
  for (const auto& link : fabric.links()) {
    links.push_back(link_json(fabric, link));
  }
  auto sums = Json::array();
  for (const auto& total : totals(fabric)) {
    sums.push_back({{"protocol", protocol(total.protocol).key},
                    {"links", total.links},
                    {"lanes", total.lanes},
                    {"raw_bits_per_s", total.raw.value()},
                    {"payload_bits_per_s", total.payload.value()}});
  }
  root["devices"] = std::move(devices);
  root["links"] = std::move(links);
  root["totals"] = std::move(sums);
  return root.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

std::string device_json_line(const Fabric& fabric, const Device& device) {
  return device_json(fabric, device).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string link_json_line(const Fabric& fabric, const Link& link) {
  return link_json(fabric, link).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string dot_text(const Fabric& fabric) {
  std::string out =
      "graph " + double_quoted(fabric.name) + " {\n  rankdir=LR;\n  node [shape=box];\n";
  for (const auto& device : fabric.devices()) {
    out += fmt::format("  {} [tooltip={}];\n", double_quoted(device.name),
                       double_quoted(key(device.kind)));
  }
  std::map<std::pair<std::size_t, std::size_t>, std::map<std::string, std::size_t>> edges;
  std::unordered_map<DeviceId, std::size_t> index;
  for (std::size_t i = 0; i < fabric.devices().size(); ++i) {
    index.emplace(fabric.devices()[i].id, i);
  }
  for (const auto& link : fabric.links()) {
    if (link.a.is_null() || link.b.is_null()) {
      continue;  // it leads to what is not seen
    }
    const std::size_t a = index.at(fabric.owner(link.a));
    const std::size_t b = index.at(fabric.owner(link.b));
    const std::string speed =
        fmt::format("{} x{}", protocol(link.protocol).key, link.lanes.value());
    ++edges[{a, b}][speed];
  }
  for (const auto& [ends, speeds] : edges) {
    std::string label;
    for (const auto& [speed, count] : speeds) {
      label += (label.empty() ? "" : ", ") + (count > 1 ? fmt::format("{} x ", count) : "") + speed;
    }
    out += fmt::format("  {} -- {} [label={}];\n", double_quoted(fabric.devices()[ends.first].name),
                       double_quoted(fabric.devices()[ends.second].name), double_quoted(label));
  }
  return out + "}\n";
}

}  // namespace weft::fabric
