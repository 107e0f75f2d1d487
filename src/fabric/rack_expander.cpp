// SPDX-License-Identifier: Apache-2.0
#include "fabric/rack_expander.h"

#include "base/text.h"
#include "fabric/nearest.h"
#include "fabric/rack_links.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace weft::fabric::source {
namespace {

/// What a device takes over from the one that holds it.
struct Context {
  std::string prefix;  ///< "" or "server3/"
  std::string parent;
  ChassisPosition position;
  std::string host;
};

class Expander {
 public:
  Expander(const Rack& rack, const RackLimits& limits, Problems& problems, LoadedRack& out)
      : rack_(rack),
        limits_(limits),
        problems_(problems),
        out_(out),
        links_(limits, problems, out) {}

  void run() {
    out_.fabric.name = rack_.name;
    out_.fabric.description = rack_.description;
    check_templates();
    Scope scope;
    add_devices(rack_.devices, {}, scope, 0);
    for (auto& pending : pending_) {
      links_.expand(pending);
    }
    for (const auto& rule : rack_.links) {
      PendingLinks pending{&rule, "", {}};
      links_.expand(pending);
    }
    links_.check_lane_budgets();
    for (const auto& rule : rack_.match) {
      std::string path;
      Scope variables;
      add_match(rule, 0, path, variables);
    }
  }

 private:
  // --- templates ---

  void note_templates(const std::vector<DeviceRule>& devices, std::set<std::string>& used) {
    for (const auto& rule : devices) {
      if (!rule.template_name.empty()) {
        used.insert(rule.template_name);
        if (!rack_.templates.contains(rule.template_name)) {
          no_such_template(rule);
        }
      }
      note_templates(rule.body.devices, used);
    }
  }

  void no_such_template(const DeviceRule& rule) {
    std::vector<std::string_view> names;
    names.reserve(rack_.templates.size());
    for (const auto& [name, body] : rack_.templates) {
      names.push_back(name);
    }
    const auto near = nearest(rule.template_name, names);
    problems_.error(
        rule.template_place, "no-such-template",
        fmt::format("there is no template '{}'", base::printable(rule.template_name, 60)),
        near.empty() ? "Add it under `templates`." : fmt::format("Did you mean '{}'?", near));
  }

  void check_templates() {
    std::set<std::string> used;
    note_templates(rack_.devices, used);
    for (const auto& [name, entry] : rack_.templates) {
      note_templates(entry.body.devices, used);
    }
    for (const auto& [name, entry] : rack_.templates) {
      if (!used.contains(name)) {
        problems_.warning(
            entry.place, "unused-template",
            fmt::format("no device uses the template '{}'", base::printable(name, 60)),
            "Take it out, or use it.");
      }
    }
  }

  // --- devices ---

  void add_devices(const std::vector<DeviceRule>& rules, const Context& context, Scope& scope,
                   std::size_t depth) {
    for (const auto& rule : rules) {
      if (depth > limits_.template_depth) {
        problems_.error(rule.place, "limit-depth",
                        fmt::format("devices nest deeper than {} levels", limits_.template_depth),
                        "A template must not hold itself.");
        return;
      }
      for_each_combination(rule.name.ranges(), scope, [&](const std::vector<std::int64_t>& values) {
        return add_device(rule, rule.name.name(values), context, scope, depth);
      });
    }
  }

