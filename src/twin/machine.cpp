// SPDX-License-Identifier: Apache-2.0
// See machine.h. Order decides actors' ids and with them the order of everything that happens at
// one time: links first, as the plan has them, then each family of families.cpp, machine by
// machine.
#include "twin/machine.h"

#include "twin/families.h"
#include "twin/fault/engine.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <utility>

namespace weft::twin {
namespace machine_cpp {
namespace {

/// Lane models of links that have a far end, built side by side before the first lane asks: they
/// are the same whoever asks first, and are most of what bringing a rack up costs.
void build_lane_kinds(const WorldPlan& plan, Physics& physics) {
  constexpr unsigned kThreadsMost = 8;
  std::map<std::pair<fabric::ProtocolId, std::string>, const SectionPlan*> sections;
  for (const auto& link : plan.links) {
    for (const auto& section : link.sections) {
      if (!link.b.is_null()) {
        sections.emplace(std::pair(link.protocol, section.text), &section);
      }
    }
  }
  const std::vector<std::pair<std::pair<fabric::ProtocolId, std::string>, const SectionPlan*>>
      wanted(sections.begin(), sections.end());
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < wanted.size(); i = next++) {
      if (const auto kind = physics.lane_kind(*wanted[i].second, wanted[i].first.first)) {
        static_cast<void>((*kind)->model.at({}));  // fills the rows that calm lanes read
      }
    }
  };
  const auto threads = std::clamp<std::size_t>(
      std::min<std::size_t>(std::thread::hardware_concurrency(), wanted.size()), 1, kThreadsMost);
  std::vector<std::jthread> helpers;
  for (std::size_t i = 1; i < threads; ++i) {
    helpers.emplace_back(work);
  }
  work();
}

base::Result<void> add_links(Rack& rack) {
  for (const auto& plan : rack.plan->links) {
    auto link = make_link(plan, rack.physics);
    rack.links.push_back(link.get());
    if (auto added = rack.world->add(std::move(link)); !added) {
      return tl::unexpected(added.error());
    }
  }
  return {};
}

void add_machines(Rack& rack) {
  for (const auto& plan : rack.plan->machines) {
    Machine machine;
    machine.plan = &plan;
    for (const auto& retimer : plan.retimers) {
      auto& segment = machine.segments[retimer.segment];
      if (segment == nullptr) {
        segment = std::make_unique<smbus::Segment>(retimer.segment);
      }
    }
    rack.machines.push_back(std::move(machine));
  }
}

}  // namespace
}  // namespace machine_cpp

base::Result<std::unique_ptr<Rack>> build_rack(fabric::Fabric fabric, const WorldOptions& options,
                                               const RackOptions& rack_options) {
  auto plan = plan_world(std::move(fabric));
  if (!plan) {
    return tl::unexpected(plan.error());
  }
  auto rack = std::make_unique<Rack>();
  rack->plan = std::make_unique<WorldPlan>(std::move(*plan));
  rack->physics =
      rack_options.physics != nullptr ? rack_options.physics : std::make_shared<Physics>();
  machine_cpp::build_lane_kinds(*rack->plan, *rack->physics);
  rack->world = std::make_unique<World>(options);
  if (auto done = machine_cpp::add_links(*rack); !done) {
    return tl::unexpected(done.error());
  }
  machine_cpp::add_machines(*rack);
  for (const auto& family : families()) {
    for (std::size_t i = 0; i < rack->machines.size(); ++i) {
      if (auto done = family.add(*rack, i); !done) {
        return tl::unexpected(done.error());
      }
    }
  }
  // After the enclosures, which will tell it their air.
  if (auto done = add_fault_engine(*rack); !done) {
    return tl::unexpected(done.error());
  }
  if (rack_options.starts) {
    rack->world->start();
  }
  return rack;
}

}  // namespace weft::twin
