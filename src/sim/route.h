// SPDX-License-Identifier: Apache-2.0
// Which channels lead from one end to another. Distances are counted in hops (Node::hop_cost) over
// channels that are up; ends that hang on the same switches share one row of the table, so a fat
// tree of 65,536 ends needs megabytes. A grid whose channels are all up is routed by dimension
// order instead. A table is built once and is then safe to read from many threads; a changed
// network needs a new one (rerouting). It refuses (kResourceExhausted) tables beyond
// `kRouteTableMax` entries.
#pragma once

#include "base/result.h"
#include "sim/network.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

namespace weft::sim {

enum class Routing : std::uint8_t {
  kEcmp,      ///< each flow one way, chosen by a hash
  kSpray,     ///< each flow over all shortest ways, in equal parts
  kWeighted,  ///< as kSpray, in parts that follow what can be carried on from there now
};
[[nodiscard]] std::string_view key(Routing routing);

inline constexpr std::size_t kRouteTableMax = 512UL * 1024 * 1024;

/// A part of a flow on one channel: 1 is all of it.
struct Share {
  ChannelIndex channel = kNone;
  double part = 0;
};

class Routes {
 public:
  [[nodiscard]] static base::Result<Routes> make(const Network& network);

  /// Appends the channels out of `at` that lie on a shortest way to the end `to`, in index order;
  /// none where there is no way. On a grid: the one of dimension order (and its parallels).
  void next(NodeIndex at, NodeIndex to, std::vector<ChannelIndex>& out) const;
  [[nodiscard]] bool reaches(NodeIndex from, NodeIndex to) const;

  /// One way: at each node the candidate that the hash of (node, `hash`) picks. Empty where there
  /// is none.
  [[nodiscard]] std::vector<ChannelIndex> path(NodeIndex from, NodeIndex to,
                                               std::uint64_t hash = 0) const;
  /// All shortest ways with the part that each channel takes. Empty where there is none.
  [[nodiscard]] std::vector<Share> spread(NodeIndex from, NodeIndex to, Routing routing,
                                          std::uint64_t hash = 0) const;

  /// Latency of a path without load and without serialisation.
  [[nodiscard]] Ps latency(const std::vector<ChannelIndex>& path) const;

  [[nodiscard]] const Network& network() const { return *network_; }

 private:
  explicit Routes(const Network& network) : network_(&network) {}
  void group_ends();
  void fill_row(std::size_t row);
  [[nodiscard]] std::uint32_t distance(NodeIndex at, NodeIndex to) const;
  /// What can be carried from a node to an end over shortest ways; `known` by node.
  double carried(NodeIndex at, NodeIndex to, std::map<NodeIndex, double>& known) const;
  void next_on_grid(NodeIndex at, NodeIndex to, std::vector<ChannelIndex>& out) const;

  const Network* network_;
  bool is_by_grid_ = false;            ///< a grid whose channels are all up
  std::vector<std::uint32_t> row_of_;  ///< by node; ends only
  std::vector<NodeIndex> row_end_;     ///< an end of each row
  std::vector<std::uint16_t> table_;   ///< row x node
};

/// 64 bits of a 64-bit key, spread evenly (splitmix64's finaliser).
[[nodiscard]] std::uint64_t mix(std::uint64_t key);

}  // namespace weft::sim
