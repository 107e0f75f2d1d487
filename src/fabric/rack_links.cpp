// SPDX-License-Identifier: Apache-2.0
#include "fabric/rack_links.h"

#include "base/text.h"
#include "fabric/nearest.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace weft::fabric::source {
namespace {

constexpr std::array kFibre = {Medium::kAoc, Medium::kDspOptics, Medium::kLpo, Medium::kCpo,
                               Medium::kCoherent};

bool is_fibre(Medium medium) {
  return std::find(kFibre.begin(), kFibre.end(), medium) != kFibre.end();
}

bool is_pcie_like(ProtocolId id) {
  const auto family = protocol(id).family;
  return family == ProtocolFamily::kPcie || family == ProtocolFamily::kCxl;
}

std::string speed_words(ProtocolId id, base::LaneCount lanes) {
  return fmt::format("{} x{}", protocol(id).key, lanes.value());
}

}  // namespace

void LinkExpander::expand(PendingLinks& pending) {
  const LinkRule& rule = *pending.rule;
  if (!rule.from || (!rule.to && !rule.is_half)) {
    return;  // reported by the reader
  }
  const std::uint64_t count = combinations(rule.variables);
  if (count > kCombinationsMax || steps_ + count > limits_.steps) {
    problems_.error(
        rule.place, "limit-steps",
        fmt::format("the rack's links stand for more than {} combinations", limits_.steps),
        "Narrow the ranges in `for`.");
    return;
  }
  steps_ += count;
  for_each_combination(rule.variables, pending.scope,
                       [&](const std::vector<std::int64_t>&) { return one(pending); });
}

std::optional<std::string> LinkExpander::evaluate(const Pattern& pattern, const Scope& scope) {
  auto text = pattern.pattern.evaluate(scope);
  if (text) {
    return std::move(*text);
  }
  Place place = pattern.place;
  place.column += static_cast<int>(text.error().offset);
  problems_.error(place, "bad-expression", text.error().what, text.error().hint);
  return std::nullopt;
}

/// False where going on with this rule makes no sense.
bool LinkExpander::one(const PendingLinks& pending) {
  const LinkRule& rule = *pending.rule;
  if (rule.where) {
    const auto holds = rule.where->evaluate(pending.scope);
    if (!holds) {
      Place place = rule.where_place;
      place.column += static_cast<int>(holds.error().offset);
      problems_.error(place, "bad-expression", holds.error().what, holds.error().hint);
      return false;
    }
    if (*holds == 0) {
      return true;
    }
  }
  if (out_.fabric.links().size() >= limits_.links) {
    problems_.error(rule.place, "limit-links",
                    fmt::format("the rack has more than {} links", limits_.links));
    return false;
  }
  const Port* a = end(*rule.from, pending);
  if (rule.is_half) {
    if (a != nullptr) {
      add_half(rule, *a);
    }
    return true;
  }
  const Port* b = end(*rule.to, pending);
  if (a == nullptr || b == nullptr) {
    return true;
  }
  if (a->protocol == ProtocolId::kUnknown || b->protocol == ProtocolId::kUnknown) {
    return true;  // the port's own mistake is reported
  }
  Link link;
  link.a = a->id;
  link.b = b->id;
  link.name = out_.fabric.port_name(a->id) + "--" + out_.fabric.port_name(b->id);
  if (rule.name) {
    const auto given = evaluate(*rule.name, pending.scope);
    if (!given) {
      return false;
    }
    link.name = pending.prefix + *given;
  }
  const bool a_free = takes_port(*rule.from, *a, link.name);
  const bool b_free = takes_port(*rule.to, *b, link.name);
  const auto runs = settle_protocol(rule, *a, *b);
  if (!a_free || !b_free || !runs) {
    return true;
  }
  link.protocol = *runs;
  link.lanes = rule.lanes.value_or(std::min(a->lanes, b->lanes));
  add_segments(pending, link);
  if (!fits(rule, link, *a, *b)) {
    return true;
  }
  check_segments(rule, link);
  link.id = LinkId::of(link.name);
  const Link kept = link;
  if (const auto added = out_.fabric.add(std::move(link)); !added) {
    problems_.error(rule.place, "duplicate-link",
                    fmt::format("{}: {}", kept.name, added.error().what),
                    "Give each link its own `name`, or leave `name` out.");
    return true;
  }
  out_.link_places.emplace(kept.id, rule.place);
  note_expectation(rule, kept);
  lanes_carried_[a->device] += kept.lanes.value();
  lanes_carried_[b->device] += kept.lanes.value();
  return true;
}

