// SPDX-License-Identifier: Apache-2.0
// See joint.h. A machine is taken in once and again only where something of it is new, so that
// polling costs look-ups. Joint ids are the plan's where a thing is planned, else those of the
// first machine that showed it. Nothing is ever taken out: what is gone keeps its record.
#include "diagnose/joint.h"

#include "fabric/medium.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace weft::diagnose {
namespace joint_parts {
namespace {

using fabric::PartIdentity;
using observe::Metric;

/// Shorter serials ("0", "N/A") name no part.
constexpr std::size_t kSerialMin = 4;

bool is_serial(std::string_view serial) {
  return serial.size() >= kSerialMin &&
         std::ranges::any_of(serial, [](char c) { return c >= '1' && c <= '9'; });
}

/// Overwrites what is told; what is not told stays.
void tell(PartIdentity& part, const PartIdentity& told) {
  using Field = std::string PartIdentity::*;
  for (const Field field : {&PartIdentity::vendor, &PartIdentity::serial, &PartIdentity::slot,
                            &PartIdentity::firmware}) {
    if (!(told.*field).empty()) {
      part.*field = told.*field;
    }
  }
  // A PCI identity ("10de:2330/...") is no number that one orders: it gives way to a maker's.
  const bool is_known = fabric::is_same_part(told.part_number, part.part_number).has_value();
  if (part.part_number.empty() || (is_known && !told.part_number.empty())) {
    part.part_number = told.part_number;
  }
}

/// Measured by the plugged module's own receivers or of what reaches them.
bool is_module_metric(Metric metric) {
  switch (metric) {
    case Metric::kModuleSnr:
    case Metric::kModuleLevelTransition:
    case Metric::kModulePreFecBer:
    case Metric::kModuleErroredFrames:
    case Metric::kLaneReceivePower:
      return true;
    default:
      return false;
  }
}

/// Counted by the receiver of the port itself.
bool is_receiver_metric(Metric metric) {
  switch (metric) {
    case Metric::kAerCorrectable:
    case Metric::kAerNonfatal:
    case Metric::kAerFatal:
    case Metric::kReceiveErrors:
    case Metric::kReceiveCrcErrors:
    case Metric::kSymbolErrors:
    case Metric::kFecCorrectedBlocks:
    case Metric::kFecUncorrectableBlocks:
    case Metric::kFecCorrectedBits:
    case Metric::kPortReceiveErrors:
    case Metric::kNvlinkCrcFlit:
    case Metric::kNvlinkCrcData:
    case Metric::kLaneErrorStatus:
    case Metric::kLaneBits:
    case Metric::kLaneBitErrors:
    case Metric::kPortFigureOfMerit:
    case Metric::kPortPreFecBer:
    case Metric::kPortPostFecBer:
    case Metric::kFecCodewords:
    case Metric::kLaneFigureOfMerit:
      return true;
    default:
      return false;
  }
}

std::string attribute(const observe::Attributes& attributes, std::string_view key) {
  for (const auto& [name, value] : attributes.values) {
    if (name == key) {
      return value.value_or("");
    }
  }
  return {};
}

const fabric::Port* port_of(const fabric::Fabric& live, fabric::DeviceId device,
                            std::string_view name) {
  const auto* owner = live.device(device);
  if (owner != nullptr) {
    for (const auto id : owner->ports) {
      if (live.port(id)->name == name) {
        return live.port(id);
      }
    }
  }
  return nullptr;
}

/// The host's own name stands once before a name.
std::string full_name(const std::string& host, const std::string& name) {
  return host.empty() || name == host || name.starts_with(host + '/') ? name : host + '/' + name;
}

/// Adds under the first name that is free.
template <class Thing>
void add_named(fabric::Fabric& fabric, Thing thing) {
  const auto name = thing.name;
  for (int i = 2; !fabric.add(thing) && i < 1000; ++i) {
    thing.name = fmt::format("{} ({})", name, i);
  }
}

const fabric::Fabric& nothing_planned() {
  static const fabric::Fabric kNone;
  return kNone;
}

}  // namespace
}  // namespace joint_parts

/// What a snapshot says beside its fabric: by live port, the words under which two ends meet.
struct Joint::Pending {
  std::unordered_map<fabric::PortId, std::vector<std::string>> meetings;
  std::vector<std::pair<fabric::PortId, fabric::PartIdentity>> modules;  ///< by live port
};

