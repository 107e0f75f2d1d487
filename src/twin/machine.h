// SPDX-License-Identifier: Apache-2.0
// One machine of a world with the buses that its software would have. Doors and drivers reach
// devices through here and know nothing else of them. Calls on these buses must hold the world
// (World::mutex); host_of() gives a bus::Host whose every call does so by itself.
#pragma once

#include "bus/config_space.h"
#include "bus/host.h"
#include "bus/module_memory.h"
#include "bus/port_counters.h"
#include "twin/link/link.h"
#include "twin/plan/plan.h"
#include "twin/smbus/segment.h"
#include "twin/world/world.h"

#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace weft::twin {

struct Machine {
  const MachinePlan* plan = nullptr;
  std::vector<bus::ConfigSpace*> functions;                         ///< as plan->functions
  std::map<std::string, std::unique_ptr<smbus::Segment>> segments;  ///< by name
  std::map<std::string, bus::ModuleMemory*> modules;                ///< by interface
  std::map<std::string, bus::PortCounters*> counters;               ///< by port name
};

/// A rack brought to life.
struct Rack {
  std::unique_ptr<WorldPlan> plan;
  std::shared_ptr<Physics> physics;
  std::unique_ptr<World> world;
  std::vector<Link*> links;       ///< as plan->links
  std::vector<Machine> machines;  ///< as plan->machines
  /// Who lives for a device of the plan: a switch has one actor for each of its functions.
  std::unordered_map<fabric::DeviceId, std::vector<ActorId>> actors_of;
};

struct RackOptions {
  bool starts = true;  ///< false: left for World::restore()
  /// Lane models that another rack has built already; null: its own, built as lanes ask.
  std::shared_ptr<Physics> physics = nullptr;
};

/// Plans, builds every actor, starts the world. The rack file is the whole input beside options.
[[nodiscard]] base::Result<std::unique_ptr<Rack>> build_rack(fabric::Fabric fabric,
                                                             const WorldOptions& options = {},
                                                             const RackOptions& rack_options = {});

/// The machine as drivers see one: files, network devices, run-time doors.
[[nodiscard]] bus::Host host_of(Rack& rack, std::size_t machine);

}  // namespace weft::twin
