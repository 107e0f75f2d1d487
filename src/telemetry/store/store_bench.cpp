// SPDX-License-Identifier: Apache-2.0
// What the store costs: ingest with its commits, bytes on disk, queries, roll-ups, opening after a
// kill, and the block codec alone. The samples: test_rack_samples.h.
#include "telemetry/store/codec.h"
#include "telemetry/store/test_rack_samples.h"
#include "telemetry/store/test_store.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <memory>

#include <benchmark/benchmark.h>

namespace weft::telemetry {
namespace {

constexpr std::size_t kSeries = 100'000;
constexpr std::int64_t kPoll = 10 * kSecond;

double now_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Of all threads: on a busy machine the rate that one core would give.
double cpu_s() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// A store and the rack that fills it.
struct Filled {
  explicit Filled(std::size_t series) : rack(series, 1) {
    store = std::move(*Store::open(folder.path() + "/store"));
    for (std::size_t i = 0; i < series; ++i) {
      static_cast<void>(store->series(rack.key(i)));
    }
    static_cast<void>(store->commit());
  }
  void draw() {
    at += kPoll;
    rack.poll({at + static_cast<std::int64_t>(jitter.below(8)) * 1'000'000}, points);
  }
  /// Seconds that the commit took.
  double take() {
    static_cast<void>(store->append(points));
    const double start = now_s();
    if (!store->commit()) {
      std::abort();
    }
    return now_s() - start;
  }

  StoreFolder folder;
  RackSamples rack;
  std::unique_ptr<Store> store;
  std::vector<StorePoint> points;
  base::Random jitter{1, "jitter"};
  std::int64_t at = kStart;
};

/// All series at once, each 10 s: append and commit, chunks and compaction included. Drawing the
/// samples is not.
void store_ingest(benchmark::State& state) {
  Filled filled(kSeries);
  std::vector<double> commits;
  double cpu = 0;
  for (auto _ : state) {
    filled.draw();
    const double start = now_s();
    const double cpu_start = cpu_s();
    commits.push_back(filled.take());
    state.SetIterationTime(now_s() - start);
    cpu += cpu_s() - cpu_start;
  }
  std::sort(commits.begin(), commits.end());
  state.counters["bytes_a_sample_open"] =
      static_cast<double>(filled.store->counts().bytes_on_disk) /
      static_cast<double>(filled.store->counts().points);
  static_cast<void>(filled.store->maintain({filled.at + 8 * 3600 * kSecond}));
  const auto points = static_cast<double>(filled.store->counts().points);
  state.SetItemsProcessed(static_cast<std::int64_t>(points));
  state.counters["samples_a_cpu_s"] = points / cpu;
  state.counters["commit_ms_median"] = 1e3 * commits[commits.size() / 2];
  state.counters["commit_ms_worst"] = 1e3 * commits.back();
  state.counters["commit_ms_99"] = 1e3 * commits[commits.size() * 99 / 100];
  state.counters["bytes_a_sample"] =
      static_cast<double>(filled.store->counts().bytes_on_disk) / points;
}
BENCHMARK(store_ingest)->Iterations(360)->UseManualTime()->Unit(benchmark::kMillisecond);

/// One commit of one host's poll: what an acknowledgement costs on this disk.
void store_commit(benchmark::State& state) {
  Filled filled(1500);
  for (auto _ : state) {
    state.PauseTiming();
    filled.draw();
    static_cast<void>(filled.store->append(filled.points));
    state.ResumeTiming();
    static_cast<void>(filled.store->commit());
  }
}
BENCHMARK(store_commit)->Iterations(200)->UseRealTime()->Unit(benchmark::kMillisecond);

/// A store of 100,000 series with 65 minutes of polls, shared by what follows.
Filled& hour() {
  static const std::unique_ptr<Filled> kHour = [] {
    auto filled = std::make_unique<Filled>(kSeries);
    for (int i = 0; i < 390; ++i) {
      filled->draw();
      static_cast<void>(filled->store->append(filled->points));
      static_cast<void>(filled->store->commit());
    }
    return filled;
  }();
  return *kHour;
}

/// The last hour of 1,000 of them, as points.
void store_query_hour(benchmark::State& state) {
  Filled& filled = hour();
  std::size_t points = 0;
  for (auto _ : state) {
    // 100 subjects, ten series of each.
    const auto found = filled.store->points({.subject = "prt-12??", .label = "?"},
                                            {filled.at - 3600 * kSecond}, {filled.at + kSecond});
    points = found->size();
    benchmark::DoNotOptimize(points);
  }
  state.counters["series"] = static_cast<double>(points);
}
BENCHMARK(store_query_hour)->Unit(benchmark::kMillisecond);

/// One hour of 360 points of each of 100,000 series into buckets on disk.
void store_roll_hour(benchmark::State& state) {
  Filled& filled = hour();
  for (auto _ : state) {
    static_cast<void>(filled.store->maintain({kStart + 3600 * kSecond + 601 * kSecond}));
  }
}
BENCHMARK(store_roll_hour)->Iterations(1)->Unit(benchmark::kMillisecond)->UseRealTime();

/// Opening again, with all that stands in the log.
void store_open(benchmark::State& state) {
  Filled& filled = hour();
  for (auto _ : state) {
    filled.store.reset();
    const double start = now_s();
    filled.store = std::move(*Store::open(filled.folder.path() + "/store"));
    state.SetIterationTime(now_s() - start);
  }
}
BENCHMARK(store_open)->Iterations(3)->UseManualTime()->Unit(benchmark::kMillisecond);

std::string sample_text(const observe::Value& value) {
  if (const auto* whole = std::get_if<std::uint64_t>(&value)) {
    return std::to_string(*whole);
  }
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%.17g", std::get<double>(value));
  return text.data();
}

/// For peer_bench.py: the samples as JSON lines and as OpenMetrics text, and our own figures, into
/// the folder that WEFT_STORE_DUMP names.
void store_dump(benchmark::State& state) {
  const char* folder = std::getenv("WEFT_STORE_DUMP");
  if (folder == nullptr) {
    state.SkipWithError("WEFT_STORE_DUMP names no folder");
    return;
  }
  constexpr std::size_t kDumpSeries = 10'000;
  constexpr int kDumpPolls = 720;
  Filled filled(kDumpSeries);
  std::vector<std::vector<StorePoint>> polls;
  double seconds = 0;
  for (auto _ : state) {
    for (int i = 0; i < kDumpPolls; ++i) {
      filled.draw();
      const double start = now_s();
      filled.take();
      seconds += now_s() - start;
      polls.push_back(filled.points);
    }
    const double start = now_s();
    static_cast<void>(filled.store->maintain({filled.at + 8 * 3600 * kSecond}));
    seconds += now_s() - start;
  }
  std::uint64_t measured = 0;
  std::ofstream json(std::string(folder) + "/samples.jsonl");
  std::ofstream text(std::string(folder) + "/samples.om");
  text << "# TYPE weft gauge\n";
  for (std::size_t s = 0; s < kDumpSeries; ++s) {
    if (!polls[0][s].point.value) {
      continue;
    }
    const SeriesKey key = filled.rack.key(s);
    const std::string metric(observe::row(key.metric).key);
    std::string values;
    std::string times;
    for (const auto& poll : polls) {
      const std::string value = sample_text(*poll[s].point.value);
      const std::int64_t ms = poll[s].point.at.ns / 1'000'000;
      values += (values.empty() ? "" : ",") + value;
      times += (times.empty() ? "" : ",") + std::to_string(ms);
      text << "weft{metric=\"" << metric << "\",subject=\"" << key.subject << "\",label=\""
           << key.label << "\"} " << value << ' ' << ms / 1000 << '.' << ms % 1000 / 100
           << ms % 100 / 10 << ms % 10 << '\n';
      ++measured;
    }
    json << R"({"metric":{"__name__":"weft_)" << metric << R"(","subject":")" << key.subject
         << R"(","label":")" << key.label << R"("},"values":[)" << values << R"(],"timestamps":[)"
         << times << "]}\n";
  }
  text << "# EOF\n";
  std::ofstream(std::string(folder) + "/ours.json")
      << R"({"samples":)" << filled.store->counts().points << R"(,"measured":)" << measured
      << R"(,"seconds":)" << seconds << R"(,"bytes":)" << filled.store->counts().bytes_on_disk
      << "}\n";
}
BENCHMARK(store_dump)->Iterations(1);

