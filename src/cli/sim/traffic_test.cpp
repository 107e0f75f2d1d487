// SPDX-License-Identifier: Apache-2.0
// `weft sim traffic` as a user meets it: table, files, exit codes, and all mistakes at once.
#include "bus/test_folder.h"
#include "cli/test_schema.h"
#include "cli/test_shell.h"
#include "cli/verb.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace weft::cli {
namespace {

class SimTraffic : public testing::Test {
 protected:
  [[nodiscard]] std::string at(const std::string& name) const { return folder_.at(name); }
  [[nodiscard]] std::string text(const std::string& name) const {
    std::ifstream file(at(name));
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  static base::Run traffic(const std::string& words) {
    return shell(weft() + "sim traffic " + words);
  }
  bus::TestFolder folder_;
};

TEST_F(SimTraffic, JsonFollowsItsSchemaAtBothFidelities) {
  for (const std::string fidelity : {"flow", "packet"}) {
    const auto run = traffic("star:8 --messages 40 --load 0.2:0.6:0.2 --json --fidelity " +
                             fidelity + " >" + at(fidelity));
    EXPECT_EQ(run.code, int{kOk}) << run.out;
    const auto json = nlohmann::json::parse(text(fidelity), nullptr, false);
    ASSERT_TRUE(json.is_object());
    ASSERT_EQ(json.at("rows").size(), 3U);
    // One switch that blocks nothing: the ends are the bound.
    EXPECT_NEAR(json["rows"][0]["bound_load"].get<double>(), 1, 1e-9);
    EXPECT_LT(json["rows"][0]["latency_us"]["p50"], json["rows"][2]["latency_us"]["p99"]);
  }
  expect_follows_schema("sim-traffic", {at("flow"), at("packet")});
}

TEST_F(SimTraffic, WritesTableDrawingAndPlot) {
  const auto run = traffic(
      "leaf-spine:leaves=2,spines=1,ends=4 --messages 30 --load 0.1,0.9 --plot "
      "--csv " +
      at("t.csv") + " --svg " + at("t.svg"));
  EXPECT_EQ(run.code, int{kWarning}) << "one spine for four ends: " << run.out;
  EXPECT_NE(run.out.find("SATURATED"), std::string::npos);
  EXPECT_NE(run.out.find("held by"), std::string::npos);
  EXPECT_NE(run.out.find("p99"), std::string::npos);
  const std::string csv = text("t.csv");
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 3);
  EXPECT_EQ(csv.find("load,accepted"), 0U);
  EXPECT_NE(text("t.svg").find("</svg>"), std::string::npos);
  EXPECT_NE(text("t.svg").find("Utilisation"), std::string::npos);
}

TEST_F(SimTraffic, TakesAConnectionMatrix) {
  std::ofstream(at("incast.cm")) << "Nodes 4\nConnections 3\n1->0 start 0 size 1000000\n"
                                    "2->0 start 0 size 1000000\n3->0 start 0 size 1000000\n";
  const auto run = traffic("star:4,rate=50GB/s,latency=0ns,switch=0ns --json --matrix " +
                           at("incast.cm") + " >" + at("j"));
  ASSERT_EQ(run.code, int{kOk}) << run.out;
  const auto json = nlohmann::json::parse(text("j"), nullptr, false);
  EXPECT_NEAR(json["rows"][0]["latency_us"]["max"].get<double>(), 60, 0.01) << "3 MB at 50 GB/s";
  expect_follows_schema("sim-traffic", {at("j")});
}

TEST_F(SimTraffic, NamesAllMistakesAtOnce) {
  const auto run = traffic("star:4 --pattern rumours --load 3 --message 0 --messages x --seed -1");
  EXPECT_NE(run.code, int{kOk});
  for (const char* const option : {"--pattern", "--load", "--message", "--messages", "--seed"}) {
    EXPECT_NE(run.out.find(option), std::string::npos) << option << ": " << run.out;
  }
  EXPECT_NE(traffic("star:4 --matrix /nowhere/x").out.find("/nowhere/x"), std::string::npos);
  EXPECT_NE(traffic("star:4 --fidelity closed-form").code, int{kOk});
}

}  // namespace
}  // namespace weft::cli
