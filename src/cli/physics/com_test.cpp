// SPDX-License-Identifier: Apache-2.0
// `weft com` as a user meets it: verdicts and exit codes, the report's forms, own set-ups, mistakes
// with their remedy, and measured channels where the corpus is present.
#include "bus/test_folder.h"
#include "cli/test_schema.h"
#include "cli/test_shell.h"

#include <cmath>
#include <complex>
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

Run com(const std::string& arguments) {
  return shell(weft() + "com " + arguments);
}

/// A differential two-port of `db` at 10 GHz, loss as sqrt(f), known to `to_ghz`.
std::string line_s2p(double db, double to_ghz) {
  std::string out = "# GHz S RI R 100\n";
  for (int i = 0; i * 0.05 <= to_ghz; ++i) {
    const double f = i * 0.05;
    const double loss = db * std::sqrt(f / 10);
    const auto s = std::polar(std::pow(10, -loss / 20),
                              -2 * std::acos(-1) * f * 1.2 - loss * std::log(10.0) / 20);
    out += fmt::format("{} 0.01 0 {} {} {} {} 0.01 0\n", f, s.real(), s.imag(), s.real(), s.imag());
  }
  return out;
}

TEST(ComVerb, VerdictIsTheExitCode) {
  const bus::TestFolder folder;
  folder.file("good.s2p", line_s2p(8, 40));
  folder.file("bad.s2p", line_s2p(45, 40));
  folder.file("narrow.s2p", line_s2p(8, 12));
  const auto good = com(folder.at("good.s2p") + " --protocol eth-25g");
  EXPECT_EQ(good.code, 0) << good.out;
  EXPECT_THAT(good.out, HasSubstr("PASS   COM"));
  EXPECT_THAT(good.out, HasSubstr("DFE "));
  EXPECT_THAT(good.out, HasSubstr("case 2"));
  EXPECT_THAT(good.out, HasSubstr("Modelled"));
  EXPECT_EQ(com(folder.at("bad.s2p") + " --protocol eth-25g").code, 1);
  const auto narrow = com(folder.at("narrow.s2p") + " --protocol eth-25g");
  EXPECT_EQ(narrow.code, 3);
  EXPECT_THAT(narrow.out, HasSubstr("known to 12.00 GHz only"));
  const auto pcie = com(folder.at("good.s2p") + " --protocol pcie5");
  EXPECT_EQ(pcie.code, 0);
  EXPECT_THAT(pcie.out, HasSubstr("preset P"));
  EXPECT_EQ(com(folder.at("good.s2p") + " --protocol pcie5 --set target.com_db=39").code, 1);
}

