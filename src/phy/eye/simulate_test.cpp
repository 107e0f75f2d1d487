// SPDX-License-Identifier: Apache-2.0
// The simulation in time against the statistical eye and against formulas: two ways to one number.
#include "phy/eye/simulate.h"

#include "phy/eye/burst.h"
#include "phy/eye/eye.h"
#include "phy/eye/synthetic.h"

#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

namespace weft::phy::eye {
namespace {

double q(double x) {
  return 0.5 * std::erfc(x * std::sqrt(0.5));
}

/// Errors without feedback are nearly independent, so that their count is within a few of its root;
/// six roots and 1.5 % leave room for what neighbours share through the ISI.
void expect_agreement(const link::SlicerInput& input, std::uint64_t symbols, double least,
                      double most) {
  const EyeOptions one{
      .phases = 1, .contours = {}, .threshold = Threshold::kMidpoint, .is_density = false};
  const EyeResult eye = statistical_eye(input, one).value();
  const SimulationResult run =
      simulate(input, {.symbols = symbols, .seed = 7, .dfe_error_free = true}).value();
  const double expected = eye.ser * static_cast<double>(symbols);
  EXPECT_GT(eye.ser, least);
  EXPECT_LT(eye.ser, most);
  EXPECT_NEAR(static_cast<double>(run.slicer.symbol_errors), expected,
              6 * std::sqrt(expected) + 0.015 * expected);
  EXPECT_NEAR(run.ber() / eye.ber, 1, 6 / std::sqrt(expected) + 0.015);
}

TEST(Simulate, AgreesWithTheStatisticalEye) {
  expect_agreement(synthetic::lossy(0.6, 2, 2, 0.11, 30), 400'000, 1e-4, 3e-3);
  expect_agreement(synthetic::lossy(0.6, 4, 2, 0.02, 30), 400'000, 3e-4, 3e-2);
}

TEST(Simulate, AgreesInTheTail) {
  // Some hundred errors near 2e-5: between the bulk and what only formulas and enumeration judge.
  expect_agreement(synthetic::lossy(0.5, 2, 3, 0.114, 8), 6'000'000, 5e-6, 5e-5);
}

TEST(Simulate, AgreesWithJitter) {
  link::SlicerInput input = synthetic::lossy(0.4, 4, 2, 0.02, 20);
  input.sigma_rj_ui = 0.03;
  input.a_dd_ui = 0.05;
  expect_agreement(input, 100'000, 1e-3, 3e-2);
}

TEST(Simulate, SlicesWhereTheEyeWasJudged) {
  link::SlicerInput input = synthetic::lossy(0.4, 4, 2, 0.02, 20);
  input.a_dd_ui = 0.15;  // skews the outer eyes, so that the best thresholds leave the middle
  const EyeOptions best{
      .phases = 1, .contours = {}, .threshold = Threshold::kBest, .is_density = false};
  const EyeResult eye = statistical_eye(input, best).value();
  SimulationOptions options{.symbols = 100'000, .seed = 7, .dfe_error_free = true};
  const double middle = simulate(input, options).value().ber();
  options.threshold_v = eye.threshold_v;
  const double there = simulate(input, options).value().ber();
  EXPECT_NEAR(there / eye.ber, 1, 6 / std::sqrt(eye.ser * 1e5) + 0.015);
  EXPECT_GT(middle, there * 1.02);
  options.threshold_v = {0.0};
  EXPECT_FALSE(simulate(input, options).has_value());
}

TEST(Simulate, AgreesWithCrosstalk) {
  link::SlicerInput input = synthetic::lossy(0.5, 2, 2, 0.09, 20);
  synthetic::add_aggressors(input, 2, 0.5);
  expect_agreement(input, 300'000, 1e-4, 3e-2);
}

TEST(Simulate, CountsAreThoseOfTheFormula) {
  link::SlicerInput input = synthetic::of_cursors({1.0}, 0, 4);
  input.noise_sigma_v = 0.125;
  const SimulationResult run = simulate(input, {.symbols = 500'000}).value();
  const double expected = 1.5 * q(1 / 3.0 / 0.125) * 500'000;
  EXPECT_NEAR(static_cast<double>(run.slicer.symbol_errors), expected, 5 * std::sqrt(expected));
  EXPECT_EQ(run.slicer.bit_errors, run.slicer.symbol_errors);
  EXPECT_LT(run.slicer.burst(), 0.02);
  EXPECT_EQ(run.bits, 1'000'000U);
}

TEST(Simulate, DependsOnTheSeedAndNotOnThreads) {
  link::SlicerInput input = synthetic::lossy(0.6, 4, 2, 0.03, 20);
  input.sigma_rj_ui = 0.01;
  synthetic::add_aggressors(input, 1, 0.1);
  const SimulationResult one = simulate(input, {.symbols = 200'000, .seed = 3}).value();
  const SimulationResult two =
      simulate(input, {.symbols = 200'000, .seed = 3, .threads = 2}).value();
  const SimulationResult other = simulate(input, {.symbols = 200'000, .seed = 4}).value();
  EXPECT_EQ(one.slicer.symbol_errors, two.slicer.symbol_errors);
  EXPECT_EQ(one.slicer.runs, two.slicer.runs);
  EXPECT_NE(one.slicer.symbol_errors, other.slicer.symbol_errors);
}

/// A DFE tap as large as the cursor: a wrong NRZ bit moves the next sample by twice the cursor, so
/// that the next is right only by half: a = 1/2 (PAM4: 3/4).
TEST(Simulate, FeedbackOfAFullTapGivesTheKnownBurst) {
  for (const unsigned levels : {2U, 4U}) {
    link::SlicerInput input = synthetic::of_cursors({1.0, 1.0}, 0, levels);
    input.dfe = {1.0};
    input.noise_sigma_v = 1.0 / (levels - 1) / 3.3;
    const SimulationResult run = simulate(input, {.symbols = 1'000'000}).value();
    const double a = (levels - 1.0) / levels;
    EXPECT_GT(run.slicer.symbol_errors, 500U);
    EXPECT_NEAR(run.slicer.burst(), a, 0.04);
    EXPECT_NEAR(estimate_burst(input).a, a, 0.01);
    // Runs alternate in sign: precoding leaves their two ends.
    const std::uint64_t runs =
        std::accumulate(run.slicer.runs.begin(), run.slicer.runs.end(), std::uint64_t{0});
    EXPECT_NEAR(static_cast<double>(run.slicer.precoded_symbol_errors),
                2 * static_cast<double>(runs), 0.03 * static_cast<double>(runs));
  }
}

TEST(Simulate, BurstEstimateFollowsTheTap) {
  double before = -1;
  for (const double tap : {0.0, 0.3, 0.5, 0.7, 0.85}) {
    link::SlicerInput input = synthetic::of_cursors({1.0, tap}, 0, 4);
    input.dfe = {tap};
    input.noise_sigma_v = 1.0 / 3 / 3.1;
    const SimulationResult run = simulate(input, {.symbols = 300'000}).value();
    const double a = estimate_burst(input).a;
    EXPECT_NEAR(run.slicer.burst(), a, 0.06) << tap;
    EXPECT_GT(a, before);
    before = a;
    const EyeResult eye = statistical_eye(input, {.phases = 1, .dfe_error_free = false}).value();
    EXPECT_NEAR(run.ser() / eye.ser, 1, 0.15) << tap;
  }
}

TEST(Simulate, SequenceDetectorNeedsNoFeedback) {
  link::SlicerInput input = synthetic::of_cursors({1.0, 0.7}, 0, 4);
  input.dfe = {0.7};
  input.mlse_alpha = 0.7;
  input.noise_sigma_v = 1.0 / 3 / 3.3;
  const SimulationResult run = simulate(input, {.symbols = 200'000}).value();
  EXPECT_GT(run.mlse.symbol_errors, 0U);
  EXPECT_LT(run.mlse.symbol_errors * 2, run.slicer.symbol_errors);
  const EyeResult eye = statistical_eye(input, {.phases = 1}).value();
  const double ratio = static_cast<double>(run.mlse.symbol_errors) / 200'000 / *eye.mlse_ser;
  EXPECT_GT(ratio, 0.5);  // a union bound, so below one
  EXPECT_LT(ratio, 1.1);
}

TEST(Simulate, PrbsIsAsRandom) {
  const link::SlicerInput input = synthetic::lossy(0.6, 4, 2, 0.03, 20);
  const double random = simulate(input, {.symbols = 200'000}).value().ser();
  const double prbs =
      simulate(input, {.symbols = 200'000, .pattern = Pattern::kPrbs31}).value().ser();
  EXPECT_NEAR(prbs / random, 1, 0.15);
  EXPECT_FALSE(simulate(synthetic::of_cursors({1.0}, 0, 3), {.pattern = Pattern::kPrbs31}));
  EXPECT_FALSE(simulate(input, {.symbols = 0}));
}

TEST(Simulate, TraceHoldsTheSymbolsAtItsInstants) {
  link::SlicerInput input = synthetic::lossy(0.2, 4, 3, 0, 20);
  const Trace trace = simulate_trace(input, 500).value();
  ASSERT_EQ(trace.voltage_v.size(), 500U * 32);
  ASSERT_EQ(trace.symbols.size(), 500U);
  double isi = 0;
  for (const double eye : peak_distortion(input)) {
    isi = std::max(isi, input.pulse[input.cursor] / 3 - eye / 2);
  }
  for (std::size_t n = 0; n < 500; ++n) {
    EXPECT_NEAR(trace.voltage_v[n * 32 + 16], trace.symbols[n] * input.pulse[input.cursor],
                isi + 1e-12);
  }
}

}  // namespace
}  // namespace weft::phy::eye
