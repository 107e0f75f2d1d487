// SPDX-License-Identifier: Apache-2.0
// Pseudo-random test patterns, and a checker that finds their phase by itself. Recurrences of ITU-T
// O.150 and 802.3: PRBS7 x^7+x^6+1, 9 x^9+x^5+1, 11 x^11+x^9+1, 13 x^13+x^12+x^2+x+1 (as PAM4:
// PRBS13Q, 802.3 clause 120.5.11.2.1), 15 x^15+x^14+1, 23 x^23+x^18+1, 31 x^31+x^28+1. Some
// standards send 15, 23 and 31 inverted: `inverted` does.
#pragma once

#include "base/result.h"
#include "wire/fec/line_code.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace weft::wire::fec {

struct PrbsPattern {
  unsigned order = 0;      ///< 7, 9, 11, 13, 15, 23 or 31
  std::uint32_t taps = 0;  ///< bit i - 1 set: the bit sent i bits ago takes part
  bool inverted = false;
};
/// nullopt for an order that is not listed above.
[[nodiscard]] std::optional<PrbsPattern> prbs_pattern(unsigned order, bool inverted = false);

class PrbsGenerator {
 public:
  /// `seed`: the first `order` bits sent, the first in the most significant of them; 0, which would
  /// stay 0, counts as all ones.
  PrbsGenerator(const PrbsPattern& pattern, std::uint32_t seed);
  /// The next bit, 0 or 1.
  [[nodiscard]] std::uint8_t next();
  /// Fills bytes, least significant bit first.
  void fill(std::span<std::uint8_t> bytes);
  /// The next PAM4 symbol (PRBS13Q for order 13): two bits through Gray code, the first the more
  /// significant.
  [[nodiscard]] Level next_pam4();

 private:
  PrbsPattern pattern_;
  std::uint32_t mask_;
  std::uint32_t state_;  // bit i: the bit that will be sent order - 1 - i bits from now
};

/// Takes a received stream, locks to it, and counts bit errors exactly (an error does not disturb
/// the reference). Unlocked, it takes `order` bits as the phase and believes it after 32 more that
/// fit; locked, it lets go after more than 20 wrong bits in 64.
class PrbsChecker {
 public:
  explicit PrbsChecker(const PrbsPattern& pattern);
  void check(std::uint8_t bit);
  void check_bytes(std::span<const std::uint8_t> bytes);

  [[nodiscard]] bool is_locked() const { return is_locked_; }
  [[nodiscard]] std::uint64_t bits() const { return bits_; }      ///< compared while locked
  [[nodiscard]] std::uint64_t errors() const { return errors_; }  ///< of those
  [[nodiscard]] std::uint64_t locks() const { return locks_; }    ///< times that it locked

 private:
  [[nodiscard]] std::uint8_t predicted() const;
  void search(std::uint8_t bit);

  PrbsPattern pattern_;
  std::uint32_t mask_;
  std::uint32_t history_ = 0;  // bit i: i + 1 bits ago; received while searching, else predicted
  unsigned run_ = 0;           // bits since the search began or last failed
  bool is_locked_ = false;
  std::uint64_t recent_ = 0;  // wrong bits among the last 64
  std::uint64_t bits_ = 0;
  std::uint64_t errors_ = 0;
  std::uint64_t locks_ = 0;
};

}  // namespace weft::wire::fec
