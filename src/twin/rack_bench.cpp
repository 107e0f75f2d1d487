// SPDX-License-Identifier: Apache-2.0
// What a whole rack costs.
#include "fabric/rack.h"
#include "twin/machine.h"

#include <cstdio>
#include <fstream>
#include <string>

#include <benchmark/benchmark.h>

namespace weft::twin {
namespace {

double resident_mb() {
  std::ifstream in("/proc/self/status");
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("VmRSS:")) {
      return std::stod(line.substr(6)) / 1024;
    }
  }
  return 0;
}

std::unique_ptr<Rack> rack_named(const std::string& name, unsigned threads = 1) {
  auto fabric = fabric::rack_fabric(std::string(WEFT_SOURCE_DIR) + "/racks/" + name + ".yaml");
  return std::move(*build_rack(std::move(*fabric), {.seed = 1, .threads = threads}));
}

void rack_build(benchmark::State& state) {
  for (auto _ : state) {
    const double before = resident_mb();
    auto rack = rack_named("reference-pod");
    const auto t0 = clock();
    rack->world->advance(base::seconds(5));
    const double train_s = double(clock() - t0) / CLOCKS_PER_SEC;
    std::size_t up = 0;
    for (auto* link : rack->links) {
      up += link->status().is_up ? 1 : 0;
    }
    state.counters["up"] = double(up);
    state.counters["links"] = double(rack->links.size());
    state.counters["train_s"] = train_s;
    state.counters["kinds"] = double(rack->physics->kinds());
    state.counters["mb"] = resident_mb() - before;
    state.counters["actors"] = double(rack->world->actors().size());
    state.counters["events"] = double(rack->world->events());
    const auto t1 = clock();
    rack->world->advance(base::seconds(86400));
    state.counters["day_s"] = double(clock() - t1) / CLOCKS_PER_SEC;
    state.counters["day_events"] = double(rack->world->events());
  }
}
BENCHMARK(rack_build)->Unit(benchmark::kMillisecond)->Iterations(1);

}  // namespace
}  // namespace weft::twin
