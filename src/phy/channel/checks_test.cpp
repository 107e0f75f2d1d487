// SPDX-License-Identifier: Apache-2.0
// Checks against networks that are passive, reciprocal and causal by construction, and against the
// same ones spoilt by a known amount.
#include "phy/channel/checks.h"

#include "phy/channel/made_channel.h"
#include "phy/channel/touchstone.h"

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <numbers>

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace weft::phy::channel {
namespace {

namespace fs = std::filesystem;
using std::numbers::pi;

std::vector<double> grid(double first, double step, std::size_t points) {
  std::vector<double> f(points);
  for (std::size_t i = 0; i < points; ++i) {
    f[i] = first + step * static_cast<double>(i);
  }
  return f;
}

/// A matched line with skin effect, exp(-a sqrt(j w)) e^(-j w tau): causal (Wigington and Nahman
/// 1957). `turn` of its phase: 1 as it is, 0 for the magnitude alone, which is not causal.
Network line(const std::vector<double>& f, double db_per_root_ghz, double delay_s, double turn) {
  Network network = make_network(2, f);
  for (std::size_t i = 0; i < f.size(); ++i) {
    const double loss = db_per_root_ghz * std::sqrt(f[i] * 1e-9) * std::numbers::ln10 / 20;
    const Complex s =
        std::exp(Complex(-loss, -turn * loss)) * std::polar(1.0, -2 * pi * f[i] * delay_s);
    network.at(i, 0, 1) = s;
    network.at(i, 1, 0) = s;
  }
  return network;
}

bool has(const CheckReport& report, Check check) {
  return std::any_of(report.findings.begin(), report.findings.end(),
                     [&](const Finding& finding) { return finding.check == check; });
}

TEST(Passivity, IsTheLargestSingularValue) {
  // A rotation matrix is lossless; scaled by 1.0002 it gives power away.
  Network network = make_network(2, {1e9, 2e9, 3e9});
  for (std::size_t i = 0; i < 3; ++i) {
    const double scale = i == 1 ? 1.0002 : 1;
    network.at(i, 0, 0) = scale * 0.6;
    network.at(i, 0, 1) = scale * -0.8;
    network.at(i, 1, 0) = scale * 0.8;
    network.at(i, 1, 1) = scale * 0.6;
  }
  const auto before = check_passivity(network);
  EXPECT_NEAR(before.largest, 1.0002, 1e-12);
  EXPECT_EQ(before.at_hz, 2e9);
  EXPECT_EQ(before.points_above, 1U);
  const auto after = check_passivity(enforce_passivity(network));
  EXPECT_NEAR(after.largest, 1, 1e-12);
  EXPECT_EQ(after.points_above, 0U);
  EXPECT_TRUE(has(check_network(network), Check::kPassivity));
}

TEST(Passivity, EnforcingChangesNothingThatIsPassive) {
  rc::check("passive networks stay", [] {
    Network network = make_network(4, {1e9});
    for (Complex& value : network.s) {
      value = {*rc::gen::inRange(-1000, 1001) / 9000.0, *rc::gen::inRange(-1000, 1001) / 9000.0};
    }
    RC_ASSERT(enforce_passivity(network).s == network.s);
    for (Complex& value : network.s) {
      value *= 10;
    }
    RC_ASSERT(check_passivity(enforce_passivity(network)).largest < 1 + 1e-12);
  });
}

TEST(Reciprocity, NamesThePortsAndTheFrequency) {
  Network network = made_pair({.points = 50});
  network.at(20, 3, 1) += 0.004;
  const auto result = check_reciprocity(network);
  EXPECT_NEAR(result.largest, 0.004, 1e-12);
  EXPECT_EQ(result.at_hz, network.frequency_hz[20]);
  EXPECT_EQ(result.out, 3U);
  EXPECT_EQ(result.in, 1U);
  EXPECT_TRUE(has(check_network(network), Check::kReciprocity));
}

TEST(CausalityCheck, PassesALineAndRefusesItsMagnitudeAlone) {
  for (const double delay : {0.0, 3e-9}) {
    for (const double loss : {2.0, 5.0}) {
      const auto f = grid(0, 1e7, 4001);
      const auto good = check_causality(f, line(f, loss, delay, 1).response(1, 0));
      ASSERT_TRUE(good.has_value());
      EXPECT_LT(good->early_energy, 1e-4) << delay << " " << loss;
      EXPECT_LT(good->error, 0.02) << delay << " " << loss;
      const auto bad = check_causality(f, line(f, loss, delay, 0).response(1, 0));
      EXPECT_GT(bad->early_energy, 1e-3) << delay << " " << loss;
      EXPECT_GT(bad->error, 0.05) << delay << " " << loss;
    }
  }
}

TEST(CausalityCheck, CouplingThatBeginsAtOnceIsNoFault) {
  // Coupling at both ends of a line: at once, and after there and back.
  const auto f = grid(0, 1e7, 4001);
  std::vector<Complex> s(f.size());
  for (std::size_t i = 0; i < f.size(); ++i) {
    const Complex jw(0, f[i] * 1e-10);
    s[i] = 0.1 * jw / (1.0 + jw) * (1.0 + std::polar(0.8, -2 * pi * f[i] * 4e-9));
  }
  const auto coupling = check_causality(f, s);
  ASSERT_TRUE(coupling.has_value());
  EXPECT_EQ(coupling->delay_s, 0);
  EXPECT_LT(coupling->early_energy, 1e-4);
}

TEST(CausalityCheck, BearsAMissingDcPointAndRefusesTooLittle) {
  const auto f = grid(5e7, 5e7, 800);
  const auto good = check_causality(f, line(f, 2, 3e-9, 1).response(1, 0));
  ASSERT_TRUE(good.has_value());
  EXPECT_LT(good->early_energy, 1e-3);
  const auto few = grid(1e9, 1e9, 8);
  EXPECT_FALSE(check_causality(few, line(few, 2, 0, 1).response(1, 0)).has_value());
}

TEST(CheckReport, FindsNothingInACleanLine) {
  const auto f = grid(0, 1e7, 4001);
  CheckLimits limits;
  limits.baud_hz = 50e9;
  const auto report = check_network(line(f, 2, 3e-9, 1), limits);
  for (const auto& finding : report.findings) {
    ADD_FAILURE() << finding.text;
  }
  EXPECT_TRUE(report.sampling.is_uniform);
  EXPECT_NEAR(report.sampling.turns_per_step, 0.03, 0.001);
}

TEST(CheckReport, SaysWhatTheFrequenciesLack) {
  const auto f = grid(1e8, 1e8, 200);
  CheckLimits limits;
  limits.baud_hz = 50e9;
  const auto report = check_network(line(f, 2, 7e-9, 1), limits);
  EXPECT_TRUE(has(report, Check::kDcPoint));
  EXPECT_TRUE(has(report, Check::kStep));
  EXPECT_TRUE(has(report, Check::kRange));
  EXPECT_FALSE(has(report, Check::kFirstPoint));
  Network bad = line(grid(5e7, 5e7, 600), 2, 3e-9, 1);
  bad.at(0, 1, 0) *= std::polar(1.0, 1.0);
  bad.at(0, 0, 1) = bad.at(0, 1, 0);
  EXPECT_TRUE(has(check_network(bad), Check::kFirstPoint));
}

TEST(CheckCorpus, TheBackplaneIsSlightlyNotPassive) {
  const char* named = std::getenv("WEFT_CORPUS");
  const fs::path path =
      (named != nullptr ? fs::path(named) : fs::path(WEFT_SOURCE_DIR) / "../shared/corpus") /
      "channels/fci_long_link/SerDes_Demo_02_Thru.s4p";
  if (!fs::exists(path)) {
    GTEST_SKIP() << "no corpus at " << path;
  }
  const auto file = read_touchstone(path.string());
  ASSERT_TRUE(file.has_value());
  EXPECT_NEAR(check_passivity(file->network).largest, 1.0002, 0.00005);
}

}  // namespace
}  // namespace weft::phy::channel
