// SPDX-License-Identifier: Apache-2.0
// What FEC leaves, computed: from a lane's error ratio and burst parameter to the distribution of
// symbol errors in a codeword, the codeword failure ratio, the bit error ratio after FEC and the
// ratio of retried flits. Sums are exact in double down to 1e-300: no FFT, no subtraction of nearly
// equal numbers. Facts and reference values: Gilbert-type burst model as 802.3's analyses use it.
#pragma once

#include "base/result.h"

#include <cstddef>
#include <string_view>
#include <vector>

namespace weft::phy::fec {

/// A block code over symbols, with bounded-distance decoding.
struct CodeParameters {
  std::string_view key;  ///< "kp4", "kr4"
  std::size_t n = 0;     ///< symbols in a codeword
  std::size_t k = 0;     ///< message symbols
  std::size_t t = 0;     ///< symbols that decoding corrects
  std::size_t symbol_bits = 0;
};
inline constexpr CodeParameters kKr4{"kr4", 528, 514, 7, 10};
inline constexpr CodeParameters kKp4{"kp4", 544, 514, 15, 10};

/// How a lane's errors come.
struct ErrorProcess {
  double ber = 0;                ///< bit error ratio at the slicer, bursts included
  double burst = 0;              ///< a: probability that an error is followed by another; 0 random
  unsigned bits_per_symbol = 1;  ///< of the line: 1 NRZ, 2 PAM4; a is per line symbol
  bool precoding = false;        ///< 1/(1+D): turns a burst into two errors, its start and end
  std::size_t interleave = 1;    ///< codewords interleaved symbol by symbol: 1, 2 or 4
  std::size_t lanes = 1;         ///< lanes over which symbols are dealt out
};

struct PostFec {
  std::vector<double> histogram;      ///< [0..t+1] probability of so many symbol errors; last: > t
  double codeword_failure = 0;        ///< P(more than t symbol errors)
  double symbol_error_ratio = 0;      ///< after FEC
  double bit_error_ratio = 0;         ///< after FEC
  double log10_codeword_failure = 0;  ///< kept where the ratio itself would underflow
};

/// kInvalidArgument for ratios outside [0, 1], an interleave that is not 1, 2 or 4.
[[nodiscard]] base::Result<PostFec> post_fec(const CodeParameters& code,
                                             const ErrorProcess& errors);

}  // namespace weft::phy::fec
