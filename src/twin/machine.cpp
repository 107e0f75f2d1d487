// SPDX-License-Identifier: Apache-2.0
// See machine.h. Order decides actors' ids and with them the order of everything that happens at
// one time: links first, as the plan has them, then each family of families.cpp, machine by
// machine.
#include "twin/machine.h"

#include "twin/families.h"
#include "twin/fault/engine.h"

#include <utility>

namespace weft::twin {
namespace machine_cpp {
namespace {

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
