// SPDX-License-Identifier: Apache-2.0
#include "phy/lane/counts.h"

#include <algorithm>
#include <cmath>

namespace weft::phy::lane {
namespace counts {

constexpr double kInversionMost = 10;

/// ln k! - (ln sqrt(2 pi) + (k + 1/2) ln(k + 1) - (k + 1)), by table and by Stirling's series.
double stirling_tail(double k) {
  static constexpr double kTable[] = {0.0810614667953272, 0.0413406959554092, 0.0276779256849983,
                                      0.0207906721037650, 0.0166446911898211, 0.0138761288230707,
                                      0.0118967099458917, 0.0104112652619720, 0.00925546218271273,
                                      0.00833056343336287};
  if (k < 10) {
    return kTable[static_cast<std::size_t>(k)];
  }
  const double k1 = k + 1;
  return (1.0 / 12 - (1.0 / 360 - 1.0 / 1260 / (k1 * k1)) / (k1 * k1)) / k1;
}

std::uint64_t poisson_by_inversion(double mean, base::Random& random) {
  double left = random.uniform();
  double p = std::exp(-mean);
  std::uint64_t k = 0;
  while (left >= p && k < 1000) {
    left -= p;
    ++k;
    p *= mean / static_cast<double>(k);
  }
  return k;
}

std::uint64_t binomial_by_inversion(std::uint64_t trials, double p, base::Random& random) {
  const auto n = static_cast<double>(trials);
  const double odds = p / (1 - p);
  double left = random.uniform();
  double mass = std::exp(n * std::log1p(-p));
  std::uint64_t k = 0;
  while (left >= mass && k < trials && k < 1000) {
    left -= mass;
    ++k;
    mass *= odds * (n - static_cast<double>(k) + 1) / static_cast<double>(k);
  }
  return k;
}

/// BTRS: p <= 1/2, n p >= 10.
std::uint64_t binomial_by_rejection(std::uint64_t trials, double p, base::Random& random) {
  const auto n = static_cast<double>(trials);
  const double spread = std::sqrt(n * p * (1 - p));
  const double b = 1.15 + 2.53 * spread;
  const double a = -0.0873 + 0.0248 * b + 0.01 * p;
  const double c = n * p + 0.5;
  const double v_r = 0.92 - 4.2 / b;
  const double alpha = (2.83 + 5.1 / b) * spread;
  const double m = std::floor((n + 1) * p);
  const double ratio = p / (1 - p);
  for (;;) {
    const double u = random.uniform() - 0.5;
    double v = random.uniform();
    const double us = 0.5 - std::abs(u);
    const double k = std::floor((2 * a / us + b) * u + c);
    if (us >= 0.07 && v <= v_r) {
      return static_cast<std::uint64_t>(k);
    }
    if (k < 0 || k > n) {
      continue;
    }
    v = std::log(v * alpha / (a / (us * us) + b));
    const double bound = (m + 0.5) * std::log((m + 1) / (ratio * (n - m + 1))) +
                         (n + 1) * std::log((n - m + 1) / (n - k + 1)) +
                         (k + 0.5) * std::log(ratio * (n - k + 1) / (k + 1)) + stirling_tail(m) +
                         stirling_tail(n - m) - stirling_tail(k) - stirling_tail(n - k);
    if (v <= bound) {
      return static_cast<std::uint64_t>(k);
    }
  }
}

/// PTRS: mean >= 10.
std::uint64_t poisson_by_rejection(double mean, base::Random& random) {
  const double b = 0.931 + 2.53 * std::sqrt(mean);
  const double a = -0.059 + 0.02483 * b;
  const double alpha = 1.1239 + 1.1328 / (b - 3.4);
  const double v_r = 0.9277 - 3.6224 / (b - 2);
  for (;;) {
    const double u = random.uniform() - 0.5;
    const double v = random.uniform();
    const double us = 0.5 - std::abs(u);
    const double k = std::floor((2 * a / us + b) * u + mean + 0.43);
    if (us >= 0.07 && v <= v_r) {
      return static_cast<std::uint64_t>(k);
    }
    if (k < 0 || (us < 0.013 && v > us)) {
      continue;
    }
    // ln k! by Stirling; std::lgamma writes a global.
    const double log_factorial =
        k < 1 ? 0 : (k + 0.5) * std::log(k + 1) - (k + 1) + 0.91893853320467274 + stirling_tail(k);
    if (std::log(v * alpha / (a / (us * us) + b)) <= k * std::log(mean) - mean - log_factorial) {
      return static_cast<std::uint64_t>(k);
    }
  }
}

}  // namespace counts

std::uint64_t draw_poisson(double mean, base::Random& random) {
  if (mean <= 0) {
    return 0;
  }
  return mean < counts::kInversionMost ? counts::poisson_by_inversion(mean, random)
                                       : counts::poisson_by_rejection(mean, random);
}

std::uint64_t draw_binomial(std::uint64_t trials, double p, base::Random& random) {
  if (trials == 0 || p <= 0) {
    return 0;
  }
  if (p >= 1) {
    return trials;
  }
  const bool is_mirrored = p > 0.5;
  const double q = is_mirrored ? 1 - p : p;
  const std::uint64_t k = static_cast<double>(trials) * q < counts::kInversionMost
                              ? counts::binomial_by_inversion(trials, q, random)
                              : counts::binomial_by_rejection(trials, q, random);
  return is_mirrored ? trials - k : k;
}

}  // namespace weft::phy::lane
