// SPDX-License-Identifier: Apache-2.0
#include "phy/fec/proof.h"

#include <algorithm>

namespace weft::phy::fec {

base::Result<Proof> prove(const Seen& seen) {
  const auto refuse = [](const char* what, const char* hint) {
    return base::fail(base::Code::kInvalidArgument, what, {}, hint);
  };
  if (!(seen.bits >= 1 && seen.bits <= 1e300)) {
    return refuse("bits are not a number from 1 to 1e300", "Give the bits that were compared.");
  }
  if (!(seen.target > 0 && seen.target < 1)) {
    return refuse("target is not between 0 and 1", "Give a ratio, such as 1e-15.");
  }
  if (!(seen.confidence > 0 && seen.confidence < 1)) {
    return refuse("confidence is not between 0 and 1", "Give a probability, such as 0.95.");
  }
  if (static_cast<double>(seen.errors) > seen.bits) {
    return refuse("more errors than bits", "Give the bits that were compared, errors included.");
  }
  constexpr double kCountable = 9e18;  // what an unsigned 64-bit number of trials holds
  // Leaving 1 - confidence on one side is leaving it on each side of 2 * confidence - 1; below one
  // half, that is no interval, and the bound is taken from the complement's side.
  const double two_sided = std::max(2 * seen.confidence - 1, 1e-12);
  const base::Interval events = base::poisson_bounds(seen.errors, two_sided);
  Proof proof;
  proof.estimate = static_cast<double>(seen.errors) / seen.bits;
  proof.bits_needed = events.high / seen.target;
  proof.bits_more = std::max(0.0, proof.bits_needed - seen.bits);
  double lower = 0;
  if (seen.bits < kCountable) {
    const auto trials = static_cast<std::uint64_t>(seen.bits);
    proof.bounds = base::binomial_bounds(seen.errors, trials, seen.confidence);
    const base::Interval one_sided = base::binomial_bounds(seen.errors, trials, two_sided);
    proof.upper = one_sided.high;
    lower = one_sided.low;
  } else {
    const base::Interval both = base::poisson_bounds(seen.errors, seen.confidence);
    proof.bounds = {both.low / seen.bits, both.high / seen.bits};
    proof.upper = events.high / seen.bits;
    lower = events.low / seen.bits;
  }
  proof.is_proven = proof.bits_more == 0;
  proof.is_disproven = lower > seen.target;
  return proof;
}

}  // namespace weft::phy::fec
