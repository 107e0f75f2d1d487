// SPDX-License-Identifier: Apache-2.0
// The statistical eye against what can be known without it: Gaussian formulas, enumeration of every
// symbol pattern, quadrature over jitter, and the properties that physics demands.
#include "phy/eye/eye.h"

#include "phy/eye/column.h"
#include "phy/eye/surface.h"
#include "phy/eye/synthetic.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace weft::phy::eye {
namespace {

double q(double x) {
  return 0.5 * std::erfc(x * std::sqrt(0.5));
}

/// P(sum of symbols times cursors + noise > x), by enumeration.
double enumerate(const std::vector<double>& cursors, const std::vector<double>& levels,
                 double sigma, double x) {
  std::size_t patterns = 1;
  for (std::size_t i = 0; i < cursors.size(); ++i) {
    patterns *= levels.size();
  }
  double sum = 0;
  for (std::size_t p = 0; p < patterns; ++p) {
    std::size_t rest = p;
    double v = 0;
    for (const double h : cursors) {
      v += h * levels[rest % levels.size()];
      rest /= levels.size();
    }
    sum += q((x - v) / sigma);
  }
  return sum / static_cast<double>(patterns);
}

TEST(Eye, NoiseAloneIsQ) {
  for (const double sigma : {0.3, 0.2, 0.12}) {
    link::SlicerInput input = synthetic::of_cursors({1.0}, 0);
    input.noise_sigma_v = sigma;
    const EyeResult eye = statistical_eye(input, {.phases = 1}).value();
    EXPECT_NEAR(std::log10(eye.ber), std::log10(q(1 / sigma)), 0.002);
    EXPECT_EQ(eye.ber, eye.ser);
    EXPECT_NEAR(eye.threshold_v[0], 0, 1e-9);
  }
}

TEST(Eye, Pam4ByNoiseAlone) {
  link::SlicerInput input = synthetic::of_cursors({1.0}, 0, 4);
  input.noise_sigma_v = 0.05;
  const EyeResult eye = statistical_eye(input, {.phases = 1}).value();
  const double one = q(1.0 / 3 / 0.05);
  EXPECT_NEAR(eye.ser / (1.5 * one), 1, 0.005);
  EXPECT_NEAR(eye.ber / (0.75 * one), 1, 0.005);
  // R_LM shrinks the middle eye to R_LM 2/3 and widens the others.
  input.r_lm = 0.9;
  const EyeResult uneven = statistical_eye(input, {.phases = 1}).value();
  const double middle = q(0.3 / 0.05);
  const double outer = q(0.35 / 0.05);
  EXPECT_NEAR(uneven.ser / (0.5 * middle + outer), 1, 0.005);
  // Plain binary: 01 and 10 differ in two bits.
  const EyeResult binary = statistical_eye(input, {.phases = 1, .gray = false}).value();
  EXPECT_NEAR(binary.ber / (0.5 * middle + 0.5 * outer), 1, 0.005);
}

TEST(Eye, AgreesWithEnumerationDownTo1e18) {
  for (const unsigned levels : {2U, 3U, 4U, 6U, 8U}) {
    const std::vector<double> isi = levels < 6
                                        ? std::vector<double>{0.07, -0.031, 0.11, 0.0123, -0.0511}
                                        : std::vector<double>{0.011, -0.031, 0.017, 0.0023};
    std::vector<double> cursors = isi;
    cursors.insert(cursors.begin() + 1, 1.0);
    link::SlicerInput input = synthetic::of_cursors(cursors, 1, levels);
    for (const double sigma : {0.1, 0.03, 0.012}) {
      input.noise_sigma_v = sigma;
      const Plan plan = make_plan(input);
      const Column column = make_column(input, plan, 0);
      const std::vector<double> symbols = symbol_levels(levels, 1);
      for (const double z : {0.5, 2.0, 4.0, 6.0, 7.5, 8.7}) {
        const auto bin = static_cast<std::size_t>(z * sigma / plan.bin_v);
        const double x = static_cast<double>(bin) * plan.bin_v;
        const double exact = enumerate(isi, symbols, sigma, x);
        if (exact > 1e-18) {
          EXPECT_NEAR(std::log10(column.tail.at(bin)), std::log10(exact), 0.02)
              << levels << " levels, sigma " << sigma << ", x " << x;
        }
      }
    }
  }
}

TEST(Eye, MassAndMomentsAreExact) {
  for (const unsigned levels : {2U, 4U, 5U}) {
    link::SlicerInput input = synthetic::lossy(1.0, levels, 2, 0.004);
    synthetic::add_aggressors(input, 3, 0.02);
    const Plan plan = make_plan(input);
    const Column column = make_column(input, plan, 0.1);
    double mass = column.mass[0];
    double second = 0;
    for (std::size_t j = 1; j < column.mass.size(); ++j) {
      mass += 2 * column.mass[j];
      second += 2 * column.mass[j] * std::pow(static_cast<double>(j) * plan.bin_v, 2);
    }
    EXPECT_NEAR(mass, 1, 1e-12);
    const double expected = column.isi_var_v2 + std::pow(plan.crosstalk_rms_v, 2) + 0.004 * 0.004;
    EXPECT_NEAR((second + column.sigma_v * column.sigma_v) / expected, 1, 1e-9);
    EXPECT_NEAR(column.tail[0], 0.5, 1e-9);
  }
}

TEST(Eye, DensityHoldsAllMass) {
  link::SlicerInput input = synthetic::lossy(0.6, 4, 1, 0.004);
  input.sigma_rj_ui = 0.01;
  input.a_dd_ui = 0.02;
  const EyeResult eye = statistical_eye(input).value();
  ASSERT_EQ(eye.density.size(), eye.rows * eye.phase_ui.size());
  for (std::size_t c = 0; c < eye.phase_ui.size(); ++c) {
    const auto begin = eye.density.begin() + static_cast<std::ptrdiff_t>(c * eye.rows);
    EXPECT_NEAR(std::accumulate(begin, begin + static_cast<std::ptrdiff_t>(eye.rows), 0.0), 1,
                1e-9);
  }
}

TEST(Eye, CrosstalkIsTheMeanOverItsPhases) {
  link::SlicerInput input = synthetic::of_cursors({0, 1.0, 1.0, 0.1, 0.1, 0}, 1);
  input.samples_per_ui = 2;
  input.noise_sigma_v = 0.03;
  input.aggressors = {{0.09, 0.02, -0.03, 0.05}};  // phases {0.09, -0.03} and {0.02, 0.05}
  const Plan plan = make_plan(input);
  const Column column = make_column(input, plan, 0);
  for (const double z : {1.0, 4.0, 8.0, 10.0}) {
    const auto bin = static_cast<std::size_t>(z * 0.03 / plan.bin_v);
    const double x = static_cast<double>(bin) * plan.bin_v;
    const double exact = 0.5 * (enumerate({0.1, 0.09, -0.03}, {-1, 1}, 0.03, x) +
                                enumerate({0.1, 0.02, 0.05}, {-1, 1}, 0.03, x));
    EXPECT_NEAR(std::log10(column.tail.at(bin)), std::log10(exact), 0.02);
  }
}

TEST(Eye, JitterIsAMixtureOverThePhase) {
  link::SlicerInput input = synthetic::lossy(0.5, 2, 3, 0.03);
  input.sigma_rj_ui = 0.02;
  input.a_dd_ui = 0.03;
  const double ber = statistical_eye(input, {.phases = 1, .threshold = Threshold::kMidpoint})->ber;
  // The same integral by the trapezoid rule over columns of their own.
  link::SlicerInput still = input;
  still.sigma_rj_ui = still.a_dd_ui = 0;
  const Plan plan = make_plan(still);
  double sum = 0;
  double weights = 0;
  for (int i = -180; i <= 180; ++i) {
    const double z = i * 0.05;
    const double weight = std::exp(-0.5 * z * z);
    for (const double dirac : {-0.03, 0.03}) {
      const Column column = make_column(still, plan, dirac + z * 0.02);
      const double x = column.main_v / plan.bin_v;
      const auto base = static_cast<std::size_t>(x);
      const double part = x - std::floor(x);
      const auto log_tail = [&](std::size_t j) {
        return j < column.tail.size() ? std::log(column.tail[j]) : -100.0;
      };
      sum += weight * std::exp((1 - part) * log_tail(base) + part * log_tail(base + 1));
      weights += weight;
    }
  }
  EXPECT_GT(ber, 1e-16);
  EXPECT_LT(ber, 1e-3);
  EXPECT_NEAR(std::log10(ber), std::log10(sum / weights), 0.02);
}

TEST(Eye, OpeningsOfAGaussianEyeAreQuantiles) {
  link::SlicerInput input = synthetic::of_cursors({1.0}, 0);
  input.noise_sigma_v = 0.05;
  const EyeResult eye =
      statistical_eye(input, {.phases = 1, .contours = {0.5 * q(7), 1e-15}}).value();
  EXPECT_NEAR(eye.openings[0].low_v, -1 + 7 * 0.05, 1e-4);
  EXPECT_NEAR(eye.openings[0].high_v, 1 - 7 * 0.05, 1e-4);
  EXPECT_LT(eye.openings[1].height_v, 2);
}

TEST(Eye, PamEyesAreSymmetric) {
  link::SlicerInput input = synthetic::lossy(0.4, 4, 2, 0.003);
  input.sigma_rj_ui = 0.01;
  const EyeResult eye = statistical_eye(input).value();
  ASSERT_EQ(eye.openings.size(), 9U);
  EXPECT_NEAR(eye.openings[0].height_v, eye.openings[2].height_v, 1e-9);
  EXPECT_GT(eye.openings[0].height_v, 0);
  EXPECT_GT(eye.openings[1].width_ui, 0.02);
  EXPECT_GE(eye.openings[0].height_v, eye.openings[3].height_v);
  EXPECT_NEAR(eye.threshold_v[1], 0, eye.bin_v);
}

TEST(Eye, ClosedEyeHasNoOpening) {
  link::SlicerInput input = synthetic::of_cursors({0.5, 1.0, 0.6}, 1);
  input.noise_sigma_v = 0.05;
  const EyeResult eye = statistical_eye(input).value();
  EXPECT_LT(eye.pda_height_v, 0);
  EXPECT_NEAR(eye.pda_height_v, 2 * (1 - 1.1), 1e-12);
  EXPECT_EQ(eye.openings[1].height_v, 0);
  EXPECT_EQ(eye.openings[1].width_ui, 0);
  EXPECT_TRUE(eye.contours[1].phase_ui.empty());
  EXPECT_GT(eye.ber, 0.1);
}

TEST(Eye, SequenceDetectorGainsByTheTapItUses) {
  link::SlicerInput input = synthetic::of_cursors({1.0, 0.6}, 0);
  input.dfe = {0.6};
  input.mlse_alpha = 0.6;
  input.noise_sigma_v = 0.2;
  const EyeResult eye = statistical_eye(input, {.phases = 1}).value();
  ASSERT_TRUE(eye.mlse_ber.has_value());
  // One wrong symbol: distance sqrt(1 + 0.36).
  EXPECT_GT(*eye.mlse_ber, q(std::sqrt(1.36) / 0.2));
  EXPECT_LT(*eye.mlse_ber, eye.ber);
}

TEST(Eye, RefusesWhatCannotBeAnEye) {
  link::SlicerInput input = synthetic::of_cursors({1.0}, 0);
  EXPECT_TRUE(statistical_eye(input).has_value());
  const auto refused = [](const link::SlicerInput& one) {
    return !statistical_eye(one).has_value();
  };
  link::SlicerInput bad = input;
  bad.pulse[0] = -1;
  EXPECT_TRUE(refused(bad));
  bad = input;
  bad.pulse[0] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(refused(bad));
  bad = input;
  bad.cursor = 1;
  EXPECT_TRUE(refused(bad));
  bad = input;
  bad.levels = 9;
  EXPECT_TRUE(refused(bad));
  bad = input;
  bad.noise_sigma_v = -1;
  EXPECT_TRUE(refused(bad));
  bad = input;
  bad.samples_per_ui = 0;
  EXPECT_TRUE(refused(bad));
  EXPECT_FALSE(statistical_eye(input, {.phases = 0}).has_value());
  EXPECT_FALSE(statistical_eye(input, {.contours = {0}}).has_value());
}

/// A random short pulse, eye mostly open.
link::SlicerInput random_input() {
  const auto levels = *rc::gen::element(2U, 3U, 4U, 8U);
  std::vector<double> cursors;
  const int count = *rc::gen::inRange(1, 7);
  cursors.reserve(8);
  for (int i = 0; i < count; ++i) {
    cursors.push_back(*rc::gen::inRange(-100, 101) * 1e-3 / (levels - 1));
  }
  cursors.insert(cursors.begin() + 1, 1.0);
  link::SlicerInput input = synthetic::of_cursors(cursors, 1, levels);
  input.r_lm = *rc::gen::element(1.0, 0.95);
  return input;
}

RC_GTEST_PROP(EyeProperty, PeakDistortionIsTheLimitOfTheStatisticalEye, ()) {
  const link::SlicerInput input = random_input();
  const EyeResult eye =
      statistical_eye(input, {.phases = 1, .contours = {1e-3, 1e-9, 1e-20}, .is_density = false})
          .value();
  for (const EyeOpening& opening : eye.openings) {
    RC_ASSERT(opening.height_v >= eye.pda_eye_v[opening.eye] - 1e-9);
    // At most seven cursors of eight levels: every pattern is likelier than 1e-20.
    if (opening.ber < 1e-19) {
      RC_ASSERT(opening.height_v <= std::max(0.0, eye.pda_eye_v[opening.eye]) + 20 * eye.bin_v);
    }
  }
}

RC_GTEST_PROP(EyeProperty, MoreNoiseJitterLossOrCrosstalkNeverHelps, ()) {
  link::SlicerInput input =
      synthetic::lossy(*rc::gen::inRange(2, 12) * 0.1, *rc::gen::element(2U, 4U), 2,
                       *rc::gen::inRange(5, 40) * 1e-3, 30);
  input.sigma_rj_ui = *rc::gen::inRange(0, 20) * 1e-3;
  input.a_dd_ui = *rc::gen::inRange(0, 40) * 1e-3;
  synthetic::add_aggressors(input, 1, 0.02);
  const auto ber = [](const link::SlicerInput& one) {
    return statistical_eye(one, {.phases = 1, .contours = {}, .is_density = false})->ber;
  };
  const double before = ber(input);
  link::SlicerInput worse = input;
  switch (*rc::gen::inRange(0, 5)) {
    case 0:
      worse.noise_sigma_v *= 1.1;
      break;
    case 1:
      worse.sigma_rj_ui += 0.005;
      break;
    case 2:
      worse.a_dd_ui += 0.02;
      break;
    case 3:
      for (double& v : worse.aggressors[0]) {
        v *= 1.5;
      }
      break;
    default:
      for (double& v : worse.pulse) {
        v *= 0.9;
      }
      for (double& v : worse.dfe) {
        v *= 0.9;
      }
      for (double& v : worse.aggressors[0]) {
        v *= 0.9;
      }
  }
  RC_PRE(before > 1e-25);  // below that the noise's tail is cut
  RC_ASSERT(ber(worse) >= before * (1 - 1e-2));
}

}  // namespace
}  // namespace weft::phy::eye
