// SPDX-License-Identifier: Apache-2.0
// What a whole rack costs: bringing the reference pod up (lane models built by the engine), a calm
// day and month of it, reading every lane of it once a simulated second, and its memory.
#include "fabric/rack.h"
#include "twin/machine.h"

#include <array>
#include <cstdint>
#include <fstream>
#include <memory>
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

std::shared_ptr<Physics> shared_physics() {
  static const auto kPhysics = std::make_shared<Physics>();
  return kPhysics;
}

std::unique_ptr<Rack> pod(std::shared_ptr<Physics> physics, const WorldOptions& options = {},
                          bool starts = true) {
  auto fabric = fabric::rack_fabric(std::string(WEFT_SOURCE_DIR) + "/racks/reference-pod.yaml");
  return std::move(
      *build_rack(std::move(*fabric), options, {.starts = starts, .physics = std::move(physics)}));
}

std::size_t links_up(const Rack& rack) {
  std::size_t up = 0;
  for (const Link* link : rack.links) {
    up += link->status().is_up ? 1 : 0;
  }
  return up;
}

/// From the file to every link up, models and all: five simulated seconds.
void rack_up(benchmark::State& state) {
  for (auto _ : state) {
    const double before = resident_mb();
    auto physics = std::make_shared<Physics>();
    auto rack = pod(physics);
    rack->world->advance(base::seconds(5));
    state.counters["links_up"] = static_cast<double>(links_up(*rack));
    state.counters["kinds"] = static_cast<double>(physics->kinds());
    state.counters["mb"] = resident_mb() - before;
  }
}
BENCHMARK(rack_up)->Unit(benchmark::kMillisecond)->Iterations(1);

/// Argument: simulated days, calm.
void rack_calm(benchmark::State& state) {
  for (auto _ : state) {
    state.PauseTiming();
    auto rack = pod(shared_physics());
    rack->world->advance(base::seconds(5));
    const auto before = rack->world->events();
    state.ResumeTiming();
    rack->world->advance(base::seconds(86400.0 * static_cast<double>(state.range(0))));
    state.counters["events"] = static_cast<double>(rack->world->events() - before);
  }
}
BENCHMARK(rack_calm)->Arg(1)->Arg(30)->Unit(benchmark::kMillisecond)->Iterations(1);

/// Every receiver of every lane read once a simulated second; the time is that of one second.
void rack_read(benchmark::State& state) {
  auto rack = pod(shared_physics());
  rack->world->advance(base::seconds(5));
  std::uint64_t lanes = 0;
  for (auto _ : state) {
    rack->world->advance(base::seconds(1));
    lanes = 0;
    for (const Link* link : rack->links) {
      for (std::uint32_t section = 0; section < link->plan().sections.size(); ++section) {
        for (const auto direction :
             {fabric::LaneDirection::kTowardDevice, fabric::LaneDirection::kTowardHost}) {
          for (std::uint32_t lane = 0; lane < link->plan().lanes.value(); ++lane) {
            benchmark::DoNotOptimize(link->lane_counts({section, direction, lane}));
            ++lanes;
          }
        }
      }
    }
  }
  state.counters["lanes"] = static_cast<double>(lanes);
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(lanes));
}
BENCHMARK(rack_read)->Unit(benchmark::kMillisecond);

/// The world alone at real time, one simulated second a step: 10 ms would be 1 % of a core.
void rack_second(benchmark::State& state) {
  auto rack = pod(shared_physics());
  rack->world->advance(base::seconds(5));
  for (auto _ : state) {
    rack->world->advance(base::seconds(1));
  }
}
BENCHMARK(rack_second)->Unit(benchmark::kMicrosecond);

/// A day of the reference pod on one thread, on four, and from a checkpoint at its half: an error
/// where the hashes of all registers differ. The time is that of all three.
void rack_same_day(benchmark::State& state) {
  constexpr double kHalfDay_s = 43'200;
  for (auto _ : state) {
    const auto one = pod(shared_physics(), {.seed = 9, .threads = 1});
    one->world->advance(base::seconds(2 * kHalfDay_s));
    const auto four = pod(shared_physics(), {.seed = 9, .threads = 4});
    four->world->advance(base::seconds(kHalfDay_s));
    const base::Bytes bytes = four->world->checkpoint();
    const auto again = pod(shared_physics(), {.seed = 9, .threads = 2}, false);
    if (!again->world->restore(bytes)) {
      state.SkipWithError("the checkpoint cannot be restored");
      return;
    }
    four->world->advance(base::seconds(kHalfDay_s));
    again->world->advance(base::seconds(kHalfDay_s));
    const std::uint64_t hash = one->world->hash();
    if (hash != four->world->hash() || hash != again->world->hash()) {
      state.SkipWithError("the same seed gave another world");
      return;
    }
    state.counters["checkpoint_mb"] = static_cast<double>(bytes.size()) * 1e-6;
  }
}
BENCHMARK(rack_same_day)->Unit(benchmark::kMillisecond)->Iterations(1);

}  // namespace
}  // namespace weft::twin
