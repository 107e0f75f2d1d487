// SPDX-License-Identifier: Apache-2.0
// `weft channel` as a user meets it: reports and exit codes, requests in JSON, pipes, mistakes with
// their remedy; and the inputs that eye and com share with it.
#include "cli/physics/channel.h"

#include "bus/test_folder.h"
#include "cli/json_request.h"
#include "cli/physics/channel_input.h"
#include "cli/test_schema.h"
#include "cli/test_shell.h"
#include "phy/channel/made_channel.h"
#include "phy/channel/touchstone.h"

#include <cstdlib>
#include <filesystem>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace weft::cli {
namespace {

using nlohmann::json;
using testing::HasSubstr;
namespace fs = std::filesystem;
namespace channel = phy::channel;

Run run(const std::string& arguments) {
  return shell(weft() + "channel " + arguments);
}

std::string made_text(double delay_s = 1e-9, std::size_t points = 400) {
  return channel::write_touchstone(channel::made_pair({.first_hz = 5e7,
                                                       .step_hz = 5e7,
                                                       .points = points,
                                                       .delay_s = delay_s,
                                                       .skew_s = 1e-12}))
      .value_or("");
}

/// One pole at 5 GHz, matched: what a fit of one pole is exact for.
std::string low_pass() {
  std::string out = "# GHz S RI R 100\n";
  for (int i = 0; i < 200; ++i) {
    const double x = i * 0.1 / 5;
    const double real = 0.9 / (1 + x * x);
    out += fmt::format("{} 0 0 {} {} {} {} 0 0\n", i * 0.1, real, -x * real, real, -x * real);
  }
  return out;
}

TEST(ChannelVerb, FitWritesAModel) {
  const bus::TestFolder folder;
  folder.file("line.s2p", low_pass());
  const auto report = run("fit " + folder.at("line.s2p") + " --poles 2 -o " + folder.at("line.sp"));
  EXPECT_EQ(report.code, 0) << report.out;
  EXPECT_THAT(report.out, HasSubstr("2 poles"));
  EXPECT_THAT(shell("cat " + folder.at("line.sp")).out, HasSubstr("channel"));
  EXPECT_EQ(run("fit " + folder.at("line.s2p") + " --poles 1000").code, 64);
}

TEST(ChannelVerb, ShowsTheNumbersOfAMadeChannel) {
  const bus::TestFolder folder;
  folder.file("thru.s4p", made_text());
  folder.file("some_NEXT.s4p", made_text());
  const auto text = run("show " + folder.at("thru.s4p") + " " + folder.at("some_NEXT.s4p") +
                        " --protocol eth-25g --at 4");
  EXPECT_EQ(text.code, 0) << text.out;
  EXPECT_THAT(text.out, HasSubstr("4 ports, 400 points from 0.05 to 20 GHz"));
  EXPECT_THAT(text.out, HasSubstr("port order 1,3:2,4 found"));
  EXPECT_THAT(text.out, HasSubstr("next by its name"));
  EXPECT_THAT(text.out, HasSubstr("no point at 0 Hz"));
  EXPECT_THAT(text.out, HasSubstr("-1.000 ps"));
  EXPECT_THAT(text.out, HasSubstr("SDD21"));
  // 1 dB sqrt(4) + 0.3 dB * 4, and the skew's little more.
  const auto shown = run("show " + folder.at("thru.s4p") + " --at 4 --json");
  const auto document = json::parse(shown.out);
  EXPECT_NEAR(document["at"][0]["insertion_loss_db"].get<double>(), 3.2, 0.01);
  EXPECT_TRUE(document["at"][0]["next_loss_db"].is_null());
  EXPECT_TRUE(document["nyquist"].is_null());
  const auto csv = run("show " + folder.at("thru.s4p") + " --csv");
  EXPECT_THAT(csv.out, testing::StartsWith("frequency_hz,insertion_loss_db"));
  EXPECT_EQ(std::count(csv.out.begin(), csv.out.end(), '\n'), 402);
}

TEST(ChannelVerb, ReadsStandardInputAndInlineText) {
  const bus::TestFolder folder;
  folder.file("thru.s4p", made_text());
  const auto piped =
      shell("cat " + folder.at("thru.s4p") + " | " + weft() + "channel show - --json");
  ASSERT_EQ(piped.code, 0) << piped.out;
  EXPECT_EQ(json::parse(piped.out)["files"][0]["ports"], 4);
  const json request = {{"files", {{{"touchstone", made_text()}, {"name", "x.s4p"}}}},
                        {"baud", 25.78125},
                        {"at", {1, 2.5}},
                        {"response", true}};
  folder.file("request.json", request.dump());
  const auto asked = run("show --request " + folder.at("request.json"));
  ASSERT_EQ(asked.code, 0) << asked.out;
  const auto answer = json::parse(asked.out);
  EXPECT_EQ(answer["at"].size(), 2U);
  EXPECT_EQ(answer["response"]["sdd21_re"].size(), 401U);
  EXPECT_GT(answer["nyquist"]["insertion_loss_db"].get<double>(), 5);
}

TEST(ChannelVerb, CheckGivesItsVerdictAsExitCode) {
  const bus::TestFolder folder;
  folder.file("made.s4p", made_text());
  const auto bad = run("check " + folder.at("made.s4p") + " --baud 100");
  EXPECT_EQ(bad.code, 1) << bad.out;
  EXPECT_THAT(bad.out, HasSubstr("dc-point:"));
  EXPECT_THAT(bad.out, HasSubstr("range:"));
  EXPECT_THAT(bad.out, HasSubstr("passivity:"));
  std::string through = "# GHz S RI R 50\n";
  for (int i = 0; i < 50; ++i) {
    through += fmt::format("{} 0 0 0.9 0 0.9 0 0 0\n", i);
  }
  folder.file("through.s2p", through);
  const auto good = run("check " + folder.at("through.s2p"));
  EXPECT_EQ(good.code, 0) << good.out;
  EXPECT_THAT(good.out, HasSubstr("in order"));
}

TEST(ChannelVerb, CascadeAddsDelays) {
  const bus::TestFolder folder;
  folder.file("a.s4p", made_text(1e-9));
  folder.file("b.s4p", made_text(2e-9));
  const auto joined = run("cascade " + folder.at("a.s4p") + " " + folder.at("b.s4p") + " -o " +
                          folder.at("ab.s4p"));
  ASSERT_EQ(joined.code, 0) << joined.out;
  const auto shown = json::parse(run("show " + folder.at("ab.s4p") + " --json").out);
  EXPECT_NEAR(shown["delay_s"].get<double>(), 3e-9, 2e-11);
  const auto inverse =
      run("cascade " + folder.at("a.s4p") + " " + folder.at("b.s4p") + " -o " + folder.at("a.s4p"));
  EXPECT_EQ(inverse.code, 64) << inverse.out;
  EXPECT_EQ(run("cascade " + folder.at("a.s4p")).code, 64);
}

TEST(ChannelVerb, SaysWhatToDoAboutMistakes) {
  const bus::TestFolder folder;
  folder.file("broken.s4p", "# GHz S RI R 50\n1 2 3\n");
  folder.file("a.s4p", made_text());
  struct Case {
    std::string arguments;
    int code;
    std::string_view says;
  };
  const Case kCases[] = {
      {"show", 64, "Name a Touchstone file"},
      {"show /nonexistent.s4p", 69, "/nonexistent.s4p"},
      {"show " + folder.at("broken.s4p"), 65, "broken.s4p:2"},
      {"show " + folder.at("a.s4p") + " " + folder.at("a.s4p"), 65, "--fext FILE"},
      {"show " + folder.at("a.s4p") + " --pairs 1,9:2,4", 65, "port 9"},
      {"show " + folder.at("a.s4p") + " --pairs nonsense", 65, "pairs:1"},
      {"show " + folder.at("a.s4p") + " --baud fast", 64, "not a number"},
      {"show " + folder.at("a.s4p") + " --json --csv", 64, "exclude"},
      {"show " + folder.at("a.s4p") + " --path pkg", 64, "exclude"},
      {"show " + folder.at("a.s4p") + " --protocol eth-25", 64, "eth-25g"},
      {"check", 64, "FILE is missing"},
      {"fit " + folder.at("a.s4p") + " --poles 0", 64, "1 to 200 poles"},
      {"cascade " + folder.at("a.s4p") + " " + folder.at("a.s4p") + " -o /nowhere/x.s4p", 69,
       "No such file"},
      {"cascade a b --format xy", 64, "ri, ma or db"},
  };
  for (const auto& row : kCases) {
    const auto result = run(row.arguments);
    EXPECT_EQ(result.code, row.code) << row.arguments << "\n" << result.out;
    EXPECT_THAT(result.out, HasSubstr(row.says)) << row.arguments;
  }
}

TEST(ChannelVerb, MakesAChannelFromSegments) {
  const auto shown = run("show --path \"megtron6:5in\" --at 16 --json");
  ASSERT_EQ(shown.code, 0) << shown.out;
  EXPECT_NEAR(json::parse(shown.out)["at"][0]["insertion_loss_db"].get<double>(), 3.05, 0.8);
}

TEST(JsonRequest, TakesWhatTheVerbHas) {
  const auto verb = channel_show_verb();
  Arguments given;
  given.add("--baud", "10");
  const auto both = apply_request(
      verb, given, R"({"files": ["a.s4p", {"touchstone": "x"}], "baud": 25, "at": [1, "2"],
                       "response": false, "fext": "f.s4p"})",
      "r.json");
  ASSERT_TRUE(both.has_value()) << both.error().text();
  EXPECT_EQ(both->value("--baud"), "10") << "the command line goes first";
  EXPECT_EQ(both->values("--at"), (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(both->values("FILE"), std::vector<std::string>{"a.s4p"});
  EXPECT_EQ(both->values("--fext"), std::vector<std::string>{"f.s4p"});
  EXPECT_EQ(both->values(std::string(kInlineChannels)).size(), 1U);
  EXPECT_FALSE(both->has("--response"));
  EXPECT_TRUE(both->has("--json"));
}

TEST(JsonRequest, RefusesWithTheNearestKey) {
  const auto verb = channel_show_verb();
  struct Case {
    std::string_view text, says;
  };
  const Case kCases[] = {
      {R"({"protocl": "x"})", "Did you mean \"protocol\"?"},
      {R"({"request": "x"})", "has no \"request\""},
      {R"([1])", "one JSON object"},
      {R"({"at": )", "r.json: parse error at line 1"},
      {R"({"at": 1e999})", "r.json: number overflow"},
      {R"({"json": "yes"})", "true or false"},
      {R"({"baud": [1, 2]})", "takes one value"},
      {R"({"baud": {"x": 1}})", "string or a number"},
      {R"({"files": [3]})", "files"},
  };
  for (const auto& row : kCases) {
    const auto result = apply_request(verb, {}, row.text, "r.json");
    ASSERT_FALSE(result.has_value()) << row.text;
    EXPECT_THAT(result.error().text(), HasSubstr(row.says));
    EXPECT_EQ(result.error().where, "r.json");
  }
}

TEST(JsonRequest, OutlivesBracketsWithoutEnd) {
  const auto verb = channel_show_verb();
  const std::string deep(1'000'000, '[');
  const std::string shut(1'000'000, ']');
  for (const auto& text :
       {R"({"files": [{"a": )" + deep + shut + "}]}", R"({"baud": )" + deep + shut + "}", deep}) {
    const auto result = apply_request(verb, {}, text, "r.json");
    ASSERT_FALSE(result.has_value());
    EXPECT_THAT(result.error().text(), HasSubstr("deep"));
  }
  // Brackets in a text are text.
  const auto held = apply_request(
      verb, {}, R"({"files": [{"touchstone": "\"[[[[[[[[[[[[[[[[[[[[\\"}]})", "r.json");
  EXPECT_TRUE(held.has_value()) << held.error().text();
}

