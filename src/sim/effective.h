// SPDX-License-Identifier: Apache-2.0
// What a channel carries once flits that arrive damaged are sent again: go-back-N loses the flits
// of a round trip for each, eta = (1 - p) / (1 - p + p W); p = 0 loses nothing. The flit's size is
// the protocol's. The packet model draws replays; the other two use this.
#pragma once

#include "sim/network.h"

#include <vector>

namespace weft::sim {

/// Bytes of a protocol's unit of retry: 256 (PCIe, CXL, others), 640 (UALink).
[[nodiscard]] double flit_bytes(fabric::ProtocolId protocol);
/// Flits in the replay round trip of a channel; at least 1.
[[nodiscard]] double replay_flits(const Channel& channel);
[[nodiscard]] double go_back_n_share(double flit_error_ratio, double replay_flits);
[[nodiscard]] double effective_rate(const Channel& channel);
[[nodiscard]] std::vector<double> effective_rates(const Network& network);

}  // namespace weft::sim
