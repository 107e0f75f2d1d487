// SPDX-License-Identifier: Apache-2.0
// Arithmetic in GF(2^m), 3 <= m <= 10, by tables of logarithms; the element alpha = x is primitive.
// Reed-Solomon codes, the flit's ECC and its CRC are made from it. Polynomials in use: 0x409
// (x^10+x^3+1, 802.3 clause 91), 0x11D and 0x12B (GF(2^8)). Refuses a polynomial that is not
// primitive.
#pragma once

#include "base/result.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace weft::wire::fec {

using Symbol = std::uint16_t;

class GaloisField {
 public:
  /// `polynomial` with its leading bit: 0x409 for m = 10. kInvalidArgument if it is not primitive.
  [[nodiscard]] static base::Result<GaloisField> create(unsigned bits, std::uint32_t polynomial);

  [[nodiscard]] unsigned bits() const { return bits_; }
  [[nodiscard]] std::uint32_t polynomial() const { return polynomial_; }
  /// Number of elements that are not 0: 2^m - 1.
  [[nodiscard]] std::size_t order() const { return order_; }

  /// @pre a, b < 2^m, here and below
  [[nodiscard]] Symbol multiply(Symbol a, Symbol b) const {
    return antilog_[std::size_t{log_[a]} + log_[b]];
  }
  /// @pre b is not 0
  [[nodiscard]] Symbol divide(Symbol a, Symbol b) const {
    return antilog_[log_[a] + order_ - log_[b]];
  }
  /// alpha^exponent, for any exponent.
  [[nodiscard]] Symbol alpha(std::size_t exponent) const { return antilog_[exponent % order_]; }
  /// The same, faster. @pre exponent < 2 * order()
  [[nodiscard]] Symbol antilog(std::size_t exponent) const { return antilog_[exponent]; }
  /// The exponent of alpha, below order(). @pre a is not 0
  [[nodiscard]] std::size_t log(Symbol a) const { return log_[a]; }

 private:
  GaloisField() = default;

  unsigned bits_ = 0;
  std::uint32_t polynomial_ = 0;
  std::size_t order_ = 0;
  // log_[0] is 2 * order_ and antilog_ is 0 from there on, so that products need no branch.
  std::array<Symbol, 1024> log_{};
  std::array<Symbol, 4096> antilog_{};
};

/// Coefficients of the product of (x - alpha^(first + i)), i = 0 to count - 1, highest power first;
/// the leading 1 included.
[[nodiscard]] std::vector<Symbol> generator_polynomial(const GaloisField& field, std::size_t first,
                                                       std::size_t count);

}  // namespace weft::wire::fec
