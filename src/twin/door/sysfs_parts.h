// SPDX-License-Identifier: Apache-2.0
// The parts that sysfs_tree() puts together, each in its own source. Only they include this.
#pragma once

#include "twin/door/live_tree.h"
#include "twin/machine.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace weft::twin::door {

struct SysfsParts {
  Rack& rack;
  Machine& machine;
  LiveTree& tree;
  std::vector<std::string> function_paths = {};  ///< "sys/devices/pci0000:00/…", as plan->functions

  [[nodiscard]] Link* link(std::optional<std::size_t> index) const {
    return index && *index < rack.links.size() ? rack.links[*index] : nullptr;
  }
};

void add_pci_files(SysfsParts& parts);
void add_net_files(SysfsParts& parts);
void add_retimer_files(SysfsParts& parts);

/// "x\n", as sysfs ends every text.
[[nodiscard]] inline std::string line(std::string text) {
  text += '\n';
  return text;
}

}  // namespace weft::twin::door
