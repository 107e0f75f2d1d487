// SPDX-License-Identifier: Apache-2.0
#include "base/stats.h"

#include <boost/math/special_functions/beta.hpp>
#include <boost/math/special_functions/gamma.hpp>

namespace weft::base {

// Garwood: the Poisson tail at n events is a chi-squared tail, that is an incomplete gamma of shape n
// (lower) and n + 1 (upper).
Interval poisson_bounds(std::uint64_t events, double confidence) {
  const double tail = (1.0 - confidence) / 2.0;
  const auto n = static_cast<double>(events);
  return {.low = events == 0 ? 0.0 : boost::math::gamma_p_inv(n, tail),
          .high = boost::math::gamma_q_inv(n + 1.0, tail)};
}

// Clopper-Pearson: the binomial tails are incomplete betas.
Interval binomial_bounds(std::uint64_t hits, std::uint64_t trials, double confidence) {
  const double tail = (1.0 - confidence) / 2.0;
  const auto k = static_cast<double>(hits);
  const auto n = static_cast<double>(trials);
  return {.low = hits == 0 ? 0.0 : boost::math::ibeta_inv(k, n - k + 1.0, tail),
          .high = hits == trials ? 1.0 : boost::math::ibetac_inv(k + 1.0, n - k, tail)};
}

}  // namespace weft::base
