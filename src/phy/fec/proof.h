// SPDX-License-Identifier: Apache-2.0
// How sure an error ratio is: exact bounds from errors seen in bits, and how many more bits without
// an error, and how long, until a ratio is proven. Two-sided bounds are Clopper and Pearson's
// (base/stats.h); proof is one-sided: the ratio is proven at 95 % when so few errors would be seen
// with a probability of at most 5 % if it did not hold (no error: 2.996 / ratio bits, the "rule of
// three"). Poisson for the proof, so for ratios below some 1e-2. Errors in bursts are fewer events:
// count events, or the bounds come out too tight.
#pragma once

#include "base/result.h"
#include "base/stats.h"

#include <cstdint>

namespace weft::phy::fec {

struct Seen {
  std::uint64_t errors = 0;
  double bits = 0;        ///< compared, at least `errors`; up to 1e300
  double target = 1e-15;  ///< ratio to be proven
  double confidence = 0.95;
};

struct Proof {
  double estimate = 0;        ///< errors / bits; 0 errors is no estimate of 0, see `bounds`
  base::Interval bounds;      ///< two-sided, at `confidence`
  double upper = 0;           ///< one-sided: the ratio is below it, at `confidence`
  double bits_needed = 0;     ///< in all, if no further error comes
  double bits_more = 0;       ///< of those, still to come; 0: proven
  bool is_proven = false;     ///< the ratio is below `target`, at `confidence`
  bool is_disproven = false;  ///< it is above, at `confidence`, one-sided
};
/// kInvalidArgument for more errors than bits, ratios outside (0, 1), numbers that are none.
[[nodiscard]] base::Result<Proof> prove(const Seen& seen);

}  // namespace weft::phy::fec
