// SPDX-License-Identifier: Apache-2.0
// A rack file's fabric as a network. Ranks are its accelerators (where there are none: its NICs,
// its processors, its hosts), in the file's order; switches forward; processors, NICs and bridges
// forward at a cost, so that no shortest way goes through them while another is there. Accelerators
// that are joined to each other directly get a router beside them. Retimers and cable modules are
// part of their link's latency. Rates are the protocol table's payload rates; latencies are in
// data/sim/parameters.yaml.
#pragma once

#include "base/result.h"
#include "fabric/model.h"
#include "sim/network.h"

#include <string>
#include <string_view>
#include <vector>

namespace weft::sim {

struct RackOptions {
  std::uint32_t ranks = 0;     ///< only the first so many; 0: all
  bool scale_up_only = false;  ///< leave out links that are not between accelerators and switches
};

/// kInvalidArgument with all that makes the rack unfit: no ranks, ranks that do not reach each
/// other.
[[nodiscard]] base::Result<Network> network_of(const fabric::Fabric& fabric,
                                               const RackOptions& options = {});

/// What a verb's RACK is: a topology's text (topology.h), or the path of a rack file, of NCCL's
/// topology (import/nccl_topology.h) or of ASTRA-sim's network (import/astra.h), which its content
/// tells. Where the ranks reach each other by links between them and switches alone, the others are
/// left out.
[[nodiscard]] base::Result<Network> load_network(const std::string& text,
                                                 const RackOptions& options = {});

}  // namespace weft::sim
