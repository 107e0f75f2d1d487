// SPDX-License-Identifier: Apache-2.0
// SipHash with 2 rounds a word and 4 at the end, as its paper defines it.
#include "bus/keyed_hash.h"

#include "base/bytes.h"

#include <bit>
#include <random>

namespace weft::bus {

namespace keyed_hash {

struct State {
  std::uint64_t v0, v1, v2, v3;

  void round() {
    v0 += v1;
    v2 += v3;
    v1 = std::rotl(v1, 13) ^ v0;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 = std::rotl(v0, 32);
    v2 += v1;
    v0 += v3;
    v1 = std::rotl(v1, 17) ^ v2;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 = std::rotl(v2, 32);
  }
  void take(std::uint64_t word) {
    v3 ^= word;
    round();
    round();
    v0 ^= word;
  }
};

}  // namespace keyed_hash

std::uint64_t siphash(const HashKey& key, std::string_view text) {
  keyed_hash::State state{key[0] ^ 0x736f6d6570736575U, key[1] ^ 0x646f72616e646f6dU,
                          key[0] ^ 0x6c7967656e657261U, key[1] ^ 0x7465646279746573U};
  const base::ByteView bytes = base::as_bytes(text);
  const std::size_t whole = text.size() / 8 * 8;
  for (std::size_t i = 0; i < whole; i += 8) {
    state.take(base::read_le(bytes, i, 8).value_or(0));
  }
  const std::uint64_t rest = base::read_le(bytes, whole, text.size() - whole).value_or(0);
  state.take(rest | static_cast<std::uint64_t>(text.size()) << 56);
  state.v2 ^= 0xFF;
  for (int i = 0; i < 4; ++i) {
    state.round();
  }
  return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

HashKey random_key() {
  std::random_device device;  // getrandom(2) or RDRAND with libstdc++
  const auto word = [&device] { return static_cast<std::uint64_t>(device()) << 32 | device(); };
  const std::uint64_t first = word();
  return {first, word()};
}

}  // namespace weft::bus
