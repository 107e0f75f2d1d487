// SPDX-License-Identifier: Apache-2.0
// Runs a workload as fluid flows with max-min fair rates: an event is a flow that ends, a message
// that arrives, a delay that is over; rates are solved again when the set of flows has changed,
// once for all changes of one instant. A message takes its rank's overhead, its bytes at the rates
// that it gets, and its way's latency. Switch reductions and multicasts are one flow over a tree of
// channels that starts when all members are ready. Refused, with all reasons: workloads that do not
// pair, ranks without a way, reductions where a switch on the way cannot. A workload in which ranks
// wait for each other in a circle ends with the circle's names, never in a hang.
#pragma once

#include "base/result.h"
#include "sim/result.h"
#include "sim/route.h"
#include "sim/workload.h"

#include <cstdint>
#include <functional>

namespace weft::sim {

/// One operation as it happened, for traces.
struct TraceSpan {
  Rank rank = 0;
  std::uint32_t stream = 0;
  OpKind kind{};
  Rank peer = kNone;
  std::uint64_t bytes = 0;
  Ps begin = 0, end = 0;
  std::uint64_t index = 0;  ///< in its stream
};

struct FlowOptions {
  Routing routing = Routing::kSpray;
  std::uint64_t seed = 1;                                           ///< of ECMP's hashes
  std::uint64_t events_max = 2'000'000'000;                         ///< kResourceExhausted beyond
  std::function<void(const TraceSpan&)> trace = {};                 ///< called in the order of ends
  std::function<void(Ps now, std::uint64_t events)> progress = {};  ///< now and then
};

[[nodiscard]] base::Result<RunResult> run_flow(const Network& network, const Routes& routes,
                                               const Workload& workload,
                                               const FlowOptions& options = {});

}  // namespace weft::sim
