// SPDX-License-Identifier: Apache-2.0
// What COM costs from a channel in memory to the number, one package case, one thread: with its
// local search, which finds what the full grid finds (equalise_test.cpp), and parts of it.
#include "phy/com/com.h"
#include "phy/link/spectra.h"
#include "phy/link/test_channel.h"

#include <benchmark/benchmark.h>

namespace weft::phy::com {
namespace {

/// As a measured file comes: 0 to `to_hz` by 10 MHz.
channel::Channel measured(std::size_t aggressors, double to_hz) {
  link::testing::LineOptions line;
  line.to_hz = to_hz;
  line.step_hz = 10e6;
  line.fexts = aggressors / 2;
  line.nexts = aggressors - line.fexts;
  return link::testing::line_channel(line);
}

void run(benchmark::State& state, const char* key, double to_hz) {
  const auto setup = link::find_setup(key).value();
  const auto channel = measured(static_cast<std::size_t>(state.range(0)), to_hz);
  double com_db = 0;
  for (auto _ : state) {
    com_db = com_case(setup, channel).value().com_db;
  }
  state.counters["com_db"] = com_db;
}

void com_93a_25g(benchmark::State& state) {
  run(state, "eth-25g", 42e9);
}
BENCHMARK(com_93a_25g)->Name("com/93a_25g")->Arg(0)->Arg(7)->Unit(benchmark::kMillisecond);

void com_93a_100g(benchmark::State& state) {
  run(state, "eth-100g", 60e9);
}
BENCHMARK(com_93a_100g)->Name("com/93a_100g")->Arg(0)->Arg(7)->Unit(benchmark::kMillisecond);

void com_178a(benchmark::State& state) {
  run(state, "eth-200g", 110e9);
}
BENCHMARK(com_178a)->Name("com/178a_mlse")->Arg(0)->Arg(7)->Unit(benchmark::kMillisecond);

void com_pcie6(benchmark::State& state) {
  run(state, "pcie6", 50e9);
}
BENCHMARK(com_pcie6)->Name("com/pcie6_presets")->Arg(0)->Unit(benchmark::kMillisecond);

void link_spectra(benchmark::State& state) {
  const auto setup = link::find_setup("eth-100g").value();
  const auto channel = measured(static_cast<std::size_t>(state.range(0)), 60e9);
  for (auto _ : state) {
    benchmark::DoNotOptimize(link::make_spectra(setup, channel, {}));
  }
}
BENCHMARK(link_spectra)->Name("link/spectra")->Arg(0)->Arg(7)->Unit(benchmark::kMillisecond);

void com_densities(benchmark::State& state) {
  const auto setup = link::find_setup("eth-100g").value();
  const auto equalised = link::analyse(setup, measured(7, 60e9)).value();
  for (auto _ : state) {
    benchmark::DoNotOptimize(judge(setup, equalised));
  }
}
BENCHMARK(com_densities)->Name("com/densities")->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace weft::phy::com
