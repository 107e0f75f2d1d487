// SPDX-License-Identifier: Apache-2.0
// What an eye costs on one core: one column with pulse and peak distortion, as `weft ber` needs it,
// and the whole picture, as `weft eye` draws it.
#include "phy/eye/eye.h"
#include "phy/eye/simulate.h"
#include "phy/eye/synthetic.h"

#include <cmath>

#include <benchmark/benchmark.h>

namespace weft::phy::eye {
namespace {

link::SlicerInput pam4(std::size_t aggressors) {
  link::SlicerInput input = synthetic::lossy(1.2, 4, 2, 0.0035, 300);
  input.tx_noise_sigma_v = 0.001;
  input.sigma_rj_ui = 0.01;
  input.a_dd_ui = 0.02;
  synthetic::add_aggressors(input, aggressors, 0.03);
  return input;
}

/// Peak distortion and one column, without jitter: what a search over settings repeats.
void eye_column(benchmark::State& state) {
  link::SlicerInput input = pam4(static_cast<std::size_t>(state.range(0)));
  input.sigma_rj_ui = input.a_dd_ui = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(peak_distortion(input));
    benchmark::DoNotOptimize(
        statistical_eye(input, {.phases = 1, .contours = {}, .is_density = false}));
  }
}
BENCHMARK(eye_column)->Arg(0)->Arg(7)->Unit(benchmark::kMicrosecond);

void eye_full(benchmark::State& state) {
  const link::SlicerInput input = pam4(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    benchmark::DoNotOptimize(statistical_eye(input));
  }
}
BENCHMARK(eye_full)->Arg(0)->Arg(7)->Unit(benchmark::kMillisecond);

/// Symbols in time; the counter says how many standard deviations the count of errors
/// is from what the statistical eye computes, at some 1e-5 (argument 0) and 1e-6 (argument 1).
void simulate_symbols(benchmark::State& state) {
  const std::uint64_t symbols = state.range(0) == 0 ? 10'000'000 : 40'000'000;
  link::SlicerInput input = synthetic::lossy(0.6, 2, 2, state.range(0) == 0 ? 0.087 : 0.08, 30);
  input.sigma_rj_ui = state.range(0) == 0 ? 0.01 : 0;
  const double ser =
      statistical_eye(
          input,
          {.phases = 1, .contours = {}, .threshold = Threshold::kMidpoint, .is_density = false})
          ->ser;
  for (auto _ : state) {
    const auto run = simulate(input, {.symbols = symbols, .seed = 5, .dfe_error_free = true});
    const double expected = ser * static_cast<double>(symbols);
    state.counters["errors"] = static_cast<double>(run->slicer.symbol_errors);
    state.counters["deviations"] =
        (static_cast<double>(run->slicer.symbol_errors) - expected) / std::sqrt(expected);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(symbols));
}
BENCHMARK(simulate_symbols)->Arg(0)->Arg(1)->Unit(benchmark::kSecond)->Iterations(1);

}  // namespace
}  // namespace weft::phy::eye
