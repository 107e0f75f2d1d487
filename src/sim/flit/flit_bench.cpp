// SPDX-License-Identifier: Apache-2.0
// Flit hops per second: a VOQ switch of 64 ports with iSLIP at 0.9, and a fat tree of 1,024 ends
// flit by flit at half load.
#include "sim/flit/flit_network.h"
#include "sim/switching/voq_switch.h"
#include "sim/topology.h"

#include <benchmark/benchmark.h>

namespace weft::sim::flit {
namespace {

void voq_64(benchmark::State& state) {
  constexpr std::uint32_t kPorts = 64;
  auto voq = *switching::VoqSwitch::make(kPorts, 2);
  Draw draw(1);
  std::uint64_t crossed = 0;
  for (auto _ : state) {
    for (std::uint32_t input = 0; input < kPorts; ++input) {
      if (draw.below(10) != 0) {
        voq.offer(input, draw.below(kPorts), 0);
      }
    }
    voq.step([&](std::uint32_t, std::uint32_t, std::uint32_t) { ++crossed; });
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(crossed));
}
BENCHMARK(voq_64);

void flit_tree_1024(benchmark::State& state) {
  const Network network = *make_network(*parse_topology("fat-tree:k=16"));
  const Routes routes = *Routes::make(network);
  const packet::Fabric fabric = *packet::Fabric::make(network, routes, 1ULL << 32);
  auto tree = *FlitNetwork::make(fabric, {.vcs = 4, .rate = .5});
  tree->run(200, 0);
  std::uint64_t hops = tree->result().flit_hops;
  const std::uint64_t before = hops;
  for (auto _ : state) {
    tree->run(100, 0);
  }
  hops = tree->result().flit_hops - before;
  state.SetItemsProcessed(static_cast<std::int64_t>(hops));
}
BENCHMARK(flit_tree_1024)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace weft::sim::flit
