// SPDX-License-Identifier: Apache-2.0
// Packet hops per second: every end of a fat tree sends to another, credits, virtual channels and
// retries on; the ring all-reduce of 1,024 ranks with all its messages; and htsim's permutation of
// 1,024 hosts (2 MB flows, 100 Gb/s, three tiers), whose tail completion times are known.
#include "sim/collective.h"
#include "sim/engine/draw.h"
#include "sim/packet/run.h"
#include "sim/topology.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

namespace weft::sim::packet {
namespace {

Network tree(std::uint32_t k, const std::string& more) {
  return *make_network(*parse_topology("fat-tree:k=" + std::to_string(k) + more));
}

std::vector<Flow> permutation(Rank ranks, std::uint64_t bytes, std::uint64_t seed) {
  std::vector<Rank> to(ranks);
  std::iota(to.begin(), to.end(), 0U);
  Draw draw(seed);
  for (Rank i = ranks - 1; i > 0; --i) {
    std::swap(to[i], to[draw.below(i)]);  // Sattolo: nobody keeps its own
  }
  std::vector<Flow> flows;
  for (Rank i = 0; i < ranks; ++i) {
    flows.push_back({i, to[i], bytes, 0});
  }
  return flows;
}

void packet_hops(benchmark::State& state) {
  const auto k = static_cast<std::uint32_t>(state.range(0));
  Network network = tree(k, ",rate=100GB/s,latency=100ns,switch=150ns");
  for (ChannelIndex c = 0; c < network.channels().size(); ++c) {
    network.channel(c).flit_error_ratio = 1e-6;
  }
  const auto flows = permutation(network.ranks(), k >= 32 ? 400'000 : 1'000'000, 1);
  Options options;
  options.route = Route::kAdaptive;
  options.vcs = 2;
  options.threads = static_cast<std::uint32_t>(state.range(1));
  std::uint64_t hops = 0;
  std::uint64_t memory = 0;
  std::uint64_t events = 0;
  for (auto _ : state) {
    const auto result = run_flows(network, flows, options);
    hops += result->counters.hops;
    events += result->counters.events;
    memory = result->memory_bytes;
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(hops));
  state.counters["KiB_an_end"] =
      static_cast<double>(memory) / 1024 / static_cast<double>(network.ranks());
  state.counters["events_a_hop"] = static_cast<double>(events) / static_cast<double>(hops);
}
BENCHMARK(packet_hops)
    ->Args({16, 1})
    ->Args({32, 1})
    ->Args({32, 2})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime()
    ->MeasureProcessCPUTime();

/// Ring all-reduce of 1,024 ranks, 2 (N - 1) N messages; argument 1: one rank for all.
void packet_ring_1024(benchmark::State& state) {
  const Network network = *make_network(*parse_topology("star:1024,rate=50GB/s"));
  const auto ring = *make_collective({.ranks = 1024, .bytes = 1 << 20});
  Options options;
  options.fold = state.range(0) != 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(run(network, *ring, options));
  }
}
BENCHMARK(packet_ring_1024)->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

/// What htsim gives: EQDS on 128 paths 206.5 us, on one 982.3; UEC oblivious 212.8, REPS 198.2. It
/// sends headers, trims and retransmits; here links are lossless and paced by credits, so one path
/// in use by several flows holds others back, and its tail differs.
void htsim_permutation(benchmark::State& state) {
  const Network network = tree(16, ",rate=12.5GB/s,latency=1us,switch=0ns");
  const auto flows = permutation(network.ranks(), 2'000'000, 1);
  Options options;
  options.route = static_cast<Route>(state.range(0));
  double tail = 0;
  for (auto _ : state) {
    const auto result = run_flows(network, flows, options);
    tail = static_cast<double>(result->finish) / kMicrosecond;
  }
  state.counters["tail_us"] = tail;
}
BENCHMARK(htsim_permutation)->Arg(0)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->Iterations(1);

}  // namespace
}  // namespace weft::sim::packet
