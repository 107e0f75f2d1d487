// SPDX-License-Identifier: Apache-2.0
#include "twin/door/sysfs_tree.h"

#include "base/id.h"
#include "twin/door/sysfs_parts.h"

#include <string>

#include <fmt/format.h>

namespace weft::twin::door {
namespace sysfs_tree_parts {

/// What identifies the machine and its kernel.
void add_host_files(const SysfsParts& parts) {
  auto& tree = parts.tree;
  const auto& plan = *parts.machine.plan;
  const auto& rack_name = parts.rack.plan->fabric.name;
  const auto add = [&](const char* path, const std::string& text) {
    tree.add_file(path, line(text));
  };
  add("weft/simulated", "a twin of a machine; no such machine exists");
  add("weft/rights", "root");
  const auto identity = base::fnv1a64(rack_name + "/" + plan.name);
  add("etc/machine-id", fmt::format("{:016x}{:016x}", identity, base::fnv1a64(plan.name)));
  add("proc/sys/kernel/hostname", plan.name);
  add("proc/sys/kernel/osrelease", "6.12.0");
  add("sys/class/dmi/id/sys_vendor", "Weftline (simulated)");
  add("sys/class/dmi/id/product_name", rack_name);
  add("sys/class/dmi/id/product_version", "twin");
  tree.add_file("proc/uptime", [&world = *parts.rack.world]() -> base::Result<std::string> {
    const double up = base::Duration{world.now().ns}.seconds();
    return fmt::format("{:.2f} {:.2f}\n", up, up);
  });
  for (const char* folder : {"sys/bus/pci/devices", "sys/bus/pci/drivers", "sys/bus/pci/slots",
                             "sys/class/net", "sys/class/hwmon"}) {
    tree.add_directory(folder);
  }
}

}  // namespace sysfs_tree_parts

std::unique_ptr<LiveTree> sysfs_tree(Rack& rack, std::size_t machine) {
  const Hold hold(rack.world->mutex());
  auto& of = rack.machines[machine];
  auto tree = std::make_unique<LiveTree>(*rack.world, of.plan->name + " (simulated)");
  SysfsParts parts{rack, of, *tree};
  sysfs_tree_parts::add_host_files(parts);
  add_pci_files(parts);
  add_net_files(parts);
  add_retimer_files(parts);
  return tree;
}

}  // namespace weft::twin::door
