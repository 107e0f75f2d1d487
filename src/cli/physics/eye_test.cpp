// SPDX-License-Identifier: Apache-2.0
// `weft eye` from outside, on a channel that the test itself makes: verdict and exit codes, JSON by
// its schema, figures read by strangers, and what is asked of text where nobody watches.
#include "cli/physics/eye.h"

#include "bus/test_folder.h"
#include "cli/physics/eye_report.h"
#include "cli/physics/eye_text.h"
#include "cli/test_schema.h"
#include "cli/test_shell.h"

#include <cmath>
#include <sstream>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// Two uncoupled matched lines as an s4p: port 1 to 2 and 3 to 4, `loss_db` at 16 GHz growing with
/// sqrt(f), 1 ns of delay.
std::string line_s4p(double loss_db, double to_ghz = 40) {
  std::string text = "# GHz S RI R 50\n";
  for (double f = 0; f <= to_ghz + 1e-9; f += 0.05) {
    const double gain = std::pow(10, -loss_db * std::sqrt(f / 16) / 20);
    const double phase = -2 * 3.14159265358979 * f;
    const std::string through =
        fmt::format("{:.9g} {:.9g}", gain * std::cos(phase), gain * std::sin(phase));
    const std::string none = "0 0";
    text += fmt::format("{:.3f} {} {} {} {}\n", f, none, through, none, none);
    text += fmt::format("{} {} {} {}\n", through, none, none, none);
    text += fmt::format("{} {} {} {}\n", none, none, none, through);
    text += fmt::format("{} {} {} {}\n", none, none, through, none);
  }
  return text;
}

Run eye(const std::string& arguments) {
  return shell(weft() + "eye " + arguments);
}

class EyeVerb : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_.file("good.s4p", line_s4p(8));
    folder_.file("bad.s4p", line_s4p(60));
    folder_.file("short.s4p", line_s4p(8, 10));
  }
  std::string at(const std::string& name) const { return folder_.at(name); }
  bus::TestFolder folder_;
};

TEST_F(EyeVerb, VerdictsAndExitCodes) {
  const auto good = eye(at("good.s4p") + " --protocol pcie5");
  EXPECT_EQ(good.code, 0) << good.out;
  EXPECT_THAT(good.out, HasSubstr("MEETS"));
  EXPECT_THAT(good.out, HasSubstr("8 dB insertion loss at 16 GHz"));
  const auto bad = eye(at("bad.s4p") + " --protocol pcie6");
  EXPECT_EQ(bad.code, 1) << bad.out;
  EXPECT_THAT(bad.out, HasSubstr("MISSES"));
  EXPECT_THAT(bad.out, HasSubstr("closed"));
  const auto unknown = eye(at("short.s4p") + " --protocol pcie6");
  EXPECT_EQ(unknown.code, 3) << unknown.out;
  EXPECT_THAT(unknown.out, HasSubstr("NOT KNOWN: the channel is known to 10 GHz"));
}

TEST_F(EyeVerb, WrongUsageSaysWhatToDo) {
  struct Case {
    std::string arguments;
    int code;
    std::string says;
  };
  const Case cases[] = {
      {at("good.s4p"), 64, "--list-protocols"},
      {at("good.s4p") + " --protocol pcie66", 64, "Did you mean"},
      {at("good.s4p") + " --protocol pcie6 --setup x.yaml", 64, "exclude each other"},
      {at("good.s4p") + " --protocol pcie6 --ctle deep", 64, "\"deep\" is not a number"},
      {at("good.s4p") + " --protocol pcie6 --ber 2", 64, "1e-18"},
      {at("good.s4p") + " --protocol pcie6 --package huge", 64, "Give none or one of"},
      {at("good.s4p") + " --protocol pcie6 --plot pie", 64, "Give eye, bathtub, pulse or all."},
      {at("good.s4p") + " --protocol pcie6 --svg " + at("good.s4p"), 64, "another name"},
      {at("good.s4p") + " --protocol pcie6 --json --svg -", 64, "only one output"},
      {at("none.s4p") + " --protocol pcie6", 69, "No such file"},
      {at("good.s4p") + " --protocol pcie6 --svg /nowhere/x.svg", 69, "cannot be written"},
  };
  for (const Case& one : cases) {
    const auto run = eye(one.arguments);
    EXPECT_EQ(run.code, one.code) << one.arguments << "\n" << run.out;
    EXPECT_THAT(run.out, HasSubstr(one.says));
  }
}

TEST_F(EyeVerb, JsonFollowsItsSchemaAndIsTheSameEachTime) {
  const std::string command = at("good.s4p") + " --protocol pcie6 --simulate 20000 --json";
  EXPECT_EQ(eye(command + " > " + at("a.json")).code, 0);
  EXPECT_EQ(eye(command + " > " + at("b.json")).code, 0);
  EXPECT_EQ(folder_.content("a.json"), folder_.content("b.json"));
  EXPECT_EQ(eye("--compare " + at("good.s4p") + " " + at("bad.s4p") +
                " --protocol eth-50g --json > " + at("c.json"))
                .code,
            1);
  EXPECT_EQ(eye(at("short.s4p") + " --protocol pcie7 --json > " + at("u.json")).code, 3);
  EXPECT_THAT(folder_.content("u.json"), HasSubstr("not_measured"));
  expect_follows_schema("eye", {at("a.json"), at("c.json"), at("u.json")});
}