TEST(ComVerb, JsonFollowsItsSchema) {
  const bus::TestFolder folder;
  folder.file("good.s2p", line_s2p(8, 80));
  folder.file("x_fext.s2p", line_s2p(40, 80));
  const auto run =
      shell(weft() + "com " + folder.at("good.s2p") + " --fext " + folder.at("x_fext.s2p") +
            " --protocol eth-200g --package 1 --tx-taps 0,0,1,0 --ctle -9,-2 --check --symbols 2e4 "
            "--json > " +
            folder.at("a.json"));
  EXPECT_LE(run.code, 1) << run.out;
  const auto document = json::parse(shell("cat " + folder.at("a.json")).out);
  EXPECT_EQ(document["schema"], "weftline/com/1");
  const auto& one = document["channels"][0]["cases"][0];
  EXPECT_EQ(one["package"], "A case 1");
  EXPECT_NEAR(one["com_db"].get<double>(),
              one["com_without_mlse_db"].get<double>() + one["mlse_gain_db"].get<double>(), 1e-9);
  EXPECT_EQ(one["equaliser"]["ctle_gain_db"], -9);
  EXPECT_EQ(one["equaliser"]["rx_taps"].size(), 21U);
  EXPECT_EQ(one["aggressors"].size(), 1U);
  EXPECT_EQ(document["channels"][0]["check"]["symbols"], 20'000);
  // The made channel reflects 0.01 at all frequencies: 40 dB, and a single echo at once.
  const auto& figures = document["channels"][0]["figures"];
  EXPECT_NEAR(figures["near_return_loss_db"].get<double>(), 40, 1e-6);
  EXPECT_NEAR(figures["fitted_loss_db"].get<double>(),
              document["channels"][0]["insertion_loss_db"].get<double>(), 0.01);
  EXPECT_NEAR(figures["fom_ild_db"].get<double>(), 0, 0.01);
  EXPECT_GT(figures["near_erl_db"], 40) << "a near reflection counts less than one far away";
  EXPECT_DOUBLE_EQ(figures["icn_v"], figures["icn_fext_v"]);
  EXPECT_GT(figures["icn_v"], 0);
  (void)shell(weft() + "com " + folder.at("good.s2p") + " --protocol pcie4 --json > " +
              folder.at("b.json"));
  expect_follows_schema("com", {folder.at("a.json"), folder.at("b.json")});
}

TEST(ComVerb, GoesOverManyChannels) {
  const bus::TestFolder folder;
  folder.file("a.s2p", line_s2p(6, 40));
  folder.file("b.s2p", line_s2p(45, 40));
  const auto files = folder.at("a.s2p") + " " + folder.at("b.s2p");
  const auto table = com("--each " + files + " --protocol eth-25g");
  EXPECT_EQ(table.code, 1);
  EXPECT_THAT(table.out, HasSubstr("PASS"));
  EXPECT_THAT(table.out, HasSubstr("FAIL"));
  const auto csv = com("--each " + files + " --protocol eth-25g --csv");
  EXPECT_EQ(std::count(csv.out.begin(), csv.out.end(), '\n'), 5) << csv.out;
  // One that cannot be read does not take the others with it.
  const auto some = com("--each " + folder.at("a.s2p") + " /nowhere.s2p --protocol eth-25g");
  EXPECT_GE(some.code, 64);
  EXPECT_THAT(some.out, HasSubstr("/nowhere.s2p"));
  EXPECT_THAT(some.out, HasSubstr("PASS"));
}

// Redrivers and linear optics do not reset noise: it reaches the receiver, and COM.
TEST(ComVerb, CountsTheNoiseOfAPathAndItsPackages) {
  const std::string held = " --protocol eth-50g --ctle -6,-2 --tx-taps 0,-0.05,0.9,-0.05 --json";
  const auto first = [&](const std::string& path) {
    return json::parse(com("--path '" + path + "'" + held).out)["channels"][0]["cases"][0];
  };
  const auto plain = first("megtron7:4in + megtron7:4in");
  const auto driven = first("megtron7:4in + redriver + megtron7:4in");
  EXPECT_GT(driven["sigma_v"]["receiver"].get<double>(),
            1.2 * plain["sigma_v"]["receiver"].get<double>());
  EXPECT_EQ(plain["package"], "case 1");
  EXPECT_TRUE(first("package + megtron7:4in + pkg-large")["package"].is_null())
      << "a package by its other names is one";
}

TEST(ComVerb, TakesOwnSetUpsAndRequests) {
  const bus::TestFolder folder;
  folder.file("a.s2p", line_s2p(6, 40));
  folder.file("mine.yaml",
              "weftline: link/1\nextends: eth-25g\nkey: mine\ntitle: my own receiver\n"
              "receiver:\n  dfe: {max: [0.5], min: [-0.5]}\n");
  const auto own = com(folder.at("a.s2p") + " --setup " + folder.at("mine.yaml"));
  EXPECT_EQ(own.code, 0) << own.out;
  EXPECT_THAT(own.out, HasSubstr("my own receiver"));
  folder.file("bad.yaml", "weftline: link/1\nextends: eth-25g\nkey: mine\nreciever: {}\n");
  const auto bad = com(folder.at("a.s2p") + " --setup " + folder.at("bad.yaml"));
  EXPECT_EQ(bad.code, 65) << bad.out;
  EXPECT_THAT(bad.out, HasSubstr("bad.yaml:4:1"));
  EXPECT_THAT(bad.out, HasSubstr("Did you mean 'receiver'?"));
  folder.file("request.json", R"({"protocol": "eth-25g", "package": "none", "files": [")" +
                                  folder.at("a.s2p") + R"("]})");
  const auto asked = shell(weft() + "com --request - < " + folder.at("request.json"));
  EXPECT_EQ(asked.code, 0) << asked.out;
  EXPECT_EQ(json::parse(asked.out)["channels"][0]["cases"][0]["package"], nullptr);
}