/// A link whose far end nobody tells.
void LinkExpander::add_half(const LinkRule& rule, const Port& a) {
  Link link;
  link.a = a.id;
  link.name = out_.fabric.port_name(a.id);
  link.protocol = rule.protocol.value_or(a.protocol);
  link.lanes = rule.lanes.value_or(a.lanes);
  if (!takes_port(*rule.from, a, link.name)) {
    return;
  }
  if (const auto id = out_.fabric.add(std::move(link))) {
    out_.link_places.emplace(*id, rule.place);
  }
}

const Port* LinkExpander::end(const Pattern& pattern, const PendingLinks& pending) {
  const auto path = evaluate(pattern, pending.scope);
  if (!path) {
    return nullptr;
  }
  const std::string name = pending.prefix + *path;
  const Port* port = out_.fabric.port_named(name);
  if (port == nullptr && !is_forgiven(name)) {
    no_such_port(pattern, name);
  }
  return port;
}

bool LinkExpander::is_forgiven(std::string_view name) const {
  for (auto slash = name.find('/'); slash != std::string_view::npos;
       slash = name.find('/', slash + 1)) {
    if (forgiven_.contains(name.substr(0, slash))) {
      return true;
    }
  }
  return false;
}

void LinkExpander::no_such_port(const Pattern& pattern, const std::string& name) {
  const auto slash = name.rfind('/');
  if (slash == std::string::npos) {
    problems_.error(pattern.place, "no-such-port",
                    fmt::format("'{}' names no device", base::printable(name, 80)),
                    "Write DEVICE/PORT.");
    return;
  }
  const std::string device_name = name.substr(0, slash);
  const Device* device = out_.fabric.device_named(device_name);
  if (device == nullptr) {
    problems_.error(pattern.place, "no-such-device",
                    fmt::format("there is no device '{}'", base::printable(device_name, 80)),
                    "`weft rack show FILE` lists the devices.");
    return;
  }
  std::vector<std::string_view> names;
  constexpr std::size_t kNamesMax = 200;
  for (const PortId id : device->ports) {
    if (names.size() < kNamesMax) {
      names.emplace_back(out_.fabric.port(id)->name);
    }
  }
  const auto near = nearest(name.substr(slash + 1), names);
  problems_.error(pattern.place, "no-such-port",
                  fmt::format("the device '{}' has no port '{}'", base::printable(device_name, 80),
                              base::printable(name.substr(slash + 1), 40)),
                  names.empty()  ? "It has no ports."
                  : near.empty() ? fmt::format("It has {} ports, '{}' to '{}'.",
                                               device->ports.size(), names.front(), names.back())
                                 : fmt::format("Did you mean '{}'?", near));
}

bool LinkExpander::takes_port(const Pattern& pattern, const Port& port, const std::string& link) {
  const auto [at, is_free] = taken_.try_emplace(port.id, link);
  if (!is_free) {
    problems_.error(pattern.place, "port-taken",
                    fmt::format("the port '{}' is used a second time; the link '{}' has it already",
                                out_.fabric.port_name(port.id), at->second),
                    "A port ends one link.");
  }
  return is_free;
}

std::optional<ProtocolId> LinkExpander::settle_protocol(const LinkRule& rule, const Port& a,
                                                        const Port& b) {
  const Protocol& row_a = protocol(a.protocol);
  const Protocol& row_b = protocol(b.protocol);
  if (!rule.protocol) {
    if (can_run(row_b, row_a)) {
      return a.protocol;
    }
    if (can_run(row_a, row_b)) {
      return b.protocol;
    }
    problems_.error(rule.place, "protocol-mismatch",
                    fmt::format("the ends share no protocol: '{}' runs {}, '{}' runs {}",
                                out_.fabric.port_name(a.id), row_a.title,
                                out_.fabric.port_name(b.id), row_b.title),
                    "Join ports of one family.");
    return std::nullopt;
  }
  const Protocol& wanted = protocol(*rule.protocol);
  for (const Port* port : {&a, &b}) {
    if (!can_run(protocol(port->protocol), wanted)) {
      problems_.error(
          rule.place, "protocol-mismatch",
          fmt::format("the port '{}' runs {} and cannot run {}", out_.fabric.port_name(port->id),
                      protocol(port->protocol).title, wanted.title),
          "Give the port a faster protocol, or the link a slower one.");
      return std::nullopt;
    }
  }
  return rule.protocol;
}

