// SPDX-License-Identifier: Apache-2.0
// Two ways to the same quantiles, joined where both are good to more than ten digits. Small counts:
// Boost.Math's inverse incomplete gamma and beta. From kLarge on those slow down and at last give
// up; there the logarithm of a gamma variate, and the logarithm of the odds of a beta variate, are
// so nearly normal that a Cornish-Fisher series in their exact cumulants (polygamma functions) is
// better.
#include "base/stats.h"

#include <algorithm>
#include <cmath>

#include <boost/math/special_functions/beta.hpp>
#include <boost/math/special_functions/erf.hpp>
#include <boost/math/special_functions/gamma.hpp>

namespace weft::base {
namespace {

// Past this shape the first term that the series leaves out is below 1e-10 of the result, for any
// confidence that a double can tell from 1.
constexpr double kLarge = 1e5;

/// Mean, variance, third, fourth and fifth cumulant.
struct Cumulants {
  double mean = 0;
  double variance = 0;
  double third = 0;
  double fourth = 0;
  double fifth = 0;
};

/// Of log(X), X gamma distributed with this shape and scale 1: digamma and its derivatives, by
/// their asymptotic series (Abramowitz and Stegun 6.3.18, 6.4.11), exact in doubles for shapes past
/// kLarge.
Cumulants log_gamma_cumulants(double shape) {
  const double r = 1.0 / shape;
  const double r2 = r * r;
  return {.mean = std::log(shape) - r / 2 - r2 / 12,
          .variance = r + r2 / 2 + r2 * r / 6,
          .third = -r2 - r2 * r - r2 * r2 / 2,
          .fourth = r2 * r * (2 + 3 * r + 2 * r2),
          .fifth = -r2 * r2 * (6 + 12 * r + 10 * r2)};
}

/// The quantile at which the standard normal variate is `z` (Cornish and Fisher 1937; the
/// polynomials are those of Abramowitz and Stegun 26.2.49).
double cornish_fisher(const Cumulants& k, double z) {
  const double sigma = std::sqrt(k.variance);
  const double g1 = k.third / (sigma * sigma * sigma);
  const double g2 = k.fourth / (k.variance * k.variance);
  const double g3 = k.fifth / (k.variance * k.variance * sigma);
  const double z2 = z * z;
  const double z3 = z2 * z;
  const double z4 = z2 * z2;
  const double w = z + g1 * (z2 - 1) / 6 + g2 * (z3 - 3 * z) / 24 -
                   g1 * g1 * (2 * z3 - 5 * z) / 36 + g3 * (z4 - 6 * z2 + 3) / 120 -
                   g1 * g2 * (z4 - 5 * z2 + 2) / 24 + g1 * g1 * g1 * (12 * z4 - 53 * z2 + 17) / 324;
  return k.mean + sigma * w;
}

/// The normal variate that is exceeded with probability `tail`.
double upper_normal(double tail) {
  return std::sqrt(2.0) * boost::math::erfc_inv(2.0 * tail);
}

/// Where a gamma variate of this shape leaves `tail` below (is_lower) or above.
double gamma_quantile(double shape, double tail, bool is_lower) {
  if (shape < kLarge) {
    return is_lower ? boost::math::gamma_p_inv(shape, tail) : boost::math::gamma_q_inv(shape, tail);
  }
  const double z = upper_normal(tail);
  return std::exp(cornish_fisher(log_gamma_cumulants(shape), is_lower ? -z : z));
}

/// Where a beta variate leaves `tail` below (is_lower) or above.
double beta_quantile(double a, double b, double tail, bool is_lower) {
  if (std::min(a, b) < kLarge) {
    return is_lower ? boost::math::ibeta_inv(a, b, tail) : boost::math::ibetac_inv(a, b, tail);
  }
  // X / (1 - X) is the ratio of two independent gamma variates.
  const Cumulants over = log_gamma_cumulants(a);
  const Cumulants under = log_gamma_cumulants(b);
  const Cumulants log_odds = {.mean = over.mean - under.mean,
                              .variance = over.variance + under.variance,
                              .third = over.third - under.third,
                              .fourth = over.fourth + under.fourth,
                              .fifth = over.fifth - under.fifth};
  const double z = upper_normal(tail);
  return 1.0 / (1.0 + std::exp(-cornish_fisher(log_odds, is_lower ? -z : z)));
}

}  // namespace

// Garwood: the Poisson tail at n events is a chi-squared tail, that is an incomplete gamma of shape
// n (lower) and n + 1 (upper).
Interval poisson_bounds(std::uint64_t events, double confidence) {
  const double tail = (1.0 - confidence) / 2.0;
  const auto n = static_cast<double>(events);
  return {.low = events == 0 ? 0.0 : gamma_quantile(n, tail, true),
          .high = gamma_quantile(n + 1.0, tail, false)};
}

// Clopper-Pearson: the binomial tails are incomplete betas. The misses are counted in whole
// numbers: in doubles n - k would lose them past 2^53.
Interval binomial_bounds(std::uint64_t hits, std::uint64_t trials, double confidence) {
  const double tail = (1.0 - confidence) / 2.0;
  const auto k = static_cast<double>(hits);
  const auto misses = static_cast<double>(trials - hits);
  return {.low = hits == 0 ? 0.0 : beta_quantile(k, misses + 1.0, tail, true),
          .high = hits == trials ? 1.0 : beta_quantile(k + 1.0, misses, tail, false)};
}

}  // namespace weft::base