TEST(ComVerb, SaysWhatToDo) {
  const bus::TestFolder folder;
  folder.file("a.s2p", line_s2p(6, 40));
  const auto file = folder.at("a.s2p");
  const std::pair<std::string, std::string> rows[] = {
      {file, "--list-protocols"},
      {file + " --protocol eth-25", "Did you mean 'eth-25g"},
      {file + " --protocol PCIe6", "Did you mean 'pcie6'"},
      {file + " --protocol eth-25g --package 7", "case 1, case 2"},
      {file + " --protocol eth-25g --set receiver.etta=1", "has no key 'etta'"},
      {file + " --protocol eth-25g --set nonsense", "KEY=VALUE"},
      {file + " --protocol eth-25g --tx-taps 1,x", "'x' is not a number"},
      {file + " --protocol eth-25g --tx-taps 1,0", "The set-up has 3"},
      {file + " --protocol eth-25g --preset P0", "The set-up has none"},
      {file + " --protocol pcie5 --preset P11", "It has P0, P1"},
      {file + " --protocol eth-25g --search wide", "local or full"},
      {"--protocol eth-25g", "Touchstone"},
      {"--each --protocol eth-25g", "no file was named"},
  };
  for (const auto& [arguments, words] : rows) {
    const auto run = com(arguments);
    EXPECT_GE(run.code, 64) << arguments;
    EXPECT_THAT(run.out, HasSubstr(words)) << arguments;
  }
  const auto list = com("--list-protocols");
  EXPECT_EQ(list.code, 0);
  EXPECT_THAT(list.out, HasSubstr("eth-800g-100"));
}

TEST(ComVerb, SearchesFullAndLocalAlike) {
  const bus::TestFolder folder;
  folder.file("a.s2p", line_s2p(14, 40));
  const auto common = folder.at("a.s2p") + " --protocol eth-25g --package 2 --json --search ";
  const auto local = json::parse(com(common + "local").out);
  const auto full = json::parse(com(common + "full").out);
  EXPECT_EQ(local["channels"][0]["com_db"], full["channels"][0]["com_db"]);
}

/// FCI 0.70 m backplane with two FEXT and one NEXT: IL of the corpus' list, a NEXT costs margin.
TEST(ComVerb, MeasuredBackplane) {
  const char* corpus = std::getenv("WEFT_CORPUS");
  const std::filesystem::path root =
      corpus != nullptr ? corpus : WEFT_SOURCE_DIR "/../shared/corpus";
  const auto folder = root / "channels" / "fci_long_link";
  if (!std::filesystem::exists(folder)) {
    GTEST_SKIP() << "the corpus of measured channels is not here";
  }
  const auto at = [&](const char* name) { return (folder / name).string(); };
  const std::string thru = at("SerDes_Demo_02_Thru.s4p") + " --protocol eth-25g --json";
  const auto alone = json::parse(com(thru).out)["channels"][0];
  EXPECT_NEAR(alone["insertion_loss_db"].get<double>(), 17.5, 0.06);
  const auto with =
      json::parse(com(thru + " --fext " + at("FCI_CC_Long_Link_Pair_2_to_Pair_9_FEXT.s4p") +
                      " --fext " + at("FCI_CC_Long_Link_Pair_5_to_Pair_9_FEXT.s4p") + " --next " +
                      at("FCI_CC_Long_Link_Pair_11_to_Pair_9_NEXT.s4p"))
                      .out)["channels"][0];
  EXPECT_EQ(with["fexts"], 2);
  EXPECT_EQ(with["nexts"], 1);
  EXPECT_TRUE(alone["figures"]["icn_v"].is_null());
  EXPECT_GT(with["figures"]["icn_v"], 0);
  EXPECT_LT(with["com_db"], alone["com_db"]);
  EXPECT_NEAR(with["com_db"].get<double>(), 3.1, 0.3);
}

}  // namespace
}  // namespace weft::cli
