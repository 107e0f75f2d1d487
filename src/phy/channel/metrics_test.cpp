// SPDX-License-Identifier: Apache-2.0
// Metrics against closed formulas on made channels, and against what the corpus publishes.
#include "phy/channel/metrics.h"

#include "phy/channel/made_channel.h"
#include "phy/channel/reflection.h"
#include "phy/channel/touchstone.h"

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <numbers>

#include <gtest/gtest.h>

namespace weft::phy::channel {
namespace {

namespace fs = std::filesystem;
using std::numbers::pi;

fs::path corpus() {
  const char* named = std::getenv("WEFT_CORPUS");
  return (named != nullptr ? fs::path(named) : fs::path(WEFT_SOURCE_DIR) / "../shared/corpus") /
         "channels";
}

Channel channel_of(const fs::path& path) {
  auto file = read_touchstone(path.string());
  EXPECT_TRUE(file.has_value()) << file.error().text();
  const Source source{std::move(file->network), path.filename().string()};
  auto channel = cut_channel(std::span(&source, 1));
  EXPECT_TRUE(channel.has_value());
  return std::move(*channel);
}

constexpr BandWeight kPlain{25e9, 0, 0};

TEST(LossFitting, FindsTheTermsThatMadeTheLoss) {
  std::vector<double> f;
  std::vector<double> loss;
  LossFit made;
  made.a0_db = 0.7;
  made.a1_db = 1.9;
  made.a2_db = 0.41;
  made.a4_db = 0.013;
  for (int i = 1; i < 500; ++i) {
    f.push_back(5e7 * i);
    loss.push_back(made.at(f.back()));
  }
  for (const bool is_weighted : {false, true}) {
    LossFitOptions options;
    options.is_weighted = is_weighted;
    const auto fit = fit_loss(f, loss, options);
    ASSERT_TRUE(fit.has_value());
    EXPECT_NEAR(fit->a0_db, 0.7, 1e-9);
    EXPECT_NEAR(fit->a1_db, 1.9, 1e-9);
    EXPECT_NEAR(fit->a2_db, 0.41, 1e-9);
    EXPECT_NEAR(fit->a4_db, 0.013, 1e-10);
    EXPECT_NEAR(fom_ild_db(f, loss, *fit, kPlain), 0, 1e-8);
  }
  EXPECT_FALSE(fit_loss(std::span(f).first(3), std::span(loss).first(3)).has_value());
}

// 93A-56 is a mean over the frequencies that were fitted, however far the data reaches.
TEST(LossFitting, FomIldIsAMeanOverTheFittedFrequencies) {
  LossFit fit;
  for (const double reach : {0.5, 1.0}) {
    std::vector<double> f;
    std::vector<double> loss;
    double mean = 0;
    const auto points = static_cast<int>(2500 * reach);
    for (int i = 1; i <= points; ++i) {
      f.push_back(1e7 * i);
      loss.push_back(i % 2 == 0 ? 0.4 : -0.4);
      const double x = pi * f.back() / kPlain.baud_hz;
      mean += std::pow(std::sin(x) / x, 2) / points;
    }
    fit.f_min_hz = f.front();
    fit.f_max_hz = f.back();
    EXPECT_NEAR(fom_ild_db(f, loss, fit, kPlain), 0.4 * std::sqrt(mean), 1e-9) << reach;
  }
}

TEST(LossFitting, MadeChannelsGiveTheirLaw) {
  const Source source{made_pair({.coupling = 0}), "made.s4p"};
  const auto channel = cut_channel(std::span(&source, 1));
  ASSERT_TRUE(channel.has_value());
  const auto loss = loss_db(channel->thru.sdd.response(1, 0));
  LossFitOptions two;
  two.has_constant = false;
  two.has_square = false;
  const auto fit = fit_loss(channel->thru.sdd.frequency_hz, loss, two);
  ASSERT_TRUE(fit.has_value());
  EXPECT_NEAR(fit->a1_db, 1.0, 1e-3);
  EXPECT_NEAR(fit->a2_db, 0.3, 1e-3);
}

TEST(Crosstalk, OfAFlatPathIsItsAmplitudeUnderTheSymbolsSpectrum) {
  // sum of sinc^2 from 0 to f_b is 0.4514 f_b.
  Channel channel;
  channel.thru.sdd = made_pair({.points = 10});
  Network flat = make_network(2, {}, 100);
  for (int i = 0; i <= 3000; ++i) {
    flat.frequency_hz.push_back(1e7 * i);
    flat.s.insert(flat.s.end(), {0, 0.01, 0.01, 0});
  }
  channel.aggressors = {{Role::kFext, "f", flat}, {Role::kNext, "n", flat}};
  CrosstalkSetup setup;
  setup.fext = setup.next = kPlain;
  setup.f_min_hz = 0;
  const auto noise = crosstalk_noise(channel, setup);
  const double expected = 0.01 * std::sqrt(2 * 0.451412);
  EXPECT_NEAR(noise.fext_v, 0.4 * expected, 1e-5);
  EXPECT_NEAR(noise.next_v, 0.6 * expected, 1e-5);
  EXPECT_NEAR(noise.icn_v, std::hypot(noise.fext_v, noise.next_v), 1e-15);
  EXPECT_NEAR(*power_sum_loss_db(channel, Role::kFext, 1e9), 40, 1e-9);
  EXPECT_NEAR(*power_sum_loss_db(channel, std::nullopt, 1e9), 40 - 10 * std::log10(2.0), 1e-9);
  EXPECT_FALSE(power_sum_loss_db(channel, std::nullopt, 1e12).has_value());
}

TEST(Modes, SkewIsFoundAndConvertsModes) {
  const double skew = 2e-12;
  const Network network = made_pair({.skew_s = skew, .coupling = 0});
  const PathPorts ports{{0, 2}, {1, 3}};
  EXPECT_NEAR(intra_pair_skew_s(network, ports, 20e9), -skew, 1e-16);
  const auto modes = path_modes(network, ports);
  ASSERT_TRUE(modes.has_value());
  const auto conversion = mode_conversion(*modes, 20e9);
  // |1 - e^(-j w skew)| / 2 of what the lines let through: sin(w skew / 2).
  const double f = conversion.scd21_hz;
  const double line = std::abs(network.at(static_cast<std::size_t>(f / 1e7) - 1, 1, 0));
  EXPECT_NEAR(conversion.scd21_db, -20 * std::log10(line * std::sin(pi * f * skew)), 1e-9);
  EXPECT_NEAR(conversion.scd21_db, conversion.sdc21_db, 1e-9);
}

TEST(Metrics, LossIsInterpolatedUpToTheLastPointAndNotInvented) {
  auto network = make_network(2, {1e9, 2e9}, 100);
  network.at(0, 1, 0) = 0.1;   // 20 dB
  network.at(1, 1, 0) = 0.01;  // 40 dB
  EXPECT_NEAR(loss_at(network, 1, 0, 1.5e9).value_or(0), 30, 1e-9);
  EXPECT_NEAR(loss_at(network, 1, 0, 2e9).value_or(0), 40, 1e-9);
  EXPECT_NEAR(loss_at(network, 1, 0, 2e9 * (1 + 1e-12)).value_or(0), 40, 1e-9);
  EXPECT_FALSE(loss_at(network, 1, 0, 2.1e9));
  EXPECT_FALSE(loss_at(network, 2, 0, 1.5e9));
}

TEST(Metrics, BeyondTheDataThereIsNone) {
  const Source source{made_pair({.points = 100}), "made.s4p"};
  const auto channel = cut_channel(std::span(&source, 1));
  CrosstalkSetup setup;
  setup.fext = setup.next = {50e9, 0, 0.75};
  const auto summary = summarise(*channel, setup);
  EXPECT_FALSE(summary.insertion_loss_db.has_value());
  EXPECT_FALSE(summary.noise.has_value()) << "no aggressors is not zero noise";
  EXPECT_EQ(loss_at(channel->thru.sdd, 1, 0, -1), std::nullopt);
  EXPECT_TRUE(loss_at(channel->thru.sdd, 1, 0, 1e9).has_value());
}

/// A port that sends back `gamma` after `delay_s`, up to 100 GHz.
Network echo(double gamma, double delay_s) {
  Network network = make_network(1, {}, 100);
  for (int i = 0; i <= 5000; ++i) {
    const double f = 2e7 * i;
    network.frequency_hz.push_back(f);
    network.s.push_back(std::polar(gamma, -2 * pi * f * delay_s));
  }
  return network;
}

ErlSetup erl_setup() {
  ErlSetup setup;
  setup.baud_hz = 25e9;
  setup.rise_time_s = 8e-12;
  setup.n_bx = 10;
  return setup;
}

TEST(Erl, OfOneEchoIsThatEcho) {
  const auto erl = effective_return_loss_db(echo(0.1, 4.01e-9), 0, erl_setup());
  ASSERT_TRUE(erl.has_value()) << erl.error().text();
  // The receiver's bandwidth spreads the pulse over two samples, whose sum is a little above 1.
  EXPECT_LT(*erl, 20.5);
  EXPECT_GT(*erl, 17.5);
  const auto half = effective_return_loss_db(echo(0.05, 4.01e-9), 0, erl_setup());
  EXPECT_NEAR(*half - *erl, 20 * std::log10(2.0), 1e-6);
}

TEST(Erl, CountsNearReflectionsLessAndGatedOnesNot) {
  ErlSetup setup = erl_setup();
  const double far = *effective_return_loss_db(echo(0.1, 4.01e-9), 0, setup);
  const double near = *effective_return_loss_db(echo(0.1, 0.1e-9), 0, setup);
  EXPECT_GT(near, far + 6);
  setup.gate_s = 6e-9;
  EXPECT_GT(*effective_return_loss_db(echo(0.1, 4.01e-9), 0, setup), far + 20);
  EXPECT_FALSE(effective_return_loss_db(echo(0.1, 1e-9), 0, ErlSetup{}).has_value());
  EXPECT_FALSE(effective_return_loss_db(echo(0.1, 1e-9), 7, erl_setup()).has_value());
}

TEST(ImpedanceProfile, ShowsASectionsImpedance) {
  // 1 ns of line, then 80 ohm.
  const auto profile = impedance_profile(echo((80.0 - 100) / (80 + 100), 2e-9), 0, 20e-12, 5e-9);
  ASSERT_TRUE(profile.has_value());
  for (const auto& point : *profile) {
    if (point.time_s < 1.9e-9) {
      EXPECT_NEAR(point.ohm, 100, 0.5) << point.time_s;
    } else if (point.time_s > 2.1e-9) {
      EXPECT_NEAR(point.ohm, 80, 0.5) << point.time_s;
    }
  }
  EXPECT_GT(profile->back().time_s, 4.9e-9);
}

TEST(MetricsCorpus, LossesAreThePublishedOnes) {
  if (!fs::exists(corpus())) {
    GTEST_SKIP() << "no corpus at " << corpus();
  }
  struct Row {
    std::string_view path;
    double db[3];  ///< at 12.89, 16 and 26.56 GHz
  };
  const Row kRows[] = {{"tec_smt_io/TEC_SMT_IO_42GHz_Thru_B5B6_4in.s4p", {4.1, 5.8, 8.5}},
                       {"tec_smt_io/TEC_SMT_IO_42GHz_Thru_B5B6_10in.s4p", {8.6, 11.0, 16.2}},
                       {"fci_long_link/SerDes_Demo_02_Thru.s4p", {17.5, 21.3, 40.9}}};
  constexpr double kHz[] = {12.89e9, 16e9, 26.56e9};
  for (const auto& row : kRows) {
    const Channel channel = channel_of(corpus() / row.path);
    for (int i = 0; i < 3; ++i) {
      EXPECT_NEAR(*loss_at(channel.thru.sdd, 1, 0, kHz[i]), row.db[i], 0.06) << row.path;
    }
  }
}

TEST(MetricsCorpus, BoardLossPerInchIsThePublishedOne) {
  const fs::path folder = corpus() / "tec_smt_io";
  if (!fs::exists(folder)) {
    GTEST_SKIP() << "no corpus at " << folder;
  }
  const Channel ten = channel_of(folder / "TEC_SMT_IO_42GHz_Thru_B5B6_10in.s4p");
  const Channel four = channel_of(folder / "TEC_SMT_IO_42GHz_Thru_B5B6_4in.s4p");
  auto per_inch = loss_db(ten.thru.sdd.response(1, 0));
  const auto less = loss_db(four.thru.sdd.response(1, 0));
  for (std::size_t i = 0; i < less.size(); ++i) {
    per_inch[i] = (per_inch[i] - less[i]) / 6;
  }
  LossFitOptions options{0.5e9, 30e9, false, false, false};
  const auto fit = fit_loss(ten.thru.sdd.frequency_hz, per_inch, options);
  ASSERT_TRUE(fit.has_value());
  EXPECT_NEAR(fit->a1_db, 0.0950, 0.0002);
  EXPECT_NEAR(fit->a2_db, 0.03047, 0.0001);
  EXPECT_LT(fit->rms_db, 0.0025);
}

}  // namespace
}  // namespace weft::phy::channel