store_parts::Strip strip_of(std::size_t row) {
  RackSamples rack(row + 1, 3);
  store_parts::Strip strip;
  std::vector<StorePoint> points;
  for (int i = 0; i < 360; ++i) {
    rack.poll({kStart + i * kPoll}, points);
    strip.push(points[row].point.at.ns, store_parts::piece_of(points[row].point.value));
  }
  return strip;
}

/// Argument: row of RackSamples.
void store_encode(benchmark::State& state) {
  const store_parts::Strip strip = strip_of(static_cast<std::size_t>(state.range(0)));
  std::size_t bytes = 0;
  for (auto _ : state) {
    bytes = store_parts::encode_block(strip, 0, strip.size()).size();
    benchmark::DoNotOptimize(bytes);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(strip.size()));
  state.counters["bytes_a_sample"] = static_cast<double>(bytes) / static_cast<double>(strip.size());
}
// Rows whose kinds are still, traffic, errors, temperature, power.
BENCHMARK(store_encode)->Arg(0)->Arg(10)->Arg(2)->Arg(5)->Arg(16);

void store_decode(benchmark::State& state) {
  const store_parts::Strip strip = strip_of(static_cast<std::size_t>(state.range(0)));
  const base::Bytes bytes = store_parts::encode_block(strip, 0, strip.size());
  for (auto _ : state) {
    benchmark::DoNotOptimize(store_parts::decode_block(bytes));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(strip.size()));
}
BENCHMARK(store_decode)->Arg(0)->Arg(10)->Arg(2)->Arg(5)->Arg(16);

}  // namespace
}  // namespace weft::telemetry
