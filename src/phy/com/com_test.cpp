// SPDX-License-Identifier: Apache-2.0
// Densities against enumeration and closed forms, COM against the identities of a published case,
// what must hold of any channel (more loss, noise, jitter, crosstalk never help), and measured
// channels where the corpus is present.
#include "phy/com/com.h"

#include "phy/channel/cut.h"
#include "phy/com/density.h"
#include "phy/com/mlse.h"
#include "phy/link/test_channel.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace weft::phy::com {
namespace {

using link::testing::line_channel;
using link::testing::LineOptions;

double q_function(double x) {
  return 0.5 * std::erfc(x / std::sqrt(2.0));
}

TEST(ComDensity, EqualsEnumeration) {
  const std::vector<double> cursors{0.030, -0.012, 0.006, 0.0};
  Density d{.bin_v = 0.001};
  EXPECT_NEAR(add_symbols(d, cursors, 4, 0), 0, 1e-18);
  std::map<long, double> exact;
  for (int a = 0; a < 4; ++a) {
    for (int b = 0; b < 4; ++b) {
      for (int c = 0; c < 4; ++c) {
        exact[(-30 + 20 * a) + (-12 + 8 * b) + (-6 + 4 * c)] += 1.0 / 64;
      }
    }
  }
  double sum = 0;
  for (std::size_t i = 0; i < d.p.size(); ++i) {
    const auto at = std::lround(d.value(i) / 0.001);
    EXPECT_NEAR(d.p[i], exact.contains(at) ? exact[at] : 0, 1e-15) << at;
    sum += d.p[i];
  }
  EXPECT_NEAR(sum, 1, 1e-14);
  EXPECT_NEAR(d.variance(), 5.0 / 9 * (30 * 30 + 12 * 12 + 6 * 6) * 1e-6, 1e-12);
}

TEST(ComDensity, KeepsTails) {
  // 60 equal NRZ cursors: the end has probability 2^-60, and it is there.
  Density d{.bin_v = 1e-4};
  (void)add_symbols(d, std::vector<double>(60, 1e-3), 2, 0);
  EXPECT_DOUBLE_EQ(d.p.front(), std::exp2(-60));
  EXPECT_DOUBLE_EQ(d.value(0), -0.06);
  // Small cursors become variance.
  Density e{.bin_v = 1e-3};
  EXPECT_NEAR(add_symbols(e, std::vector<double>(10, 1e-4), 4, 0), 10 * 1e-8 * 5 / 9, 1e-18);
  EXPECT_EQ(e.p.size(), 1U);
}

TEST(ComDensity, RoundingKeepsTheLargestSum) {
  std::vector<double> cursors;
  double all = 0;
  for (int i = 1; i < 200; ++i) {
    cursors.push_back(4e-4 * (1 + 1.0 / i));
    all += cursors.back();
  }
  Density d{.bin_v = 7e-5};
  const double missing = add_symbols(d, cursors, 2, 0);
  EXPECT_NEAR(-d.value(0), all, 7e-5);
  double square = 0;
  for (const double h : cursors) {
    square += h * h;
  }
  EXPECT_NEAR(d.variance() + missing, square, 1e-12);
}

TEST(ComDensity, GaussianQuantilesAreExact) {
  const Density none{.bin_v = 1e-5};
  for (const double x : {1.0, 3.5, 6.0, 8.2}) {
    EXPECT_NEAR(tail(none, 1e-3, x * 1e-3) / q_function(x), 1, 1e-12);
    EXPECT_NEAR(quantile(none, 1e-3, q_function(x)) * 1e3, x, 2e-6);
  }
  const auto coarse = rebinned(none, 1e-3, 1e-3 / 24);
  EXPECT_NEAR(tail(coarse, 0, 3.5e-3) / q_function(3.5), 1, 0.003);
  EXPECT_NEAR(sum(coarse, coarse).variance(), 2e-6, 2e-9);
  EXPECT_NEAR(scaled(coarse, 0.5).variance(), 0.25e-6, 2e-9);
}

// White Gaussian noise: errors of one symbol have distance (1, b), longer ones (1, b-1, ..., b).
TEST(ComMlse, IsTheUnionOverErrorEvents) {
  const Density none{.bin_v = 1e-5};
  const double sigma = 1e-3;
  const double a_s = 3.2e-3;
  for (const double b : {0.3, 0.6, 0.85}) {
    double expected = 0;
    for (int j = 1; j < 40; ++j) {
      const double square = 1 + b * b + (j - 1) * (1 - b) * (1 - b);
      expected += std::pow(0.75, j - 1) * q_function(a_s / sigma * std::sqrt(square));
    }
    const auto found = mlse(none, sigma, std::vector<double>{sigma * sigma}, a_s, b, 4);
    EXPECT_NEAR(found.der_slicer / q_function(3.2), 1, 1e-9);
    EXPECT_NEAR(found.der / expected, 1, 0.02) << b;
    EXPECT_NEAR(found.gain_db, 20 * std::log10(quantile(none, sigma, expected) / a_s), 0.01);
  }
  EXPECT_EQ(mlse(none, sigma, std::vector<double>{1e-6}, a_s, 0, 4).gain_db, 0);
}

/// The published row: akinwale CR 22 dB VendorX, 178A, with crosstalk (SiCoPR's expected values).
TEST(ComIdentities, OfThePublishedCase) {
  link::Equalised in;
  auto& b = in.budget;
  b.a_s_v = 5.374290304e-3;
  b.sigma_n_v = 0.506598031e-3;
  b.sigma_tx_v = 0.469466574e-3;
  b.sigma_rj_v = 0.190133506e-3;
  b.sigma_isi_v = 0.803200227e-3;
  b.sigma_xt_v = 0.465194421e-3;
  b.sigma_q_v = 0.395342231e-3;
  b.sigma_j_v = std::hypot(b.sigma_rj_v, 0.381498910e-3);
  in.input.levels = 4;
  in.input.samples_per_ui = 1;
  const double cursor = b.a_s_v * 3 / 0.95;
  in.input.pulse = {0, cursor, 0.842 * cursor, 0.1 * cursor, 0};
  in.input.cursor = 1;
  in.input.dfe = {0.842 * cursor};
  in.disturbance_v2 = {1e-6};
  auto setup = link::find_setup("eth-200g").value();
  const auto out = judge(setup, in);
  ASSERT_TRUE(out) << out.error().text();
  EXPECT_NEAR(out->sigma_isi_xt_v * 1e3, 0.928190, 2e-6);
  EXPECT_NEAR(out->sigma_g_v * 1e3, 0.716374, 2e-6);
  EXPECT_NEAR(out->sigma_noise_v * 1e3, 0.811623, 2e-6);
  EXPECT_NEAR(out->veo_v, 2 * out->a_s_v * (1 - std::pow(10, -out->com_dfe_db / 20)), 1e-15);
  ASSERT_TRUE(out->vec_db);
  EXPECT_NEAR(*out->vec_db, -20 * std::log10(1 - std::pow(10, -out->com_db / 20)), 1e-12);
  EXPECT_NEAR(out->com_db, out->com_dfe_db + out->mlse_gain_db, 1e-12);
  setup.target.der0 = 0;
  EXPECT_FALSE(judge(setup, in));
}

TEST(ComIdentities, GaussianNoiseAloneGivesTheQFunction) {
  link::Equalised in;
  in.budget.a_s_v = 10e-3;
  in.budget.sigma_n_v = 1.5e-3;
  in.input.levels = 2;
  in.input.samples_per_ui = 1;
  in.input.pulse = {0, 10e-3, 0};
  in.input.cursor = 1;
  const auto setup = link::find_setup("eth-25g").value();
  const auto out = judge(setup, in);
  ASSERT_TRUE(out);
  // Q(4.26489) = 1e-5
  EXPECT_NEAR(out->a_ni_v, 4.26489 * 1.5e-3, 2e-8);
  EXPECT_NEAR(out->der / q_function(10 / 1.5), 1, 1e-9);
  EXPECT_EQ(out->error_propagation, q_function(10 / 1.5));
}

// A wrong tap as large as the cursor: every decision but one in L goes wrong (a = 0.75 for PAM4).
TEST(ComIdentities, ErrorPropagationAtItsLimit) {
  link::Equalised in;
  in.budget.a_s_v = 10e-3;
  in.budget.sigma_n_v = 1e-3;
  in.input.levels = 4;
  in.input.samples_per_ui = 1;
  in.input.pulse = {0, 30e-3, 30e-3, 0};
  in.input.cursor = 1;
  in.input.dfe = {30e-3};
  const auto setup = link::find_setup("eth-50g").value();
  EXPECT_NEAR(judge(setup, in)->error_propagation, 0.75, 1e-9);
  in.input.pulse[2] = in.input.dfe[0] = 15e-3;
  EXPECT_NEAR(judge(setup, in)->error_propagation, 0.375, 1e-9);
}

/// Settings fixed at something sensible, so that only the channel changes.
ComOptions fixed_options(const link::LinkSetup& setup) {
  ComOptions options;
  options.equalise.uis = 512;
  options.equalise.ctle_gain_db = -4;
  options.equalise.ctle_low_gain_db = setup.rx.ctle.low_gain_db.min / 4;
  options.equalise.tx_taps.assign(setup.tx.ffe.taps.size() + 1, 0);
  options.equalise.tx_taps[setup.tx.ffe.pre] = 0.9;
  options.equalise.tx_taps[setup.tx.ffe.pre - 1] = -0.1;
  return options;
}

double com_of(const link::LinkSetup& setup, const channel::Channel& channel,
              const ComOptions& options) {
  const auto out = com_case(setup, channel, options);
  EXPECT_TRUE(out) << (out ? "" : out.error().text());
  return out ? out->com_db : 0;
}

TEST(ComProperties, MoreOfAnyHarmNeverHelps) {
  const auto setup = link::find_setup("eth-50g").value();
  auto options = fixed_options(setup);
  // Between packages loss can help: it takes from what goes back and forth.
  options.equalise.package = false;
  LineOptions line;
  line.step_hz = 50e6;
  line.to_hz = 50e9;
  line.fexts = 1;
  const double plain = com_of(setup, line_channel(line), options);
  EXPECT_TRUE(rc::check("flat loss, noise, jitter, crosstalk", [&] {
    const int amount = *rc::gen::inRange(1, 40);
    auto other = setup;
    auto worse = line;
    switch (*rc::gen::inRange(0, 5)) {
      case 0:
        worse.flat_db = -0.1 * amount;
        break;
      case 1:
        other.rx.eta0_v2_per_ghz *= 1 + 0.2 * amount;
        break;
      case 2:
        other.jitter.sigma_rj_ui *= 1 + 0.05 * amount;
        break;
      case 3:
        other.jitter.a_dd_ui *= 1 + 0.05 * amount;
        break;
      default:
        worse.nexts = 1;
        worse.crosstalk_db = -40 + 0.1 * amount;
    }
    // The grid of voltages goes with A_s, so that values are true to some 0.002 dB.
    RC_ASSERT(com_of(other, line_channel(worse), options) <= plain + 0.002);
  }));
}

TEST(ComProperties, AggressorsNeverImproveAnything) {
  for (const char* key : {"eth-25g", "eth-100g"}) {
    auto setup = link::find_setup(key).value();
    const auto options = fixed_options(setup);
    LineOptions line;
    line.step_hz = 50e6;
    double before = 1e9;
    for (std::size_t k = 0; k < 4; ++k) {
      line.fexts = k / 2;
      line.nexts = k - k / 2;
      const double now = com_of(setup, line_channel(line), options);
      EXPECT_LT(now, before) << key << " " << k;
      before = now;
    }
  }
}

// Twice the symbol rate over a channel of half the delay: the same link on another clock.
TEST(ComProperties, DoesNotDependOnTheScaleOfFrequency) {
  const auto setup = link::find_setup("eth-50g").value();
  auto twice = setup;
  twice.signalling.baud_hz *= 2;
  twice.tx.rise_time_s /= 2;
  twice.rx.eta0_v2_per_ghz /= 2;
  auto& c = twice.rx.ctle;
  for (double* f : {&c.zero_hz, &c.pole1_hz, &c.pole2_hz, &c.low_hz}) {
    *f *= 2;
  }
  auto options = fixed_options(setup);
  options.equalise.package = false;
  LineOptions line;
  line.step_hz = 50e6;
  line.fexts = 1;
  auto channel = line_channel(line);
  const double once = com_of(setup, channel, options);
  for (double& f : channel.thru.sdd.frequency_hz) {
    f *= 2;
  }
  for (double& f : channel.aggressors[0].sdd.frequency_hz) {
    f *= 2;
  }
  EXPECT_NEAR(com_of(twice, channel, options), once, 1e-6);
}

TEST(ComProperties, BinsDoNotMatter) {
  const auto setup = link::find_setup("eth-50g").value();
  auto options = fixed_options(setup);
  LineOptions line;
  line.step_hz = 50e6;
  line.nexts = 2;
  const auto channel = line_channel(line);
  const auto usual = com_case(setup, channel, options).value();
  options.bin_v = usual.a_s_v / 6000;
  EXPECT_NEAR(com_of(setup, channel, options), usual.com_db, 0.002);
}

TEST(Com, JudgesEveryPackage) {
  auto setup = link::find_setup("eth-25g").value();
  LineOptions line;
  line.step_hz = 50e6;
  const auto out = com(setup, line_channel(line));
  ASSERT_TRUE(out) << out.error().text();
  ASSERT_EQ(out->cases.size(), 2U);
  EXPECT_EQ(out->worst, 1U) << "30 mm of package lose more than 12";
  EXPECT_EQ(out->cases[1].link.package_case, "case 2");
  setup.packages.clear();
  EXPECT_FALSE(com(setup, line_channel(line)));
  ComOptions bare;
  bare.equalise.package = false;
  EXPECT_EQ(com(setup, line_channel(line), bare)->cases.size(), 1U);
}

TEST(Com, SequenceDetectionStandsBesideTheSlicer) {
  auto setup = link::find_setup("eth-200g").value();
  setup.tx.ffe.taps = {{0, 0.04, 0.04}, {-0.04, 0, 0.04}, {0, 0, 0}};
  setup.rx.ctle.gain_db = {-12, -6, 6};
  setup.rx.ctle.low_gain_db = {-2, 0, 2};
  setup.samples_per_ui = 16;
  LineOptions line;
  line.to_hz = 110e9;
  line.step_hz = 50e6;
  line.loss_root_db = 0.8;
  line.fexts = 1;
  ComOptions options;
  const auto out = com_case(setup, line_channel(line), options);
  ASSERT_TRUE(out) << out.error().text();
  EXPECT_GT(out->com_db, out->com_dfe_db);
  EXPECT_LT(out->mlse_gain_db, 4);
  EXPECT_LT(out->der_mlse, out->der);
  EXPECT_GT(out->error_propagation, 0.2);
  EXPECT_LE(out->error_propagation, 0.75);
}

}  // namespace
}  // namespace weft::phy::com
