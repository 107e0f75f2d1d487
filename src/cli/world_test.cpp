// SPDX-License-Identifier: Apache-2.0
#include "cli/world.h"

#include "bus/test_folder.h"
#include "cli/test_schema.h"
#include "twin/fault/catalogue.h"
#include "twin/test_rack.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace weft::cli {
namespace {

const std::string kWeft = std::string(WEFT_BINARY_DIR) + "/bin/weft";

TEST(WorldFaults, PrintsEveryFault) {
  const base::Run run = base::shell_output(kWeft + " world faults");
  EXPECT_EQ(run.code, kOk);
  for (const twin::FaultRow& row : twin::faults()) {
    EXPECT_NE(run.out.find(std::string(row.key) + " "), std::string::npos) << row.key;
  }
}

TEST(WorldFaults, JsonFollowsItsSchema) {
  const base::Run run = base::shell_output(kWeft + " world faults --json");
  ASSERT_EQ(run.code, kOk);
  const auto json = nlohmann::json::parse(run.out, nullptr, false);
  ASSERT_FALSE(json.is_discarded());
  EXPECT_EQ(json.at("faults").size(), twin::faults().size());
  const auto file = std::filesystem::temp_directory_path() /
                    ("weft_faults_" + std::to_string(::getpid()) + ".json");
  std::ofstream(file) << run.out;
  expect_follows_schema("faults", {file.string()});
  std::filesystem::remove(file);
}

/// `weft up` runs beside the test and is ended with it.
class WorldControl : public testing::Test {
 protected:
  void SetUp() override {
    folder_.file("pair.yaml", std::string(twin::test::kOneLinkRack));
    start("");
  }
  void TearDown() override { stop(); }
  void start(const std::string& options) {
    const auto run = base::shell_output(kWeft + " up " + at("pair.yaml") + " --for 10s --folder " +
                                        at("run") + " " + options + " >" + at("log") +
                                        " 2>&1 & echo $!; for i in $(seq 100); do [ -S " +
                                        at("run/control.sock") + " ] && break; sleep 0.05; done");
    pid_ = std::stoi(run.out);
  }
  void stop() {
    if (pid_ > 0) {
      base::shell("kill -TERM " + std::to_string(pid_) + "; for i in $(seq 100); do [ -S " +
                  at("run/control.sock") + " ] || break; sleep 0.05; done");
    }
    pid_ = -1;
  }
  base::Run world(const std::string& words) const {
    return base::shell(kWeft + " world " + words + " --folder " + at("run"));
  }
  nlohmann::json status() const {
    return nlohmann::json::parse(world("status --json").out, nullptr, false);
  }
  [[nodiscard]] std::string at(const std::string& name) const { return folder_.at(name); }
  bus::TestFolder folder_;
  int pid_ = -1;
};

TEST_F(WorldControl, InjectsClearsAndGoesOnFromACheckpoint) {
  const auto before = status();
  ASSERT_TRUE(before.is_object());
  EXPECT_EQ(before.at("rack"), "pair");
  EXPECT_EQ(before.at("faults").size(), 0U);

  const auto injected = world(
      "inject contaminated-connector --target 'link:server0/cpu0/*' --amplitude '6 dB' "
      "--for '1 h' --json");
  ASSERT_EQ(injected.code, kOk) << injected.out;
  std::ofstream(at("inject.json")) << injected.out;
  const auto during = status();
  std::ofstream(at("status.json")) << during.dump();
  ASSERT_EQ(during.at("faults").size(), 1U);
  const auto& fault = during.at("faults").at(0);
  EXPECT_EQ(fault.at("fault"), "contaminated-connector");
  EXPECT_EQ(fault.at("amplitude"), 6.0);
  EXPECT_EQ(fault.at("phase"), "active");
  EXPECT_NEAR(fault.at("end_seconds").get<double>() - fault.at("begin_seconds").get<double>(), 3600,
              1e-6);
  EXPECT_NE(world("status").out.find("contaminated-connector"), std::string::npos);

  const auto kept = world("checkpoint " + at("kept.world") + " --json");
  ASSERT_EQ(kept.code, kOk) << kept.out;
  std::ofstream(at("checkpoint.json")) << kept.out;
  EXPECT_EQ(std::filesystem::status(at("kept.world")).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_EQ(world("clear 1").code, kOk);
  EXPECT_EQ(status().at("faults").size(), 0U);
  EXPECT_NE(world("clear 1").code, kOk) << "it is over already";

  stop();
  start("--restore " + at("kept.world"));
  const auto after = status();
  ASSERT_TRUE(after.is_object());
  EXPECT_EQ(after.at("faults").size(), 1U) << "as when the checkpoint was taken";
  EXPECT_GE(after.at("world_seconds").get<double>(), during.at("world_seconds").get<double>());
  EXPECT_EQ(world("clear all").out.substr(0, 9), "1 cleared");
  expect_follows_schema("world-control",
                        {at("inject.json"), at("status.json"), at("checkpoint.json")});
}

TEST_F(WorldControl, RefusesWhatCannotBe) {
  EXPECT_NE(world("inject no-such-fault --target host:server0").out.find("weft world faults"),
            std::string::npos);
  EXPECT_NE(world("inject open-lane --target link:nobody").code, kOk);
  EXPECT_EQ(world("inject open-lane").code, int{kUsage});
  EXPECT_NE(world("checkpoint /nowhere/at/all").out.find("/nowhere/at/all"), std::string::npos);
  EXPECT_NE(base::shell(kWeft + " up " + at("pair.yaml") + " --doors --folder " + at("run"))
                .out.find("another weft up"),
            std::string::npos);
  stop();
  const auto nobody = world("status");
  EXPECT_EQ(nobody.code, int{kUnavailable});
  EXPECT_NE(nobody.out.find("weft up"), std::string::npos);
  const auto other = base::shell(kWeft + " up " + at("pair.yaml") + " --restore " +
                                 at("pair.yaml") + " --for 1s --folder " + at("run"));
  EXPECT_NE(other.out.find("no checkpoint of a world"), std::string::npos) << other.out;
}

}  // namespace
}  // namespace weft::cli
