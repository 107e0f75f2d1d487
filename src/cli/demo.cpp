// SPDX-License-Identifier: Apache-2.0
#include "cli/demo.h"

#include "bus/replay.h"
#include "bus/synthetic/host.h"

namespace weft::cli {

base::Result<bus::Host> demo_host() {
  bus::Host host;
  host.tree = std::make_unique<bus::MemoryTree>(bus::synthetic::demo_server().tree());
  host.netdev = bus::replay_netdev(*host.tree);
  host.accelerators = bus::replay_accelerators(*host.tree);
  return host;
}

}  // namespace weft::cli