Joint::Joint(const fabric::Fabric* plan)
    : plan_(plan),
      locator_(plan == nullptr ? joint_parts::nothing_planned() : *plan),
      fabric_(plan == nullptr ? fabric::Fabric{} : *plan) {
  for (const auto& link : fabric_.links()) {
    index_way(link);
  }
}

bool Joint::is_known(const observe::Snapshot& snapshot) const {
  const auto& live = snapshot.fabric;
  return std::ranges::all_of(live.devices(),
                             [this](const auto& device) {
                               const auto at = told_.find(device.id);
                               return at != told_.end() && at->second == device.part;
                             }) &&
         std::ranges::all_of(live.ports(),
                             [this](const auto& port) { return ports_.contains(port.id); }) &&
         std::ranges::all_of(live.links(),
                             [this](const auto& link) { return links_.contains(link.id); });
}

bool Joint::take(const observe::Snapshot& snapshot) {
  Pending pending;
  hosts_.insert(snapshot.host.name);
  take_modules(snapshot, pending);
  bool is_new = false;
  if (!is_known(snapshot)) {
    take_neighbours(snapshot, pending);
    is_new = merge(snapshot.fabric, snapshot.host.name, pending);
    for (const auto& state : snapshot.links) {
      const auto at = links_.find(state.link);
      if (at != links_.end() && at->second.is_turned &&
          (state.family == fabric::ProtocolFamily::kPcie ||
           state.family == fabric::ProtocolFamily::kCxl)) {
        rooted_at_b_.insert(at->second.link);
      }
    }
  }
  for (const auto& [port, identity] : pending.modules) {
    const auto at = ports_.find(port);
    if (at == ports_.end()) {
      continue;
    }
    auto& module = modules_[at->second];
    if (module != identity) {
      module = identity;
      place_module(at->second, identity);
      is_new = true;
    }
  }
  return is_new;
}

bool Joint::take(const fabric::Fabric& known) {
  Pending pending;
  return merge(known, {}, pending);
}

bool Joint::merge(const fabric::Fabric& live, const std::string& host, Pending& pending) {
  const auto located = locator_.locate(live, host);
  bool is_new = false;
  for (const auto& device : live.devices()) {
    is_new = take_device(device, host, located) || is_new;
  }
  for (const auto& port : live.ports()) {
    if (!ports_.contains(port.id)) {
      take_port(port, located);
      is_new = true;
    }
  }
  for (const auto& link : live.links()) {
    is_new = take_link(link, host, located, pending.meetings[link.a]) || is_new;
  }
  return is_new;
}

bool Joint::take_device(const fabric::Device& live, const std::string& host,
                        const fabric::Located& located) {
  auto& told = told_[live.id];
  const bool is_known = devices_.contains(live.id);
  if (is_known && told == live.part) {
    return false;
  }
  told = live.part;
  if (!is_known) {
    const auto at = located.devices.find(live.id);
    if (at != located.devices.end()) {
      devices_.emplace(live.id, at->second);
    } else {
      fabric::Device device = live;
      device.name = joint_parts::full_name(host, live.name);
      device.parent = live.parent.empty() ? host : live.parent;
      if (plan_ != nullptr) {
        unplanned_.push_back(device.name);
      }
      joint_parts::add_named(fabric_, std::move(device));
      devices_.emplace(live.id, live.id);
    }
  }
  fabric::Device* joint = fabric_.device(devices_.at(live.id));
  if (joint == nullptr) {
    return true;
  }
  joint_parts::tell(joint->part, live.part);
  if (joint->kind == fabric::DeviceKind::kUnknown) {
    joint->kind = live.kind;
  }
  return true;
}

void Joint::take_port(const fabric::Port& live, const fabric::Located& located) {
  const auto at = located.ports.find(live.id);
  if (at != located.ports.end()) {
    ports_.emplace(live.id, at->second);
    return;
  }
  fabric::Port port = live;
  const auto owner = devices_.find(live.device);
  if (owner != devices_.end()) {
    port.device = owner->second;
    joint_parts::add_named(fabric_, std::move(port));
  }
  ports_.emplace(live.id, live.id);
}

