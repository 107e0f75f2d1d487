// SPDX-License-Identifier: Apache-2.0
#include "base/random.h"

#include "base/id.h"

#include <bit>

namespace weft::base {

Random::Random(std::uint64_t seed, std::string_view path) : state_{} {
  // The seed is spread before the path's hash meets it: seeds 1 and 2 differ in every bit's chance.
  SplitMix64 spread(SplitMix64(seed)() ^ fnv1a64(path));
  for (std::uint64_t& word : state_) {
    word = spread();
  }
}

Random::Random(const State& state) : state_(state) {
  if (state_ == State{}) {
    state_[0] = 1;
  }
}

std::uint64_t Random::operator()() {
  const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

double Random::uniform() {
  return static_cast<double>((*this)() >> 11) * 0x1.0p-53;
}

std::uint64_t Random::below(std::uint64_t bound) {
  // Draws in the last, incomplete run of `bound` values are thrown away.
  const std::uint64_t incomplete = (0 - bound) % bound;
  for (;;) {
    const std::uint64_t draw = (*this)();
    if (draw >= incomplete) {
      return draw % bound;
    }
  }
}

}  // namespace weft::base
