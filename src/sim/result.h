// SPDX-License-Identifier: Apache-2.0
// What a run found, the same for every fidelity: the time, where on the critical way it went, the
// bound that no algorithm can beat, and what was moved. The parts of `Breakdown` add up to the time
// exactly, since each operation carries those of what it waited for.
#pragma once

#include "sim/units.h"

#include <cstdint>
#include <string>
#include <vector>

namespace weft::sim {

/// The critical way's time, by what it was spent on.
struct Breakdown {
  Ps software = 0;  ///< launch and overheads
  Ps skew = 0;      ///< ranks that began late
  Ps compute = 0;
  Ps latency = 0;        ///< channels and switches, without load
  Ps serialisation = 0;  ///< bytes over the narrowest channel of the way, alone
  Ps contention = 0;     ///< what others on the same channels cost
  Ps retry = 0;          ///< flits sent again

  [[nodiscard]] Ps total() const {
    return software + skew + compute + latency + serialisation + contention + retry;
  }
  friend bool operator==(const Breakdown&, const Breakdown&) = default;
};

struct RunResult {
  Ps time = 0;
  Breakdown path;
  std::uint64_t bytes_injected = 0;   ///< by all ranks
  std::uint64_t bytes_delivered = 0;  ///< to all ranks
  std::uint64_t messages = 0;
  std::uint64_t events = 0;
  std::vector<double> channel_bytes;  ///< by channel
  std::vector<Ps> rank_done;
};

}  // namespace weft::sim
