// SPDX-License-Identifier: Apache-2.0
// Equalised links: the pulse against an independent computation (pulse_judge.py), values against
// their definitions, the local search against the full grid, the taps against perturbed ones.
#include "phy/link/equalise.h"

#include "base/test_shell.h"
#include "phy/link/filters.h"
#include "phy/link/mmse.h"
#include "phy/link/search.h"
#include "phy/link/spectra.h"
#include "phy/link/test_channel.h"
#include "phy/link/two_port.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <numeric>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace weft::phy::link {
namespace {

using nlohmann::json;
using testing::line_channel;
using testing::LineOptions;

/// A set-up whose searches take milliseconds, for tests that run with sanitizers too.
LinkSetup small_setup(std::string_view key) {
  auto setup = find_setup(key).value();
  for (auto& tap : setup.tx.ffe.taps) {
    tap.step *= 2;
  }
  setup.rx.ctle.gain_db.step *= 2;
  setup.rx.ctle.low_gain_db.step *= 2;
  setup.samples_per_ui = 16;
  return setup;
}

json package_json(const Package& p) {
  json die = json::array();
  for (const auto& section : p.die) {
    die.push_back({{"c", section.c_f}, {"l", section.l_h}});
  }
  return {{"die", die},       {"c_bump", p.c_bump_f},      {"c_ball", p.c_ball_f},
          {"r_d", p.r_d_ohm}, {"r_0", p.r_0_ohm},          {"z_p", p.z_p_mm},
          {"z_c", p.z_c_ohm}, {"gamma0", p.gamma0_per_mm}, {"a1", p.a1},
          {"a2", p.a2},       {"tau", p.tau_ns_per_mm}};
}

class PulseJudge : public ::testing::TestWithParam<const char*> {};

TEST_P(PulseJudge, GivesTheSamePulse) {
  const std::string python = base::python_with("numpy");
  if (python.empty()) {
    GTEST_SKIP() << base::no_python_with("numpy");
  }
  auto setup = find_setup(GetParam()).value();
  setup.rx.ffe = {};
  setup.rx.mlse = false;
  constexpr std::size_t kUis = 512;
  LineOptions line;
  line.step_hz = setup.signalling.baud_hz / kUis;
  line.to_hz = line.step_hz * std::floor(1.4 * kUis);
  line.mismatch = 0.08;
  const auto channel = line_channel(line);
  EqualiseOptions options;
  options.uis = kUis;
  options.ctle_gain_db = setup.rx.ctle.gain_db.min / 2;
  options.ctle_low_gain_db = setup.rx.ctle.low_gain_db.min / 2;
  options.tx_taps.assign(setup.tx.ffe.taps.size() + 1, 0.02);
  options.tx_taps[setup.tx.ffe.pre] = 0.8;
  const auto ours = analyse(setup, channel, options);
  ASSERT_TRUE(ours) << ours.error().text();

  json job{{"baud", setup.signalling.baud_hz},
           {"uis", kUis},
           {"per_ui", setup.samples_per_ui},
           {"a", setup.tx.a_thru_v},
           {"rise", setup.tx.rise_time_s},
           {"f_r", setup.rx.bandwidth_ratio},
           {"taps", options.tx_taps},
           {"pre", setup.tx.ffe.pre},
           {"tx", package_json(setup.packages[0].tx)},
           {"rx", package_json(setup.packages[0].rx)},
           {"ctle",
            {{"gain", *options.ctle_gain_db},
             {"low_gain", *options.ctle_low_gain_db},
             {"fz", setup.rx.ctle.zero_hz},
             {"p1", setup.rx.ctle.pole1_hz},
             {"p2", setup.rx.ctle.pole2_hz},
             {"low", setup.rx.ctle.low_hz}}}};
  std::vector<double> re;
  std::vector<double> im;
  for (const auto s : channel.thru.sdd.s) {
    re.push_back(s.real());
    im.push_back(s.imag());
  }
  job["s_re"] = re;
  job["s_im"] = im;
  const auto file =
      std::filesystem::path(::testing::TempDir()) / ("pulse_" + std::string(GetParam()) + ".json");
  std::ofstream(file) << job;
  const auto run = base::shell_output(
      python + " " WEFT_SOURCE_DIR "/src/phy/link/pulse_judge.py < '" + file.string() + "'");
  ASSERT_EQ(run.code, 0);
  const std::vector<double> theirs = json::parse(run.out);

  const auto& in = ours->input;
  const auto peak =
      static_cast<std::size_t>(std::max_element(theirs.begin(), theirs.end()) - theirs.begin());
  const auto our_peak = static_cast<std::size_t>(
      std::max_element(in.pulse.begin(), in.pulse.end()) - in.pulse.begin());
  double worst = 0;
  for (std::size_t i = 0; i < in.pulse.size(); ++i) {
    const std::size_t at = (peak + i + theirs.size() - our_peak) % theirs.size();
    worst = std::max(worst, std::fabs(in.pulse[i] - theirs[at]));
  }
  EXPECT_LT(worst / theirs[peak], 1e-9);
}
INSTANTIATE_TEST_SUITE_P(Setups, PulseJudge,
                         ::testing::Values("eth-25g", "eth-50g", "eth-100g", "eth-200g"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::erase(name, '-');
                           return name;
                         });

TEST(LinkFilters, AreWhatTheirNamesSay) {
  EXPECT_NEAR(std::norm(butterworth(10e9, 10e9)), 0.5, 1e-6);
  EXPECT_NEAR(std::abs(butterworth(10e9, 0)), 1, 1e-15);
  EXPECT_DOUBLE_EQ(rise_filter(0, 5e9), 1);
  Ctle ctle;
  ctle.family = Ctle::Family::kAnnex93a;
  ctle.zero_hz = ctle.pole1_hz = 6e9;
  ctle.pole2_hz = 25e9;
  EXPECT_NEAR(20 * std::log10(std::abs(ctle_gain(ctle, -7, 0, 0))), -7, 1e-12);
  ctle.family = Ctle::Family::kPcie;
  ctle.pole1_hz = 2e9;
  ctle.pole2_hz = 8e9;
  EXPECT_NEAR(20 * std::log10(std::abs(ctle_gain(ctle, -9, 0, 0))), -9, 1e-12);
  // w2 (s + w1 A) / ((s + w1)(s + w2)) at any frequency.
  const std::complex<double> s(0, 5e9);
  const double a = std::pow(10, -9.0 / 20);
  const auto direct = 8e9 * (s + 2e9 * a) / ((s + 2e9) * (s + 8e9));
  EXPECT_NEAR(std::abs(ctle_gain(ctle, -9, 0, 5e9) - direct), 0, 1e-12);
}

TEST(LinkPackage, PassesPowerOn) {
  // Without loss what is not reflected comes through.
  auto package = find_setup("eth-200g").value().packages[0].tx;
  package.gamma0_per_mm = package.a1 = package.a2 = 0;
  const std::vector<double> f{0, 1e9, 20e9, 60e9};
  for (const auto& s : package_response(package, f)) {
    EXPECT_NEAR(std::norm(s.s11) + std::norm(s.s21), 1, 1e-12);
    EXPECT_NEAR(std::abs(s.s12 - s.s21), 0, 1e-12);
  }
  EXPECT_NEAR(std::abs(voltage_transfer({}, 0, 0)), 1, 1e-15);
  // A divider at 0 Hz: 2 V behind R_d into R_d, halved, whatever R_d is.
  EXPECT_NEAR(voltage_transfer({}, 0.1, 0.1).real(), 1, 1e-12);
}

TEST(LinkBudget, FollowsFromTheSlicersInput) {
  LineOptions line;
  line.fexts = 1;
  line.nexts = 1;
  const auto setup = small_setup("eth-50g");
  const auto out = analyse(setup, line_channel(line));
  ASSERT_TRUE(out) << out.error().text();
  const auto& in = out->input;
  const double sigma_x = std::sqrt(15.0 / 27);
  const std::size_t m = in.samples_per_ui;
  const double cursor = in.pulse[in.cursor];
  EXPECT_NEAR(out->budget.a_s_v, 0.95 * cursor / 3, 1e-12);
  EXPECT_NEAR(out->budget.sigma_tx_v, cursor * std::pow(10, -32.5 / 20), 1e-12);
  double isi = 0;
  double jitter = 0;
  for (std::size_t t = in.cursor % m; t < in.pulse.size(); t += m) {
    double x = in.pulse[t];
    if (t == in.cursor) {
      x = 0;
    } else if (t > in.cursor && (t - in.cursor) / m <= in.dfe.size()) {
      x -= in.dfe[(t - in.cursor) / m - 1];
    }
    isi += x * x;
    if (t > 0 && t + 1 < in.pulse.size()) {
      const double h_j = (in.pulse[t + 1] - in.pulse[t - 1]) * static_cast<double>(m) / 2;
      jitter += h_j * h_j;
    }
  }
  EXPECT_NEAR(out->budget.sigma_isi_v, sigma_x * std::sqrt(isi), 1e-6 * cursor);
  EXPECT_NEAR(out->budget.sigma_j_v, sigma_x * std::sqrt(jitter * (0.02 * 0.02 + 0.01 * 0.01)),
              1e-5 * cursor);
  double xt = 0;
  for (const auto& pulse : in.aggressors) {
    double most = 0;
    for (std::size_t phase = 0; phase < m; ++phase) {
      double power = 0;
      for (std::size_t t = phase; t < pulse.size(); t += m) {
        power += pulse[t] * pulse[t];
      }
      most = std::max(most, power);
    }
    xt += most;
  }
  EXPECT_NEAR(out->budget.sigma_xt_v, sigma_x * std::sqrt(xt), 1e-6 * cursor);
  // White noise through a Butterworth of four poles: bandwidth pi/8 / sin(pi/8) f_r, no CTLE.
  auto plain = setup;
  plain.rx.ctle.family = Ctle::Family::kNone;
  const auto flat = analyse(plain, line_channel(line));
  ASSERT_TRUE(flat);
  const double f_r = 0.75 * 26.5625;
  const double bandwidth = f_r * (std::acos(-1) / 8) / std::sin(std::acos(-1) / 8);
  EXPECT_NEAR(flat->budget.sigma_n_v, std::sqrt(1.64e-8 * bandwidth),
              1e-3 * flat->budget.sigma_n_v);
}

TEST(LinkBudget, DisturbanceAtLagZeroIsTheSumOfAll) {
  for (const char* key : {"eth-50g", "eth-200g"}) {
    LineOptions line;
    line.fexts = 1;
    line.to_hz = 110e9;
    line.loss_root_db = 0.5;
    const auto setup = small_setup(key);
    const auto out = analyse(setup, line_channel(line));
    ASSERT_TRUE(out) << out.error().text();
    const auto& b = out->budget;
    const double sum = b.sigma_tx_v * b.sigma_tx_v + b.sigma_isi_v * b.sigma_isi_v +
                       b.sigma_j_v * b.sigma_j_v + b.sigma_xt_v * b.sigma_xt_v +
                       b.sigma_n_v * b.sigma_n_v + b.sigma_q_v * b.sigma_q_v;
    EXPECT_NEAR(out->disturbance_v2[0] / sum, 1, 1e-9) << key;
    EXPECT_NEAR(out->input.equaliser.fom_db, 10 * std::log10(b.a_s_v * b.a_s_v / sum), 1e-9);
  }
}

TEST(LinkSampling, MeetsMullerAndMueller) {
  const auto setup = find_setup("eth-50g").value();
  const auto out = analyse(setup, line_channel());
  ASSERT_TRUE(out);
  const auto& in = out->input;
  const std::size_t m = in.samples_per_ui;
  const auto metric = [&](std::size_t t) {
    return in.pulse[t - m] - std::max(in.pulse[t + m] - 0.7 * in.pulse[t], 0.0);
  };
  // Zero crosses within a sample.
  const double here = std::fabs(metric(in.cursor));
  EXPECT_LE(here, std::fabs(metric(in.cursor + 1)));
  EXPECT_LE(here, std::fabs(metric(in.cursor - 1)));
}

std::string setting_text(const Equaliser& e) {
  std::string out = std::to_string(e.ctle_gain_db) + " " + std::to_string(e.ctle_low_gain_db);
  for (const double tap : e.tx_taps) {
    out += " " + std::to_string(tap);
  }
  return out;
}

TEST(LinkSearch, LocalFindsWhatTheFullGridFinds) {
  for (const char* key : {"eth-25g", "eth-50g", "eth-100g"}) {
    for (const double loss : {0.6, 1.3}) {
      LineOptions line;
      line.loss_root_db *= loss;
      line.loss_linear_db *= loss;
      line.fexts = 1;
      line.step_hz = 50e6;
      line.mismatch = 0.06;
      auto setup = small_setup(key);
      if (setup.tx.ffe.taps.size() > 3) {
        setup.tx.ffe.taps[0] = {-0.04, 0, 0.04};
        setup.rx.ctle.gain_db = {-10, 0, 2};
      }
      const auto channel = line_channel(line);
      EqualiseOptions options;
      const auto local = analyse(setup, channel, options);
      options.search = Search::kFull;
      const auto full = analyse(setup, channel, options);
      ASSERT_TRUE(local && full);
      EXPECT_DOUBLE_EQ(local->input.equaliser.fom_db, full->input.equaliser.fom_db)
          << key << " " << loss << " local: " << setting_text(local->input.equaliser)
          << " full: " << setting_text(full->input.equaliser);
      EXPECT_LE(local->settings, full->settings);
    }
  }
}

TEST(LinkSearch, LocalFindsTheSameWithAnFfe) {
  auto setup = small_setup("eth-200g");
  setup.tx.ffe.taps = {{0, 0.04, 0.04}, {-0.2, 0, 0.1}, {-0.1, 0, 0.1}};
  setup.rx.ctle.gain_db = {-12, 0, 6};
  setup.rx.ctle.low_gain_db = {-4, 0, 2};
  setup.rx.ffe = {.pre = 3,
                  .post = 6,
                  .floating_groups = 1,
                  .floating_taps = 2,
                  .floating_span = 20,
                  .tap_max = 0.8,
                  .floating_max = 0.05};
  setup.samples_per_ui = 8;
  LineOptions line;
  line.to_hz = 110e9;
  line.step_hz = 50e6;
  line.loss_root_db = 0.6;
  const auto channel = line_channel(line);
  EqualiseOptions options;
  const auto local = analyse(setup, channel, options);
  options.search = Search::kFull;
  const auto full = analyse(setup, channel, options);
  ASSERT_TRUE(local && full);
  EXPECT_DOUBLE_EQ(local->input.equaliser.fom_db, full->input.equaliser.fom_db);
}

TEST(LinkSearch, ObeysPresetsAndFixedSettings) {
  const auto setup = find_setup("pcie5").value();
  LineOptions line;
  line.step_hz = 50e6;
  const auto channel = line_channel(line);
  const auto free = analyse(setup, channel);
  ASSERT_TRUE(free) << free.error().text();
  EXPECT_FALSE(free->input.equaliser.preset.empty());
  EqualiseOptions options;
  options.preset = "P7";
  options.ctle_gain_db = -9;
  const auto fixed = analyse(setup, channel, options);
  ASSERT_TRUE(fixed);
  EXPECT_EQ(fixed->input.equaliser.preset, "P7");
  EXPECT_DOUBLE_EQ(fixed->input.equaliser.ctle_gain_db, -9);
  EXPECT_LE(fixed->input.equaliser.fom_db, free->input.equaliser.fom_db + 0.05);
  options.preset = "P77";
  EXPECT_FALSE(analyse(setup, channel, options));
  options.preset.clear();
  options.tx_taps = {1};
  EXPECT_FALSE(analyse(setup, channel, options));
  options = {};
  options.dfe = std::vector<double>{0.1, 0};
  const auto given = analyse(setup, channel, options);
  ASSERT_TRUE(given);
  EXPECT_NEAR(given->input.dfe[0], 0.1 * given->input.pulse[given->input.cursor], 1e-12);
  options = {};
  options.progress = [](double) { return false; };
  const auto stopped = analyse(setup, channel, options);
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, base::Code::kCancelled);
}