  /// False where a limit ends the expansion.
  bool add_device(const DeviceRule& rule, const std::string& short_name, const Context& context,
                  Scope& scope, std::size_t depth) {
    if (out_.fabric.devices().size() >= limits_.devices) {
      problems_.error(rule.place, "limit-devices",
                      fmt::format("the rack has more than {} devices", limits_.devices));
      return false;
    }
    const auto found = rack_.templates.find(rule.template_name);
    if (found == rack_.templates.end() && !rule.template_name.empty()) {
      links_.forgive(context.prefix + short_name);  // reported by check_templates
      return true;
    }
    static const Body kNoTemplate;
    const Body& base = found == rack_.templates.end() ? kNoTemplate : found->second.body;
    Device device;
    device.name = context.prefix + short_name;
    device.parent = context.parent;
    device.kind = kind_of(rule, base);
    device.lanes = rule.body.lanes.value_or(base.lanes.value_or(base::LaneCount(0)));
    device.part = part_of(rule.body.part, base.part, scope);
    device.position = position_of(rule.body.position, base.position, context.position, scope);
    const auto id = out_.fabric.add(device);
    if (!id) {
      problems_.error(rule.place, "duplicate-device",
                      fmt::format("the device '{}' is there already", device.name),
                      "Give each device its own name.");
      return true;
    }
    out_.device_places.emplace(*id, rule.place);
    MatchKeys keys = match_of(rule.match, scope);
    keys.host = keys.host.empty() ? context.host : keys.host;
    if (!keys.empty()) {
      out_.fabric.match[*id] = keys;
    }
    const Context inside{device.name + '/', device.name, device.position, keys.host};
    Scope none;
    if (!add_ports(base.ports, *id, none) || !add_ports(rule.body.ports, *id, scope)) {
      return false;
    }
    match_ports(rule.match, *id, scope);
    return add_inside(base, inside, none, depth) && add_inside(rule.body, inside, scope, depth);
  }

  bool add_inside(const Body& body, const Context& inside, Scope& scope, std::size_t depth) {
    add_devices(body.devices, inside, scope, depth + 1);
    for (const auto& rule : body.links) {
      if (pending_.size() >= limits_.links) {
        problems_.error(rule.place, "limit-links",
                        fmt::format("the rack has more than {} links", limits_.links));
        return false;
      }
      pending_.push_back({&rule, inside.prefix, scope});
    }
    return true;
  }

  DeviceKind kind_of(const DeviceRule& rule, const Body& base) {
    if (rule.body.kind || base.kind) {
      return rule.body.kind ? *rule.body.kind : *base.kind;
    }
    if (!rule.body.devices.empty() || !base.devices.empty()) {
      return DeviceKind::kEnclosure;
    }
    problems_.error(rule.place, "missing-key", "the device has no `kind`",
                    fmt::format("Known kinds: {}.", fmt::join(device_kind_keys(), ", ")));
    return DeviceKind::kUnknown;
  }

  bool add_ports(const std::vector<PortRule>& rules, DeviceId device, Scope& scope) {
    bool is_within = true;
    for (const auto& rule : rules) {
      for_each_combination(rule.name.ranges(), scope, [&](const std::vector<std::int64_t>& values) {
        if (out_.fabric.ports().size() >= limits_.ports) {
          problems_.error(rule.place, "limit-ports",
                          fmt::format("the rack has more than {} ports", limits_.ports));
          is_within = false;
          return false;
        }
        Port port;
        port.device = device;
        port.name = rule.name.name(values);
        port.protocol = rule.speed.protocol;
        port.lanes = rule.speed.lanes;
        const std::string name = port.name;
        if (!out_.fabric.add(std::move(port))) {
          problems_.error(rule.place, "duplicate-port",
                          fmt::format("the device '{}' has a port '{}' already",
                                      out_.fabric.device(device)->name, name),
                          "Give each port its own name.");
        }
        return true;
      });
    }
    return is_within;
  }

  // --- fields ---

  std::string text(const Field& field, const Scope& scope) {
    if (!field) {
      return {};
    }
    auto value = field->pattern.evaluate(scope);
    if (value) {
      return std::move(*value);
    }
    Place place = field->place;
    place.column += static_cast<int>(value.error().offset);
    problems_.error(place, "bad-expression", value.error().what, value.error().hint);
    return {};
  }

  /// The device's own word, else its template's, which sees no variables.
  std::string text(const Field& own, const Field& base, const Scope& scope) {
    return own ? text(own, scope) : text(base, Scope());
  }

  std::optional<int> number(const Field& own, const Field& base, const Scope& scope) {
    const std::string value = text(own, base, scope);
    if (value.empty()) {
      return std::nullopt;
    }
    const auto parsed = base::parse_signed(value);
    if (!parsed || *parsed < -kIndexMax || *parsed > kIndexMax) {
      problems_.error((own ? own : base)->place, "bad-number",
                      fmt::format("'{}' is not a whole number", base::printable(value, 40)),
                      "A row and a unit are whole numbers.");
      return std::nullopt;
    }
    return static_cast<int>(*parsed);
  }

  PartIdentity part_of(const PartFields& own, const PartFields& base, const Scope& scope) {
    return {text(own.vendor, base.vendor, scope), text(own.number, base.number, scope),
            text(own.serial, base.serial, scope), text(own.slot, base.slot, scope),
            text(own.firmware, base.firmware, scope)};
  }

