// SPDX-License-Identifier: Apache-2.0
// One rank for all: where every rank is like every other, rank 0 sends to itself what it would send
// to the rank d ahead and takes it for what the rank d behind sends. Exact, since then the far
// end's channels carry at each moment what its own carry; the tests run both. Called by run.cpp.
#pragma once

#include "base/result.h"
#include "sim/packet/options.h"
#include "sim/packet/partition.h"
#include "sim/workload.h"

namespace weft::sim::packet {

/// run() with `fold`; kFailedPrecondition where one rank may not stand for all.
[[nodiscard]] base::Result<Result> run_folded(const Network& network, const Workload& workload,
                                              const Options& options);

/// run() proper; `is_folded`: the network has one rank and the software turns its messages round.
[[nodiscard]] base::Result<Result> run_all(const Network& network, const Workload& workload,
                                           const Options& options, bool is_folded);

/// Mean hops of a packet, over some pairs of ranks.
[[nodiscard]] double mean_hops(const Network& network, const Routes& routes);
[[nodiscard]] Cost estimate_with(const Network& network, const Workload& workload,
                                 const Options& options, double hops_a_packet);

}  // namespace weft::sim::packet