bool Joint::take_link(const fabric::Link& live, const std::string& host,
                      const fabric::Located& located, const std::vector<std::string>& meetings) {
  const auto see = [this](fabric::LinkId link, bool at_a, bool at_b) {
    if (at_a) {
      seen_a_.insert(link);
    }
    if (at_b) {
      seen_b_.insert(link);
    }
  };
  if (links_.contains(live.id)) {
    return false;
  }
  const bool has_b = !live.b.is_null();
  if (const auto at = located.links.find(live.id); at != located.links.end()) {
    const auto [planned, is_turned] = at->second;
    links_.emplace(live.id, JointLink{planned, is_turned});
    see(planned, !is_turned || has_b, is_turned || has_b);
    return true;
  }
  fabric::Link link = live;
  const auto joint_port = [this](fabric::PortId id) {
    const auto at = ports_.find(id);
    return at == ports_.end() ? fabric::PortId{} : at->second;
  };
  link.a = joint_port(live.a);
  link.b = has_b ? joint_port(live.b) : fabric::PortId{};
  if (!has_b) {
    for (const auto& words : meetings) {
      const auto [at, is_first] = meetings_.try_emplace(words, live.id);
      if (is_first || !fabric_.set_far_end(at->second, link.a)) {
        continue;
      }
      links_.emplace(live.id, JointLink{at->second, true});
      see(at->second, false, true);
      return true;
    }
  }
  link.name = joint_parts::full_name(host, live.name);
  see(live.id, !link.a.is_null(), !link.b.is_null());
  index_way(link);
  joint_parts::add_named(fabric_, std::move(link));
  links_.emplace(live.id, JointLink{live.id, false});
  return true;
}

void Joint::take_modules(const observe::Snapshot& snapshot, Pending& pending) {
  for (const auto& attributes : snapshot.attributes) {
    if (attributes.kind != "module") {
      continue;
    }
    const auto* port = joint_parts::port_of(snapshot.fabric, attributes.device, attributes.name);
    if (port == nullptr) {
      continue;
    }
    fabric::PartIdentity identity;
    identity.vendor = joint_parts::attribute(attributes, "vendor");
    identity.part_number = joint_parts::attribute(attributes, "part_number");
    identity.serial = joint_parts::attribute(attributes, "serial");
    identity.firmware = joint_parts::attribute(attributes, "firmware");
    identity.slot = attributes.name;
    if (identity.vendor.empty() && identity.part_number.empty() && identity.serial.empty()) {
      continue;
    }
    if (joint_parts::is_serial(identity.serial)) {
      pending.meetings[port->id].push_back(
          fmt::format("module {} {} {}", identity.vendor, identity.part_number, identity.serial));
    }
    pending.modules.emplace_back(port->id, std::move(identity));
  }
}

void Joint::take_neighbours(const observe::Snapshot& snapshot, Pending& pending) const {
  const auto meet = [&pending](fabric::PortId port, std::string_view kind, std::string one,
                               std::string other) {
    if (other < one) {
      std::swap(one, other);
    }
    pending.meetings[port].push_back(fmt::format("{} {} {}", kind, one, other));
  };
  for (const auto& attributes : snapshot.attributes) {
    const auto system = joint_parts::attribute(attributes, "system_name");
    const auto far = joint_parts::attribute(attributes, "port_id");
    const auto* port = joint_parts::port_of(snapshot.fabric, attributes.device, attributes.name);
    if (attributes.kind == "lldp" && port != nullptr && !system.empty() && !far.empty()) {
      meet(port->id, "lldp", snapshot.host.name + '/' + port->name, system + '/' + far);
    }
  }
  // NVLink names the far device, not its port: that tells which link it is only where there is one.
  std::map<std::pair<std::string, std::string>, std::vector<fabric::PortId>> pairs;
  for (const auto& state : snapshot.links) {
    const auto* port = snapshot.fabric.port(state.a.port);
    const auto* owner = port == nullptr ? nullptr : snapshot.fabric.device(port->device);
    if (state.family == fabric::ProtocolFamily::kNvlink && owner != nullptr &&
        !state.b.address.empty()) {
      pairs[{owner->name, state.b.address}].push_back(port->id);
    }
  }
  for (const auto& [ends, ports] : pairs) {
    const auto back = pairs.find({ends.second, ends.first});
    if (ports.size() == 1 && back != pairs.end() && back->second.size() == 1) {
      meet(ports.front(), "nvlink " + snapshot.host.identity, ends.first, ends.second);
    }
  }
}