bool LinkExpander::fits(const LinkRule& rule, const Link& link, const Port& a, const Port& b) {
  for (const Port* port : {&a, &b}) {
    if (link.lanes > port->lanes) {
      problems_.error(
          rule.place, "too-many-lanes",
          fmt::format("the link has {} lanes, but the port '{}' has {}", link.lanes.value(),
                      out_.fabric.port_name(port->id), port->lanes.value()),
          "A link is no wider than its ports.");
      return false;
    }
  }
  const Protocol& row = protocol(link.protocol);
  if (!row.allows(link.lanes)) {
    problems_.error(rule.place, "bad-width",
                    fmt::format("{} has no width x{}; its widths are {}", row.title,
                                link.lanes.value(), fmt::join(row.widths, ", ")));
    return false;
  }
  return true;
}

void LinkExpander::add_segments(const PendingLinks& pending, Link& link) {
  for (const auto& segment : pending.rule->segments) {
    Segment out{segment.medium, segment.part, segment.length, std::nullopt};
    if (segment.retimer) {
      const auto path = evaluate(*segment.retimer, pending.scope);
      const Device* device = path ? out_.fabric.device_named(pending.prefix + *path) : nullptr;
      if (path && device == nullptr) {
        problems_.error(
            segment.retimer->place, "no-such-device",
            fmt::format("there is no device '{}'", base::printable(pending.prefix + *path, 80)));
      } else if (device != nullptr && device->kind != DeviceKind::kRetimer &&
                 device->kind != DeviceKind::kCableModule) {
        problems_.error(segment.retimer->place, "not-a-retimer",
                        fmt::format("the device '{}' is of kind {}, not a retimer or cable-module",
                                    device->name, key(device->kind)));
      } else if (device != nullptr) {
        out.retimer_after = device->id;
        lanes_carried_[device->id] += link.lanes.value();
      }
    }
    link.segments.push_back(std::move(out));
  }
}

void LinkExpander::check_segments(const LinkRule& rule, const Link& link) {
  std::size_t retimers = 0;
  base::Millimetres fibre;
  for (std::size_t i = 0; i < link.segments.size(); ++i) {
    const auto& segment = link.segments[i];
    retimers += segment.retimer_after ? 1 : 0;
    fibre = is_fibre(segment.medium) ? fibre + segment.length : fibre;
    if (segment.retimer_after && i + 1 == link.segments.size()) {
      problems_.error(rule.segments[i].place, "retimer-at-end",
                      "a retimer stands behind the last segment",
                      "A retimer divides a link: add the segment that follows it.");
    }
  }
  if (is_pcie_like(link.protocol) && retimers > kPcieRetimersMax) {
    problems_.error(rule.place, "too-many-retimers",
                    fmt::format("the link '{}' has {} retimers; {} allows {}", link.name, retimers,
                                protocol(link.protocol).title, kPcieRetimersMax));
  }
  if (is_pcie_like(link.protocol) && fibre > kPcieFibreLengthMax) {
    problems_.warning(rule.place, "fibre-too-long",
                      fmt::format("{} m of fibre is more than the {} m after which a PCIe replay "
                                  "buffer limits the rate",
                                  fibre.value() / 1000, kPcieFibreLengthMax.value() / 1000),
                      "Shorten it, or expect less than the full rate.");
  }
}

void LinkExpander::note_expectation(const LinkRule& rule, const Link& link) {
  if (!rule.expect) {
    return;
  }
  const auto& expected = *rule.expect;
  if (!can_run(protocol(link.protocol), protocol(expected.protocol)) ||
      expected.lanes > link.lanes) {
    problems_.error(expected.place, "bad-expectation",
                    fmt::format("`expect` asks for {}, but the link runs {} at most",
                                speed_words(expected.protocol, expected.lanes),
                                speed_words(link.protocol, link.lanes)),
                    "Leave `expect` out where the link should run at its best.");
    return;
  }
  out_.fabric.expect[link.id] = {expected.protocol, expected.lanes};
}

void LinkExpander::check_lane_budgets() {
  for (const auto& device : out_.fabric.devices()) {
    const auto carried = lanes_carried_.find(device.id);
    if (device.lanes.value() == 0 || carried == lanes_carried_.end() ||
        carried->second <= device.lanes.value()) {
      continue;
    }
    problems_.error(out_.device_places[device.id], "lane-budget",
                    fmt::format("the device '{}' has {} lanes, but its links use {}", device.name,
                                device.lanes.value(), carried->second),
                    "Take links away, or correct `lanes`.");
  }
}

}  // namespace weft::fabric::source
