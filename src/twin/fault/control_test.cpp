// SPDX-License-Identifier: Apache-2.0
// What a hostile client of the control service can say, and that nothing of it is obeyed in part.
#include "twin/fault/control.h"

#include "base/random.h"
#include "twin/fault/truth.h"
#include "twin/test_rack.h"

#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace weft::twin {
namespace {

class FaultControl : public testing::Test {
 protected:
  void SetUp() override {
    auto built = build_rack(test::rack_of(test::kOneLinkRack));
    ASSERT_TRUE(built) << built.error().text();
    rack_ = std::move(*built);
    service_ = control_service(*rack_);
  }
  nlohmann::json ask(std::string_view line) const {
    const std::string answer = service_.answer(line);
    EXPECT_EQ(answer.find('\n'), std::string::npos);
    const auto json = nlohmann::json::parse(answer, nullptr, false);
    EXPECT_TRUE(json.is_object()) << answer;
    return json;
  }
  std::string code(std::string_view line) const {
    const auto answer = ask(line);
    return answer.at("ok") == true ? "OK" : answer.at("error").at("code").get<std::string>();
  }
  std::unique_ptr<Rack> rack_;
  door::LineService service_;
};

TEST_F(FaultControl, RefusesWhatItDoesNotKnow) {
  constexpr std::string_view kBad = "INVALID_ARGUMENT";
  for (const std::string_view line :
       {"",
        "status",
        "[]",
        "{",
        "\"status\"",
        "{}",
        R"({"command":1})",
        "\xff\xfe",
        "null",
        R"({"command":"status","more":1})",
        R"({"command":"clear"})",
        R"({"command":"clear","id":-1})",
        R"({"command":"clear","id":1e99})",
        R"({"command":"clear","id":4294967296})",
        R"({"command":"checkpoint","file":"here"})",
        R"({"command":"checkpoint","file":"/tmp/a\u0000b"})",
        R"({"command":"inject","fault":"open-lane"})",
        R"({"command":"inject","fault":"fan-loss","target":"host:server0","amplitude":[]})",
        R"({"command":"inject","fault":"fan-loss","target":"host:server0","amplitude":1e300})",
        R"({"command":"inject","fault":"fan-loss","target":"host:server0","for":"-1 s"})",
        R"({"command":"inject","fault":"fan-loss","target":"host:server0","shape":"heap"})"}) {
    EXPECT_EQ(code(line), kBad) << line;
  }
  EXPECT_EQ(code(R"({"command":"stop"})"), "NOT_FOUND");
  EXPECT_EQ(code(R"({"command":"clear","id":7})"), "NOT_FOUND");
  EXPECT_EQ(code(R"({"command":"inject","fault":"inlet","target":"host:server0"})"), "NOT_FOUND")
      << "weather is no fault";
  EXPECT_EQ(ask(R"({"command":"checkpoint","file":"/nowhere/x"})").at("error").at("where"),
            "/nowhere/x");
  EXPECT_TRUE(ground_truth(*rack_).faults.empty());
}

TEST_F(FaultControl, SurvivesGarbledLines) {
  base::Random random(1, "control");
  const std::string good =
      R"({"command":"inject","fault":"fan-loss","target":"host:server0","for":"1 s"})";
  for (int i = 0; i < 500; ++i) {
    std::string line = good;
    for (int k = 0; k < 3; ++k) {
      line[random.below(line.size())] = static_cast<char>(random.below(256));
    }
    const auto answer = ask(line);
    EXPECT_TRUE(answer.contains("ok"));
  }
}

TEST_F(FaultControl, LeavesWorkloadAndWeatherAlone) {
  FaultOrder order;
  order.fault = "inlet";
  order.target = "host:server0";
  const auto weather = fault_engine(*rack_).order(order);
  ASSERT_TRUE(weather) << weather.error().text();
  const auto injected =
      ask(R"({"command":"inject","fault":"fan-loss","target":"host:server0","label":"x"})");
  ASSERT_EQ(injected.at("ok"), true);
  EXPECT_EQ(ask(R"({"command":"faults"})").at("faults").size(), 1U);
  EXPECT_EQ(code(R"({"command":"clear","id":)" + std::to_string(*weather) + "}"), "NOT_FOUND");
  EXPECT_EQ(ask(R"({"command":"clear","id":"all"})").at("cleared"), 1);
  EXPECT_EQ(ground_truth(*rack_).faults.at(0).phase, TruthPhase::kActive);
}

}  // namespace
}  // namespace weft::twin
