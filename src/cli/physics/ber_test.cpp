// SPDX-License-Identifier: Apache-2.0
// `weft ber` as a user meets it: published figures come out, bad input ends in 64 with what to do,
// the JSON fits its schema (python3-jsonschema judges).
#include "bus/test_folder.h"
#include "cli/test_schema.h"
#include "cli/test_shell.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace weft::cli {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

Run ber(const std::string& arguments) {
  return shell(weft() + "ber " + arguments);
}

json ber_document(const std::string& arguments) {
  const auto run = ber(arguments + " --json");
  EXPECT_LE(run.code, 1) << run.out;
  return json::parse(run.out, nullptr, false);
}

TEST(Ber, PrintsThePublishedFiguresOfKp4) {
  const auto run = ber("--pre 2.4e-4 --fec kp4 --protocol eth-100g-100");
  EXPECT_EQ(run.code, 0);
  EXPECT_THAT(run.out, HasSubstr("codeword failure           8.15e-13"));
  EXPECT_THAT(run.out, HasSubstr("bit error ratio            2.41e-15"));
  // 5440 bits at 106.25 Gb/s and 8.15e-13: one failed codeword in 17.4 hours.
  EXPECT_THAT(run.out, HasSubstr("17.4 hours"));
  EXPECT_THAT(run.out, HasSubstr(">15  8.15e-13"));
  EXPECT_EQ(ber("--pre 2.4e-4").out, ber("--pre 2.4e-4 --fec kp4").out);
}

TEST(Ber, TakesBurstsAndPrecoding) {
  const auto ratio = [](const std::string& arguments) {
    return ber_document(arguments)["post_fec"]["codeword_failure"]["ratio"].get<double>();
  };
  EXPECT_NEAR(ratio("--pre 1e-4 --burst 0.75") / 2.42e-9, 1, 0.01);
  EXPECT_NEAR(ratio("--pre 1e-4 --burst 0.75 --precoding") / 4.79e-14, 1, 0.01);
  EXPECT_NEAR(ratio("--pre 1e-4 --burst 0") / 1.34e-18, 1, 0.01);
  EXPECT_LT(ratio("--pre 1e-4 --burst 0.75 --interleave 4"), ratio("--pre 1e-4 --burst 0.75"));
  EXPECT_NEAR(ratio("--pre 1e-4 --fec kr4") / 8.9e-8, 1, 0.01);
}

TEST(Ber, NeverPrintsZeroForWhatIsOnlySmall) {
  const auto run = ber("--pre 1e-30");
  EXPECT_THAT(run.out, HasSubstr("2.25e-434"));
  EXPECT_NEAR(ber_document("--pre 1e-30")["post_fec"]["codeword_failure"]["log10"].get<double>(),
              -433.65, 0.01);
  const auto none = ber_document("--pre 0");
  EXPECT_EQ(none["post_fec"]["codeword_failure"]["ratio"], 0.0);
  EXPECT_FALSE(none["post_fec"]["codeword_failure"].contains("log10"));
}

TEST(Ber, TellsRetriesAndGoodputOfAFlitLink) {
  const auto run = ber("--pre 1e-6 --protocol pcie6 --width 16 --burst 0.5");
  EXPECT_EQ(run.code, 0);
  EXPECT_THAT(run.out, HasSubstr("retried                    2.56e-06"));
  EXPECT_THAT(run.out, HasSubstr("5.000e+08"));
  EXPECT_THAT(run.out, HasSubstr("(modelled)"));
  EXPECT_THAT(ber("--pre 1e-6 --fec pcie6-flit").out, HasSubstr("Give --protocol or --rate"));
  const auto link = ber_document("--pre 1e-6 --protocol pcie6 --round-trip 200")["flit"]["link"];
  EXPECT_NEAR(link["goodput_bps"].get<double>(), 1024e9 * 236 / 256, 1e9);
  EXPECT_NEAR(link["replay_latency_s"].get<double>(), 202e-9, 1e-12);
}

TEST(Ber, SaysWhatARunProvesAndHowLongUntilTheTarget) {
  const auto run = ber("--errors 0 --bits 1e13 --protocol eth-100g-100");
  EXPECT_EQ(run.code, 0);
  EXPECT_THAT(run.out, HasSubstr("< 3.00e-13"));
  EXPECT_THAT(run.out, HasSubstr("2.986e+15"));
  EXPECT_THAT(run.out, HasSubstr("7.81 hours"));
  EXPECT_EQ(ber("--errors 0 --bits 1e13 --target 1e-15").code, 1);
  EXPECT_EQ(ber("--errors 0 --bits 3e15 --target 1e-15").code, 0);
  EXPECT_THAT(ber("--errors 100 --bits 1e13").out, HasSubstr("it is above"));
}

TEST(Ber, TargetsDecideTheExitCode) {
  EXPECT_EQ(ber("--pre 2e-4 --target 1e-15").code, 0);
  EXPECT_EQ(ber("--pre 3e-4 --target 1e-15").code, 1);
  EXPECT_EQ(ber("--pre 3e-4").code, 0);
}

