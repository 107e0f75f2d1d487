// SPDX-License-Identifier: Apache-2.0
// Switches and queues in slots, one cell a slot: the models whose answers are known in closed form.
// They are the oracles for the packet and flit models, and `weft sim` compares with them. Sources:
// input and output queueing Karol, Hluchyj, Morgan 1987; iSLIP McKeown 1999; M/D/1 Pollaczek and
// Khinchine. Every run is seeded and conserves cells: arrived = served + queued. Refuses loads
// outside (0, 1] and sizes of nothing.
#pragma once

#include "base/result.h"

#include <cstdint>

namespace weft::sim::switching {

enum class Pattern : std::uint8_t {
  kUniform,      ///< each cell to any output alike
  kPermutation,  ///< input i to output i + 1 only
};

struct SlottedLoad {
  std::uint32_t ports = 8;
  double rate = 1;  ///< cells for each input and slot
  Pattern pattern = Pattern::kUniform;
  std::uint64_t warm_up = 2'000;  ///< slots before counting
  std::uint64_t slots = 20'000;   ///< slots counted
  std::uint64_t seed = 1;
};

struct SlottedResult {
  double throughput = 0;  ///< cells for each output and slot, while counting
  double wait = 0;        ///< mean slots between arrival and the slot of leaving
  double wait_95 = 0;     ///< half of the 95 % interval of `wait`, by batch means
  std::uint64_t arrived = 0, served = 0, queued = 0;  ///< since the start
};

/// One queue for each input, head of line blocks, every input always full; outputs pick at random.
/// Saturates at 1, .75, .6825, .6553, .6399, .6302, .6234, .6184 for 1 to 8 ports, 2 - sqrt 2 for
/// many. `rate` and `pattern` are not used.
[[nodiscard]] base::Result<SlottedResult> input_queued(const SlottedLoad& load);

/// Cells go straight to their output's queue: Wq = (N - 1) / N * rate / (2 (1 - rate)).
[[nodiscard]] base::Result<SlottedResult> output_queued(const SlottedLoad& load);

/// Virtual output queues with iSLIP. At most 64 ports.
[[nodiscard]] base::Result<SlottedResult> voq_islip(const SlottedLoad& load,
                                                    std::uint32_t iterations);

/// Poisson arrivals to one server of service time 1: Wq = load / (2 (1 - load)).
[[nodiscard]] base::Result<SlottedResult> md1(double load, std::uint64_t customers,
                                              std::uint64_t seed);

}  // namespace weft::sim::switching
