// SPDX-License-Identifier: Apache-2.0
// From a Fabric and Options to the state that partitions share: which thread owns which node, what
// each channel costs, how large its buffers are. Called by run.cpp.
#pragma once

#include "sim/packet/partition.h"

#include <cstdint>
#include <vector>

namespace weft::sim::packet {

/// The ends in blocks, each switch with the ends that hang on it, the others dealt out evenly.
[[nodiscard]] std::vector<std::uint32_t> cut(const Network& network, std::uint32_t parts);

void fill_shared(Shared& shared, const Fabric& fabric, const Options& options);

/// The smallest latency of a channel between two partitions; kNever when there is none.
[[nodiscard]] Ps lookahead(const Shared& shared);

}  // namespace weft::sim::packet