TEST(Ber, SimulationIsTheSameForTheSameSeed) {
  const std::string arguments = "--pre 1e-3 --simulate 500 --seed 7";
  EXPECT_EQ(ber(arguments).out, ber(arguments).out);
  const auto trial = ber_document(arguments)["simulated"];
  EXPECT_EQ(trial["codewords"], 500);
  EXPECT_EQ(trial["histogram"].size(), 17u);
}

TEST(Ber, RefusesBadInputWithWhatToDo) {
  for (const std::string bad : {"--pre -1",
                                "--pre nan",
                                "--pre inf",
                                "--pre 2",
                                "--pre 1e-4x",
                                "--pre ''",
                                "--pre 1e-4 --fec foo",
                                "--pre 1e-4 --burst 1.2",
                                "--pre 1e-4 --burst nan",
                                "--pre 1e-4 --interleave 3",
                                "--pre 1e-4 --lanes 0",
                                "--pre 1e-4 --lanes 1.5",
                                "--pre 1e-4 --bits-per-symbol 3",
                                "--pre 1e-4 --protocol pcie66",
                                "--pre 1e-4 --protocol nvlink5",
                                "--pre 1e-4 --protocol pcie6 --width 3",
                                "--pre 1e-4 --protocol pcie6 --rate 64",
                                "--pre 1e-4 --rate 0",
                                "",
                                "--errors 3",
                                "--bits 1e13",
                                "--errors 5 --bits 2",
                                "--errors -1 --bits 10",
                                "--errors 0 --bits 1e13 --target 0",
                                "--errors 0 --bits 1e13 --confidence 1",
                                "--pre 1e-6 --fec pcie6-flit --burst 1",
                                "--pre 1e-6 --fec pcie6-flit --lanes 3",
                                "--pre 1e-4 --fec hamming-kp4 --burst 0.5",
                                "--pre 1e-4 --fec efec0 --simulate 10",
                                "--pre 1e-4 --simulate 1e20",
                                "--pre 1e-4 --fec none --simulate 10"}) {
    const auto run = ber(bad);
    EXPECT_EQ(run.code, 64) << bad << "\n" << run.out;
    EXPECT_THAT(run.out, HasSubstr("weft: ")) << bad;
  }
  EXPECT_THAT(ber("--pre 1e-4 --protocol pcie66").out, HasSubstr("Did you mean pcie6?"));
  EXPECT_THAT(ber("--pre 1e-4 --protocol nvlink5").out, HasSubstr("not public"));
  EXPECT_THAT(ber("--pre 1e-4 --protocol eth-100g").out, HasSubstr("eth-100g-100"));
  EXPECT_THAT(ber("--pre 1e-4 --protocol qqqqqqqqqq").out, HasSubstr("--list-protocols"));
  // What a run proves does not depend on a code that is not public.
  EXPECT_EQ(ber("--errors 0 --bits 1e13 --protocol nvlink5").code, 0);
}

TEST(Ber, ReadsARequestAsJson) {
  const auto run = shell("echo '{\"pre\": 1e-4, \"burst\": 0.5, \"precoding\": true}' | " + weft() +
                         "ber --request -");
  EXPECT_EQ(run.code, 0) << run.out;
  EXPECT_EQ(run.out, ber("--pre 1e-4 --burst 0.5 --precoding --json").out);
  EXPECT_NE(shell("echo '{\"per\": 1e-4}' | " + weft() + "ber --request -").code, 0);
  EXPECT_NE(shell("echo '{' | " + weft() + "ber --request -").code, 0);
}

TEST(Ber, JsonFitsItsSchema) {
  const bus::TestFolder folder;
  std::vector<std::string> files;
  for (const std::string arguments :
       {"--pre 1e-4", "--pre 0 --rate 100", "--pre 1e-30 --burst 0.5 --protocol ualink200",
        "--pre 1e-3 --fec hamming-kp4", "--pre 1e-3 --simulate 20", "--pre 1e-6 --protocol pcie6",
        "--pre 1e-4 --fec pcie6-flit --simulate 1000", "--pre 1e-9 --fec none --protocol pcie5",
        "--errors 0 --bits 1e13 --protocol pcie6", "--errors 3 --bits 1e20",
        "--pre 1e-4 --errors 1 --bits 1e5 --target 1e-3"}) {
    files.push_back(folder.at(std::to_string(files.size()) + ".json"));
    (void)shell(weft() + "ber " + arguments + " --json > " + files.back());
  }
  expect_follows_schema("ber", files);
}

TEST(Ber, HelpNamesItsOptionsAndExamples) {
  const auto run = shell(weft() + "ber --help");
  EXPECT_EQ(run.code, 0);
  for (const char* word : {"--pre", "--burst", "--simulate", "modelled", "weft ber --pre 2.4e-4"}) {
    EXPECT_THAT(run.out, HasSubstr(word));
  }
}

}  // namespace
}  // namespace weft::cli
