// SPDX-License-Identifier: Apache-2.0
// Units live in types: a bare double in a public signature is a defect where one of these exists.
// All are trivially copyable, constructed explicitly and compared by value; what must not compile
// is pinned in units_test.cpp. A point and a difference are different things: dBm + dB is dBm, dBm
// + dBm does not compile; Celsius - Celsius is KelvinDelta.
#pragma once

#include <cmath>
#include <compare>
#include <cstdint>

namespace weft::base {

/// A number with a unit: adds to itself, scales by plain numbers, divides by itself to a plain
/// number.
template <class Tag, class Rep = double>
class Quantity {
 public:
  constexpr Quantity() = default;
  constexpr explicit Quantity(Rep value) : value_(value) {}
  [[nodiscard]] constexpr Rep value() const { return value_; }

  friend constexpr Quantity operator+(Quantity a, Quantity b) {
    return Quantity(a.value_ + b.value_);
  }
  friend constexpr Quantity operator-(Quantity a, Quantity b) {
    return Quantity(a.value_ - b.value_);
  }
  friend constexpr Quantity operator-(Quantity a) { return Quantity(-a.value_); }
  friend constexpr Quantity operator*(Quantity a, Rep k) { return Quantity(a.value_ * k); }
  friend constexpr Quantity operator*(Rep k, Quantity a) { return Quantity(a.value_ * k); }
  friend constexpr Quantity operator/(Quantity a, Rep k) { return Quantity(a.value_ / k); }
  friend constexpr double operator/(Quantity a, Quantity b) {
    return static_cast<double>(a.value_) / static_cast<double>(b.value_);
  }
  friend constexpr auto operator<=>(Quantity, Quantity) = default;

 private:
  Rep value_{};
};

/// A point on a scale whose differences are `Delta`: points subtract to a Delta and never add.
template <class Tag, class Delta>
class Point {
 public:
  constexpr Point() = default;
  constexpr explicit Point(double value) : value_(value) {}
  [[nodiscard]] constexpr double value() const { return value_; }

  friend constexpr Point operator+(Point a, Delta d) { return Point(a.value_ + d.value()); }
  friend constexpr Point operator-(Point a, Delta d) { return Point(a.value_ - d.value()); }
  friend constexpr Delta operator-(Point a, Point b) { return Delta(a.value_ - b.value_); }
  friend constexpr auto operator<=>(Point, Point) = default;

 private:
  double value_ = 0;
};

using Millimetres = Quantity<struct MillimetresTag>;
using Hertz = Quantity<struct HertzTag>;
using Picoseconds = Quantity<struct PicosecondsTag>;
using UnitIntervals = Quantity<struct UnitIntervalsTag>;
using Millivolts = Quantity<struct MillivoltsTag>;
using Milliamps = Quantity<struct MilliampsTag>;
using Watts = Quantity<struct WattsTag>;
using Ohms = Quantity<struct OhmsTag>;

/// A ratio on the logarithmic scale; of powers unless said otherwise.
using Decibel = Quantity<struct DecibelTag>;
/// A power, referred to 1 mW.
using DecibelMilliwatt = Point<struct DecibelMilliwattTag, Decibel>;
using KelvinDelta = Quantity<struct KelvinDeltaTag>;
using Celsius = Point<struct CelsiusTag, KelvinDelta>;

[[nodiscard]] inline double linear_power(Decibel ratio) {
  return std::pow(10.0, ratio.value() / 10.0);
}
[[nodiscard]] inline double linear_amplitude(Decibel ratio) {
  return std::pow(10.0, ratio.value() / 20.0);
}

/// Lanes of a link, in one direction's count: a x16 link has 16.
using LaneCount = Quantity<struct LaneCountTag, std::uint32_t>;

/// Transfers (PCIe: GT/s) or line bits (Ethernet: Gb/s) of one lane, in exact millions per second:
/// 2.5 GT/s is 2500, 53.125 GBd PAM4 is 106250.
using TransferRate = Quantity<struct TransferRateTag, std::uint64_t>;
[[nodiscard]] constexpr TransferRate mega_transfers(std::uint64_t rate) {
  return TransferRate(rate);
}
[[nodiscard]] constexpr TransferRate giga_transfers(std::uint64_t rate) {
  return TransferRate(rate * 1000);
}
[[nodiscard]] constexpr double as_giga(TransferRate rate) {
  return static_cast<double>(rate.value()) / 1000.0;
}

using BitsPerSecond = Quantity<struct BitsPerSecondTag>;
using BytesPerSecond = Quantity<struct BytesPerSecondTag>;

}  // namespace weft::base
