// SPDX-License-Identifier: Apache-2.0
// `weft sim compare`: columns for racks, states and algorithms, and the ratios that arithmetic
// gives.
#include "bus/test_folder.h"
#include "cli/test_schema.h"
#include "cli/test_shell.h"
#include "cli/verb.h"

#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace weft::cli {
namespace {

class SimCompare : public testing::Test {
 protected:
  [[nodiscard]] std::string at(const std::string& name) const { return folder_.at(name); }
  [[nodiscard]] std::string text(const std::string& name) const {
    std::ifstream file(at(name));
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  static base::Run compare(const std::string& words) {
    return shell(weft() + "sim compare " + words);
  }
  bus::TestFolder folder_;
};

TEST_F(SimCompare, HalfTheRateIsTwiceTheTime) {
  const auto run =
      compare("star:8,rate=50GB/s star:8,rate=25GB/s --algo ring --size 1G --json >" + at("j"));
  ASSERT_EQ(run.code, int{kOk}) << run.out;
  const auto json = nlohmann::json::parse(text("j"), nullptr, false);
  ASSERT_EQ(json.at("columns").size(), 2U);
  EXPECT_EQ(json["columns"][0]["rows"][0]["of_first"], 1.0);
  EXPECT_NEAR(json["columns"][1]["rows"][0]["of_first"].get<double>(), 2, 0.01);
  expect_follows_schema("sim-compare", {at("j")});
}

TEST_F(SimCompare, AStateIsAColumnBesideThePlan) {
  const std::string link = "hgx0/gpu0/nvl0--hgx0/switch0/port0";
  std::ofstream(at("narrow.json"))
      << R"({"schema":"weftline/fabric-state/1","rack":"hgx-h100","links":[{"link":")" << link
      << R"(","lanes":1}]})";
  const auto run = compare("hgx-h100 --state " + at("narrow.json") +
                           " --algo ring --algo two-shot --size 1G --csv " + at("c") + " --svg " +
                           at("s") + " --plot");
  ASSERT_EQ(run.code, int{kOk}) << run.out;
  EXPECT_NE(run.out.find("4: hgx-h100 narrow two-shot"), std::string::npos) << run.out;
  const std::string csv = text("c");
  EXPECT_NE(csv.find("hgx-h100 narrow ring"), std::string::npos) << csv;
  EXPECT_NE(text("s").find("</svg>"), std::string::npos);
}

TEST_F(SimCompare, NamesAllMistakesAtOnce) {
  const auto run = compare("star:4 --op dance --algo waltz --algo jig --size x --ranks 1");
  EXPECT_NE(run.code, int{kOk});
  for (const char* const part : {"--op", "waltz", "jig", "--size", "--ranks"}) {
    EXPECT_NE(run.out.find(part), std::string::npos) << part << ": " << run.out;
  }
}

}  // namespace
}  // namespace weft::cli