TEST(LinkAnalysis, RefusesWhatIsNoChannel) {
  const auto setup = small_setup("eth-50g");
  auto channel = line_channel();
  channel.thru.sdd.ports = 3;
  EXPECT_FALSE(analyse(setup, channel));
  channel = line_channel();
  for (auto& s : channel.thru.sdd.s) {
    s = 0;
  }
  EXPECT_FALSE(analyse(setup, channel));
  EqualiseOptions options;
  options.package_case = 9;
  EXPECT_FALSE(analyse(setup, line_channel(), options));
  const auto bare = [] {
    EqualiseOptions none;
    none.package = false;
    return none;
  }();
  const auto out = analyse(setup, line_channel(), bare);
  ASSERT_TRUE(out);
  EXPECT_TRUE(out->package_case.empty());
  LineOptions narrow;
  narrow.to_hz = 12e9;
  const auto short_of = analyse(setup, line_channel(narrow));
  ASSERT_TRUE(short_of);
  EXPECT_FALSE(short_of->is_wide_enough);
  EXPECT_FALSE(short_of->notes.empty());
}

TEST(LinkAnalysis, DoesNotDependOnTheChannelsGrid) {
  const auto setup = small_setup("eth-50g");
  LineOptions line;
  line.to_hz = 60e9;
  line.step_hz = 10e6;
  const auto fine = analyse(setup, line_channel(line));
  line.step_hz = 31e6;
  const auto coarse = analyse(setup, line_channel(line));
  ASSERT_TRUE(fine && coarse);
  EXPECT_NEAR(fine->input.equaliser.fom_db, coarse->input.equaliser.fom_db, 0.01);
}

