// SPDX-License-Identifier: Apache-2.0
// The inverse of the normal distribution: Wichura, "Algorithm AS 241: The percentage points of the
// normal distribution", Applied Statistics 37 (1988), routine PPND16, to 1e-15. One random word
// gives one normal number, which is what seeds by place want.
#pragma once

namespace weft::twin {

/// z with P(Z <= z) = p. @pre 0 < p < 1
[[nodiscard]] double normal_quantile(double p);

}  // namespace weft::twin
