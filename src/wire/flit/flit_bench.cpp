// SPDX-License-Identifier: Apache-2.0
// Flits per second of the codecs on one core, clean and with an error to correct.
#include "wire/flit/flit256.h"
#include "wire/flit/ualink_flit.h"

#include <benchmark/benchmark.h>

namespace weft::wire::flit {
namespace {

void flit256_encode(benchmark::State& state) {
  const auto codec = Flit256Codec::create();
  Flit256 flit{};
  for (auto _ : state) {
    ++flit[0];
    benchmark::DoNotOptimize(codec->encode(flit));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(flit256_encode);

void flit256_decode(benchmark::State& state) {
  const auto codec = Flit256Codec::create();
  Flit256 sent{};
  (void)codec->encode(sent);
  for (auto _ : state) {
    Flit256 received = sent;
    received[17] ^= static_cast<std::uint8_t>(state.range(0));
    benchmark::DoNotOptimize(codec->decode(received));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(flit256_decode)->ArgName("error")->Arg(0)->Arg(1);

void ualink_decode(benchmark::State& state) {
  Flit640 flit{};
  seal_flit640(flit);
  const UalinkCodeword codeword = encode_codeword(flit);
  for (auto _ : state) {
    benchmark::DoNotOptimize(decode_codeword(codeword));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(ualink_decode);

}  // namespace
}  // namespace weft::wire::flit
