// SPDX-License-Identifier: Apache-2.0
// What an eye costs on one core: one column with pulse and peak distortion, as `weft ber` needs it,
// and the whole picture, as `weft eye` draws it.
#include "phy/eye/eye.h"
#include "phy/eye/synthetic.h"

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

}  // namespace
}  // namespace weft::phy::eye
