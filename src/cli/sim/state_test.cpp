// SPDX-License-Identifier: Apache-2.0
// From a world to what its trouble costs: a lane opens in a twin, `weft world state` and the
// control plane's `weft why --live --state` write what they see, `weft sim fault` says the price.
#include "bus/test_folder.h"
#include "cli/test_schema.h"
#include "cli/test_shell.h"
#include "cli/verb.h"

#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace weft::cli {
namespace {

/// Three cards below a switch: the fabric that a collective among them uses.
constexpr const char* kRack = R"(
weftline: rack/1
name: three
devices:
  server0:
    kind: host
    match: {host: server0}
    devices:
      cpu0: {kind: processor, ports: {pcie0: pcie5 x16}}
      psw0: {kind: switch, lanes: 32, ports: {up0: pcie5 x16, "gpu[0-2]": pcie5 x4}}
      gpu[0-2]: {kind: accelerator, ports: {pcie0: pcie5 x4}}
    links:
      - {from: cpu0/pcie0, to: psw0/up0, segments: [{medium: board, length: 150 mm}]}
      - {from: "psw0/gpu[g]", to: "gpu[g]/pcie0", for: {g: 0-2},
         segments: [{medium: board, length: 150 mm}]}
)";
constexpr const char* kLink = "server0/psw0/gpu1--server0/gpu1/pcie0";

class StateOfAWorld : public testing::Test {
 protected:
  void SetUp() override {
    folder_.file("three.yaml", kRack);
    const auto run =
        shell(weft() + "up " + at("three.yaml") + " --speed 100 --for 1d --folder " + at("run") +
              " >" + at("log") + " 2>&1 & echo $!; for i in $(seq 200); do [ -S " +
              at("run/plane.sock") + " ] && break; sleep 0.05; done");
    pid_ = std::stoi(run.out);
  }
  void TearDown() override {
    if (pid_ > 0) {
      shell("kill -TERM " + std::to_string(pid_));
    }
  }
  [[nodiscard]] std::string at(const std::string& name) const { return folder_.at(name); }
  [[nodiscard]] nlohmann::json json(const std::string& name) const {
    std::ifstream file(at(name));
    return nlohmann::json::parse(file, nullptr, false);
  }
  /// Asks again until the file names so many links; a link takes its time to train.
  [[nodiscard]] bool becomes(const std::string& command, const std::string& name,
                             std::size_t links) const {
    for (int i = 0; i < 100; ++i) {
      shell(command);
      const auto state = json(name);
      if (state.is_object() && state.value("links", nlohmann::json::array()).size() == links) {
        return true;
      }
      shell("sleep 0.1");
    }
    return false;
  }
  bus::TestFolder folder_;
  int pid_ = -1;
};

TEST_F(StateOfAWorld, AnOpenLaneHasAPrice) {
  const std::string state = weft() + "world state --folder " + at("run") + " --output " + at("s");
  ASSERT_TRUE(becomes(state, "s", 0)) << shell("cat " + at("s") + " " + at("log")).out;
  const auto healthy =
      shell(weft() + "sim fault " + at("three.yaml") + " --size 64M --state " + at("s"));
  EXPECT_EQ(healthy.code, int{kOk}) << healthy.out;

  const auto injected = shell(weft() + "world inject open-lane --folder " + at("run") +
                              " --target 'link:" + kLink + " lane 3'");
  ASSERT_EQ(injected.code, int{kOk}) << injected.out;
  ASSERT_TRUE(becomes(state, "s", 1)) << shell("cat " + at("s") + " " + at("log")).out;
  const auto written = json("s");
  EXPECT_EQ(written.at("rack"), "three");
  EXPECT_EQ(written.at("links").at(0).at("link"), kLink);
  const unsigned lanes = written.at("links").at(0).at("lanes").get<unsigned>();
  EXPECT_LT(lanes, 4U);
  expect_follows_schema("fabric-state", {at("s")});

  const auto cost = shell(weft() + "sim fault " + at("three.yaml") +
                          " --size 64M --algo ring --json --state " + at("s") + " >" + at("f"));
  EXPECT_EQ(cost.code, int{kWarning}) << cost.out;
  const auto fault = json("f");
  ASSERT_EQ(fault.at("looks").size(), 3U);
  // A ring passes each byte over the narrow link: at least as much slower as that is narrower, and
  // some more, since ranks that wait for each other wait for it in turn.
  const double slower =
      fault["looks"][1]["time_us"].get<double>() / fault["looks"][0]["time_us"].get<double>();
  EXPECT_GE(slower, 0.98 * 4.0 / lanes);
  EXPECT_LT(slower, 1.3 * 4.0 / lanes);
  EXPECT_EQ(fault.at("faulty_links"), nlohmann::json::array({kLink}));

  // The control plane has no truth, only its polls; it comes to the same.
  ASSERT_TRUE(becomes(weft() + "why --live --folder " + at("run") + " --state " + at("w"), "w", 1))
      << shell("cat " + at("w")).out;
  EXPECT_EQ(json("w").at("links").at(0).at("link"), kLink);
  EXPECT_EQ(json("w").at("links").at(0).at("lanes"), lanes);
}

TEST(StateOfAScan, NeedsNamesAndIsWritten) {
  bus::TestFolder folder;
  for (const char* const verb : {"scan --demo --state ", "why --state "}) {
    const auto refused = shell(weft() + verb + folder.at("x"));
    EXPECT_EQ(refused.code, int{kUsage}) << refused.out;
    EXPECT_NE(refused.out.find("--rack"), std::string::npos) << refused.out;
  }
  const auto run = shell(weft() + "scan --demo --rack hgx-h100 --state " + folder.at("s"));
  EXPECT_LT(run.code, 4) << run.out;
  expect_follows_schema("fabric-state", {folder.at("s")});
}

}  // namespace
}  // namespace weft::cli
