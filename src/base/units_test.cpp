// SPDX-License-Identifier: Apache-2.0
// What must not compile is pinned here: units do not mix, points do not add, numbers do not become
// units by themselves.
#include "base/units.h"

#include <type_traits>

#include <gtest/gtest.h>

namespace weft::base {
namespace {

template <class A, class B>
concept Adds = requires(A a, B b) { a + b; };
template <class A, class B>
concept Subtracts = requires(A a, B b) { a - b; };
template <class A, class B>
concept Multiplies = requires(A a, B b) { a* b; };
template <class A, class B>
concept Divides = requires(A a, B b) { a / b; };
template <class A, class B>
concept Compares = requires(A a, B b) { a < b; };

static_assert(Adds<Decibel, Decibel>);
static_assert(Adds<DecibelMilliwatt, Decibel>);
static_assert(!Adds<DecibelMilliwatt, DecibelMilliwatt>, "two powers in dBm do not add");
static_assert(std::is_same_v<decltype(DecibelMilliwatt() - DecibelMilliwatt()), Decibel>);
static_assert(!Adds<Celsius, Celsius>);
static_assert(std::is_same_v<decltype(Celsius() - Celsius()), KelvinDelta>);
static_assert(!Adds<Celsius, Decibel>);
static_assert(!Adds<Millimetres, Hertz>);
static_assert(!Subtracts<Watts, Millivolts>);
static_assert(!Multiplies<Watts, Watts>, "a square of a unit is another unit");
static_assert(!Divides<Watts, Ohms>);
static_assert(!Compares<Picoseconds, UnitIntervals>);
static_assert(!Adds<Watts, double>);
static_assert(!Compares<Watts, double>);
static_assert(!std::is_convertible_v<double, Watts>);
static_assert(!std::is_convertible_v<Watts, double>);
static_assert(!std::is_convertible_v<LaneCount, TransferRate>);
static_assert(!std::is_convertible_v<BitsPerSecond, BytesPerSecond>);
static_assert(std::is_trivially_copyable_v<Decibel> && sizeof(Decibel) == sizeof(double));
static_assert(std::is_trivially_copyable_v<Celsius> && sizeof(Celsius) == sizeof(double));

TEST(Units, Arithmetic) {
  EXPECT_EQ(Watts(2) + Watts(3), Watts(5));
  EXPECT_EQ(-Decibel(3) * 2, Decibel(-6));
  EXPECT_EQ(Watts(10) / 4, Watts(2.5));
  EXPECT_DOUBLE_EQ(Watts(10) / Watts(4), 2.5);
  EXPECT_EQ(DecibelMilliwatt(-2) - Decibel(3), DecibelMilliwatt(-5));
  EXPECT_EQ(Celsius(71) - Celsius(64), KelvinDelta(7));
  EXPECT_LT(Picoseconds(1), Picoseconds(2));
}

TEST(Units, DecibelIsTenTimesTheLogarithm) {
  EXPECT_DOUBLE_EQ(linear_power(Decibel(10)), 10.0);
  EXPECT_DOUBLE_EQ(linear_amplitude(Decibel(20)), 10.0);
  EXPECT_NEAR(linear_power(Decibel(3)), 1.9953, 1e-4);
}

TEST(Units, RatesAreExact) {
  EXPECT_EQ(giga_transfers(64), mega_transfers(64000));
  EXPECT_DOUBLE_EQ(as_giga(mega_transfers(2500)), 2.5);
  EXPECT_EQ(mega_transfers(106250) * 8, mega_transfers(850000));
  EXPECT_DOUBLE_EQ(LaneCount(16) / LaneCount(4), 4.0);
}

}  // namespace
}  // namespace weft::base
