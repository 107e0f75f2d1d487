// SPDX-License-Identifier: Apache-2.0
// Cost of a rational fit as verbs ask for it: a channel of the size of a measured file, made here.
#include "phy/channel/rational.h"
#include "phy/media/path.h"

#include <cstddef>
#include <vector>

#include <benchmark/benchmark.h>

namespace weft::phy::channel {
namespace {

Network made(std::size_t points) {
  std::vector<double> f;
  f.reserve(points);
  for (std::size_t i = 0; i < points; ++i) {
    f.push_back(10e6 * static_cast<double>(i));
  }
  const auto path = media::parse_path("midloss:6in + cem + midloss:4in");
  return media::build(*path, f)->sections.front().channel.thru.sdd;
}

// 40 poles, 4 responses, 4000 points, with delay extraction and the check of passivity.
void rational_fit(benchmark::State& state) {
  const auto network = made(4000);
  for (auto _ : state) {
    auto fit = fit_rational(network, {.order = 40});
    benchmark::DoNotOptimize(fit);
  }
}
BENCHMARK(rational_fit)->Unit(benchmark::kMillisecond);

void rational_pulse(benchmark::State& state) {
  const auto fit = fit_rational(made(2000), {.order = 40});
  for (auto _ : state) {
    auto pulse = pulse_response(fit->model, 2, 31.25e-12, 31.25e-12 / 32, 12'800);
    benchmark::DoNotOptimize(pulse);
  }
}
BENCHMARK(rational_pulse)->Unit(benchmark::kMicrosecond);

// A path as text to a channel of 4000 points.
void path_build(benchmark::State& state) {
  for (auto _ : state) {
    auto network = made(4000);
    benchmark::DoNotOptimize(network);
  }
}
BENCHMARK(path_build)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace weft::phy::channel
