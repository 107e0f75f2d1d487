// SPDX-License-Identifier: Apache-2.0
// What a collective costs by formula: alpha-beta (a message of S bytes takes alpha + S/B) without
// contention, and the bound that nothing can beat. Sources: Thakur et al. 2005 (ring, recursive
// halving, trees), the NCCL tests' notes (bus bandwidth). Exact where every rank has the same alpha
// and B and the network does not block; run_flow() is for the rest.
#pragma once

#include "base/result.h"
#include "sim/collective.h"
#include "sim/network.h"
#include "sim/result.h"
#include "sim/route.h"

#include <string>

namespace weft::sim {

/// One message: latency and software before its first byte is there, and the rate of the rest.
struct AlphaBeta {
  Ps alpha = 0;
  double bytes_per_second = 0;
  Ps far_alpha = 0;                 ///< between domains; 0: as alpha
  double far_bytes_per_second = 0;  ///< of a rank between domains; 0: as within
};

/// kInvalidArgument as make_collective(). Launch and overhead of the spec are added.
[[nodiscard]] base::Result<RunResult> closed_form(const CollectiveSpec& spec, AlphaBeta link);

/// The smallest alpha-beta that holds for all ranks: the longest way among neighbours, the least
/// egress or ingress of any rank. Between domains: what domains share among their ranks.
[[nodiscard]] base::Result<AlphaBeta> alpha_beta(const Network& network, const Routes& routes,
                                                 const CollectiveSpec& spec);

struct Bound {
  Ps time = 0;
  std::string what;  ///< "each rank must send 2(N-1)/N of the buffer at 450 GB/s"
};
/// No algorithm is faster on this network: bytes through the narrowest rank, plus the least
/// latency. Where switches reduce and copy, each rank need send the buffer once only.
[[nodiscard]] Bound bound(const CollectiveSpec& spec, const Network& network, const Routes& routes);
/// Likewise from alpha and B alone.
[[nodiscard]] Ps bound_of(const CollectiveSpec& spec, AlphaBeta link, bool is_in_switch);

/// The algorithm with the least closed form (kAuto is resolved by it); in-switch ones only where
/// `switches` says that all switches can.
[[nodiscard]] Algorithm best_algorithm(const CollectiveSpec& spec, AlphaBeta link, bool switches);
/// Whether every switch of the network reduces and copies.
[[nodiscard]] bool switches_reduce(const Network& network);

}  // namespace weft::sim
