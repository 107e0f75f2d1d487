// SPDX-License-Identifier: Apache-2.0
// What FEC leaves, computed: from a lane's error ratio and burst parameter to the distribution of
// symbol errors in a codeword, the codeword failure ratio and the symbol and bit error ratios after
// FEC. Every sum has only positive terms, in double, and is repeated with a wide exponent where it
// would come below 1e-280: no FFT, no subtraction of nearly equal numbers. The flit's retry ratio
// is in flit_retry.h.
//
// The model. Without `burst`, bits fail independently: a FEC symbol of m bits fails with s = 1 -
// (1 - p)^m and the count in a codeword is binomial. With `burst` = a, line symbols fail as a
// two-state Markov chain (Gilbert): after a wrong line symbol the next is wrong with probability a;
// after a right one with b, chosen such that the ratio of wrong line symbols stays
// sigma = bits_per_symbol * ber (a wrong PAM4 symbol is one wrong bit, by Gray code): b = sigma (1
// - a) / (1 - sigma). The chain starts in its stationary state and runs on through the symbols of
// the other interleaved codewords. a = 0 therefore means "never two wrong symbols in a row", 1 %
// away from independent ones. Precoding 1/(1+D): errors of a burst alternate in sign, so the
// decoder's output is wrong at a burst's first symbol and at the one after its last, and nowhere
// else. This is the model of the 802.3bs burst analyses (wang_t_3bs_01_0514, anslow_01_0613_logic).
// Valid for bounded-distance decoding that detects every uncorrectable word and passes it on as
// received. Symbols are dealt to lanes whole; bit-multiplexing of PCS lanes is not modelled.
#pragma once

#include "base/result.h"

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace weft::phy::fec {

/// A block code over symbols, with bounded-distance decoding.
struct CodeParameters {
  std::string_view key;  ///< "kp4", "kr4"
  std::size_t n = 0;     ///< symbols in a codeword
  std::size_t k = 0;     ///< message symbols
  std::size_t t = 0;     ///< symbols that decoding corrects, at most 32
  std::size_t symbol_bits = 0;
};
inline constexpr CodeParameters kKr4{"kr4", 528, 514, 7, 10};
inline constexpr CodeParameters kKp4{"kp4", 544, 514, 15, 10};

/// How a lane's errors come.
struct ErrorProcess {
  double ber = 0;                              ///< bit error ratio at the slicer, bursts included
  std::optional<double> burst = std::nullopt;  ///< a, per line symbol; absent: independent bits
  unsigned bits_per_symbol = 1;                ///< of the line: 1 NRZ, 2 PAM4
  bool precoding = false;      ///< 1/(1+D): turns a burst into two errors, its start and end
  std::size_t interleave = 1;  ///< codewords interleaved symbol by symbol: 1, 2 or 4
  std::size_t lanes = 1;       ///< over which FEC symbols are dealt out in turn, at most 64
};

struct PostFec {
  std::vector<double> histogram;  ///< [0..t+1] probability of so many symbol errors; last: > t
  double codeword_failure = 0;    ///< P(more than t symbol errors)
  double symbol_error_ratio = 0;  ///< after FEC
  double bit_error_ratio = 0;     ///< after FEC: wrong bits per wrong symbol taken as before FEC
  double log10_codeword_failure = 0;    ///< these keep what the ratios themselves would underflow;
  double log10_symbol_error_ratio = 0;  ///< minus infinity only where the ratio is truly 0
  double log10_bit_error_ratio = 0;
  double pre_fec_symbol_error_ratio = 0;  ///< of FEC symbols as the decoder receives them
  double pre_fec_bit_error_ratio = 0;     ///< likewise of bits: `ber`, or after precoding
};

/// kInvalidArgument for ratios outside [0, 1] or not numbers, an interleave that is not 1, 2 or 4,
/// bits per symbol that do not divide a FEC symbol. Where `ber` is so high that errors must follow
/// each other, a is raised to the least that holds `ber`. Some 15 us for KP4.
[[nodiscard]] base::Result<PostFec> post_fec(const CodeParameters& code,
                                             const ErrorProcess& errors);

/// The `burst` in [0, 1) at which `errors` gives this bit error ratio after FEC (its own burst is
/// ignored): what a measured lane's a is. kOutOfRange if none does.
[[nodiscard]] base::Result<double> burst_that_fits(const CodeParameters& code, ErrorProcess errors,
                                                   double bit_error_ratio);

}  // namespace weft::phy::fec
