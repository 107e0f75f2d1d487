// SPDX-License-Identifier: Apache-2.0
// What flow runs cost: max-min of a 512-way all-to-all, solved once and run to its end; a ring of
// 1,024 ranks with all its messages.
#include "sim/collective.h"
#include "sim/effective.h"
#include "sim/flow/flow.h"
#include "sim/flow/max_min.h"
#include "sim/topology.h"

#include <benchmark/benchmark.h>

namespace weft::sim {
namespace {

void flow_max_min_all_to_all(benchmark::State& state) {
  const auto ranks = static_cast<Rank>(state.range(0));
  Topology star;
  star.ends = ranks;
  const Network network = *make_network(star);
  const Routes routes = *Routes::make(network);
  std::vector<std::vector<Share>> flows;
  for (Rank a = 0; a < ranks; ++a) {
    for (Rank b = 0; b < ranks; ++b) {
      if (a != b) {
        flows.push_back(routes.spread(a, b, Routing::kSpray));
      }
    }
  }
  MaxMin solver(effective_rates(network));
  for (auto _ : state) {
    solver.clear();
    for (const auto& flow : flows) {
      solver.add(flow);
    }
    benchmark::DoNotOptimize(solver.solve().data());
  }
}
BENCHMARK(flow_max_min_all_to_all)->Arg(512)->Unit(benchmark::kMillisecond);

void flow_run(benchmark::State& state, Collective collective, Algorithm algorithm) {
  const auto ranks = static_cast<Rank>(state.range(0));
  Topology star;
  star.ends = ranks;
  const Network network = *make_network(star);
  const Routes routes = *Routes::make(network);
  const auto workload = make_collective({collective, algorithm, ranks, 64 << 20});
  for (auto _ : state) {
    const auto result = run_flow(network, routes, **workload);
    if (!result) {
      state.SkipWithError(result.error().what.c_str());
      return;
    }
    benchmark::DoNotOptimize(result->time);
  }
}
void flow_all_to_all(benchmark::State& state) {
  flow_run(state, Collective::kAllToAll, Algorithm::kDirect);
}
BENCHMARK(flow_all_to_all)->Arg(512)->Unit(benchmark::kMillisecond)->Iterations(1);
void flow_ring(benchmark::State& state) {
  flow_run(state, Collective::kAllReduce, Algorithm::kRing);
}
BENCHMARK(flow_ring)->Arg(1024)->Unit(benchmark::kMillisecond)->Iterations(1);

}  // namespace
}  // namespace weft::sim
