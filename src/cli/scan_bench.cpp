// SPDX-License-Identifier: Apache-2.0
// What a user waits for: `weft scan` as a whole process, over a capture of ten thousand PCI
// functions and over the demo. Wall time is measured; counters give peak memory (MB) as the kernel
// accounts it.
#include "bus/archive.h"
#include "bus/synthetic/host.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

std::string program() {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  return (self.parent_path() / "weft").string();
}

struct Run {
  double seconds = 0;
  double peak_mb = 0;
  bool is_ok = false;
};

/// One run of the program on one processor's worth of time, its output thrown away.
Run run(const std::vector<std::string>& arguments) {
  const auto start = std::chrono::steady_clock::now();
  const pid_t child = ::fork();
  if (child == 0) {
    const int null = ::open("/dev/null", O_WRONLY);
    ::dup2(null, 1);
    std::vector<char*> argv;
    auto name = program();
    argv.push_back(name.data());
    auto copies = arguments;
    for (auto& argument : copies) {
      argv.push_back(argument.data());
    }
    argv.push_back(nullptr);
    ::execv(name.c_str(), argv.data());
    ::_exit(127);
  }
  int status = 0;
  rusage usage{};
  ::wait4(child, &status, 0, &usage);
  Run out;
  out.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  out.peak_mb = static_cast<double>(usage.ru_maxrss) / 1024;
  out.is_ok = WIFEXITED(status) && WEXITSTATUS(status) <= 3;
  return out;
}

void measure(benchmark::State& state, const std::vector<std::string>& arguments) {
  double peak = 0;
  for (auto _ : state) {
    const auto once = run(arguments);
    if (!once.is_ok) {
      state.SkipWithError("weft scan failed");
      return;
    }
    state.SetIterationTime(once.seconds);
    peak = std::max(peak, once.peak_mb);
  }
  state.counters["peak_MB"] = peak;
}

std::string capture_of(int functions) {
  const auto path = std::filesystem::temp_directory_path() /
                    ("weft-bench-" + std::to_string(::getpid()) + ".tar.zst");
  const auto packed = weft::bus::write_archive(weft::bus::synthetic::large_host(functions).tree(),
                                               weft::bus::Packing::kZstd);
  std::ofstream(path, std::ios::binary) << packed.value();
  return path.string();
}

void scan_capture(benchmark::State& state) {
  const auto path = capture_of(static_cast<int>(state.range(0)));
  measure(state, {"scan", "--from", path});
  std::filesystem::remove(path);
}

void scan_capture_json(benchmark::State& state) {
  const auto path = capture_of(static_cast<int>(state.range(0)));
  measure(state, {"scan", "--json", "--from", path});
  std::filesystem::remove(path);
}

void scan_demo(benchmark::State& state) {
  measure(state, {"scan", "--demo"});
}
void scan_this_machine(benchmark::State& state) {
  measure(state, {"scan"});
}

BENCHMARK(scan_this_machine)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK(scan_demo)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK(scan_capture)->Arg(1000)->Arg(10000)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK(scan_capture_json)->Arg(10000)->UseManualTime()->Unit(benchmark::kMillisecond);

}  // namespace
