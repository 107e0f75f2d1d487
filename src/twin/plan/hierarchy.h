// SPDX-License-Identifier: Apache-2.0
// The PCI functions of a rack's machines: from the ports of processors and hosts down over PCIe and
// CXL links, through switches, to endpoints, numbered depth-first as firmware does. plan_world()
// calls it. Each root device has a range of buses of its own in domain 0 (00, 40, 80, c0 where
// there are four). A switch with several ways up is divided: each has an equal part of its ports.
// An accelerator whose own PCIe ports lead to network or storage devices forwards to them, as
// accelerators with an inner switch do; where no processor reaches it over PCIe, its ports are root
// ports.
#pragma once

#include "base/result.h"
#include "fabric/model.h"
#include "twin/plan/plan.h"

#include <string>
#include <unordered_map>
#include <vector>

namespace weft::twin::planning {

struct Hierarchy {
  /// By the root device's machine: the machine's top-level device.
  std::unordered_map<fabric::DeviceId, std::vector<FunctionPlan>> functions;
  /// Links of the hierarchy, with the port at their end toward the root.
  std::unordered_map<fabric::LinkId, fabric::PortId> upper_end;
  std::vector<std::string> notes;
};

/// FunctionPlan::link counts in the fabric's links. kResourceExhausted where a root device needs
/// more buses than a domain has.
[[nodiscard]] base::Result<Hierarchy> find_hierarchy(const fabric::Fabric& fabric);

/// The device that no other holds; itself where it is one.
[[nodiscard]] fabric::DeviceId top_of(const fabric::Fabric& fabric, fabric::DeviceId device);

}  // namespace weft::twin::planning
