// SPDX-License-Identifier: Apache-2.0
// From a target's names to lanes, links, devices and machines of a plan.
#include "base/text.h"
#include "fabric/nearest.h"
#include "twin/fault/target.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace weft::twin {
namespace target_resolve {

using Direction = fabric::LaneDirection;

/// A place where lanes of a link are: of one section, or of all that the fault chooses.
struct Place {
  std::size_t link = 0;
  std::optional<std::uint32_t> section;
  std::optional<Direction> direction;
};

class Resolver {
 public:
  Resolver(const WorldPlan& plan, const FaultRow& row) : plan_(plan), row_(row) {}

  base::Result<void> add(const Selector& selector) {
    switch (row_.scope) {
      case FaultScope::kLanes:
      case FaultScope::kLink:
        return add_links(selector);
      case FaultScope::kDevice:
        return add_devices(selector);
      case FaultScope::kHost:
        return add_hosts(selector);
    }
    return {};
  }
  Sites take() {
    Sites sites;
    for (const LaneSite& site : neighbours_) {
      if (!lanes_.contains(site)) {
        sites.neighbours.push_back(site);
      }
    }
    sites.lanes.assign(lanes_.begin(), lanes_.end());
    sites.links.assign(links_.begin(), links_.end());
    sites.devices.assign(devices_.begin(), devices_.end());
    sites.hosts.assign(hosts_.begin(), hosts_.end());
    return sites;
  }

 private:
  // ---- names ----
  template <class Each>
  void each_name(SelectorKind kind, const Each& each) const {
    switch (kind) {
      case SelectorKind::kLink:
        for (std::size_t i = 0; i < plan_.links.size(); ++i) {
          each(std::string_view(plan_.links[i].name), i);
        }
        break;
      case SelectorKind::kDevice:
        for (std::size_t i = 0; i < plan_.fabric.devices().size(); ++i) {
          each(std::string_view(plan_.fabric.devices()[i].name), i);
        }
        break;
      case SelectorKind::kPort:
        for (std::size_t i = 0; i < plan_.fabric.ports().size(); ++i) {
          const std::string name = plan_.fabric.port_name(plan_.fabric.ports()[i].id);
          each(std::string_view(name), i);
        }
        break;
      case SelectorKind::kHost:
        for (std::size_t i = 0; i < plan_.machines.size(); ++i) {
          const fabric::Device* device = plan_.fabric.device(plan_.machines[i].device);
          each(device != nullptr ? std::string_view(device->name)
                                 : std::string_view(plan_.machines[i].name),
               i);
        }
        break;
    }
  }

  base::Result<std::vector<std::size_t>> named(const Selector& selector) const {
    std::vector<std::size_t> found;
    each_name(selector.kind, [&](std::string_view name, std::size_t i) {
      if (base::matches(selector.name, name)) {
        found.push_back(i);
      }
    });
    if (found.empty()) {
      return tl::unexpected(unknown(selector));
    }
    return found;
  }

  base::Error unknown(const Selector& selector) const {
    std::vector<std::string> names;
    each_name(selector.kind, [&](std::string_view name, std::size_t) { names.emplace_back(name); });
    const std::vector<std::string_view> known(names.begin(), names.end());
    const std::string_view near = fabric::nearest(selector.name, known);
    constexpr std::array<std::string_view, 4> kWhat = {"link", "device", "port", "host"};
    const std::string_view what = kWhat.at(static_cast<std::size_t>(selector.kind));
    std::string hint;
    if (!near.empty()) {
      hint = fmt::format("Did you mean '{}'?", near);
    } else if (!known.empty()) {
      hint = fmt::format("One that it has is '{}'; `weft rack show` lists all.", known.front());
    }
    return {base::Code::kNotFound,
            fmt::format("the rack has no {} '{}'", what, base::printable(selector.name, 80)), "",
            hint};
  }

