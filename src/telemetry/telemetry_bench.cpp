// SPDX-License-Identifier: Apache-2.0
// What a point costs on its way in: a track's add for a calm and for a moving series, a rate asked
// of it, and a whole look at a host, with and without tracks. The store's own speed is in
// telemetry/store.
#include "base/random.h"
#include "telemetry/ingest.h"
#include "telemetry/schedule.h"
#include "telemetry/track.h"

#include <string>
#include <vector>

#include <benchmark/benchmark.h>

namespace weft::telemetry {
namespace {

using observe::Metric;
using observe::Value;

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kStart = 1'700'000'000 * kSecond;

void track_add_calm(benchmark::State& state) {
  Track track(observe::MetricKind::kCounter);
  std::int64_t at = kStart;
  for (auto _ : state) {
    benchmark::DoNotOptimize(track.add({{at}, Value(std::uint64_t{7})}));
    at += kSecond;
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["bytes"] = static_cast<double>(track.bytes());
}
BENCHMARK(track_add_calm);

void track_add_counter(benchmark::State& state) {
  Track track(observe::MetricKind::kCounter);
  base::Random random(1, "bench");
  std::int64_t at = kStart;
  std::uint64_t value = 0;
  for (auto _ : state) {
    value += random() & 7U;
    benchmark::DoNotOptimize(track.add({{at}, Value(value)}));
    at += kSecond;
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["bytes"] = static_cast<double>(track.bytes());
}
BENCHMARK(track_add_counter);

void track_add_gauge(benchmark::State& state) {
  Track track(observe::MetricKind::kGauge);
  base::Random random(1, "bench");
  std::int64_t at = kStart;
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        track.add({{at}, Value(50.0 + 0.1 * static_cast<double>(random() & 7U))}));
    at += kSecond;
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["bytes"] = static_cast<double>(track.bytes());
}
BENCHMARK(track_add_gauge);

void track_rate(benchmark::State& state) {
  Track track(observe::MetricKind::kCounter);
  for (std::int64_t i = 0; i < 10'000; ++i) {
    (void)track.add({{kStart + i * kSecond}, Value(static_cast<std::uint64_t>(i / 100))});
  }
  for (auto _ : state) {
    benchmark::DoNotOptimize(track.rate(Window::kHour));
  }
}
BENCHMARK(track_rate);

/// A host with so many ports, each with forty counters and levels, a tenth of which move.
observe::Snapshot look_of(std::int64_t ports) {
  observe::Snapshot out;
  out.host.name = "host-a";
  out.host.identity = "machine/a";
  fabric::Device device;
  device.id = fabric::DeviceId::of("switch");
  device.name = "switch";
  (void)out.fabric.add(std::move(device));
  for (std::int64_t i = 0; i < ports; ++i) {
    const std::string name = "port" + std::to_string(i);
    fabric::Port port;
    port.id = fabric::PortId::of(name);
    port.device = fabric::DeviceId::of("switch");
    port.name = name;
    observe::LinkState link;
    link.link = fabric::LinkId::of(name);
    link.up = true;
    link.a.port = port.id;
    link.a.address = name;
    for (int lane = 0; lane < 16; ++lane) {
      const std::string label = std::to_string(lane);
      out.samples.push_back({port.id, Metric::kLaneBitErrors, label, Value(std::uint64_t{0})});
      out.samples.push_back({port.id, Metric::kPortFigureOfMerit, label, Value(20.0)});
    }
    for (const Metric metric :
         {Metric::kPortRetries, Metric::kPortRecoveries, Metric::kPortLinkDowns}) {
      out.samples.push_back({port.id, metric, "", Value(std::uint64_t{0})});
    }
    (void)out.fabric.add(std::move(port));
    out.links.push_back(std::move(link));
  }
  return out;
}

void ingest_look(benchmark::State& state) {
  observe::Snapshot look = look_of(state.range(0));
  Ingest ingest(nullptr, {.keeps_tracks = state.range(1) != 0});
  base::Random random(1, "bench");
  std::int64_t at = kStart;
  std::uint64_t points = 0;
  for (auto _ : state) {
    state.PauseTiming();
    at += kSecond;
    look.taken = {at};
    look.host.uptime = base::Duration{at - kStart + 1000 * kSecond};
    for (std::size_t i = 0; i < look.samples.size(); i += 10) {
      auto& value = *look.samples[i].value;
      if (auto* whole = std::get_if<std::uint64_t>(&value)) {
        *whole += random() & 3U;
      } else {
        value = 20.0 + 0.1 * static_cast<double>(random() & 3U);
      }
    }
    state.ResumeTiming();
    points += ingest.take(look)->points;
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(points));
}
BENCHMARK(ingest_look)
    ->ArgNames({"ports", "tracks"})
    ->Args({1000, 0})
    ->Args({1000, 1})
    ->Unit(benchmark::kMillisecond);

void schedule_second(benchmark::State& state) {
  Schedule schedule({.device_transactions_per_s = 1e9, .host_milliseconds_per_s = 1e9});
  base::WallTime now{kStart};
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    PollSource source;
    source.name = "link" + std::to_string(i);
    source.host = "host" + std::to_string(i / 100);
    schedule.add(source, now);
  }
  for (auto _ : state) {
    now = now + base::Duration{kSecond};
    for (const SourceId id : schedule.due(now)) {
      schedule.done(id, now, {.has_moved = id % 10 == 0});
    }
  }
}
BENCHMARK(schedule_second)->Arg(10'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace weft::telemetry
