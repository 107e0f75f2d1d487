// SPDX-License-Identifier: Apache-2.0
// How long configuration spaces take: 10,000 functions of 4 KiB through the typed read (target:
// well under 100 ms), through the complete decode, and as text of a dump.
#include "wire/pcie/config_builder.h"
#include "wire/pcie/decode.h"
#include "wire/pcie/dump.h"
#include "wire/pcie/function.h"

#include <string>
#include <vector>

#include <benchmark/benchmark.h>

namespace weft::wire::pcie {
namespace {

constexpr std::int64_t kFunctions = 10'000;

/// What a current accelerator carries: 5 standard and 12 extended capabilities.
base::Bytes accelerator() {
  testing::ConfigBuilder b;
  b.header(0, 0x10DE, 0x2330, 0x030200);
  b.capability(0x40, PCI_CAP_ID_PM).capability(0x50, PCI_CAP_ID_EXP);
  b.put(0x52, 2, 2).put(0x5C, 4, 5 | 16 << 4).put(0x62, 2, 5 | 16 << 4).put(0x7C, 4, 0x3E);
  b.capability(0x90, PCI_CAP_ID_MSIX).capability(0xA0, PCI_CAP_ID_VNDR).put(0xA2, 1, 0x10);
  std::size_t at = 0x100;
  for (const int id :
       {0x01, 0x03, 0x04, 0x0D, 0x10, 0x15, 0x18, 0x19, 0x1E, 0x25, 0x26, 0x27, 0x2A}) {
    b.extended(at, static_cast<std::uint16_t>(id));
    at += 0x60;
  }
  return b.bytes();
}

void read_functions(benchmark::State& state) {
  const base::Bytes config = accelerator();
  for (auto _ : state) {
    for (std::int64_t i = 0; i < kFunctions; ++i) {
      benchmark::DoNotOptimize(read_function(config));
    }
  }
  state.SetItemsProcessed(state.iterations() * kFunctions);
  state.SetLabel("10,000 functions; target < 100 ms");
}
BENCHMARK(read_functions)->Unit(benchmark::kMillisecond);

void decode_functions(benchmark::State& state) {
  const base::Bytes config = accelerator();
  for (auto _ : state) {
    for (std::int64_t i = 0; i < kFunctions; ++i) {
      benchmark::DoNotOptimize(decode(config));
    }
  }
  state.SetItemsProcessed(state.iterations() * kFunctions);
}
BENCHMARK(decode_functions)->Unit(benchmark::kMillisecond);

void parse_dumps(benchmark::State& state) {
  const std::string one =
      write_dump({.bus = 1, .description = "3D controller", .config = accelerator()});
  std::string text;
  for (int i = 0; i < 100; ++i) {
    text += one;
  }
  for (auto _ : state) {
    benchmark::DoNotOptimize(parse_dump(text, "bench"));
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(parse_dumps)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace weft::wire::pcie
