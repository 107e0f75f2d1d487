// SPDX-License-Identifier: Apache-2.0
// The lane model against the full engine it was derived from, against FEC's formulas, and against
// what physics demands of any lane: worse conditions never help.
#include "phy/eye/eye.h"
#include "phy/eye/synthetic.h"
#include "phy/lane/counts.h"
#include "phy/lane/lane_model.h"
#include "phy/lane/table.h"

#include <cmath>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace weft::phy::lane {
namespace {

static_assert(std::is_trivially_copyable_v<LaneState>);

/// Without aggressors, which multiply the table's cost.
link::SlicerInput pam4_link() {
  link::SlicerInput input = eye::synthetic::lossy(0.5, 4, 10, 0.012, 20);
  input.tx_noise_sigma_v = 0.002;
  input.sigma_rj_ui = 0.01;
  input.a_dd_ui = 0.02;
  return input;
}

link::SlicerInput nrz_link() {
  link::SlicerInput input = eye::synthetic::lossy(1.0, 2, 8, 0.035, 16);
  input.sigma_rj_ui = 0.01;
  input.a_dd_ui = 0.02;
  eye::synthetic::add_aggressors(input, 1, 0.1);
  return input;
}

const LaneModel& pam4() {
  static const LaneModel model = LaneModel::build(pam4_link(), {.isi_per_db = 0.003}).value();
  return model;
}

const LaneModel& nrz() {
  static const LaneModel model =
      LaneModel::build(nrz_link(), {.code = fec::CodeParameters{}}).value();
  return model;
}

double engine_log10_ber(const link::SlicerInput& input) {
  return std::log10(
      eye::statistical_eye(input, {.phases = 1, .contours = {}, .is_density = false})->ber);
}

LaneState random_state(base::Random& random) {
  const auto between = [&random](double low, double high) {
    return low + (high - low) * random.uniform();
  };
  LaneState state;
  state.loss_delta = base::Decibel(between(-3, 6));
  state.noise_extra = base::Millivolts(between(0, 20));
  state.jitter_scale = between(0, 3);
  state.temperature = base::Celsius(between(0, 90));
  state.crosstalk_scale = between(0, 1.6);
  state.supply_noise = base::Millivolts(between(0, 10));
  state.misadaptation = random.uniform() < 0.5 ? 0 : between(0, 0.08);
  state.burst = 0;
  return state;
}

struct Deviation {
  double most = 0;
  int compared = 0;
};

/// Largest |log10 BER - engine's| over random states between 1e-12 and 1e-2.
Deviation deviation_of(const LaneModel& model, int count, std::uint64_t seed) {
  base::Random random(seed, "lane_test");
  Deviation deviation;
  for (int i = 0; i < count; ++i) {
    const LaneState state = random_state(random);
    const Reading reading = model.at(state);
    if (reading.is_clamped || reading.log10_ber < -13 || reading.log10_ber > -1.8) {
      continue;
    }
    const double engine = engine_log10_ber(model.input_at(state));
    if (engine >= -12 && engine <= -2) {
      ++deviation.compared;
      deviation.most = std::max(deviation.most, std::abs(reading.log10_ber - engine));
    }
  }
  return deviation;
}

TEST(Lane, AgreesWithTheFullEngine) {
  for (const LaneModel* model : {&pam4(), &nrz()}) {
    const Deviation deviation = deviation_of(*model, 60, 1);
    EXPECT_GT(deviation.compared, 20);
    EXPECT_LE(deviation.most, 0.1);
  }
}

TEST(Lane, CrosstalkTakenAsNoiseIsExactAtNeutral) {
  const link::SlicerInput input = nrz_link();
  const LaneModel folded =
      LaneModel::build(input, {.code = fec::CodeParameters{}, .crosstalk_as_noise = true}).value();
  EXPECT_NEAR(folded.at({}).log10_ber, engine_log10_ber(input), 0.05);  // but for interpolation
  // The figure of merit counts crosstalk once, by its power, either way.
  const LaneModel whole = LaneModel::build(input, {.code = fec::CodeParameters{}}).value();
  EXPECT_NEAR(folded.at({}).fom.value(), whole.at({}).fom.value(), 1e-9);
  // Beside it: by how much, so that nobody has to guess. The aggressor is a tenth of the main
  // cursor, more than its noise.
  LaneState more;
  more.crosstalk_scale = 1.3;
  LaneState less;
  less.crosstalk_scale = 0.7;
  LaneState lossy;
  lossy.loss_delta = base::Decibel(1.5);
  LaneState loud;
  loud.noise_extra = base::Millivolts(25);
  double most = 0;
  for (const LaneState& state : {more, less, lossy, loud}) {
    const double engine = engine_log10_ber(folded.input_at(state));
    most = std::max(most, std::abs(folded.at(state).log10_ber / engine - 1));
  }
  EXPECT_LE(most, 0.25);  // of the exponent
  RecordProperty("deviation", std::to_string(most));
}

TEST(Lane, EyeIsTheEnginesEye) {
  for (const LaneModel* model : {&pam4(), &nrz()}) {
    LaneState state;
    state.loss_delta = base::Decibel(-4);
    const Reading reading = model->at(state);
    const eye::EyeResult eye =
        eye::statistical_eye(model->input_at(state), {.contours = {1e-12}, .is_density = false})
            .value();
    double height = 1;
    double width = 1;
    for (const eye::EyeOpening& opening : eye.openings) {
      height = std::min(height, opening.height_v);
      width = std::min(width, opening.width_ui);
    }
    EXPECT_GT(height, 0);
    const double gap = eye.level_v[1] - eye.level_v[0];
    EXPECT_NEAR(reading.eye_height.value() * 1e-3, height, 0.04 * gap);
    EXPECT_NEAR(reading.eye_width.value(), width, 0.03);
  }
}

TEST(Lane, StateSurvivesACheckpoint) {
  base::Random random(2, "lane_test");
  for (int i = 0; i < 10; ++i) {
    LaneState state = random_state(random);
    EXPECT_EQ(pack(unpack(pack(state))), pack(state));
    state.burst.reset();
    EXPECT_FALSE(unpack(pack(state)).burst.has_value());
  }
}

TEST(Lane, MarginsAreWhereTheErrorRatioIsReached) {
  LaneState state;
  state.burst = 0;
  state.loss_delta = base::Decibel(-3);
  const double target = 1e-6;
  LaneState at_loss = state;
  at_loss.loss_delta = at_loss.loss_delta + pam4().loss_margin(state, target);
  EXPECT_NEAR(pam4().at(at_loss).log10_ber, -6, 1e-6);
  EXPECT_GT(pam4().loss_margin(state, target).value(), 0);
  EXPECT_GT(pam4().noise_margin(state, target).value(), 0);
  at_loss.loss_delta = base::Decibel(20);
  EXPECT_LT(pam4().loss_margin(at_loss, target).value(), 0);
  EXPECT_EQ(pam4().noise_margin(at_loss, target).value(), 0);
}

TEST(Lane, HistogramIsThatOfTheFormula) {
  for (const double log10_ber : {-5.1, -4.0, -3.2}) {
    for (const double burst : {0.0, 0.33, 0.62}) {
      Reading reading;
      reading.log10_ber = log10_ber;
      reading.ber = std::pow(10, log10_ber);
      reading.burst = burst;
      fec::ErrorProcess process{.ber = reading.ber, .bits_per_symbol = 2};
      if (burst > 0) {
        process.burst = burst;
      }
      const fec::PostFec exact = fec::post_fec(fec::kKp4, process).value();
      const FecProbabilities table = pam4().fec(reading);
      for (std::size_t k = 0; k <= 15; ++k) {
        if (exact.histogram[k] > 1e-15) {
          EXPECT_NEAR(std::log10(table[k]), std::log10(exact.histogram[k]), 0.05)
              << log10_ber << ' ' << burst << ' ' << k;
        }
      }
      EXPECT_NEAR(std::log10(table[16]), exact.log10_codeword_failure, 0.1)
          << log10_ber << ' ' << burst;
      const Rates rates = pam4().rates(reading);
      EXPECT_NEAR(rates.uncorrectable_per_s / (table[16] * 64e9 / 5440), 1, 1e-9);
    }
  }
}

TEST(Lane, CountsOfPartsAddToCountsOfTheWhole) {
  Reading reading;
  reading.ber = 3e-4;
  reading.log10_ber = std::log10(reading.ber);
  reading.burst = 0.5;
  base::Random random(3, "lane_test");
  constexpr std::uint64_t kBits = 5440ULL * 2'000'000;
  const Counts whole = pam4().draw(reading, kBits, random);
  Counts parts;
  for (int i = 0; i < 20'000; ++i) {
    parts += pam4().draw(reading, kBits / 20'000 + static_cast<std::uint64_t>(i % 2), random);
  }
  for (const Counts* counts : std::initializer_list<const Counts*>{&whole, &parts}) {
    EXPECT_NEAR(static_cast<double>(counts->codewords), 2e6, 500);
    // Bits in bursts spread counts by some 3 beyond Poisson's root.
    EXPECT_NEAR(static_cast<double>(counts->bit_errors), reading.ber * kBits, 20'000);
    const FecProbabilities p = pam4().fec(reading);
    std::uint64_t sum = 0;
    for (std::size_t k = 0; k < kFecBins; ++k) {
      const double expected = p[k] * static_cast<double>(counts->codewords);
      EXPECT_NEAR(static_cast<double>(counts->histogram[k]), expected, 6 * std::sqrt(expected) + 3)
          << k;
      sum += counts->histogram[k];
    }
    EXPECT_EQ(sum, counts->codewords);
    EXPECT_EQ(counts->uncorrectable, counts->histogram[16]);
  }
}

TEST(Lane, WithoutFecErrorsAreBursts) {
  Reading reading;
  reading.ber = 1e-6;
  reading.log10_ber = -6;
  reading.burst = 0.5;
  base::Random random(4, "lane_test");
  const Counts counts = nrz().draw(reading, 40'000'000'000, random);
  EXPECT_NEAR(static_cast<double>(counts.bit_errors), 40'000, 6 * std::sqrt(120'000));
  EXPECT_EQ(counts.codewords, 0U);
  EXPECT_EQ(nrz().rates(reading).uncorrectable_per_s, 0);
  EXPECT_NEAR(nrz().rates(reading).error_events_per_s, 0.5e-6 * 32e9, 1);
}

TEST(Lane, WaitingTimesAreExponential) {
  base::Random random(5, "lane_test");
  double sum = 0;
  for (int i = 0; i < 100'000; ++i) {
    sum += LaneModel::seconds_to_next(4, random);
  }
  EXPECT_NEAR(sum / 100'000, 0.25, 0.004);
  EXPECT_TRUE(std::isinf(LaneModel::seconds_to_next(0, random)));
}

TEST(Lane, CountsHaveTheirMeanAndVariance) {
  base::Random random(6, "lane_test");
  const auto check = [](double mean, double variance, auto draw) {
    constexpr int kDraws = 40'000;
    double sum = 0;
    double squares = 0;
    for (int i = 0; i < kDraws; ++i) {
      const auto x = static_cast<double>(draw()) - mean;
      sum += x;
      squares += x * x;
    }
    EXPECT_NEAR(sum / kDraws, 0, 5 * std::sqrt(variance / kDraws)) << mean;
    EXPECT_NEAR(squares / kDraws / variance, 1, 0.06) << mean;
  };
  for (const double mean : {0.3, 4.0, 9.9, 10.1, 200.0, 1e6, 1e12}) {
    check(mean, mean, [&] { return draw_poisson(mean, random); });
  }
  const auto binomial = [&](std::uint64_t n, double p) {
    const double mean = static_cast<double>(n) * p;
    check(mean, mean * (1 - p), [&] { return draw_binomial(n, p, random); });
  };
  binomial(5, 0.4);
  binomial(30, 0.9);
  binomial(1000, 0.2);
  binomial(1'000'000'000'000, 1e-9);
  binomial(1'000'000, 0.7);
  EXPECT_EQ(draw_binomial(7, 1, random), 7U);
  EXPECT_EQ(draw_binomial(7, 0, random), 0U);
}

TEST(Lane, QuantileInvertsTheTail) {
  for (const double z : {0.001, 0.5, 1.3, 4.0, 8.0, 20.0, 35.0}) {
    EXPECT_NEAR(quantile_of(upper_tail(z)), z, 1e-9 * (1 + z));
  }
}

TEST(Lane, RefusesBadOptions) {
  const link::SlicerInput input = nrz_link();
  EXPECT_FALSE(LaneModel::build(input, {.eye_ber = 0}).has_value());
  EXPECT_FALSE(LaneModel::build(input, {.code = {"big", 544, 480, 32, 10}}).has_value());
  EXPECT_FALSE(LaneModel::build(input, {.interleave = 3}).has_value());
  link::SlicerInput bad = input;
  bad.pulse[bad.cursor] = -1;
  EXPECT_FALSE(LaneModel::build(bad).has_value());
}

RC_GTEST_PROP(LaneProperty, WorseConditionsNeverHelp, ()) {
  const LaneModel& model = *rc::gen::arbitrary<bool>() ? pam4() : nrz();
  base::Random random(*rc::gen::arbitrary<std::uint64_t>(), "property");
  LaneState state = random_state(random);
  const Reading before = model.at(state);
  const double by = random.uniform();
  switch (*rc::gen::inRange(0, 7)) {
    case 0:
      state.loss_delta = state.loss_delta + base::Decibel(by);
      break;
    case 1:
      state.noise_extra = state.noise_extra + base::Millivolts(5 * by);
      break;
    case 2:
      state.jitter_scale += by;
      break;
    case 3:
      state.crosstalk_scale += by;
      break;
    case 4:
      state.supply_noise = state.supply_noise + base::Millivolts(20 * by);
      break;
    case 5:
      state.misadaptation += 0.05 * by;
      break;
    default:
      state.temperature = state.temperature + base::KelvinDelta(30 * by);
  }
  const Reading after = model.at(state);
  RC_ASSERT(after.ber >= before.ber * (1 - 1e-12));
  RC_ASSERT(after.eye_width.value() <= before.eye_width.value() + 1e-9);
}

}  // namespace
}  // namespace weft::phy::lane
