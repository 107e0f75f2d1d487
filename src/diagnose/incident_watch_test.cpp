// SPDX-License-Identifier: Apache-2.0
// The public incidents, and those made up as a text book tells them, through the judgement: at each
// time that a file names, exactly the findings that are right. Also that a file's entries reach the
// Watch in order of time.
#include "diagnose/incident.h"

#include <filesystem>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace weft::diagnose {
namespace {

std::string file_of(const std::string& name) {
  return (std::filesystem::path(WEFT_SOURCE_DIR) / "incidents" / name).string();
}

std::string test_name(const ::testing::TestParamInfo<const char*>& info) {
  auto name = std::filesystem::path(info.param).stem().string();
  std::erase(name, '-');
  return name;
}

class IncidentFiles : public ::testing::TestWithParam<const char*> {};

TEST_P(IncidentFiles, AreJudgedAsTheirPeopleDid) {
  const auto incident = load_incident(file_of(GetParam()));
  ASSERT_TRUE(incident);
  ASSERT_EQ(incident->problem_text(), "");
  Watch watch;
  IncidentReplay replay(*incident, watch);
  std::size_t held = 0;
  std::string missed;
  while (const auto judged = replay.next()) {
    for (const auto& expected : incident->expected) {
      if (expected.at != judged->at) {
        continue;
      }
      ++held;
      for (const auto& line : mismatches(expected, *judged->findings, watch.joint())) {
        missed += fmt::format("{}:{}: at {}: {}\n", GetParam(), expected.line,
                              base::iso8601(expected.at), line);
      }
    }
  }
  EXPECT_EQ(held, incident->expected.size());
  EXPECT_EQ(missed, "");
}

INSTANTIATE_TEST_SUITE_P(Public, IncidentFiles,
                         ::testing::Values("planned-reboots.yaml", "warned-five-days-before.yaml",
                                           "idle-retraining.yaml", "worse-after-flap.yaml"),
                         test_name);

INSTANTIATE_TEST_SUITE_P(Made, IncidentFiles,
                         ::testing::Values("made/contained-port.yaml", "made/flapping-cable.yaml",
                                           "made/hot-module.yaml", "made/light-falls-one-way.yaml",
                                           "made/narrow-after-reboot.yaml", "made/off-the-bus.yaml",
                                           "made/worn-laser.yaml"),
                         test_name);

TEST(IncidentReplay, TheFindingStaysTheSameWhenTheLinkFails) {
  const auto incident = load_incident(file_of("warned-five-days-before.yaml"));
  ASSERT_TRUE(incident);
  Watch watch;
  IncidentReplay replay(*incident, watch);
  const auto early = replay.next();
  ASSERT_TRUE(early && !early->findings->empty());
  const auto id = early->findings->front().id;
  const auto late = replay.next();
  ASSERT_TRUE(late && !late->findings->empty());
  EXPECT_EQ(late->findings->front().id, id);
}

}  // namespace
}  // namespace weft::diagnose
