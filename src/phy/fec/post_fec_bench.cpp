// SPDX-License-Identifier: Apache-2.0
// What computed and thrown FEC results cost: one set of post-FEC sums (what a lane model calls on a
// change), a flit's retry ratio, and the Monte Carlo's codewords and flits.
#include "phy/fec/analytic.h"
#include "phy/fec/flit_retry.h"
#include "phy/fec/simulate.h"

#include <benchmark/benchmark.h>

namespace weft::phy::fec {
namespace {

void post_fec_random(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(post_fec(kKp4, {.ber = 2.4e-4}));
  }
}
BENCHMARK(post_fec_random);

void post_fec_burst(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(post_fec(kKp4, {.ber = 1e-4, .burst = 0.5, .bits_per_symbol = 2}));
  }
}
BENCHMARK(post_fec_burst);

void flit_retry_x16(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        flit_retry(FlitFec::kPcie6, {.first_bit_error_ratio = 1e-6, .burst = 0.5}));
  }
}
BENCHMARK(flit_retry_x16);

void simulated_codewords(benchmark::State& state) {
  const ErrorProcess errors{.ber = 1e-3, .burst = 0.5, .bits_per_symbol = 2};
  for (auto _ : state) {
    benchmark::DoNotOptimize(simulate_codewords(kKp4, errors, 100, 1));
  }
  state.SetItemsProcessed(state.iterations() * 100);
}
BENCHMARK(simulated_codewords)->Unit(benchmark::kMicrosecond);

void simulated_flits(benchmark::State& state) {
  const FlitErrors errors{.first_bit_error_ratio = 1e-6, .burst = 0.5};
  for (auto _ : state) {
    benchmark::DoNotOptimize(simulate_flits(errors, 1'000'000, 1));
  }
  state.SetItemsProcessed(state.iterations() * 1'000'000);
}
BENCHMARK(simulated_flits)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace weft::phy::fec
