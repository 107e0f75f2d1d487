// SPDX-License-Identifier: Apache-2.0
// Makes a Host of what the user named.
#include "bus/linux/open.h"

#include "bus/linux/directory_tree.h"
#include "bus/replay.h"

#include <utility>

namespace weft::bus::linux_host {

base::Result<Host> open_host(const std::string& source) {
  auto tree = DirectoryTree::open(source);
  if (!tree) {
    return tl::unexpected(tree.error());
  }
  Host host;
  host.tree = std::move(*tree);
  host.netdev = replay_netdev(*host.tree);
  host.accelerators = replay_accelerators(*host.tree);
  return host;
}

}  // namespace weft::bus::linux_host
