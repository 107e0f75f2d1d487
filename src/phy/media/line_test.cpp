// SPDX-License-Identifier: Apache-2.0
// The equations of line.h against what physics asks of them: losses as stated, causality by the
// impulse response (with a non-causal line as counter-example), passivity, additivity.
#include "phy/media/line.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace weft::phy::media {
namespace {

// FR-4 of the catalogue: the lossiest, hence the most dispersive.
constexpr double kInch = 25.4e-3;
const Line kFr4{.k_c_db_per_m = 0.095 / kInch,
                .k_d_db_per_m = 2.3 * std::sqrt(4.2) * 0.02 / kInch,
                .delay_s_per_m = std::sqrt(4.2) / 299'792'458.0,
                .z0_ohm = 100};

double db(Complex value) {
  return -20 * std::log10(std::abs(value));
}

TEST(MediaLine, LosesAsStatedAtAnyFrequency) {
  for (const double ghz : {0.01, 0.1, 1.0, 8.0, 16.0, 26.56, 53.1, 100.0}) {
    const auto wave = propagation(kFr4, ghz * 1e9);
    const double got_db = 8.685889638065037 * wave.gamma_per_m.real();
    EXPECT_NEAR(got_db, loss_db(kFr4, 1, ghz * 1e9), 1e-3 * got_db) << ghz;
  }
}

TEST(MediaLine, HasTheDelayOfItsPermittivityAtOneGigahertz) {
  Line smooth = kFr4;
  smooth.k_c_db_per_m = 0;
  const auto wave = propagation(smooth, 1e9);
  EXPECT_NEAR(wave.gamma_per_m.imag() / (2 * std::numbers::pi * 1e9), smooth.delay_s_per_m,
              1e-6 * smooth.delay_s_per_m);
}

TEST(MediaLine, PermittivityFallsWithFrequencyAsDebyeSays) {
  // d ln(eps)/d log10(f) = -2 tan(delta)/pi ln 10 of the wideband Debye model: -2.9 % a decade
  // here.
  Line smooth = kFr4;
  smooth.k_c_db_per_m = 0;
  const auto phase_delay = [&](double f) {
    return propagation(smooth, f).gamma_per_m.imag() / (2 * std::numbers::pi * f);
  };
  const double ratio = std::pow(phase_delay(1e10) / phase_delay(1e9), 2);
  // Df that k_d stands for: alpha = pi f sqrt(Dk) Df / c Np/m.
  const double np_per_m = smooth.k_d_db_per_m / 8.685889638065037;
  const double df = np_per_m / (std::numbers::pi * 1e9 * smooth.delay_s_per_m);
  EXPECT_NEAR(ratio - 1, -2 * df / std::numbers::pi * std::log(10.0), 0.03 * 0.029);
}

/// Share of the impulse response's energy before `front_s`, by direct inverse transform.
double energy_before(const std::vector<Complex>& h, double step_hz, double front_s) {
  double before = 0;
  double all = 0;
  for (double t = front_s - 2e-9; t < front_s + 6e-9; t += 8e-12) {
    const Complex turn = std::polar(1.0, 2 * std::numbers::pi * step_hz * t);
    Complex phase = turn;
    double sum = h[0].real() / 2;
    for (std::size_t i = 1; i < h.size(); ++i) {
      sum += (h[i] * phase).real();
      phase *= turn;
    }
    all += sum * sum;
    before += t < front_s ? sum * sum : 0;
  }
  return before / all;
}

TEST(MediaLine, NothingArrivesBeforeTheFront) {
  // 40 in lose 380 dB at 40 GHz: the grid's end does not ring.
  const double length_m = 40 * kInch;
  constexpr double kStep = 20e6;
  const double f_front = 1e13;
  const double front_s =
      length_m * propagation(kFr4, f_front).gamma_per_m.imag() / (2 * std::numbers::pi * f_front);
  std::vector<Complex> causal;
  std::vector<Complex> straight;
  for (int i = 0; i <= 1500; ++i) {
    const double f = i * kStep;
    causal.push_back(std::exp(-length_m * propagation(kFr4, f).gamma_per_m));
    straight.push_back(
        std::polar(std::abs(causal.back()), -2 * std::numbers::pi * f * front_s * 1.02));
  }
  EXPECT_LT(energy_before(causal, kStep, front_s), 1e-6);
  // The same losses with a straight phase arrive before they were sent on.
  EXPECT_GT(energy_before(straight, kStep, front_s), 1e-2);
}

TEST(MediaLine, TwoInARowAreOne) {
  Line line100 = kFr4;
  line100.z0_ohm = 85;
  for (const double f : {0.0, 1e6, 1e9, 13e9, 40e9}) {
    const auto once = line(line100, 0.3, f);
    const auto twice = join(line(line100, 0.1, f), line(line100, 0.2, f));
    EXPECT_NEAR(std::abs(once.s21 - twice.s21), 0, 1e-12);
    EXPECT_NEAR(std::abs(once.s11 - twice.s11), 0, 1e-12);
    EXPECT_NEAR(std::abs(once.s12 - twice.s12), 0, 1e-12);
    EXPECT_NEAR(std::abs(once.s22 - twice.s22), 0, 1e-12);
  }
}

TEST(MediaLine, HasNoStepAtZeroHertz) {
  const auto at_zero = line(kFr4, 0.3, 0);
  const auto near_zero = line(kFr4, 0.3, 0.1);
  EXPECT_NEAR(std::abs(at_zero.s21 - near_zero.s21), 0, 1e-5);
  EXPECT_LT(at_zero.s21.real(), 1);
  EXPECT_GT(at_zero.s21.real(), 0.99);
}

TEST(MediaLine, MatchesTheTextbookFormOfAMismatchedLine) {
  Line line85 = kFr4;
  line85.z0_ohm = 85;
  const double f = 5e9;
  const auto wave = propagation(line85, f);
  const Complex a = std::cosh(wave.gamma_per_m * 0.1);
  const Complex b = wave.z_ohm * std::sinh(wave.gamma_per_m * 0.1);
  const Complex c = std::sinh(wave.gamma_per_m * 0.1) / wave.z_ohm;
  const Complex d = a + b / 100.0 + c * 100.0 + a;
  const auto got = line(line85, 0.1, f);
  EXPECT_NEAR(std::abs(got.s21 - 2.0 / d), 0, 1e-12);
  EXPECT_NEAR(std::abs(got.s11 - (b / 100.0 - c * 100.0) / d), 0, 1e-12);
}

TEST(MediaLine, LumpedElementsAreTheirTextbookSelves) {
  const auto y = shunt({0, 0.01});  // -j100 ohm across 100 ohm
  EXPECT_NEAR(std::abs(y.s21 - 2.0 / Complex(2, 1)), 0, 1e-15);
  EXPECT_NEAR(std::abs(y.s11 + Complex(0, 1) / Complex(2, 1)), 0, 1e-15);
  const auto z = series({0, 100});
  EXPECT_NEAR(std::abs(z.s21 - 2.0 / Complex(2, 1)), 0, 1e-15);
  EXPECT_NEAR(std::abs(z.s11 - Complex(0, 1) / Complex(2, 1)), 0, 1e-15);
}

TEST(MediaLine, AnOpenStubShortsAtAQuarterWave) {
  Line stub{.delay_s_per_m = 6.5e-9, .z0_ohm = 90};
  const double quarter_hz = 1 / (4 * 6.5e-9 * 1e-3);  // 38.5 GHz for 1 mm
  EXPECT_GT(std::abs(open_stub(stub, 1e-3, quarter_hz)), 1e6);
  EXPECT_LT(db(shunt(open_stub(stub, 1e-3, quarter_hz / 20)).s21), 0.05);
}

TEST(MediaLine, OutlivesAnyLength) {
  const auto got = line(kFr4, 1e6, 50e9);
  EXPECT_EQ(std::abs(got.s21), 0);
  EXPECT_LT(std::abs(got.s11), 1);
}

/// Largest singular value squared of a two-port.
double gain(const TwoPort& p) {
  const double a = std::norm(p.s11) + std::norm(p.s21);
  const double d = std::norm(p.s12) + std::norm(p.s22);
  const double b = std::norm(std::conj(p.s11) * p.s12 + std::conj(p.s21) * p.s22);
  return (a + d) / 2 + std::sqrt((a - d) * (a - d) / 4 + b);
}

RC_GTEST_PROP(MediaLine, IsPassiveWhateverItIsMadeOf, ()) {
  const auto number = [](double low, double high) {
    return low + (high - low) * *rc::gen::inRange(0, 100000) / 1e5;
  };
  // Delay dominates loss, as in any transmission line: losses up to three times FR-4's.
  const Line any{.k_c_db_per_m = number(0, 12),
                 .k_d_db_per_m = number(0, 12),
                 .delay_s_per_m = number(4e-9, 8e-9),
                 .z0_ohm = number(40, 200)};
  const double f = std::pow(10, number(3, 11.5));
  RC_ASSERT(gain(line(any, number(1e-4, 2), f)) <= 1 + 1e-9);
}

RC_GTEST_PROP(MediaLine, LosesMoreWhenWarm, ()) {
  const double celsius = -40.0 + *rc::gen::inRange(0, 1600) / 10.0;
  const double f = *rc::gen::inRange(1, 100) * 1e9;
  RC_ASSERT(loss_db(at_temperature(kFr4, celsius + 1), 1, f) >
            loss_db(at_temperature(kFr4, celsius), 1, f));
}

TEST(MediaLine, TakesTheCoefficientsOfTemperature) {
  const auto warm = at_temperature(kFr4, 75);
  EXPECT_DOUBLE_EQ(warm.k_c_db_per_m, kFr4.k_c_db_per_m * 1.1);
  EXPECT_DOUBLE_EQ(warm.k_d_db_per_m, kFr4.k_d_db_per_m * 1.15);
}

}  // namespace
}  // namespace weft::phy::media
