// SPDX-License-Identifier: Apache-2.0
// The same errors, thrown: seeded Monte Carlo that sends random data through the real codecs of
// wire/fec and wire/flit, over lanes whose line symbols fail as the chain of analytic.h says, and
// counts what comes out. Cross-checks the computed results where ratios are large enough to be
// seen. The same seed gives the same counts; one thread. A wrong line symbol is off by one level,
// by turns up and down within a burst, modulo the number of levels, so that it is one wrong bit.
#pragma once

#include "base/stats.h"
#include "phy/fec/analytic.h"
#include "phy/fec/flit_retry.h"

#include <cstdint>
#include <vector>

namespace weft::phy::fec {

struct CodewordTrial {
  std::uint64_t codewords = 0;
  std::vector<std::uint64_t> histogram;  ///< [0..t+1] codewords with so many wrong symbols
  std::uint64_t uncorrectable = 0;       ///< that the decoder gave up
  std::uint64_t miscorrected = 0;        ///< that it turned into another codeword
  std::uint64_t wrong_symbols = 0;       ///< before decoding
  std::uint64_t wrong_symbols_left = 0;  ///< after decoding
  std::uint64_t wrong_bits_left = 0;
  std::uint64_t bits = 0;
  base::Interval codeword_failure;  ///< uncorrectable or miscorrected, at 95 %
};
/// `codewords` of each of the interleaved streams together, at least 1. Only kKp4 and kKr4 have a
/// codec here: others are kUnimplemented. Some 30 us a codeword.
[[nodiscard]] base::Result<CodewordTrial> simulate_codewords(const CodeParameters& code,
                                                             const ErrorProcess& errors,
                                                             std::uint64_t codewords,
                                                             std::uint64_t seed);

struct FlitTrial {
  std::uint64_t flits = 0;
  std::uint64_t touched = 0;     ///< with at least one wrong byte
  std::uint64_t corrected = 0;   ///< mended by the ECC and passed by the CRC
  std::uint64_t retried = 0;     ///< that ECC or CRC refused
  std::uint64_t undetected = 0;  ///< passed both and are wrong
  base::Interval retry;          ///< retried / flits, at 95 %
};
/// The 256-byte flit of PCIe 6 only; clean flits cost nothing, a touched one some 10 us.
[[nodiscard]] base::Result<FlitTrial> simulate_flits(const FlitErrors& errors, std::uint64_t flits,
                                                     std::uint64_t seed);

}  // namespace weft::phy::fec
