// SPDX-License-Identifier: Apache-2.0
// Draws and walks of the tree that poisson_tree.h describes.
#include "twin/world/poisson_tree.h"

#include "base/random.h"
#include "phy/lane/counts.h"
#include "twin/world/hash.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>

namespace weft::twin {
namespace {

constexpr std::uint32_t kTopLevel = 55;
constexpr std::uint64_t kTopBlocks = std::uint64_t{1} << (63 - kTopLevel);
constexpr std::uint32_t kCacheLevel = 36;  // 69 s: below it one walks anew
constexpr std::uint64_t kPopcountMost = 512;
constexpr std::uint64_t kExactMost = std::uint64_t{1} << 40;

std::uint64_t block_seed(std::uint64_t seed, std::uint32_t level, std::uint64_t index) {
  return mix(seed, std::uint64_t{level} << 58 ^ index);
}

base::Random stream_of(std::uint64_t seed) {
  base::SplitMix64 words(seed);
  return base::Random(base::Random::State{words(), words(), words(), words()});
}

double draw_normal(base::Random& random) {
  const double radius = std::sqrt(-2 * std::log1p(-random.uniform()));
  return radius * std::cos(2 * std::numbers::pi * random.uniform());
}

std::uint64_t draw_half(std::uint64_t n, std::uint64_t seed) {
  if (n <= kPopcountMost) {
    base::SplitMix64 words(seed);
    std::uint64_t heads = 0;
    for (; n >= 64; n -= 64) {
      heads += static_cast<std::uint64_t>(std::popcount(words()));
    }
    return heads +
           static_cast<std::uint64_t>(std::popcount(words() & ((std::uint64_t{1} << n) - 1)));
  }
  base::Random random = stream_of(seed);
  if (n <= kExactMost) {
    return phy::lane::draw_binomial(n, 0.5, random);
  }
  const double away = std::nearbyint(0.5 * std::sqrt(static_cast<double>(n)) * draw_normal(random));
  return n / 2 + static_cast<std::uint64_t>(static_cast<std::int64_t>(away));
}

std::uint64_t draw_top(std::uint64_t seed, double per_s, std::uint64_t index) {
  const double mean = per_s * 1e-9 * static_cast<double>(std::uint64_t{1} << kTopLevel);
  base::Random random = stream_of(block_seed(seed, kTopLevel + 1, index));
  if (mean <= static_cast<double>(kExactMost)) {
    return phy::lane::draw_poisson(mean, random);
  }
  const double z = draw_normal(random);
  return static_cast<std::uint64_t>(mean + std::sqrt(mean) * z + (z * z - 1) / 6);
}

/// The first happening of a block at or after cell `from`.
std::optional<std::uint64_t> first_in(std::uint64_t seed, std::uint32_t level, std::uint64_t index,
                                      std::uint64_t n, std::uint64_t from) {
  if (n == 0 || (index + 1) << level <= from) {
    return std::nullopt;
  }
  if (level == 0) {
    return index;
  }
  const std::uint64_t left = draw_half(n, block_seed(seed, level, index));
  const auto found = first_in(seed, level - 1, 2 * index, left, from);
  return found ? found : first_in(seed, level - 1, 2 * index + 1, n - left, from);
}

}  // namespace

double bounded_rate(double per_s) {
  return per_s >= kLeastRate ? std::min(per_s, kGreatestRate) : 0;
}

std::uint64_t tree_count(std::uint64_t seed, double per_s, std::uint64_t elapsed,
                         TreeCache& cache) {
  if (per_s == 0) {
    return 0;
  }
  TreeCache at = cache;
  if (at.level >= TreeCache::kNothing || elapsed >> at.level != at.index) {
    at = {.level = kTopLevel, .index = elapsed >> kTopLevel};
    for (std::uint64_t i = 0; i < at.index; ++i) {
      at.before += draw_top(seed, per_s, i);
    }
    at.n = draw_top(seed, per_s, at.index);
  }
  while (true) {
    if (at.level >= kCacheLevel) {
      cache = at;
    }
    if (at.n == 0 || (elapsed & ((std::uint64_t{1} << at.level) - 1)) == 0) {
      return at.before;
    }
    const std::uint64_t left = draw_half(at.n, block_seed(seed, at.level, at.index));
    --at.level;
    at.index = elapsed >> at.level;
    if ((at.index & 1) != 0) {
      at.before += left;
      at.n -= left;
    } else {
      at.n = left;
    }
  }
}

std::optional<std::uint64_t> tree_next(std::uint64_t seed, double per_s, std::uint64_t elapsed) {
  if (per_s == 0) {
    return std::nullopt;
  }
  for (std::uint64_t i = elapsed >> kTopLevel; i < kTopBlocks; ++i) {
    if (const auto cell = first_in(seed, kTopLevel, i, draw_top(seed, per_s, i), elapsed)) {
      return cell;
    }
  }
  return std::nullopt;
}

}  // namespace weft::twin
