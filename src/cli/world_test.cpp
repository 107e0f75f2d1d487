// SPDX-License-Identifier: Apache-2.0
#include "cli/world.h"

#include "cli/test_schema.h"
#include "twin/fault/catalogue.h"

#include <filesystem>
#include <fstream>

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

}  // namespace
}  // namespace weft::cli
