// SPDX-License-Identifier: Apache-2.0
// Ways of fluid flows, found once and kept: the channels of a message with the parts that it puts
// on each, its latency, and how fast it would be alone. Trees of switch reductions and multicasts
// are unions of ways in which a channel counts once: the switch adds up, or copies.
#pragma once

#include "base/result.h"
#include "sim/route.h"
#include "sim/workload.h"

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

namespace weft::sim {

struct Way {
  std::vector<Share> shares;
  Ps latency = 0;
  double alone = 0;        ///< bytes per second without others, retries counted
  double alone_clean = 0;  ///< and without retries
};

class Ways {
 public:
  Ways(const Routes& routes, Routing routing, std::uint64_t seed);

  /// kUnavailable where there is no way. The pointer stays valid.
  [[nodiscard]] base::Result<const Way*> between(Rank from, Rank to, std::uint64_t hash);
  /// From all members of a group to `to` (or back to all of them, kAll).
  [[nodiscard]] base::Result<const Way*> reduction(const Workload& workload, std::uint32_t group,
                                                   Rank to);
  [[nodiscard]] base::Result<const Way*> multicast(const Workload& workload, std::uint32_t group,
                                                   Rank from);
  /// Adds a message's bytes to what its channels carried.
  static void account(const Way& way, double bytes, std::vector<double>& channel_bytes);

  [[nodiscard]] const std::vector<double>& capacity() const { return capacity_; }

 private:
  [[nodiscard]] Ps latency_of(const std::vector<Share>& shares, NodeIndex from) const;
  void set_rates(Way& way) const;
  /// Adds a way; on channels that are there already the larger part stays.
  base::Result<void> merge(Way& tree, Rank from, Rank to, bool must_reduce, bool must_copy);
  const Way* keep(std::uint64_t key, Way way);

  const Routes& routes_;
  Routing routing_;
  std::uint64_t seed_;
  std::vector<double> capacity_;
  std::vector<std::uint32_t> slot_;  ///< by channel: its place in the tree that is being made
  std::unordered_map<std::uint64_t, std::unique_ptr<Way>> ways_;
};

}  // namespace weft::sim
