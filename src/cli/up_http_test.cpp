// SPDX-License-Identifier: Apache-2.0
// The front doors from outside: page and API of `weft up` and `weft serve`, writes and their audit,
// and a world that goes on where it stopped.
#include "base/test_shell.h"
#include "bus/test_folder.h"
#include "cli/test_schema.h"
#include "cli/up_state.h"
#include "twin/test_rack.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string kProgram = std::string(WEFT_BINARY_DIR) + "/bin/weft";

class UpHttpTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!base::has_program("curl")) {
      GTEST_SKIP() << "curl is not installed";
    }
    folder_.file("pair.yaml", std::string(twin::test::kOneLinkRack));
  }
  /// Starts `command` with --http 0 --json, runs `then` with $url, ends it with Ctrl-C.
  [[nodiscard]] base::Run with(const std::string& command, const std::string& then) const {
    return base::shell("cd " + folder_.at("") + "; rm -f log; " + kProgram + " " + command +
                       " --http 0 --json >log 2>err & pid=$!; for i in $(seq 200); do grep -q "
                       "'\"http\"' log 2>/dev/null && break; sleep 0.05; done; "
                       "url=$(sed -n 's/.*\"http\":\"\\([^\"]*\\)\".*/\\1/p' log | head -1); " +
                       then + "; kill -INT $pid; wait $pid; code=$?; echo; echo ended $code");
  }
  bus::TestFolder folder_;
};

TEST_F(UpHttpTest, GivesThePageAndTakesWrites) {
  const auto run = with(
      "up pair.yaml --store store --folder doors",
      "curl -s -H 'Accept: text/html' $url/some/where | head -c 15; echo; "
      "curl -s $url/api/v1 | tr ',' '\\n' | grep -E 'role|simulated'; "
      "curl -s -H 'Content-Type: application/json' -d "
      "'{\"fault\":\"fan-loss\",\"target\":\"host:server0\"}' $url/api/v1/world/faults; echo; "
      "curl -s -H 'Content-Type: application/json' -d '{\"speed\":50,\"apply\":true}' "
      "$url/api/v1/world/speed; echo; curl -s $url/api/v1/world | tr ',' '\\n' | grep '\"speed\"'; "
      "stat -c %a store/audit.jsonl; grep -c weftline/audit/1 store/audit.jsonl");
  EXPECT_THAT(run.out, HasSubstr("<!doctype html>"));
  EXPECT_THAT(run.out, HasSubstr("\"role\":\"operator\""));
  EXPECT_THAT(run.out, HasSubstr("\"applied\":false"));
  EXPECT_THAT(run.out, HasSubstr("\"speed\":50"));
  EXPECT_THAT(run.out, HasSubstr("600\n2\n"));
  EXPECT_THAT(run.out, HasSubstr("ended 0\n"));
}

TEST_F(UpHttpTest, AWorldGoesOnWhereItStopped) {
  const std::string up = "up pair.yaml --state s --speed 1000 --folder doors";
  const std::string seconds =
      "curl -s $url/api/v1/world | sed 's/.*world_seconds\":\\([0-9]*\\).*/"
      "at \\1/'; echo";
  EXPECT_THAT(with(up, "sleep 0.5; " + seconds).out, HasSubstr("ended 0\n"));
  EXPECT_TRUE(std::filesystem::exists(folder_.at("s/up.json")));
  const auto second = with(up, seconds);
  const auto at = second.out.find("at ");
  ASSERT_NE(at, std::string::npos) << second.out;
  EXPECT_GT(std::stoi(second.out.substr(at + 3)), 300);
  EXPECT_THAT(with(up, "kill -KILL $pid; sleep 0.1").out, HasSubstr("ended 137\n"));
  EXPECT_FALSE(std::filesystem::exists(folder_.at("s/up.json"))) << "who is killed leaves nothing";
  const auto anew = with("up pair.yaml --state s --speed 0.001 --folder doors", seconds);
  const auto began = anew.out.find("at ");
  ASSERT_NE(began, std::string::npos) << anew.out;
  EXPECT_LT(std::stoi(anew.out.substr(began + 3)), 100) << "the seconds that a rack takes to start";
}

TEST_F(UpHttpTest, ServeShowsRealMachinesAndTakesNoMarksFromStrangers) {
  const auto run = with("serve --for 30s",
                        "curl -s $url/api/v1; echo; curl -s -o /dev/null -w '%{http_code}\\n' -H "
                        "'Content-Type: application/json' -d '{\"mark\":\"job\",\"apply\":true}' "
                        "$url/api/v1/marks; curl -s -o /dev/null -w '%{http_code}\\n' "
                        "$url/api/v1/world");
  EXPECT_THAT(run.out, Not(HasSubstr("\"simulated\"")));
  EXPECT_THAT(run.out, HasSubstr("\"role\":\"viewer\""));
  EXPECT_THAT(run.out, HasSubstr("403\n404\n"));
  EXPECT_THAT(run.out, HasSubstr("ended 0\n"));
  expect_follows_schema("serve", {folder_.at("log")});
}

/// Clients come and go for two seconds; WEFT_SOAK_SECONDS says for how long instead. A world that
/// goes 10,000 times as fast lives a day in nine seconds. A sanitizer keeps what was freed for a
/// while: it finds what leaks by itself.
TEST_F(UpHttpTest, ClientsComeAndGoAndItStaysAsItIs) {
  const std::string python = base::python_with("json");
  if (python.empty()) {
    GTEST_SKIP() << base::no_python_with("json");
  }
  const char* const wanted = std::getenv("WEFT_SOAK_SECONDS");
  const auto run = with("up pair.yaml --speed 10000 --folder doors",
                        python + " " + WEFT_SOURCE_DIR + "/src/serve/api/load_judge.py $url $pid " +
                            (wanted != nullptr ? wanted : "2") +
                            (base::kIsSanitized ? " --answers-only" : "") + "; echo judged $?");
  EXPECT_THAT(run.out, HasSubstr("judged 0\n"));
  EXPECT_THAT(run.out, HasSubstr("ended 0\n"));
}

TEST(UpState, IsHeldByOneAndGivenOnce) {
  const bus::TestFolder folder;
  const UpState::Identity identity{"abc", 7};
  const std::string place = folder.at("state");
  {
    const auto state = UpState::open(place, identity);
    ASSERT_TRUE(state);
    EXPECT_EQ(UpState::open(place, identity).error().code, base::Code::kAlreadyExists);
    EXPECT_FALSE((*state)->take(false));
    std::filesystem::create_directories((*state)->store());
    ASSERT_TRUE((*state)->save({{5}, {1, 2}}));
  }
  {
    const auto other = UpState::open(place, {"abd", 7});
    EXPECT_FALSE((*other)->take(false)) << "of another rack";
    EXPECT_FALSE(std::filesystem::exists((*other)->store()));
    ASSERT_TRUE((*other)->save({{5}, {1, 2}}));
  }
  const auto state = UpState::open(place, {"abd", 7});
  const auto saved = (*state)->take(false);
  ASSERT_TRUE(saved);
  EXPECT_EQ(saved->world_at.ns, 5);
  EXPECT_EQ(saved->world.size(), 2U);
  EXPECT_FALSE((*state)->take(false)) << "only once";
}

}  // namespace
}  // namespace weft::cli
