// SPDX-License-Identifier: Apache-2.0
// Internal to phy/fec: the distribution of an error count, exact up to t and lumped beyond it, as a
// number type that adds and multiplies (a truncated generating polynomial). Lumping keeps both the
// probability and the mean of what lies beyond, so products need no more terms than t + 1.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace weft::phy::fec {

/// A non-negative number whose exponent never underflows: mantissa in [0.5, 1) or 0.
class Wide {
 public:
  Wide() = default;
  explicit Wide(double value) : mantissa_(value) { normalise(); }
  friend Wide operator*(Wide a, Wide b) {
    a.mantissa_ *= b.mantissa_;
    a.exponent_ += b.exponent_;
    a.normalise();
    return a;
  }
  friend Wide operator+(Wide a, Wide b) {
    if (a.mantissa_ == 0 || (b.mantissa_ != 0 && b.exponent_ > a.exponent_)) {
      const Wide larger = b;
      b = a;
      a = larger;
    }
    const std::int64_t shift = a.exponent_ - b.exponent_;
    if (b.mantissa_ == 0 || shift > 100) {
      return a;
    }
    a.mantissa_ += std::ldexp(b.mantissa_, -static_cast<int>(shift));
    a.normalise();
    return a;
  }
  Wide& operator+=(Wide b) { return *this = *this + b; }
  [[nodiscard]] double value() const {
    if (exponent_ < -2000) {
      return 0;
    }
    return std::ldexp(mantissa_, static_cast<int>(exponent_));
  }
  [[nodiscard]] double log10() const {
    return std::log10(mantissa_) + static_cast<double>(exponent_) * 0.30102999566398119521;
  }

 private:
  void normalise() {
    int shift = 0;
    mantissa_ = std::frexp(mantissa_, &shift);
    exponent_ = mantissa_ == 0 ? 0 : exponent_ + shift;
  }
  double mantissa_ = 0;
  std::int64_t exponent_ = 0;
};

inline double value_of(double number) {
  return number;
}
inline double value_of(const Wide& number) {
  return number.value();
}
inline double log10_of(double number) {
  return std::log10(number);
}
inline double log10_of(const Wide& number) {
  return number.log10();
}

/// Results above it have lost nothing in double: what underflowed was below 1e-308 each time.
inline constexpr double kLeastInDouble = 1e-280;

inline constexpr std::size_t kMaxCounted = 32;

/// P(count = i) for i <= t, P(count > t) and the sum of i P(count = i) over i > t. Also holds parts
/// of a distribution that sum to less than 1, such as the entries of a transition matrix.
template <class Number>
class ErrorCounts {
 public:
  explicit ErrorCounts(std::size_t t) : t_(t) {}
  static ErrorCounts constant(std::size_t t, Number zero_errors) {
    return first_two(t, zero_errors, Number(0.0));
  }
  /// P(0) and P(1).
  static ErrorCounts first_two(std::size_t t, Number zero_errors, Number one_error) {
    ErrorCounts counts(t);
    counts.within_[0] = zero_errors;
    if (t >= 1) {
      counts.within_[1] = one_error;
    } else {
      counts.beyond_ = one_error;
      counts.beyond_sum_ = one_error;
    }
    return counts;
  }

  [[nodiscard]] Number within(std::size_t i) const { return within_[i]; }
  [[nodiscard]] Number beyond() const { return beyond_; }
  [[nodiscard]] Number beyond_sum() const { return beyond_sum_; }

  ErrorCounts& operator+=(const ErrorCounts& other) {
    for (std::size_t i = 0; i <= t_; ++i) {
      within_[i] += other.within_[i];
    }
    beyond_ += other.beyond_;
    beyond_sum_ += other.beyond_sum_;
    return *this;
  }

  /// The count of two independent parts together.
  friend ErrorCounts operator*(const ErrorCounts& a, const ErrorCounts& b) {
    ErrorCounts product(a.t_);
    const std::size_t t = a.t_;
    for (std::size_t i = 0; i <= t; ++i) {
      for (std::size_t j = 0; i + j <= t; ++j) {
        product.within_[i + j] += a.within_[i] * b.within_[j];
      }
    }
    // a within t, b anywhere, together beyond t: by tails of b, each a sum of positive terms.
    Number tail = b.beyond_;
    Number tail_sum = b.beyond_sum_;
    for (std::size_t i = 0; i <= t; ++i) {  // tail holds b's counts above t - i
      if (i > 0) {
        const std::size_t j = t + 1 - i;
        tail += b.within_[j];
        tail_sum += Number(static_cast<double>(j)) * b.within_[j];
      }
      product.beyond_ += a.within_[i] * tail;
      product.beyond_sum_ += a.within_[i] * (tail_sum + Number(static_cast<double>(i)) * tail);
    }
    tail += b.within_[0];  // now all of b
    product.beyond_ += a.beyond_ * tail;
    product.beyond_sum_ += a.beyond_sum_ * tail + a.beyond_ * tail_sum;
    return product;
  }

 private:
  std::size_t t_;
  std::array<Number, kMaxCounted + 1> within_{};
  Number beyond_{};
  Number beyond_sum_{};
};

/// value * value * ... (count times) by squaring; `one` is the neutral value.
template <class Value>
Value power(Value value, std::size_t count, Value one) {
  Value result = std::move(one);
  for (; count > 0; count >>= 1U) {
    if ((count & 1U) != 0) {
      result = result * value;
    }
    if (count > 1) {
      value = value * value;
    }
  }
  return result;
}

}  // namespace weft::phy::fec
