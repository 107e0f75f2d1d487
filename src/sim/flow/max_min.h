// SPDX-License-Identifier: Apache-2.0
// Max-min fair rates by progressive filling: all flows grow together until a channel is full; its
// flows keep that rate, the others go on (Bertsekas and Gallager, Data Networks, 6.5.2). A flow may
// put only a part of itself on a channel (spraying), or be weighted. Exact up to rounding; cost is
// the number of (flow, channel) pairs times the logarithm of the channels.
#pragma once

#include "sim/network.h"
#include "sim/route.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace weft::sim {

/// Solves again and again over the same channels; keeps its memory between calls.
class MaxMin {
 public:
  /// `capacity` by channel index.
  explicit MaxMin(std::vector<double> capacity);

  /// The flows of the next solve(), each by its shares; the spans must stay until it returns.
  void clear() { flows_.clear(); }
  void add(std::span<const Share> flow) { flows_.push_back(flow); }

  /// Rates in the order of add(). A flow without shares, or over none with capacity limits, is
  /// infinite.
  [[nodiscard]] const std::vector<double>& solve();

 private:
  struct Bin {
    double left = 0;                     ///< capacity that is not yet given away
    double weight = 0;                   ///< of the flows that still grow
    std::uint32_t first = 0, count = 0;  ///< of its flows in members_
    std::uint32_t growing = 0;
    std::uint32_t version = 0;
  };
  void fill_bins();
  void freeze(std::uint32_t flow, double rate);

  std::vector<double> capacity_;
  std::vector<std::span<const Share>> flows_;
  std::vector<double> rates_;
  std::vector<Bin> bins_;              ///< of the channels in use
  std::vector<std::uint32_t> bin_of_;  ///< by channel
  std::vector<ChannelIndex> used_;
  std::vector<std::uint32_t> members_;
  std::vector<std::uint32_t> touched_;
};

}  // namespace weft::sim
