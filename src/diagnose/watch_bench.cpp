// SPDX-License-Identifier: Apache-2.0
// What the judgement of a large world costs at 1 Hz: 125 machines with 12,500 links of eight lanes,
// each lane's bits and bit errors in every look. Calm lanes make their usual few errors; a few
// links' errors leave their past, and stay. One run is one second of the world on one core:
// all machines' looks taken in and judged.
#include "base/random.h"
#include "diagnose/watch.h"

#include <chrono>
#include <cstdint>
#include <ctime>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

namespace weft::diagnose {
namespace {

constexpr int kMachines = 125;
constexpr int kLinksOfOne = 100;
constexpr int kLanesOfLink = 8;
constexpr double kBitsASecond = 50e9;
constexpr base::WallTime kBegin{1'700'000'000LL * 1'000'000'000};

struct LargeWorld {
  std::vector<observe::Snapshot> machines;
  std::vector<std::uint64_t> errors;
  std::uint64_t bits = 0;
  int moving_links = 0;
  base::Random random{1, "watch_bench"};

  explicit LargeWorld(int moving) : moving_links(moving) {
    for (int m = 0; m < kMachines; ++m) {
      machines.push_back(machine(m));
    }
    errors.resize(static_cast<std::size_t>(kMachines) * kLinksOfOne * kLanesOfLink);
  }

  static observe::Snapshot machine(int number) {
    observe::Snapshot out;
    out.host.name = "machine" + std::to_string(number);
    out.host.identity = out.host.name;
    out.host.uptime = base::seconds(864'000);
    for (int n = 0; n < kLinksOfOne; ++n) {
      const auto place = out.host.name + "/" + std::to_string(n);
      fabric::Device near;
      near.name = place + "a";
      fabric::Device far;
      far.name = place + "b";
      fabric::Port a;
      a.device = out.fabric.add(near).value();
      a.name = "p";
      fabric::Port b;
      b.device = out.fabric.add(far).value();
      b.name = "p";
      fabric::Link link;
      link.name = place;
      link.a = out.fabric.add(a).value();
      link.b = out.fabric.add(b).value();
      link.lanes = base::LaneCount(kLanesOfLink);
      observe::LinkState state;
      state.family = fabric::ProtocolFamily::kEthernet;
      state.up = true;
      state.data_rate = base::BitsPerSecond(400'000'000'000);
      state.a.port = link.a;
      state.b.port = link.b;
      state.a.address = near.name;
      state.link = out.fabric.add(link).value();
      out.links.push_back(state);
      for (int lane = 0; lane < kLanesOfLink; ++lane) {
        for (const auto metric : {observe::Metric::kLaneBits, observe::Metric::kLaneBitErrors}) {
          out.samples.push_back(
              {state.a.port, metric, std::to_string(lane), observe::Value(std::uint64_t{0})});
        }
      }
    }
    return out;
  }

  /// A second later: bits for all, and errors at 1e-9, or a hundred times that.
  void tick(int second) {
    bits += static_cast<std::uint64_t>(kBitsASecond);
    std::size_t lane = 0;
    for (auto& machine : machines) {
      machine.taken = kBegin + base::seconds(second);
      machine.is_whole = second % 30 == 0;
      machine.host.uptime = base::seconds(864'000 + second);
      for (std::size_t i = 0; i < machine.samples.size(); i += 2, ++lane) {
        const bool is_bad = second > 120 &&
                            lane / kLanesOfLink < static_cast<std::size_t>(moving_links) * 997 &&
                            lane / kLanesOfLink % 997 == 0;
        errors[lane] += is_bad ? 5000 : 40 + random.below(20);
        machine.samples[i].value = observe::Value(bits);
        machine.samples[i + 1].value = observe::Value(errors[lane]);
      }
    }
  }
};

double processor_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// `moving` links of 12,500 leave their past; the first two minutes, in which it is made, are not
/// timed.
void watch_at_1_hz(benchmark::State& state) {
  LargeWorld world(static_cast<int>(state.range(0)));
  Watch watch;
  std::size_t findings = 0;
  const auto step = [&] {
    const double begun = processor_seconds();
    for (const auto& machine : world.machines) {
      watch.take(machine);
    }
    findings = watch.judge(world.machines.front().taken).size();
    return processor_seconds() - begun;
  };
  int second = 0;
  for (; second < 150; ++second) {
    world.tick(second);
    step();
  }
  for (auto _ : state) {
    world.tick(second++);
    state.SetIterationTime(step());
  }
  state.counters["lanes"] = static_cast<double>(kMachines) * kLinksOfOne * kLanesOfLink;
  state.counters["findings"] = static_cast<double>(findings);
}
BENCHMARK(watch_at_1_hz)
    ->Arg(0)
    ->Arg(12)
    ->Iterations(30)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace weft::diagnose
