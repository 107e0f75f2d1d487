// SPDX-License-Identifier: Apache-2.0
// What a maximum-likelihood sequence detector over 1 + b D gains on a slicer behind a one-tap DFE.
// Public description: P802.3dj annex 178A as the BSD-licensed COM 4.1x ports (function
// MLSE_U1_c_178A) carry it out, without their truncated variant and budget adjustments:
//   An error event of length j alternates in sign, so that the detector compares paths that differ
//   by u_j = (1, -(1 - b), (1 - b), ..., (-1)^(j-1) b) in units of 2 A_s.
//   DER_j = ((L - 1) / L)^(j - 1) P_j(-A_s |u_j|^3 / sqrt(u_j' V u_j))
// where V is the disturbance's normalised autocorrelation, and P_j the distribution of independent
// disturbances in the proportions of u_j. DER_MLSE = sum over j. The gain is what the slicer's
// margin would have to grow by to err as seldom. Time-domain simulations find less gain at high
// error ratios; see README.md.
#pragma once

#include "phy/com/density.h"

#include <span>

namespace weft::phy::com {

struct MlseResult {
  double der_slicer = 0;  ///< of the DFE's slicer
  double der = 0;         ///< of the sequence detector
  double gain_db = 0;     ///< on COM; 0 where the detector would not help
};

/// `disturbance` with a Gaussian of `sigma_v` is what a slicer with margin `a_s_v` sees;
/// `correlation` its autocorrelation in UI from lag 0; `b` the DFE tap relative to the cursor.
[[nodiscard]] MlseResult mlse(const Density& disturbance, double sigma_v,
                              std::span<const double> correlation, double a_s_v, double b,
                              unsigned levels);

}  // namespace weft::phy::com