/// The cable end or optics at this port is a device of the plan: it is the part that was read.
void Joint::place_module(fabric::PortId port, const fabric::PartIdentity& identity) {
  const auto* link = fabric_.link_at(port);
  if (link == nullptr) {
    return;
  }
  const auto on_way = repeaters(link->id);
  const auto is_end = [](const Repeater& one) { return one.is_module && !one.device.is_null(); };
  const bool is_a = link->a == port;
  // With two of them the nearer one is meant; a lone one belongs to the end that it is nearer to.
  const auto count = std::ranges::count_if(on_way, is_end);
  fabric::DeviceId module;
  for (const auto& one : on_way) {
    if (is_end(one) && (!is_a || module.is_null())) {
      module = one.device;
    }
  }
  if (count == 1 && (on_way.empty() || (is_a ? on_way.front() : on_way.back()).device != module)) {
    return;
  }
  if (fabric::Device* device = fabric_.device(module)) {
    joint_parts::tell(device->part, identity);
  }
}

void Joint::index_way(const fabric::Link& link) {
  for (const auto& segment : link.segments) {
    if (segment.retimer_after) {
      way_of_.emplace(*segment.retimer_after, link.id);
    }
  }
}

bool Joint::root_is_at_b(fabric::LinkId link) const {
  return rooted_at_b_.contains(link);
}

std::optional<JointLink> Joint::link(fabric::LinkId seen) const {
  const auto at = links_.find(seen);
  if (at != links_.end()) {
    return at->second;
  }
  return fabric_.link(seen) == nullptr ? std::nullopt : std::optional(JointLink{seen, false});
}

std::optional<fabric::PortId> Joint::port(fabric::PortId seen) const {
  const auto at = ports_.find(seen);
  if (at != ports_.end()) {
    return at->second;
  }
  return fabric_.port(seen) == nullptr ? std::nullopt : std::optional(seen);
}

std::optional<fabric::DeviceId> Joint::device(fabric::DeviceId seen) const {
  const auto at = devices_.find(seen);
  if (at != devices_.end()) {
    return at->second;
  }
  return fabric_.device(seen) == nullptr ? std::nullopt : std::optional(seen);
}

observe::Subject Joint::subject(const observe::Subject& seen) const {
  if (const auto* id = std::get_if<fabric::DeviceId>(&seen)) {
    return device(*id).value_or(*id);
  }
  if (const auto* id = std::get_if<fabric::PortId>(&seen)) {
    return port(*id).value_or(*id);
  }
  if (const auto* id = std::get_if<fabric::LinkId>(&seen)) {
    return link(*id).value_or(JointLink{*id, false}).link;
  }
  return seen;
}

std::string Joint::planned_name(const observe::Subject& seen) const {
  if (plan_ == nullptr) {
    return {};
  }
  const observe::Subject joint = subject(seen);
  if (const auto* id = std::get_if<fabric::DeviceId>(&joint)) {
    const auto* device = plan_->device(*id);
    return device == nullptr ? std::string{} : device->name;
  }
  if (const auto* id = std::get_if<fabric::LinkId>(&joint)) {
    const auto* link = plan_->link(*id);
    return link == nullptr ? std::string{} : link->name;
  }
  const auto* id = std::get_if<fabric::PortId>(&joint);
  return id == nullptr || plan_->port(*id) == nullptr ? std::string{} : plan_->port_name(*id);
}

const fabric::PartIdentity* Joint::part(fabric::DeviceId device) const {
  const auto* found = fabric_.device(device);
  return found == nullptr ? nullptr : &found->part;
}

const fabric::PartIdentity* Joint::module_at(fabric::PortId port) const {
  const auto at = modules_.find(port);
  return at == modules_.end() ? nullptr : &at->second;
}

std::vector<std::string> Joint::unmatched() const {
  std::vector<std::string> out;
  if (plan_ == nullptr) {
    return out;
  }
  std::unordered_set<fabric::DeviceId> seen;
  for (const auto& [live, joint] : devices_) {
    seen.insert(joint);
  }
  for (const auto& device : plan_->devices()) {
    const auto keys = plan_->match.find(device.id);
    if (keys == plan_->match.end() || !keys->second.names_a_device() || seen.contains(device.id)) {
      continue;
    }
    const auto& host = keys->second.host;
    if (host.empty() || hosts_.contains(host)) {
      out.push_back(fmt::format("{} is planned{} and was not seen", device.name,
                                host.empty() ? "" : " on " + host));
    }
  }
  for (const auto& name : unplanned_) {
    out.push_back(name + " was seen and is not planned");
  }
  return out;
}

