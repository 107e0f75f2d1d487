// SPDX-License-Identifier: Apache-2.0
// What a world costs: events at several sizes and numbers of threads, counters read at 1 Hz, and
// checkpoints.
#include "twin/world/count_process.h"
#include "twin/world/histogram_process.h"
#include "twin/world/test_actors.h"

#include <cmath>

#include <benchmark/benchmark.h>

namespace weft::twin {
namespace {

constexpr std::int64_t kMs = 1'000'000;
constexpr std::int64_t kSecond = 1000 * kMs;

/// Chatters with a timer each millisecond or so: a window is full of due actors, each of whose
/// events does next to nothing. Arguments: actors, threads.
void world_events(benchmark::State& state) {
  const auto world = chatter_world(static_cast<std::uint32_t>(state.range(0)),
                                   {.threads = static_cast<unsigned>(state.range(1))}, {kMs});
  world->advance({10 * kMs});
  const std::uint64_t before = world->events();
  for (auto _ : state) {
    world->advance({kMs});
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(world->events() - before));
}
BENCHMARK(world_events)
    ->ArgsProduct({{100, 10'000, 100'000}, {1, 2}})
    ->ArgNames({"actors", "threads"})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

/// An actor whose event costs what drawing a lane's new state would, some microseconds.
class Worker : public Recorder {
 public:
  using Recorder::Recorder;
  void start() override { set_timer(0, {static_cast<std::int64_t>(random().below(kMs))}); }
  void on_timer(std::uint32_t) override {
    for (int i = 0; i < 1000; ++i) {
      sum_ += random().uniform();
    }
    set_timer(0, later(now(), {kMs}));
  }

 private:
  double sum_ = 0;
};

/// Argument: threads.
void world_work(benchmark::State& state) {
  World world({.threads = static_cast<unsigned>(state.range(0))});
  for (int i = 0; i < 2000; ++i) {
    static_cast<void>(world.add(std::make_unique<Worker>("worker/" + std::to_string(i))));
  }
  world.start();
  for (auto _ : state) {
    world.advance({kMs});
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(world.events()));
}
BENCHMARK(world_work)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();

/// 100,000 counters read once a second of world time. Argument: log10 of their rates per second.
void count_processes(benchmark::State& state) {
  std::vector<CountProcess> all;
  for (std::uint64_t i = 0; i < 100'000; ++i) {
    all.emplace_back(mix(1, i));
    all.back().set_rate(std::pow(10.0, static_cast<double>(state.range(0))), {0});
  }
  WorldTime now{0};
  std::uint64_t sum = 0;
  for (auto _ : state) {
    now = later(now, {kSecond});
    for (const CountProcess& process : all) {
      sum += process.count(now);
    }
  }
  benchmark::DoNotOptimize(sum);
}
BENCHMARK(count_processes)->Arg(-6)->Arg(0)->Arg(3)->Arg(7)->Arg(11)->Unit(benchmark::kMillisecond);

/// 10,000 FEC histograms read once a second. Argument: -log10 of the mean symbol errors of a
/// codeword, 0 being a link at its end.
void histogram_processes(benchmark::State& state) {
  phy::lane::FecProbabilities p = {};
  double term = std::exp(-std::pow(10.0, -static_cast<double>(state.range(0))));
  for (std::size_t bin = 0; bin < p.size(); ++bin) {
    p[bin] = term;
    term *= std::pow(10.0, -static_cast<double>(state.range(0))) / static_cast<double>(bin + 1);
  }
  std::vector<HistogramProcess> all;
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    all.emplace_back(mix(2, i));
    all.back().set_rates(p, 19.53e6, {0});
  }
  WorldTime now{0};
  std::uint64_t sum = 0;
  for (auto _ : state) {
    now = later(now, {kSecond});
    for (const HistogramProcess& process : all) {
      sum += process.counts(now)[0];
    }
  }
  benchmark::DoNotOptimize(sum);
}
BENCHMARK(histogram_processes)->Arg(8)->Arg(4)->Arg(1)->Arg(0)->Unit(benchmark::kMillisecond);

/// When a rare thing comes next: what an event-driven actor asks at each setting.
void count_next(benchmark::State& state) {
  std::uint64_t i = 0;
  for (auto _ : state) {
    CountProcess process(mix(3, ++i));
    process.set_rate(std::pow(10.0, static_cast<double>(state.range(0))), {0});
    benchmark::DoNotOptimize(process.next({kSecond}));
  }
}
BENCHMARK(count_next)->Arg(-9)->Arg(-3)->Arg(3);

void world_checkpoint(benchmark::State& state) {
  const auto world = chatter_world(100'000, {}, {10 * kMs});
  world->advance({5 * kMs});
  std::size_t size = 0;
  for (auto _ : state) {
    size = world->checkpoint().size();
  }
  state.counters["MB"] = static_cast<double>(size) * 1e-6;
}
BENCHMARK(world_checkpoint)->Unit(benchmark::kMillisecond);

void world_restore(benchmark::State& state) {
  const auto world = chatter_world(100'000, {}, {10 * kMs});
  world->advance({5 * kMs});
  const base::Bytes bytes = world->checkpoint();
  for (auto _ : state) {
    state.PauseTiming();
    auto other = chatter_world(100'000, {}, {10 * kMs}, false);
    state.ResumeTiming();
    benchmark::DoNotOptimize(other->restore(bytes).has_value());
  }
}
BENCHMARK(world_restore)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace weft::twin
