// SPDX-License-Identifier: Apache-2.0
// Target: any reference rack loads in under 100 ms; a rack of 100,000 links in under 3 s. The peer
// for the YAML part is yaml-cpp itself, which builds no checked tree.
#include "fabric/diff.h"
#include "fabric/graph.h"
#include "fabric/rack.h"
#include "fabric/show.h"

#include <fstream>
#include <iterator>
#include <string>

#include <benchmark/benchmark.h>

namespace {

using namespace weft::fabric;

std::string text_of(const char* name) {
  std::ifstream in(std::string(WEFT_SOURCE_DIR) + "/racks/" + name);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void load_reference(benchmark::State& state, const char* name) {
  const std::string text = text_of(name);
  std::size_t links = 0;
  for (auto step : state) {
    links = load_rack_text(text, name).fabric.links().size();
  }
  state.counters["links"] = static_cast<double>(links);
}
BENCHMARK_CAPTURE(load_reference, nvl72, "nvl72.yaml")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(load_reference, vr200_nvl72, "vr200-nvl72.yaml")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(load_reference, reference_pod, "reference-pod.yaml")
    ->Unit(benchmark::kMillisecond);

void load_links(benchmark::State& state) {
  const std::string text =
      "weftline: rack/1\nname: big\ndevices:\n  a[0-999]:\n    kind: switch\n    ports:\n"
      "      p[0-99]: pcie6 x4\n  b[0-999]:\n    kind: switch\n    ports:\n      p[0-99]: pcie6 "
      "x4\n"
      "links:\n  - {from: \"a[i]/p[j]\", to: \"b[i]/p[j]\", for: {i: 0-999, j: 0-99}}\n";
  for (auto step : state) {
    benchmark::DoNotOptimize(load_rack_text(text, "big").fabric.links().size());
  }
}
BENCHMARK(load_links)->Unit(benchmark::kMillisecond)->Iterations(1);

void diff_equal(benchmark::State& state) {
  const auto rack = load_rack_text(text_of("vr200-nvl72.yaml"), "vr200");
  for (auto step : state) {
    benchmark::DoNotOptimize(diff(rack.fabric, rack.fabric).size());
  }
}
BENCHMARK(diff_equal)->Unit(benchmark::kMillisecond);

void blast_radius(benchmark::State& state) {
  const auto rack = load_rack_text(text_of("vr200-nvl72.yaml"), "vr200");
  const Graph graph(rack.fabric);
  for (auto step : state) {
    benchmark::DoNotOptimize(graph.cut_off(rack.fabric.links().front().id).size());
  }
}
BENCHMARK(blast_radius)->Unit(benchmark::kMicrosecond);

}  // namespace