TEST(ChannelInput, TakesRolesFromWordsMapsAndObjects) {
  const bus::TestFolder folder;
  folder.file("a.s4p", made_text());
  Arguments arguments;
  arguments.add("FILE", "next:" + folder.at("a.s4p"));
  arguments.add("FILE", folder.at("a.s4p"));
  arguments.add(std::string(kInlineChannels),
                json{{"file", folder.at("a.s4p")}, {"role", "fext"}, {"pairs", "3,1:4,2"}}.dump());
  const auto loaded = load_channel(arguments);
  ASSERT_TRUE(loaded.has_value()) << loaded.error().text();
  ASSERT_EQ(loaded->aggressors.size(), 2U);
  EXPECT_EQ(loaded->aggressors[0].role, channel::Role::kNext);
  EXPECT_EQ(loaded->aggressors[1].role, channel::Role::kFext);
  EXPECT_LT(std::abs(loaded->aggressors[1].sdd.at(9, 1, 0) - loaded->thru.sdd.at(9, 1, 0)), 1e-12);
  Arguments wrong;
  wrong.add(std::string(kInlineChannels), R"({"role": "far", "touchstone": ""})");
  EXPECT_THAT(load_channel(wrong).error().text(), HasSubstr("no role"));
}

TEST(ChannelVerb, JsonFollowsItsSchema) {
  const bus::TestFolder folder;
  folder.file("a.s4p", made_text());
  folder.file("line.s2p", low_pass());
  const std::string a = folder.at("a.s4p");
  std::vector<std::string> files;
  for (const auto& arguments :
       {"show " + a + " --json", "show " + a + " --fext " + a + " --baud 25 --response --json",
        "fit " + folder.at("line.s2p") + " --poles 8 --json", "check " + a + " --json",
        "cascade " + a + " " + a + " --json",
        std::string("show --path megtron6:5in --protocol eth-25g --json")}) {
    files.push_back(folder.at(fmt::format("{}.json", files.size())));
    (void)shell(weft() + "channel " + arguments + " > " + files.back());
  }
  expect_follows_schema("channel", files);
}

TEST(ChannelVerb, SlightlyNonPassiveBackplaneIsNamed) {
  const char* named = std::getenv("WEFT_CORPUS");
  const fs::path folder =
      (named != nullptr ? fs::path(named) : fs::path(WEFT_SOURCE_DIR) / "../shared/corpus") /
      "channels/fci_long_link";
  if (!fs::exists(folder)) {
    GTEST_SKIP() << "no corpus at " << folder;
  }
  const auto checked = run("check " + (folder / "SerDes_Demo_02_Thru.s4p").string());
  EXPECT_EQ(checked.code, 1);
  EXPECT_THAT(checked.out, HasSubstr("1.0002"));
  EXPECT_THAT(checked.out, HasSubstr("first-point:"));
}

}  // namespace
}  // namespace weft::cli
