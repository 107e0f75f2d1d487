// SPDX-License-Identifier: Apache-2.0
// Line speed of the codecs on one core: bytes/s counts all bits of a codeword, so 1 Gb/s of line
// rate is 125 MB/s.
#include "base/random.h"
#include "wire/fec/hamming.h"
#include "wire/fec/prbs.h"
#include "wire/fec/reed_solomon.h"
#include "wire/fec/scrambler.h"

#include <array>
#include <vector>

#include <benchmark/benchmark.h>

namespace weft::wire::fec {
namespace {

const ReedSolomon& code_of(std::int64_t n) {
  return n == 544 ? kp4() : kr4();
}

std::vector<Symbol> codeword(const ReedSolomon& code, base::Random& random) {
  std::vector<Symbol> word(code.n());
  for (Symbol& symbol : word) {
    symbol = static_cast<Symbol>(random.below(1024));
  }
  (void)code.encode(word);
  return word;
}

void count_bits(benchmark::State& state, const ReedSolomon& code) {
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(code.n() * 10 / 8));
}

void rs_encode(benchmark::State& state) {
  const ReedSolomon& code = code_of(state.range(0));
  base::Random random(1, "encode");
  std::vector<Symbol> word = codeword(code, random);
  for (auto _ : state) {
    benchmark::DoNotOptimize(code.encode(word));
    word[0] = static_cast<Symbol>((word[0] + 1) & 1023);
  }
  count_bits(state, code);
}
BENCHMARK(rs_encode)->Arg(544)->Arg(528);

/// Second argument: wrong symbols in each codeword, at positions and with values that change.
void rs_decode(benchmark::State& state) {
  const ReedSolomon& code = code_of(state.range(0));
  const auto errors = static_cast<std::size_t>(state.range(1));
  base::Random random(2, "decode");
  const std::vector<Symbol> sent = codeword(code, random);
  std::vector<std::vector<Symbol>> words(64, sent);
  for (auto& word : words) {
    for (std::size_t i = 0; i < errors; ++i) {
      const std::size_t stratum = code.n() / errors;
      word[i * stratum + random.below(stratum)] ^= static_cast<Symbol>(1 + random.below(1023));
    }
  }
  std::size_t next = 0;
  std::vector<Symbol> word(code.n());
  std::size_t corrected = 0;
  for (auto _ : state) {
    word = words[next++ % words.size()];
    corrected += code.decode(word)->corrected;
  }
  if (corrected != errors * static_cast<std::size_t>(state.iterations()) && errors <= code.t()) {
    state.SkipWithError("decoder left errors");
  }
  count_bits(state, code);
}
BENCHMARK(rs_decode)
    ->ArgNames({"n", "errors"})
    ->Args({544, 0})
    ->Args({544, 1})
    ->Args({544, 15})
    ->Args({544, 16})
    ->Args({528, 0})
    ->Args({528, 7});

void inner_hamming_decode(benchmark::State& state) {
  const auto code = InnerHamming::create();
  const InnerHamming::Block sent = code->encode({0x123456789ABCDEF0, 0x0F1E2D3C});
  for (auto _ : state) {
    InnerHamming::Block block = sent;
    block[0] ^= 1U << 9U;
    benchmark::DoNotOptimize(code->decode(block));
  }
  state.SetBytesProcessed(state.iterations() * 16);
}
BENCHMARK(inner_hamming_decode);

void ethernet_scramble(benchmark::State& state) {
  std::array<std::uint8_t, 4096> bytes{};
  EthernetScrambler scrambler;
  for (auto _ : state) {
    scrambler.apply(bytes);
    benchmark::DoNotOptimize(bytes);
  }
  state.SetBytesProcessed(state.iterations() * 4096);
}
BENCHMARK(ethernet_scramble);

void prbs31_check(benchmark::State& state) {
  const auto pattern = prbs_pattern(31);
  std::array<std::uint8_t, 4096> bytes{};
  PrbsGenerator generator(*pattern, 1);
  PrbsChecker checker(*pattern);
  for (auto _ : state) {
    generator.fill(bytes);
    checker.check_bytes(bytes);
  }
  state.SetBytesProcessed(state.iterations() * 4096);
}
BENCHMARK(prbs31_check);

}  // namespace
}  // namespace weft::wire::fec
