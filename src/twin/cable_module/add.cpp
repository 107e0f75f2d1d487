// SPDX-License-Identifier: Apache-2.0
// The modules of one machine: those that the rack file names as devices stand on the link and
// decide its bits; those that it names only as a segment's medium show what the port behind them
// receives. Modules at the two ends of one link know each other.
#include "twin/cable_module/module.h"
#include "twin/families.h"
#include "twin/world/hash.h"

#include <algorithm>

#include <fmt/format.h>

namespace weft::twin {
namespace add_modules {

using cable_module::Kind;

/// The segment whose medium makes the module: the first one that has modules at its ends.
const fabric::Segment* module_segment(const LinkPlan& link) {
  for (const auto& section : link.sections) {
    for (const auto& segment : section.segments) {
      if (cable_module::find_kind(segment.medium) != nullptr) {
        return &segment;
      }
    }
  }
  return nullptr;
}

std::string medium_part(const Kind& kind, unsigned lanes) {
  std::string key(kind.key);
  std::ranges::transform(key, key.begin(), [](char c) {
    return static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  });
  return fmt::format("WL-{}-{}X", key, lanes).substr(0, 16);
}

CableModule* find_peer(Rack& rack, const CableModule& module) {
  for (auto& machine : rack.machines) {
    for (auto& [interface, memory] : machine.modules) {
      auto* const other = dynamic_cast<CableModule*>(memory);
      if (other != nullptr && other != &module && other->setup().link == module.setup().link) {
        return other;
      }
    }
  }
  return nullptr;
}

}  // namespace add_modules

base::Result<void> add_cable_modules(Rack& rack, std::size_t machine) {
  using namespace add_modules;
  auto& here = rack.machines.at(machine);
  for (const auto& plan : here.plan->modules) {
    auto* const link = rack.links.at(plan.link);
    const auto* const segment = module_segment(link->plan());
    const auto* const kind =
        cable_module::find_kind(segment != nullptr ? segment->medium : fabric::Medium::kAec);
    if (segment == nullptr && plan.module == fabric::DeviceId{}) {
      continue;  // a link over a backplane or a board has no module
    }
    const auto& repeaters = link->plan().repeaters;
    const auto place = std::ranges::find(repeaters, plan.module);
    const auto lanes = std::clamp(link->plan().lanes.value(), 1U, 16U);
    const auto name = fmt::format("module/{}/{}", here.plan->name, plan.interface);
    CableModuleSetup setup{.kind = kind,
                           .link = link,
                           .end = plan.is_end_a ? End::kA : End::kB,
                           .interface = plan.interface,
                           .part_number = segment != nullptr ? segment->part : std::string{},
                           .serial = fmt::format("WL{:012X}", hash_text(name) >> 16),
                           .lanes = lanes,
                           .length_m = segment != nullptr ? segment->length.value() / 1000 : 0};
    if (place != repeaters.end() && plan.module != fabric::DeviceId{}) {
      setup.repeater = static_cast<std::uint32_t>(place - repeaters.begin());
    }
    if (setup.part_number.empty()) {
      setup.part_number = medium_part(*kind, lanes);
    }
    auto owned = std::make_unique<CableModule>(name, setup);
    auto* const module = owned.get();
    const auto id = rack.world->add(std::move(owned));
    if (!id) {
      return tl::unexpected(id.error());
    }
    link->listen(*id);
    if (auto* const peer = find_peer(rack, *module)) {
      module->set_peer(peer);
      peer->set_peer(module);
    }
    here.modules[plan.interface] = module;
    if (plan.module != fabric::DeviceId{}) {
      rack.actors_of[plan.module].push_back(*id);
    }
  }
  return {};
}

}  // namespace weft::twin