  base::Error wrong_kind(std::string_view takes) const {
    return {base::Code::kInvalidArgument,
            fmt::format("{} is a fault of a {}", row_.key, key(row_.scope)), "",
            fmt::format("Write {}.", takes)};
  }

  // ---- links and lanes ----
  base::Result<void> add_links(const Selector& selector) {
    auto found = named(selector);
    if (!found) {
      return tl::unexpected(found.error());
    }
    std::vector<Place> places;
    for (const std::size_t i : *found) {
      switch (selector.kind) {
        case SelectorKind::kLink:
          places.push_back({i, {}, {}});
          break;
        case SelectorKind::kDevice:
          places_at_device(plan_.fabric.devices()[i].id, places);
          break;
        case SelectorKind::kPort:
          places_at_port(plan_.fabric.ports()[i].id, places);
          break;
        case SelectorKind::kHost:
          places_in_host(i, places);
          break;
      }
    }
    if (places.empty()) {
      return base::fail(base::Code::kInvalidArgument,
                        fmt::format("'{}' has no link", base::printable(selector.name, 80)));
    }
    std::optional<base::Error> refusal;
    bool is_any = false;
    for (const Place& place : places) {
      if (row_.scope == FaultScope::kLink) {
        links_.insert(place.link);
        is_any = true;
      } else if (auto added = add_lanes(place, selector); added) {
        is_any = true;
      } else {
        refusal = refusal ? refusal : added.error();
      }
      if (lanes_.size() > kSitesMost) {
        return base::fail(base::Code::kResourceExhausted,
                          fmt::format("a target has more than {} lanes", kSitesMost), "",
                          "Name fewer.");
      }
    }
    // A pattern may name links of other kinds beside: those that fit are meant.
    if (!is_any && refusal) {
      return tl::unexpected(*refusal);
    }
    return {};
  }

  /// Sections that end or begin at a place of a link: where 0 is port a and n is port b.
  void add_place(std::size_t link, std::size_t at, std::vector<Place>& places) const {
    const std::size_t sections = plan_.links[link].sections.size();
    const auto add = [&](std::size_t section, Direction direction, bool is_receiver) {
      const bool is_meant =
          row_.reach == FaultReach::kBoth || (row_.reach == FaultReach::kReceivers) == is_receiver;
      if (is_meant) {
        places.push_back({link, static_cast<std::uint32_t>(section), direction});
      }
    };
    if (at > 0) {
      add(at - 1, Direction::kTowardDevice, true);
      add(at - 1, Direction::kTowardHost, false);
    }
    if (at < sections) {
      add(at, Direction::kTowardDevice, false);
      add(at, Direction::kTowardHost, true);
    }
  }

  void places_at_port(fabric::PortId port, std::vector<Place>& places) const {
    for (std::size_t i = 0; i < plan_.links.size(); ++i) {
      if (plan_.links[i].a == port) {
        add_place(i, 0, places);
      }
      if (plan_.links[i].b == port) {
        add_place(i, plan_.links[i].sections.size(), places);
      }
    }
  }

  void places_at_device(fabric::DeviceId device, std::vector<Place>& places) const {
    for (std::size_t i = 0; i < plan_.links.size(); ++i) {
      const LinkPlan& link = plan_.links[i];
      if (plan_.fabric.owner(link.a) == device) {
        add_place(i, 0, places);
      }
      for (std::size_t r = 0; r < link.repeaters.size(); ++r) {
        if (link.repeaters[r] == device) {
          add_place(i, r + 1, places);
        }
      }
      if (plan_.fabric.owner(link.b) == device) {
        add_place(i, link.sections.size(), places);
      }
    }
  }

  void places_in_host(std::size_t machine, std::vector<Place>& places) const {
    const auto& members = plan_.machines[machine].members;
    const std::set<fabric::DeviceId> inside(members.begin(), members.end());
    for (std::size_t i = 0; i < plan_.links.size(); ++i) {
      if (inside.contains(plan_.fabric.owner(plan_.links[i].a)) ||
          inside.contains(plan_.fabric.owner(plan_.links[i].b))) {
        places.push_back({i, {}, {}});
      }
    }
  }

