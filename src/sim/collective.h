// SPDX-License-Identifier: Apache-2.0
// Collectives as workloads: what each rank sends and receives in which order, for each algorithm.
// Sizes follow nccl-tests: `bytes` is what one rank holds at the end (all-reduce, broadcast), in
// all (all-gather: N parts; reduce-scatter: the input; all-to-all: all that a rank sends, its own
// part included). Parts that do not divide evenly differ by one byte. Refuses what an algorithm
// cannot do (recursive halving of a number of ranks that is no power of two).
#pragma once

#include "base/result.h"
#include "sim/workload.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace weft::sim {

enum class Collective : std::uint8_t {
  kAllReduce,
  kAllGather,
  kReduceScatter,
  kAllToAll,
  kBroadcast,
  kSendReceive,  ///< each rank sends to the next one around
};
[[nodiscard]] std::string_view key(Collective collective);
[[nodiscard]] std::optional<Collective> find_collective(std::string_view key);

enum class Algorithm : std::uint8_t {
  kAuto,  ///< the cheapest by the closed form
  kRing,
  kHalvingDoubling,  ///< recursive halving, then doubling (Rabenseifner)
  kTree,             ///< binary tree, reduce then broadcast, in chunks
  kTwoShot,          ///< direct: everybody to everybody, then back
  kInSwitch,         ///< pushed once: the switch adds up and sends the sum to all
  kInSwitchPull,     ///< each rank pulls the sum of its part, then stores it to all (NVLS)
  kDirect,           ///< one exchange, everybody to everybody
  kHierarchical,     ///< within each domain, between domains, within again
};
[[nodiscard]] std::string_view key(Algorithm algorithm);
[[nodiscard]] std::optional<Algorithm> find_algorithm(std::string_view key);
/// Those that can run this collective, kAuto left out.
[[nodiscard]] std::span<const Algorithm> algorithms(Collective collective);

struct CollectiveSpec {
  Collective collective = Collective::kAllReduce;
  Algorithm algorithm = Algorithm::kRing;
  std::uint32_t ranks = 2;
  std::uint64_t bytes = 0;
  std::uint32_t domain = 0;  ///< ranks a domain, for kHierarchical
  std::uint32_t chunks = 1;  ///< pieces that a tree and a pull pipeline
  Ps launch = 0;             ///< each rank, once, before its first operation
  Ps overhead = 0;           ///< software, before each send
  /// Done as so many collectives of a part each, `active` of them at a time (import/astra.h); of
  /// one part where a library does not divide it.
  std::uint32_t splits = 1, active = 1;
};

/// kInvalidArgument with all that does not fit.
[[nodiscard]] base::Result<std::unique_ptr<Workload>> make_collective(const CollectiveSpec& spec);

/// nccl-tests' factor from algorithm to bus bandwidth: 2(N-1)/N for all-reduce, (N-1)/N for
/// all-gather, reduce-scatter, all-to-all, 1 for the others.
[[nodiscard]] double bus_factor(Collective collective, std::uint32_t ranks);

/// Part `index` of `bytes` divided by `parts`.
[[nodiscard]] constexpr std::uint64_t part_of(std::uint64_t bytes, std::uint64_t parts,
                                              std::uint64_t index) {
  return bytes / parts + (index < bytes % parts ? 1 : 0);
}

}  // namespace weft::sim
