// SPDX-License-Identifier: Apache-2.0
#include "diagnose/shared.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <set>

namespace weft::diagnose {
namespace {

/// Links that have one reason begin together: within this of each other. A house choice: what grows
/// slowly shows in one link after the other, and in three hours of 1,000 days a link has a fault of
/// its own with the chance below.
constexpr base::Duration kTogether{3LL * 3600 * 1'000'000'000};
constexpr std::size_t kMembersLeast = 3;
/// Chance that a link in trouble has a fault of its own just in that time, and that a shared thing
/// fails. Modelled: 1 link in 1,000 a day, one machine in 1,000 a week.
constexpr double kLogOwnFault = -9.0;
constexpr double kLogSharedFault = -10.0;

struct Element {
  std::string key;
  PartRef part;
  observe::Subject subject;
};

/// What a link hangs on.
std::vector<Element> elements_of(const Joint& joint, const LinkEvidence& evidence) {
  std::vector<Element> out;
  if (evidence.link == nullptr) {
    return out;
  }
  const auto& fabric = joint.fabric();
  std::set<std::string> seen;
  const auto add_device = [&](const fabric::Device* device) {
    if (device == nullptr || !seen.insert("device " + device->id.text()).second) {
      return;
    }
    Element element;
    element.key = "device " + device->id.text();
    element.part.kind = std::string(key(device->kind));
    element.part.place = device->name;
    element.part.device = device->id;
    if (const auto* identity = joint.part(device->id)) {
      element.part.identity = *identity;
    }
    element.subject = device->id;
    out.push_back(std::move(element));
  };
  const auto add = [&](fabric::DeviceId id) {
    const auto* device = fabric.device(id);
    for (int depth = 0; device != nullptr && depth < 6; ++depth) {
      add_device(device);
      if (device->parent.empty()) {
        break;
      }
      const auto* parent = fabric.device_named(device->parent);
      if (parent == nullptr && seen.insert("machine " + device->parent).second) {
        Element element;
        element.key = "machine " + device->parent;
        element.part.kind = "host";
        element.part.place = device->parent;
        out.push_back(std::move(element));
      }
      device = parent;
    }
  };
  add(fabric.owner(evidence.link->a));
  add(fabric.owner(evidence.link->b));
  for (const auto& repeater : evidence.repeaters) {
    if (!repeater.device.is_null()) {
      add(repeater.device);
    }
  }
  for (const auto port : {evidence.link->a, evidence.link->b}) {
    const auto* module = joint.module_at(port);
    if (module == nullptr || module->part_number.empty()) {
      continue;
    }
    const auto name =
        "batch " + module->vendor + "|" + module->part_number + "|" + module->firmware;
    if (seen.insert(name).second) {
      Element element;
      element.key = name;
      element.part.kind = "batch";
      element.part.place = module->part_number;
      element.part.identity.vendor = module->vendor;
      element.part.identity.part_number = module->part_number;
      element.part.identity.firmware = module->firmware;
      out.push_back(std::move(element));
    }
  }
  return out;
}

struct SharedGroup {
  Element element;
  std::set<std::size_t> members;
  std::size_t in_all = 0;
};

/// Warmer by its own sensors, or not warmer by them; nullopt where nobody measures.
std::optional<bool> is_warm(const LinkEvidence& evidence) {
  const auto move = evidence.of[0][Feature::kTemperature].move;
  return move == Move::kAbsent ? std::nullopt : std::optional(move == Move::kRaised);
}

/// One reason warms all that it touches or none of it: the smaller party is left out.
void drop_contradicted(const std::vector<LinkEvidence>& evidences, std::set<std::size_t>& members) {
  std::array<std::size_t, 2> count{};
  for (const auto member : members) {
    if (const auto warm = is_warm(evidences[member])) {
      ++count.at(*warm ? 1 : 0);
    }
  }
  if (count[0] == 0 || count[1] == 0) {
    return;
  }
  std::erase_if(members, [&](std::size_t member) {
    const auto warm = is_warm(evidences[member]);
    return warm && *warm != (count[1] >= count[0]);
  });
}

/// The members that began within one window, the fullest one.
std::set<std::size_t> together(const std::vector<LinkEvidence>& evidences,
                               const std::set<std::size_t>& members) {
  std::set<std::size_t> best;
  for (const auto first : members) {
    std::set<std::size_t> window;
    for (const auto one : members) {
      const auto apart = evidences[one].since.ns - evidences[first].since.ns;
      if (apart >= 0 && apart <= kTogether.ns) {
        window.insert(one);
      }
    }
    drop_contradicted(evidences, window);
    if (window.size() > best.size()) {
      best = std::move(window);
    }
  }
  return best;
}

/// Logarithm of how much better one shared reason explains the members than faults of their own.
double gain(std::size_t members, std::size_t in_all) {
  const auto n = static_cast<double>(members);
  const auto all = static_cast<double>(std::max(in_all, members));
  const double share = (n + 0.5) / (all + 1);
  const double shows = n * std::log(share) + (all - n) * std::log(1 - share);
  return kLogSharedFault + shows - n * kLogOwnFault;
}

/// What most of the members show; an end's direction does not matter here.
FeatureSet common_features(const std::vector<LinkEvidence>& evidences,
                           const std::set<std::size_t>& members) {
  FeatureSet out;
  for (std::size_t f = 0; f < kFeatures; ++f) {
    std::array<std::size_t, 4> count{};
    Seen example;
    for (const auto member : members) {
      const auto& evidence = evidences[member];
      Seen best;
      for (std::size_t d = 0; d < 2; ++d) {
        for (std::size_t s = 0; s < evidence.sections; ++s) {
          const auto seen = evidence.features(static_cast<fabric::LaneDirection>(d), s).seen.at(f);
          const bool is_moved = seen.move == Move::kRaised || seen.move == Move::kLowered;
          if (best.move == Move::kAbsent || (is_moved && best.move == Move::kNormal)) {
            best = seen;
          }
        }
      }
      ++count.at(static_cast<std::size_t>(best.move));
      if (best.move == Move::kRaised || best.move == Move::kLowered) {
        example = best;
      }
    }
    const auto measured = members.size() - count[0];
    out.seen.at(f) = example;
    out.seen.at(f).move = measured == 0              ? Move::kAbsent
                          : count[2] * 2 >= measured ? Move::kRaised
                          : count[3] * 2 >= measured ? Move::kLowered
                                                     : Move::kNormal;
  }
  return out;
}

/// Links of an element in the whole fabric, so that the quiet ones speak too.
std::size_t links_of(const Sight& sight, const Element& element) {
  const auto& fabric = sight.joint().fabric();
  std::size_t count = 0;
  for (const auto& [id, link] : sight.links()) {
    LinkEvidence bare;
    bare.sight = &link;
    bare.link = fabric.link(id);
    bare.repeaters = sight.joint().repeaters(id);
    for (const auto& one : elements_of(sight.joint(), bare)) {
      count += one.key == element.key ? 1U : 0U;
    }
  }
  return count;
}

}  // namespace

std::vector<SharedCause> shared_causes(const Sight& sight,
                                       const std::vector<LinkEvidence>& evidences) {
  std::vector<SharedCause> out;
  std::map<std::string, SharedGroup> groups;
  for (std::size_t i = 0; i < evidences.size(); ++i) {
    for (auto& element : elements_of(sight.joint(), evidences[i])) {
      auto& group = groups[element.key];
      group.members.insert(i);
      group.element = std::move(element);
    }
  }
  std::erase_if(groups, [](const auto& row) { return row.second.members.size() < kMembersLeast; });
  for (auto& [name, group] : groups) {
    group.in_all = links_of(sight, group.element);
  }
  while (true) {
    double best_gain = 0;
    const SharedGroup* best = nullptr;
    std::set<std::size_t> best_members;
    for (const auto& [name, group] : groups) {
      const auto members = together(evidences, group.members);
      const double now = gain(members.size(), group.in_all);
      if (members.size() >= kMembersLeast && now > best_gain) {
        best_gain = now;
        best = &group;
        best_members = members;
      }
    }
    if (best == nullptr) {
      return out;
    }
    SharedCause shared;
    shared.key = best->element.key;
    shared.part = best->element.part;
    shared.subject = best->element.subject;
    shared.members.assign(best_members.begin(), best_members.end());
    shared.features = common_features(evidences, best_members);
    shared.since = evidences[*best_members.begin()].since;
    for (const auto member : best_members) {
      shared.since = std::min(shared.since, evidences[member].since);
    }
    out.push_back(std::move(shared));
    for (auto& [name, group] : groups) {
      for (const auto member : best_members) {
        group.members.erase(member);
      }
    }
  }
}

std::set<std::size_t> spreading(const Sight& sight, const std::vector<LinkEvidence>& evidences,
                                base::WallTime now) {
  std::map<std::string, std::vector<std::size_t>> fresh;
  for (std::size_t i = 0; i < evidences.size(); ++i) {
    auto wait = kSpreads;
    for (const auto& end : evidences[i].sight->ends) {
      if (end.host < sight.hosts().size()) {
        wait = std::max(wait, base::Duration{kSpreadLooks * sight.hosts()[end.host].usual.ns});
      }
    }
    if (now - evidences[i].since >= wait) {
      continue;
    }
    for (const auto& element : elements_of(sight.joint(), evidences[i])) {
      fresh[element.key].push_back(i);
    }
  }
  std::set<std::size_t> out;
  for (const auto& [key, members] : fresh) {
    if (members.size() > 1) {
      out.insert(members.begin(), members.end());
    }
  }
  return out;
}

}  // namespace weft::diagnose