  [[nodiscard]] static bool is_cable(const SectionPlan& section) {
    using fabric::Medium;
    return std::ranges::any_of(section.segments, [](const fabric::Segment& segment) {
      switch (segment.medium) {
        case Medium::kBackplane:
        case Medium::kDac:
        case Medium::kAcc:
        case Medium::kAec:
          return true;
        default:
          return false;
      }
    });
  }

  /// Which sections of the place are meant; an error where it has none such.
  base::Result<std::vector<std::uint32_t>> sections(const Place& place,
                                                    const Selector& selector) const {
    const LinkPlan& link = plan_.links[place.link];
    const std::optional<std::uint32_t> one = selector.section ? selector.section : place.section;
    std::vector<std::uint32_t> chosen;
    for (std::uint32_t s = 0; s < link.sections.size(); ++s) {
      const bool is_optical = link.sections[s].is_optical;
      bool is_meant =
          (!selector.section || s == *selector.section) && (!place.section || s == *place.section);
      if (row_.sections == FaultSections::kOptical) {
        // A module's light is one section further than its own electrical lanes.
        is_meant = is_optical && (!selector.section || s == *selector.section);
      } else if (row_.sections == FaultSections::kCable) {
        is_meant = is_meant && is_cable(link.sections[s]) && !is_optical;
      } else if (row_.sections == FaultSections::kDeviceEnd && !one) {
        is_meant = s + 1 == link.sections.size();
      }
      if (is_meant) {
        chosen.push_back(s);
      }
    }
    if (!chosen.empty()) {
      return chosen;
    }
    std::string what = fmt::format("has no section {}", one.value_or(0));
    std::string hint = fmt::format("It has sections 0 to {}.", link.sections.size() - 1);
    if (row_.sections == FaultSections::kOptical) {
      what = fmt::format("has no optical section for {}", row_.key);
      hint = "Name a link with optics.";
    } else if (row_.sections == FaultSections::kCable) {
      what = fmt::format("has no copper cable there for {}", row_.key);
      hint = "Name a link, or a section of one, with a cable or backplane.";
    }
    return base::fail(base::Code::kInvalidArgument, what, link.name, hint);
  }

  base::Result<std::vector<std::uint32_t>> lanes(const LinkPlan& link,
                                                 const Selector& selector) const {
    const std::uint32_t count = std::min(256U, static_cast<std::uint32_t>(link.lanes.value()));
    std::vector<std::uint32_t> chosen;
    const auto is_meant = [&](std::uint32_t lane) {
      if (!selector.lanes.empty()) {
        return std::ranges::binary_search(selector.lanes, lane);
      }
      switch (row_.lanes) {
        case FaultLanes::kFirst:
          return lane == 0;
        case FaultLanes::kUpperHalf:
          return lane >= count / 2;
        case FaultLanes::kAll:
          break;
      }
      return true;
    };
    for (std::uint32_t lane = 0; lane < count; ++lane) {
      if (is_meant(lane)) {
        chosen.push_back(lane);
      }
    }
    if (!selector.lanes.empty() && chosen.size() < selector.lanes.size()) {
      return base::fail(base::Code::kInvalidArgument,
                        fmt::format("has no lane {}", selector.lanes.back()), link.name,
                        fmt::format("It has lanes 0 to {}.", count - 1));
    }
    return chosen;
  }

