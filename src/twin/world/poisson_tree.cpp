// SPDX-License-Identifier: Apache-2.0
// Draws and walks of the tree that poisson_tree.h describes.
#include "twin/world/poisson_tree.h"

#include "base/random.h"
#include "phy/lane/counts.h"
#include "twin/world/hash.h"
#include "twin/world/normal.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace weft::twin {
namespace {

constexpr std::uint32_t kTopLevel = 55;
constexpr std::uint64_t kTopBlocks = std::uint64_t{1} << (63 - kTopLevel);
constexpr std::uint32_t kCacheLevel = 36;  // 69 s: below it one walks anew
constexpr std::uint64_t kPopcountMost = 1024;
constexpr double kExactMost = 0x1p40;

std::uint64_t block_seed(std::uint64_t seed, std::uint32_t level, std::uint64_t index) {
  return mix(seed, std::uint64_t{level} << 58 ^ index);
}

double draw_normal(base::SplitMix64& words) {
  return normal_quantile((static_cast<double>(words() >> 11) + 0.5) * 0x1p-53);
}

std::uint64_t draw_half(std::uint64_t n, std::uint64_t seed) {
  base::SplitMix64 words(seed);
  if (n <= kPopcountMost) {
    std::uint64_t heads = 0;
    for (; n >= 64; n -= 64) {
      heads += static_cast<std::uint64_t>(std::popcount(words()));
    }
    return heads +
           static_cast<std::uint64_t>(std::popcount(words() & ((std::uint64_t{1} << n) - 1)));
  }
  const auto trials = static_cast<double>(n);
  const double z = draw_normal(words);
  const double away = std::sqrt(trials / 4 - 1.0 / 12) * (z - (z * z - 3) * z / (12 * trials));
  const double odd = (n & 1) != 0 ? 0.5 : 0;
  return n / 2 +
         static_cast<std::uint64_t>(static_cast<std::int64_t>(std::floor(away + odd + 0.5)));
}

std::uint64_t draw_top(std::uint64_t seed, double per_s, std::uint64_t index) {
  const double mean = per_s * 1e-9 * static_cast<double>(std::uint64_t{1} << kTopLevel);
  base::SplitMix64 words(block_seed(seed, kTopLevel + 1, index));
  if (mean <= kExactMost) {
    base::Random random(base::Random::State{words(), words(), words(), words()});
    return phy::lane::draw_poisson(mean, random);
  }
  const double z = draw_normal(words);
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
