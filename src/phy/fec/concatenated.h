// SPDX-License-Identifier: Apache-2.0
// The inner Hamming(128,120) with KP4 outside it, as 200G lanes use it (802.3dj; SIJ 3405), with
// hard decisions. Modelled: the interleaver between the codes is taken as ideal (the twelve 10-bit
// symbols of an inner codeword fall into twelve KP4 codewords), and wrong bits that the inner
// decoder leaves as spread evenly over its 128. Soft decisions, which real receivers use, gain more
// and are not modelled: a bound from above. Bursts are not modelled.
#pragma once

#include "phy/fec/analytic.h"

namespace weft::phy::fec {

struct ConcatenatedPostFec {
  double inner_bit_error_ratio = 0;  ///< after the inner decoder
  PostFec outer;                     ///< of KP4
};
/// Exact over the weights of the extended Hamming code for independent bit errors. kInvalidArgument
/// for a ratio outside [0, 0.5].
[[nodiscard]] base::Result<ConcatenatedPostFec> post_concatenated(double bit_error_ratio);

}  // namespace weft::phy::fec