std::vector<Repeater> Joint::repeaters(fabric::LinkId id) const {
  std::vector<Repeater> out;
  const auto* link = fabric_.link(id);
  if (link == nullptr) {
    return out;
  }
  const auto is_module = [this](const fabric::Segment& segment) {
    const auto* device = segment.retimer_after ? fabric_.device(*segment.retimer_after) : nullptr;
    return device != nullptr && device->kind == fabric::DeviceKind::kCableModule;
  };
  for (std::size_t i = 0; i < link->segments.size(); ++i) {
    const auto& segment = link->segments[i];
    const bool is_plugged = fabric::is_plugged(segment.medium);
    const bool retimes = fabric::is_retimed(segment.medium);
    const auto unnamed = [&] { out.push_back({{}, true, retimes, i}); };
    if (is_plugged && (i == 0 || !is_module(link->segments[i - 1]))) {
      unnamed();
    }
    if (segment.retimer_after) {
      // A cable end's kind is that of its cable: the plugged one of the segments beside it.
      const bool next_retimes =
          i + 1 < link->segments.size() && fabric::is_plugged(link->segments[i + 1].medium)
              ? fabric::is_retimed(link->segments[i + 1].medium)
              : !is_plugged || retimes;
      const bool is_end = is_module(segment);
      out.push_back(
          {*segment.retimer_after, is_end, !is_end || (is_plugged ? retimes : next_retimes), i});
    }
    if (is_plugged && !is_module(segment)) {
      unnamed();
    }
  }
  return out;
}

std::optional<fabric::LinkId> Joint::link_through(fabric::DeviceId repeater) const {
  const auto at = way_of_.find(repeater);
  return at == way_of_.end() ? std::nullopt : std::optional(at->second);
}

std::optional<Heard> Joint::heard(const observe::Subject& subject, observe::Metric metric,
                                  std::string_view label) const {
  using Direction = fabric::LaneDirection;
  // A receiver that looks to end a at place n (0: end a itself) hears section n - 1 from it.
  const auto looks_to_a = [](fabric::LinkId link, std::size_t place) {
    return Heard{link, place - 1, Direction::kTowardDevice};
  };
  const auto looks_to_b = [](fabric::LinkId link, std::size_t place) {
    return Heard{link, place, Direction::kTowardHost};
  };
  if (const auto* device = std::get_if<fabric::DeviceId>(&subject)) {
    const auto through = link_through(*device);
    const bool is_up = label.starts_with("upstream");
    if (!through || (!is_up && !label.starts_with("downstream")) ||
        metric != observe::Metric::kLaneFigureOfMerit) {
      return std::nullopt;
    }
    const auto on_way = repeaters(*through);
    const auto at = std::ranges::find(on_way, *device, &Repeater::device);
    const auto place = static_cast<std::size_t>(at - on_way.begin()) + 1;
    return is_up != root_is_at_b(*through) ? looks_to_a(*through, place)
                                           : looks_to_b(*through, place);
  }
  const auto* port = std::get_if<fabric::PortId>(&subject);
  const auto* link = port == nullptr ? nullptr : fabric_.link_at(*port);
  if (link == nullptr) {
    return std::nullopt;
  }
  const auto on_way = repeaters(link->id);
  const bool is_a = link->a == *port;
  if (joint_parts::is_receiver_metric(metric)) {
    return is_a ? looks_to_b(link->id, 0) : looks_to_a(link->id, on_way.size() + 1);
  }
  if (!joint_parts::is_module_metric(metric)) {
    return std::nullopt;
  }
  // The module plugged at this port: the nearest one on the way.
  for (std::size_t i = 0; i < on_way.size(); ++i) {
    const std::size_t at = is_a ? i : on_way.size() - 1 - i;
    if (!on_way[at].is_module) {
      continue;
    }
    const bool to_port = label.starts_with("host");
    return to_port == is_a ? looks_to_a(link->id, at + 1) : looks_to_b(link->id, at + 1);
  }
  return std::nullopt;
}

}  // namespace weft::diagnose
