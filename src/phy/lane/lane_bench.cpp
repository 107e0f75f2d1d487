// SPDX-License-Identifier: Apache-2.0
// What a lane costs: one tick (state to reading, and a drawn FEC histogram of 10 ms of traffic),
// and the table that it reads.
#include "phy/eye/synthetic.h"
#include "phy/lane/lane_model.h"

#include <benchmark/benchmark.h>

namespace weft::phy::lane {
namespace {

link::SlicerInput link_of(unsigned levels, std::size_t aggressors) {
  link::SlicerInput input = levels == 4 ? eye::synthetic::lossy(0.5, 4, 10, 0.012, 100)
                                        : eye::synthetic::lossy(1.0, 2, 8, 0.03, 100);
  input.sigma_rj_ui = 0.01;
  input.a_dd_ui = 0.02;
  eye::synthetic::add_aggressors(input, aggressors, 0.05);
  return input;
}

/// A thousand lanes in turn, drifting; argument: the extra loss in dB, so that ever more codewords
/// have errors.
void lane_tick(benchmark::State& state) {
  static const LaneModel model = LaneModel::build(link_of(4, 2)).value();
  base::Random random(1, "bench");
  std::vector<LaneState> lanes(1000);
  for (LaneState& lane : lanes) {
    lane.loss_delta = base::Decibel(static_cast<double>(state.range(0)) + random.uniform());
    lane.temperature = base::Celsius(25 + 40 * random.uniform());
    lane.jitter_scale = 0.8 + 0.4 * random.uniform();
    lane.crosstalk_scale = random.uniform() * 1.5;
  }
  std::size_t i = 0;
  for (auto _ : state) {
    LaneState& lane = lanes[i];
    i = i + 1 < lanes.size() ? i + 1 : 0;
    lane.temperature = lane.temperature + base::KelvinDelta(1e-6);
    benchmark::DoNotOptimize(model.draw(lane, 1'000'000'000, random));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(lane_tick)->Arg(-4)->Arg(0)->Arg(3);

void lane_build(benchmark::State& state) {
  const link::SlicerInput input =
      link_of(static_cast<unsigned>(state.range(0)), static_cast<std::size_t>(state.range(1)));
  for (auto _ : state) {
    benchmark::DoNotOptimize(LaneModel::build(input));
  }
}
BENCHMARK(lane_build)->Args({2, 0})->Args({4, 0})->Args({4, 7})->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace weft::phy::lane
