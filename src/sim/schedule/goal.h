// SPDX-License-Identifier: Apache-2.0
// Schedules in GOAL's text form (Hoefler, Siebert, Lumsdaine 2009; LogGOPSim's input): for each
// rank operations with labels (calc, send, recv) and which of them requires which. As a workload
// each rank's operations become chains, so that the order is exactly the one that the file asks
// for.
//   num_ranks 2
//   rank 0 { l1: calc 100
//            l2: send 1024b to 1 tag 5
//            l2 requires l1 }
//   rank 1 { l1: recv 1024b from 0 tag 5 }
// A calc's number is nanoseconds, as LogGOPSim takes it. `irequires` (after the start of another)
// is read as `requires` where that is a calc or a receive, and refused for sends. `cpu` and `nic`
// are read and not modelled. Refused, with lines and at most 20: unknown words, labels and ranks,
// requirements in a circle, more than 254 operations of a rank that nothing puts in an order, sends
// without a receive.
#pragma once

#include "base/result.h"
#include "sim/workload.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace weft::sim {

inline constexpr std::size_t kGoalBytesMax = std::size_t{256} << 20;
inline constexpr std::uint32_t kGoalRanksMax = 1U << 20;

[[nodiscard]] base::Result<std::unique_ptr<Workload>> read_goal(std::string_view text,
                                                                std::string_view file);
[[nodiscard]] base::Result<std::unique_ptr<Workload>> load_goal(const std::string& path);

}  // namespace weft::sim
