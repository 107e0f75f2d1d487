// SPDX-License-Identifier: Apache-2.0
#include "sim/flow/flow.h"

#include "sim/flow/executor.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace weft::sim {

base::Result<RunResult> run_flow(const Network& network, const Routes& routes,
                                 const Workload& workload, const FlowOptions& options) {
  // Larger ones are not read ahead; where they do not pair, the run ends and names the circle.
  std::vector<std::string> wrong = problems(workload, 20'000);
  if (workload.ranks() > network.ranks()) {
    wrong.push_back(fmt::format("the workload has {} ranks, the network {}", workload.ranks(),
                                network.ranks()));
  }
  if (!wrong.empty()) {
    return base::fail(base::Code::kInvalidArgument, fmt::format("{}", fmt::join(wrong, "; ")),
                      network.name);
  }
  FlowExecutor executor(network, routes, workload, options);
  return executor.run();
}

}  // namespace weft::sim
