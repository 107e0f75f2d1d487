// SPDX-License-Identifier: Apache-2.0
// A Network made ready for packets: times in fixed point, and for each switch and each group of
// ends the set of channels that lead on, one look-up a hop. Ends that hang on one switch share a
// row; ends with several links have a row each. Made once by run.cpp, then read by all partitions.
// Refuses (kResourceExhausted) tables that would not fit the memory bound.
#pragma once

#include "base/result.h"
#include "sim/network.h"
#include "sim/route.h"

#include <cstdint>
#include <span>
#include <vector>

namespace weft::sim::packet {

/// Fixed point: picoseconds for a byte, times 2^20.
inline constexpr unsigned kRateBits = 20;
[[nodiscard]] std::uint64_t fixed_ps_per_byte(double bytes_per_second);
[[nodiscard]] inline Ps serialise(std::uint64_t bytes, std::uint64_t ps_per_byte) {
  return static_cast<Ps>((bytes * ps_per_byte + (1ULL << (kRateBits - 1))) >> kRateBits);
}

class Fabric {
 public:
  [[nodiscard]] static base::Result<Fabric> make(const Network& network, const Routes& routes,
                                                 std::uint64_t memory_bytes);

  /// Channels out of `at` on a shortest way to the end `to`; empty where there is none.
  [[nodiscard]] std::span<const ChannelIndex> candidates(NodeIndex at, NodeIndex to) const {
    if (const LastHop& last = last_hop_[to]; last.from == at) {
      return {&last.channel, 1};
    }
    if (column_[at] == kNone) {
      return {&only_out_[at], 1};
    }
    const Set& set = sets_[table_[std::size_t{column_[at]} * rows_ + row_[to]]];
    return {pool_.data() + set.first, set.count};
  }
  [[nodiscard]] const Network& network() const { return *network_; }
  [[nodiscard]] std::size_t memory_bytes() const;

 private:
  struct LastHop {
    ChannelIndex channel = kNone;
    NodeIndex from = kNone;
  };
  struct Set {
    std::uint32_t first = 0, count = 0;
  };
  void fill(NodeIndex node, const Routes& routes, std::span<const NodeIndex> end_of_row);

  const Network* network_ = nullptr;
  std::size_t rows_ = 0;
  std::vector<std::uint32_t> row_;      ///< by end
  std::vector<std::uint32_t> column_;   ///< by node; kNone for ends with one channel
  std::vector<ChannelIndex> only_out_;  ///< by node: its first channel
  std::vector<LastHop> last_hop_;       ///< by end: the only channel into it, and from where
  std::vector<std::uint32_t> table_;    ///< column x row -> set
  std::vector<Set> sets_;
  std::vector<ChannelIndex> pool_;
};

}  // namespace weft::sim::packet
