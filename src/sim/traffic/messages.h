// SPDX-License-Identifier: Apache-2.0
// From a pattern to messages with times; between pattern.cpp and traffic.cpp only.
#pragma once

#include "sim/traffic/traffic.h"

#include <vector>

namespace weft::sim {

struct TrafficMessages {
  std::vector<TrafficMessage> list;  ///< by rank, each rank's by time
  Ps span = 0;                       ///< in which they arrive
};

/// How long the busiest end takes, as planned, for one byte of the pattern's whole traffic.
[[nodiscard]] double busiest_end(const std::vector<Demand>& demands, const Network& network);

/// `bytes_per_second` of all ranks together.
[[nodiscard]] base::Result<TrafficMessages> make_messages(const TrafficSpec& spec,
                                                          const std::vector<Demand>& demands,
                                                          double bytes_per_second,
                                                          std::uint32_t ranks);

}  // namespace weft::sim
