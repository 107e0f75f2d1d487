// SPDX-License-Identifier: Apache-2.0
// ASTRA-sim's inputs for its analytical network: the network file (YAML) as a network, and the
// system file (JSON) as a choice of algorithms. Formats by its documentation (astra-sim.github.io,
// analytical network: topology, npus_count, bandwidth, latency) and its readers (NetworkParser.cpp,
// CollectiveImplLookup.cc).
//   topology: [ Ring, Switch ]      npus_count: [ 4, 2 ]
//   bandwidth: [ 400.0, 50.0 ]      latency: [ 500.0, 1000.0 ]
// - one entry a dimension, the first varies fastest; ranks are all NPUs, domains those that share
//   all but the first dimension;
// - `bandwidth` is of each link, one way, in 2^30 bytes a second, though it is called GB/s;
// - `latency` is of each link, in ns; a way through a Switch takes two links and so two of them;
// - Ring: both ways around, two NPUs have one link; FullyConnected: a link of this rate to each of
//   the others; Switch: one link to one switch;
// - an NPU of a ring, or of several dimensions, forwards for others at no cost.
// What differs by design: ASTRA-sim's switches take a whole message in before they send it on, and
// it rounds to ns; here heads go on at once.
#pragma once

#include "base/result.h"
#include "sim/collective.h"
#include "sim/network.h"
#include "sim/rack_network.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

namespace weft::sim {

inline constexpr std::size_t kAstraBytesMax = std::size_t{1} << 20;
inline constexpr std::size_t kAstraDimensionsMax = 8;
inline constexpr std::uint32_t kAstraNpusMax = 1U << 17;
inline constexpr std::uint64_t kAstraLinksMax = std::uint64_t{1} << 20;

/// Whether a YAML text looks like a network file: `topology` and `npus_count` begin lines of it.
[[nodiscard]] bool is_astra_network(std::string_view text);

/// kInvalidArgument with every mistake (at most 20) and its line: keys that are missing, twice or
/// unknown, lists of different lengths, blocks that are none of the three, numbers out of range.
[[nodiscard]] base::Result<Network> read_astra_network(std::string_view text, std::string_view file,
                                                       const RackOptions& options = {});

/// What of a system file counts here.
struct AstraSystem {
  /// By collective, one a dimension. ring, direct, halvingDoubling and doubleBinaryTree, or those
  /// with "one" before (over all dimensions at once: one entry).
  std::map<Collective, std::vector<Algorithm>> algorithms;
  Ps endpoint_delay = 0;  ///< `endpoint-delay`, ns: software, before each send
  /// `preferred-dataset-splits`: a collective is done in so many parts, one after the other, of
  /// which `active` (`active-chunks-per-dimension`) are under way at a time.
  std::uint32_t splits = 1, active = 1;

  /// By which algorithm a collective runs: the one of its only dimension, or hierarchical where
  /// there are several and the collective can. kNotFound where the file has none for it.
  [[nodiscard]] base::Result<Algorithm> algorithm(Collective collective) const;
};

/// kInvalidArgument with every mistake and its line. Keys that say how NPUs compute (peak-perf,
/// local-mem-bw and others) are read and not used; keys that nobody knows are refused.
[[nodiscard]] base::Result<AstraSystem> read_astra_system(std::string_view text,
                                                          std::string_view file);
[[nodiscard]] base::Result<AstraSystem> load_astra_system(const std::string& path);

}  // namespace weft::sim
