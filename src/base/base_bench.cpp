// SPDX-License-Identifier: Apache-2.0
// What a bound, an id and a random number cost: scan draws one bound per counter, a twin one random
// number per event.
#include "base/id.h"
#include "base/random.h"
#include "base/stats.h"
#include "base/text.h"

#include <benchmark/benchmark.h>

namespace weft::base {
namespace {

void poisson(benchmark::State& state) {
  const auto events = static_cast<std::uint64_t>(state.range(0));
  for (auto _ : state) {
    benchmark::DoNotOptimize(poisson_bounds(events));
  }
}
BENCHMARK(poisson)->Arg(0)->Arg(10)->Arg(10000)->Arg(1000000000);

void binomial(benchmark::State& state) {
  const auto hits = static_cast<std::uint64_t>(state.range(0));
  for (auto _ : state) {
    benchmark::DoNotOptimize(binomial_bounds(hits, 1000000000000));
  }
}
BENCHMARK(binomial)->Arg(0)->Arg(10)->Arg(10000)->Arg(1000000000);

void id_of_path(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(fnv1a64("pci0000:00/0000:00:01.0/0000:01:00.0/net/eth0"));
  }
}
BENCHMARK(id_of_path);

void random_number(benchmark::State& state) {
  Random random(1, "bench");
  for (auto _ : state) {
    benchmark::DoNotOptimize(random());
  }
}
BENCHMARK(random_number);

void printable_line(benchmark::State& state) {
  const std::string line(120, 'x');
  for (auto _ : state) {
    benchmark::DoNotOptimize(printable(line));
  }
}
BENCHMARK(printable_line);

}  // namespace
}  // namespace weft::base
