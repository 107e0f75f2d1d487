// SPDX-License-Identifier: Apache-2.0
// The table of what a world can be built of: how links are made, and one function for each family
// of devices, which adds that family's actors of one machine and hangs their buses on it. Adding
// one more family: its folder, its function here, its line in families.cpp.
#pragma once

#include "twin/machine.h"

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace weft::twin {

/// By plan.role. Path "link/<name>".
[[nodiscard]] std::unique_ptr<Link> make_link(const LinkPlan& plan,
                                              std::shared_ptr<Physics> physics);

/// Links are there already; each family finds its own in the machine's plan. Actors are put into
/// Rack::actors_of under their device.
base::Result<void> add_pcie_functions(Rack& rack, std::size_t machine);
base::Result<void> add_retimers(Rack& rack, std::size_t machine);
base::Result<void> add_cable_modules(Rack& rack, std::size_t machine);
base::Result<void> add_generic_ports(Rack& rack, std::size_t machine);
/// Air, fans and the shared rail; tells the others, so it comes last.
base::Result<void> add_enclosure(Rack& rack, std::size_t machine);

struct Family {
  std::string_view key;  ///< "retimer"
  base::Result<void> (*add)(Rack& rack, std::size_t machine);
};
[[nodiscard]] std::span<const Family> families();

}  // namespace weft::twin