  ChassisPosition position_of(const PositionFields& own, const PositionFields& base,
                              const ChassisPosition& holder, const Scope& scope) {
    ChassisPosition out;
    out.row = number(own.row, base.row, scope);
    out.rack = text(own.rack, base.rack, scope);
    out.unit = number(own.unit, base.unit, scope);
    out.tray = text(own.tray, base.tray, scope);
    out.slot = text(own.slot, base.slot, scope);
    // A thing stands where its holder stands; its slot is its own.
    out.row = out.row ? out.row : holder.row;
    out.rack = out.rack.empty() ? holder.rack : out.rack;
    out.unit = out.unit ? out.unit : holder.unit;
    out.tray = out.tray.empty() ? holder.tray : out.tray;
    return out;
  }

  MatchKeys match_of(const MatchFields& fields, const Scope& scope) {
    MatchKeys out{text(fields.host, scope), text(fields.bdf, scope), text(fields.serial, scope),
                  text(fields.slot, scope), text(fields.part, scope)};
    for (const auto& address : fields.addresses) {
      if (auto name = text(address, scope); !name.empty()) {
        out.addresses.push_back(std::move(name));
      }
    }
    return out;
  }

  void match_ports(const MatchFields& fields, DeviceId id, Scope& scope) {
    const auto& device = *out_.fabric.device(id);
    for (const auto& rule : fields.ports) {
      for_each_combination(rule.name.ranges(), scope, [&](const std::vector<std::int64_t>& values) {
        if (++match_steps_ > limits_.ports) {
          problems_.error(rule.place, "limit-match",
                          fmt::format("`match` names more than {} ports", limits_.ports));
          return false;
        }
        const auto name = device.name + '/' + rule.name.name(values);
        if (const auto* port = out_.fabric.port_named(name)) {
          out_.fabric.match_port[port->id] = text(rule.live, scope);
        } else {
          problems_.error(rule.place, "no-such-port",
                          fmt::format("there is no port '{}'", base::printable(name, 80)),
                          "`weft rack show FILE` lists the ports.");
        }
        return true;
      });
    }
  }

  // --- the file's own match table ---

  void add_match(const MatchRule& rule, std::size_t level, const std::string& path, Scope& scope) {
    const auto& pattern = rule.path[level];
    for_each_combination(pattern.ranges(), scope, [&](const std::vector<std::int64_t>& values) {
      if (++match_steps_ > limits_.devices) {
        problems_.error(rule.fields.place, "limit-match",
                        fmt::format("`match` stands for more than {} devices", limits_.devices));
        return false;
      }
      const std::string name = path + pattern.name(values);
      if (level + 1 < rule.path.size()) {
        add_match(rule, level + 1, name + '/', scope);
        return match_steps_ <= limits_.devices;
      }
      const Device* device = out_.fabric.device_named(name);
      if (device == nullptr) {
        problems_.error(rule.fields.place, "no-such-device",
                        fmt::format("there is no device '{}'", base::printable(name, 80)),
                        "`weft rack show FILE` lists the devices.");
        return true;
      }
      set_match(device->id, match_of(rule.fields, scope));
      match_ports(rule.fields, device->id, scope);
      return true;
    });
  }

  void set_match(DeviceId id, const MatchKeys& given) {
    MatchKeys& keys = out_.fabric.match[id];
    const auto set = [](std::string& key, const std::string& value) {
      if (!value.empty()) {
        key = value;
      }
    };
    set(keys.host, given.host);
    set(keys.bdf, given.bdf);
    set(keys.serial, given.serial);
    set(keys.slot, given.slot);
    set(keys.part, given.part);
    if (!given.addresses.empty()) {
      keys.addresses = given.addresses;
    }
  }

  const Rack& rack_;
  const RackLimits& limits_;
  Problems& problems_;
  LoadedRack& out_;
  LinkExpander links_;
  std::vector<PendingLinks> pending_;
  std::size_t match_steps_ = 0;
};

}  // namespace

void expand(const Rack& rack, const RackLimits& limits, Problems& problems, LoadedRack& out) {
  Expander(rack, limits, problems, out).run();
}

}  // namespace weft::fabric::source