TEST_F(EyeVerb, RequestOnStandardInputIsTheSameQuestion) {
  folder_.file("q.json", fmt::format(R"({{"files": ["{}"], "protocol": "pcie5", "ber": "1e-9"}})",
                                     at("good.s4p")));
  const auto asked = shell(weft() + "eye --request - < " + at("q.json"));
  EXPECT_EQ(asked.code, 0);
  EXPECT_EQ(asked.out, eye(at("good.s4p") + " --protocol pcie5 --ber 1e-9 --json").out);
}

TEST_F(EyeVerb, FiguresAreReadByOthers) {
  const auto run = eye(at("good.s4p") + " --protocol pcie6 --svg " + at("e.svg") + " --png " +
                       at("e.png") + " --csv " + at("e.csv"));
  EXPECT_EQ(run.code, 0) << run.out;
  EXPECT_THAT(folder_.content("e.csv"), HasSubstr("bathtub_ui_ber"));
  EXPECT_THAT(folder_.content("e.csv"), HasSubstr("contour_ui_v,1e-06 eye 1"));
  const std::string python = base::python_with();
  if (python.empty()) {
    GTEST_SKIP() << base::no_python_with();
  }
  const std::string script = python + " " WEFT_SOURCE_DIR "/src/cli/draw/draw_judge.py ";
  const auto svg = shell(script + "svg " + at("e.svg"));
  EXPECT_EQ(svg.code, 0) << svg.out;
  const auto png = shell(script + "png " + at("e.png") + " 2360 1660");
  EXPECT_EQ(png.code, 0) << png.out;
}

TEST_F(EyeVerb, PlainTextFitsEightyColumnsWithoutColour) {
  for (const char* more : {"--plot all", "--plot bathtub", "--compare pcie5 pcie6"}) {
    const auto run = shell("TERM=xterm-256color COLORTERM=truecolor " + weft() + "eye " +
                           at("good.s4p") + " --protocol pcie6 " + more);
    EXPECT_THAT(run.out, Not(HasSubstr("\x1b")));
    std::istringstream lines(run.out);
    for (std::string line; std::getline(lines, line);) {
      std::size_t columns = 0;
      for (const char c : line) {
        columns += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1U : 0U;
      }
      EXPECT_TRUE(columns <= 80 || line.find("good.s4p") != std::string::npos) << line;
    }
  }
}

TEST_F(EyeVerb, TerminalGetsColourUnlessNoColorSaysNot) {
  if (!base::has_program("script")) {
    GTEST_SKIP() << "script (bsdutils) is not installed";
  }
  const std::string inner = weft() + "eye " + at("good.s4p") + " --protocol pcie5";
  const std::string on = "TERM=xterm-256color COLORTERM= LC_ALL=C.UTF-8 NO_COLOR= script -qec '" +
                         inner + "' /dev/null < /dev/null";
  EXPECT_THAT(shell(on).out, HasSubstr("\x1b[38;5;"));
  const std::string off = "TERM=xterm-256color LC_ALL=C.UTF-8 NO_COLOR=1 script -qec '" + inner +
                          " 2>/dev/null' /dev/null < /dev/null";
  EXPECT_THAT(shell(off).out, Not(HasSubstr("\x1b[")));
}

TEST_F(EyeVerb, RetimedPathHasAnEyeForEachSegment) {
  const auto run =
      eye("--path 'pkg + megtron7:3in | retimer | megtron7:14in + cem + megtron7:6in + pkg' "
          "--protocol pcie6");
  EXPECT_THAT(run.out, HasSubstr("Segment 1 of 2"));
  EXPECT_THAT(run.out, HasSubstr("in segment 2 of 2"));
  EXPECT_THAT(run.out, HasSubstr("the path has its own packages"));
}

TEST_F(EyeVerb, HeldEqualisersAreUsed) {
  const auto run =
      eye(at("good.s4p") + " --protocol pcie6 --preset Q0 --ctle -9 --dfe-taps 0.1,0,0");
  EXPECT_THAT(run.out, HasSubstr("preset Q0"));
  EXPECT_THAT(run.out, HasSubstr("CTLE -9 dB"));
  EXPECT_THAT(run.out, HasSubstr("taps 0.100"));
}

TEST_F(EyeVerb, ProgressIsSaidWhereAsked) {
  const auto quiet = eye(at("good.s4p") + " --protocol pcie5 --json");
  EXPECT_THAT(quiet.out, Not(HasSubstr("weft eye: ")));
  const auto told = shell("(" + weft() + "eye " + at("good.s4p") +
                          " --protocol pcie5 --progress --json > /dev/null)");
  EXPECT_THAT(told.out, HasSubstr("weft eye: 100 %"));
}

TEST(EyeReport, RatiosBelowDoubleAreWritten) {
  EXPECT_EQ(eye_ratio_text(-386.1), "7.9e-387");
  EXPECT_EQ(eye_ratio_text(-12), "1e-12");
  EXPECT_EQ(eye_ratio_text(-INFINITY), "0");
  EXPECT_EQ(eye_ber_text(2e-29), "2e-29");
  EXPECT_EQ(eye_ber_text(2e-39), "less than 1e-30") << "beyond what the engine keeps of noise";
}

}  // namespace
}  // namespace weft::cli
