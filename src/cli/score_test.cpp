// SPDX-License-Identifier: Apache-2.0
// weft score from outside: the same table at any number of threads, complete, after its schema, and
// quiet where nothing is wrong. How often it is right is no test: docs/DIAGNOSIS.md says it.
#include "base/test_shell.h"
#include "cli/test_schema.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace weft::cli {
namespace {

namespace fs = std::filesystem;

base::Run score(const std::string& arguments) {
  return base::shell_output(std::string(WEFT_BINARY_DIR) + "/bin/weft score " + arguments);
}
/// Small racks and minutes only.
const std::string kFew = std::string(WEFT_SOURCE_DIR) +
                         "/scenarios --template card-gone --template quiet-first-hour --seeds 1 "
                         "--poll 120 --json";

TEST(Score, SaysTheSameAtAnyNumberOfThreadsAndFollowsItsSchema) {
  const base::Run one = score(kFew + " --threads 1");
  const base::Run two = score(kFew + " --threads 2");
  ASSERT_EQ(one.code, 0) << one.out;
  EXPECT_EQ(one.out, two.out);
  const auto json = nlohmann::json::parse(one.out, nullptr, false);
  ASSERT_FALSE(json.is_discarded()) << one.out.substr(0, 200);
  EXPECT_EQ(json.at("runs").size(), 2U);
  EXPECT_EQ(json.at("sums").at("all").at("failed"), 0);
  EXPECT_EQ(json.at("sums").at("all").at("faults"), 1);
  EXPECT_EQ(json.at("sums").at("quiet").at("false_findings"), 0);
  const fs::path file = fs::temp_directory_path() / "weft-score-test.json";
  std::ofstream(file) << one.out;
  expect_follows_schema("score", {file.string()});
  fs::remove(file);
}

TEST(Score, RefusesWhatIsNotThere) {
  EXPECT_EQ(score("/nowhere").code, 69);
  EXPECT_EQ(score("--only half").code, 65);
  EXPECT_EQ(score("--seeds 0").code, 64);
  EXPECT_EQ(score("--json --markdown").code, 64);
  EXPECT_EQ(score("--draw 1 --perturb 50 --update /nowhere").code, 64);
}

}  // namespace
}  // namespace weft::cli
