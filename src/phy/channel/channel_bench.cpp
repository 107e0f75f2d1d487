// SPDX-License-Identifier: Apache-2.0
// What it costs to take in a channel: text to networks, networks to a channel, checks and metrics.
// The file is made here, as large as a measured four-port of 4201 points (3 MB).
#include "phy/channel/checks.h"
#include "phy/channel/cut.h"
#include "phy/channel/made_channel.h"
#include "phy/channel/metrics.h"
#include "phy/channel/reflection.h"
#include "phy/channel/touchstone.h"

#include <string>

#include <benchmark/benchmark.h>

namespace weft::phy::channel {
namespace {

const std::string& text_of(NumberFormat format) {
  static const auto make = [](NumberFormat of) {
    TouchstoneStyle style;
    style.format = of;
    Network network = made_pair({.first_hz = 0, .points = 4201, .skew_s = 1e-12});
    for (std::size_t i = 0; i < network.s.size(); ++i) {  // as many digits as measured data has
      network.s[i] += std::polar(1e-3, static_cast<double>(i));
    }
    return write_touchstone(network, style).value_or("");
  };
  static const std::string kReal = make(NumberFormat::kRealImaginary);
  static const std::string kPolar = make(NumberFormat::kMagnitudeAngle);
  return format == NumberFormat::kRealImaginary ? kReal : kPolar;
}

constexpr PortPair kPairs[] = {{0, 2}, {1, 3}};

void parse_s4p(benchmark::State& state, NumberFormat format) {
  const std::string& text = text_of(format);
  for (auto _ : state) {
    const auto file = parse_touchstone(text, "bench.s4p");
    const auto mixed = mixed_mode(file->network, kPairs);
    benchmark::DoNotOptimize(mixed->s.data());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(text.size()) * state.iterations());
  state.counters["MB"] = static_cast<double>(text.size()) * 1e-6;
}
BENCHMARK_CAPTURE(parse_s4p, ri, NumberFormat::kRealImaginary)
    ->Name("channel_parse_s4p/ri")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(parse_s4p, ma, NumberFormat::kMagnitudeAngle)
    ->Name("channel_parse_s4p/ma")
    ->Unit(benchmark::kMillisecond);

Source bench_source() {
  return {made_pair({.points = 4201, .skew_s = 1e-12}), "bench.s4p"};
}

void cut(benchmark::State& state) {
  const Source source = bench_source();
  for (auto _ : state) {
    const auto channel = cut_channel(std::span(&source, 1));
    benchmark::DoNotOptimize(channel->thru.sdd.s.data());
  }
}
BENCHMARK(cut)->Name("channel_cut")->Unit(benchmark::kMillisecond);

void check(benchmark::State& state) {
  const Source source = bench_source();
  for (auto _ : state) {
    benchmark::DoNotOptimize(check_network(source.network).findings.data());
  }
}
BENCHMARK(check)->Name("channel_check")->Unit(benchmark::kMillisecond);

void metrics(benchmark::State& state) {
  const Source source = bench_source();
  const auto channel = cut_channel(std::span(&source, 1));
  CrosstalkSetup setup;
  setup.fext = setup.next = {25e9, 10e-12, 0.75};
  for (auto _ : state) {
    benchmark::DoNotOptimize(summarise(*channel, setup).delay_s);
  }
}
BENCHMARK(metrics)->Name("channel_metrics")->Unit(benchmark::kMillisecond);

void erl(benchmark::State& state) {
  const Source source = bench_source();
  const auto channel = cut_channel(std::span(&source, 1));
  ErlSetup setup;
  setup.baud_hz = 53.125e9;
  setup.levels = 4;
  setup.rise_time_s = 6e-12;
  setup.n_bx = 20;
  for (auto _ : state) {
    benchmark::DoNotOptimize(*effective_return_loss_db(channel->thru.sdd, 0, setup));
  }
}
BENCHMARK(erl)->Name("channel_erl")->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace weft::phy::channel
