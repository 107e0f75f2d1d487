// SPDX-License-Identifier: Apache-2.0
// Seeded random streams, one per named thing: the numbers that an object draws depend on the seed
// and on the object's own path, never on who drew before. Generator xoshiro256** 1.0, seeded by
// splitmix64, both by Blackman and Vigna (prng.di.unimi.it, public domain). Not for secrets.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <string_view>

namespace weft::base {

/// Spreads one 64-bit seed over many words.
class SplitMix64 {
 public:
  constexpr explicit SplitMix64(std::uint64_t seed) : state_(seed) {}
  constexpr std::uint64_t operator()() {
    state_ += 0x9e3779b97f4a7c15ULL;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }

 private:
  std::uint64_t state_;
};

/// A stream of random numbers; fits the standard library's distributions.
class Random {
 public:
  using result_type = std::uint64_t;
  using State = std::array<std::uint64_t, 4>;

  /// The stream of what `path` names ("pod0/server3/gpu1") under this seed.
  Random(std::uint64_t seed, std::string_view path);
  /// From a state; all zero is replaced, since the generator would stay there.
  explicit Random(const State& state);

  /// 64 random bits.
  std::uint64_t operator()();
  /// Uniform in [0, 1), 53 bits.
  double uniform();
  /// Uniform in [0, bound), without bias. @pre bound > 0
  std::uint64_t below(std::uint64_t bound);

  /// For checkpoints: a Random made from it goes on with the same numbers.
  [[nodiscard]] const State& state() const { return state_; }
  static constexpr std::uint64_t min() { return 0; }
  static constexpr std::uint64_t max() { return std::numeric_limits<std::uint64_t>::max(); }

 private:
  State state_;
};

}  // namespace weft::base