// Least mean squares: no perturbed filter of cursor 1 has less error.
TEST(LinkMmse, TapsAreStationary) {
  MmseProblem p;
  p.pre = 3;
  p.post = 5;
  p.span = 5;
  p.first = -12;
  p.samples = {0,    0,   0, 0,    0,   0,    0,    0,    0.01, -0.03,
               0.05, 0.2, 1, 0.55, 0.3, 0.15, 0.08, 0.04, 0.02, 0.01};
  for (std::size_t lag = 0; lag <= p.pre + p.post; ++lag) {
    double sum = lag == 0 ? 0.01 : 0;
    for (std::size_t i = 0; i + lag < p.samples.size(); ++i) {
      sum += p.samples[i] * p.samples[i + lag];
    }
    p.correlation.push_back(sum);
  }
  for (const double b_max : {0.85, 0.1}) {
    p.dfe_max = {b_max};
    p.dfe_min = {0};
    const auto best = solve_mmse(p);
    ASSERT_TRUE(best);
    EXPECT_EQ(b_max == 0.1, best->dfe[0] == 0.1);
    for (std::size_t i = 0; i < best->taps.size(); ++i) {
      for (const double by : {1e-4, -1e-4, 1e-2, -1e-2}) {
        auto taps = best->taps;
        taps[i] += by;
        const auto other = evaluate_taps(p, taps);
        ASSERT_TRUE(other);
        EXPECT_GE(other->error, best->error * (1 - 1e-12)) << i << " " << by;
      }
    }
  }
  // Limits hold, and a filter that is cut is no better.
  p.dfe_max = {0.85};
  const auto free = solve_mmse(p);
  p.tap_max = 0.05;
  const auto cut = solve_mmse(p);
  ASSERT_TRUE(cut);
  for (std::size_t i = 0; i < cut->taps.size(); ++i) {
    if (i != p.pre) {
      EXPECT_LE(std::fabs(cut->taps[i]), 0.05 * std::fabs(cut->taps[p.pre]) * (1 + 1e-12));
    }
  }
  EXPECT_GE(cut->error, free->error);
}

// The published row: 6 bits, sigma 14.153 mV before the clip, sigma_Q 0.3953 mV.
TEST(LinkMmse, QuantisationNoiseIsThatOfThePublishedCase) {
  EXPECT_NEAR(std::sqrt(quantisation_power(0.014153188 * 0.014153188, 6)), 0.3953422e-3, 0.5e-6);
}

}  // namespace
}  // namespace weft::phy::link