  base::Result<void> add_lanes(const Place& place, const Selector& selector) {
    const LinkPlan& link = plan_.links[place.link];
    const auto where = sections(place, selector);
    if (!where) {
      return tl::unexpected(where.error());
    }
    const auto which = lanes(link, selector);
    if (!which) {
      return tl::unexpected(which.error());
    }
    for (const Direction direction : {Direction::kTowardDevice, Direction::kTowardHost}) {
      const auto asked = selector.direction ? selector.direction : place.direction;
      const bool is_meant =
          asked ? direction == *asked : !row_.is_one_way || direction == Direction::kTowardDevice;
      // Both what the target says and what the place is: receivers of a device, toward the host.
      if (!is_meant || (place.direction && direction != *place.direction)) {
        continue;
      }
      for (const std::uint32_t section : *where) {
        for (const std::uint32_t lane : *which) {
          const auto sub = [&](std::uint32_t n) {
            return LaneSite{place.link,
                            lane_sub(section, static_cast<std::uint32_t>(direction), n)};
          };
          links_.insert(place.link);
          lanes_.insert(sub(lane));
          if (lane > 0) {
            neighbours_.insert(sub(lane - 1));
          }
          if (lane + 1 < link.lanes.value()) {
            neighbours_.insert(sub(lane + 1));
          }
        }
      }
    }
    return {};
  }

  // ---- devices and hosts ----
  base::Result<void> add_devices(const Selector& selector) {
    if (selector.kind == SelectorKind::kLink || selector.kind == SelectorKind::kHost) {
      return tl::unexpected(wrong_kind("device:NAME"));
    }
    auto found = named(selector);
    if (!found) {
      return tl::unexpected(found.error());
    }
    const fabric::Device* other = nullptr;
    for (const std::size_t i : *found) {
      const fabric::Device* device = selector.kind == SelectorKind::kDevice
                                         ? &plan_.fabric.devices()[i]
                                         : plan_.fabric.device(plan_.fabric.ports()[i].device);
      if (row_.family.empty() || row_.family == fabric::key(device->kind)) {
        devices_.insert(device->id);
      } else {
        other = device;
      }
    }
    if (devices_.empty() && other != nullptr) {
      return base::fail(base::Code::kInvalidArgument,
                        fmt::format("{} is a fault of a {}, and '{}' is a {}", row_.key,
                                    row_.family, other->name, fabric::key(other->kind)));
    }
    return {};
  }

  base::Result<void> add_hosts(const Selector& selector) {
    if (selector.kind == SelectorKind::kLink || selector.kind == SelectorKind::kPort) {
      return tl::unexpected(wrong_kind("host:NAME"));
    }
    auto found = named(selector);
    if (!found) {
      return tl::unexpected(found.error());
    }
    for (const std::size_t i : *found) {
      if (selector.kind == SelectorKind::kHost) {
        hosts_.insert(i);
        continue;
      }
      const fabric::DeviceId device = plan_.fabric.devices()[i].id;
      for (std::size_t m = 0; m < plan_.machines.size(); ++m) {
        if (std::ranges::find(plan_.machines[m].members, device) !=
            plan_.machines[m].members.end()) {
          hosts_.insert(m);
        }
      }
    }
    return {};
  }

  const WorldPlan& plan_;
  const FaultRow& row_;
  std::set<LaneSite> lanes_;
  std::set<LaneSite> neighbours_;
  std::set<std::size_t> links_;
  std::set<fabric::DeviceId> devices_;
  std::set<std::size_t> hosts_;
};

}  // namespace target_resolve

base::Result<Sites> resolve(const WorldPlan& plan, const FaultRow& row, const Target& target) {
  target_resolve::Resolver resolver(plan, row);
  for (const Selector& selector : target.selectors) {
    if (auto added = resolver.add(selector); !added) {
      return tl::unexpected(added.error());
    }
  }
  Sites sites = resolver.take();
  if (sites.lanes.empty() && sites.links.empty() && sites.devices.empty() && sites.hosts.empty()) {
    return base::fail(base::Code::kInvalidArgument,
                      fmt::format("'{}' leaves nothing for {}", text(target), row.key), "",
                      "Its direction or section is not where this fault is at that device.");
  }
  return sites;
}

}  // namespace weft::twin
