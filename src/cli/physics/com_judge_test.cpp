// SPDX-License-Identifier: Apache-2.0
// `weft com` against annex 93A written once more, in numpy (com_judge.py): channels made here, with
// reflections and crosstalk, NRZ and PAM4, one and two CTLE stages, die capacitance and ladder; and
// annex 178A's receiver FFE and quantiser, at taps that our own search found.
#include "bus/test_folder.h"
#include "cli/test_shell.h"

#include <cmath>
#include <complex>
#include <numbers>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace weft::cli {
namespace {

using std::numbers::pi;

constexpr int kPoints = 8000;  // of 10 MHz

/// A line of `db` at 10 GHz, half of it by skin effect, between two small mismatches.
std::string reflecting_line(double db, double delay_ns) {
  std::string out = "# GHz S RI R 100\n";
  for (int i = 0; i <= kPoints; ++i) {
    const double f = i * 0.01;
    const double loss = db * (0.5 * std::sqrt(f / 10) + 0.05 * f) * std::log(10.0) / 20;
    const auto once = std::polar(std::exp(-loss), -2 * pi * f * delay_ns - loss);
    constexpr double kMismatch = 0.06;
    const auto loop = 1.0 - kMismatch * kMismatch * once * once;
    const auto through = (1 - kMismatch * kMismatch) * once / loop;
    const auto back = kMismatch * (1.0 - once * once) / loop;
    out += fmt::format("{:.3f} {:.12g} {:.12g} {:.12g} {:.12g} {:.12g} {:.12g} {:.12g} {:.12g}\n",
                       f, back.real(), back.imag(), through.real(), through.imag(), through.real(),
                       through.imag(), back.real(), back.imag());
  }
  return out;
}

/// Coupling that rises with frequency and is lost again on the way.
std::string crosstalk(double level, double delay_ns) {
  std::string out = "# GHz S RI R 100\n";
  for (int i = 0; i <= kPoints; ++i) {
    const double f = i * 0.01;
    const auto s = std::polar(level * f / 10 * std::exp(-f / 12), pi / 2 - 2 * pi * f * delay_ns);
    out += fmt::format("{:.3f} 0 0 {:.12g} {:.12g} {:.12g} {:.12g} 0 0\n", f, s.real(), s.imag(),
                       s.real(), s.imag());
  }
  return out;
}

struct Judged {
  const char* setup;
  double loss_db;  ///< at 10 GHz
  const char* options = "";
};

class ComJudge : public testing::TestWithParam<Judged> {};

TEST_P(ComJudge, AgreesInEveryQuantity) {
  const bus::TestFolder folder;
  folder.file("thru.s2p", reflecting_line(GetParam().loss_db, 3.1));
  folder.file("far.s2p", crosstalk(0.012, 2.9));
  folder.file("near.s2p", crosstalk(0.004, 0.4));
  const std::string python = base::python_with("numpy, yaml");
  if (python.empty()) {
    GTEST_SKIP() << base::no_python_with("numpy and yaml");
  }
  const std::string source = WEFT_SOURCE_DIR;
  const auto run =
      shell(fmt::format("{7} {0}/src/cli/physics/com_judge.py {1}/bin/weft "
                        "{0}/data/links/{2}.yaml {3} fext:{4} next:{5} -- {6}",
                        source, WEFT_BINARY_DIR, GetParam().setup, folder.at("thru.s2p"),
                        folder.at("far.s2p"), folder.at("near.s2p"), GetParam().options, python));
  EXPECT_EQ(run.code, 0) << run.out;
  EXPECT_NE(run.out.find("com_db"), std::string::npos) << run.out;
}

INSTANTIATE_TEST_SUITE_P(SetUps, ComJudge,
                         testing::Values(Judged{"eth-25g", 12}, Judged{"eth-50g", 12},
                                         // Annex 178A, at one CTLE setting for the search's sake.
                                         Judged{"eth-200g", 5, "--package 1 --ctle=-10,-2"}));

}  // namespace
}  // namespace weft::cli
