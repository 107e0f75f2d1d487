// SPDX-License-Identifier: Apache-2.0
// Actions over the API, on a machine of files: tried, done, undone, refused; those of the verbs
// beside them. Register values are of PCI Express Base 7.5.3.7 (Link Control).
#include "base/test_shell.h"
#include "driver/journal.h"
#include "serve/api/test_api.h"

#include <array>
#include <cstdio>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace weft::serve {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;

class ApiActionTest : public ApiWriteTest {};

constexpr const char* kOff = R"({"action":"link disable","target":"0000:01:00.0","apply":true})";

TEST_F(ApiActionTest, ActionsAreTriedDoneAndUndone) {
  open(ApiRole::kOperator);
  const auto trial =
      send("POST", "/api/v1/actions", R"({"action":"link disable","target":"0000:01:00.0"})");
  ASSERT_EQ(trial.status, 200U) << trial.body;
  const Json plan = Json::parse(trial.body);
  EXPECT_EQ(plan["applied"], false);
  EXPECT_EQ(plan["action"]["writes"][0]["value"], "0x0010") << "Link Disable, PCIe 7.5.3.7";
  EXPECT_THAT(plan["text"].get<std::string>(), HasSubstr("The link goes down"));
  EXPECT_EQ(plane_.link_control(), 0U);
  EXPECT_EQ(Json::parse(get("/api/v1/actions").body)["count"], 0);

  const Json done = Json::parse(send("POST", "/api/v1/actions", kOff).body);
  EXPECT_EQ(done["applied"], true);
  EXPECT_EQ(done["id"], "1");
  EXPECT_EQ(plane_.link_control(), 0x10U);
  const Json open_one = Json::parse(get("/api/v1/actions/1").body)["action"];
  EXPECT_EQ(open_one["state"], "open");
  EXPECT_EQ(open_one["by"], "local");
  EXPECT_EQ(open_one["registers"][0]["old"], "0x0000");
  EXPECT_THAT(get("/api/v1/timeline?since_s=60").body, HasSubstr("link disable"));

  const Json back = Json::parse(send("POST", "/api/v1/actions/1/undo", "{}").body);
  EXPECT_EQ(back["applied"], false);
  EXPECT_EQ(back["undo"]["journals"][0]["lasting"], true);
  EXPECT_EQ(plane_.link_control(), 0x10U);
  const Json undone = Json::parse(send("POST", "/api/v1/actions/1/undo", R"({"apply":true})").body);
  EXPECT_EQ(undone["undo"]["put_back"], 1);
  EXPECT_EQ(plane_.link_control(), 0U);
  EXPECT_EQ(Json::parse(get("/api/v1/actions/1").body)["action"]["state"], "undone");
  EXPECT_EQ(send("POST", "/api/v1/actions/1/undo", R"({"apply":true})").status, 409U);
  EXPECT_THAT(audit_, HasSubstr(R"("path":"/api/v1/actions","values":{"action":"link disable")"));
  EXPECT_THAT(audit_, HasSubstr(R"("path":"/api/v1/actions/1/undo")"));
}

TEST_F(ApiActionTest, ActionsOfVerbsAreListedAndUndone) {
  {
    auto journal = driver::Journal::open(plane_.desk->options().folder, "link disable",
                                         plane_.desk->options().source);
    ASSERT_TRUE(journal && journal->note({"config", "0000:00:01.0", "0x050", {0x40, 0}}));
  }
  open(ApiRole::kOperator);
  const Json listed = Json::parse(get("/api/v1/actions").body);
  ASSERT_EQ(listed["count"], 1);
  EXPECT_EQ(listed["actions"][0]["state"], "open");
  const auto id = listed["actions"][0]["id"].get<std::string>();
  EXPECT_EQ(send("POST", "/api/v1/actions/" + id + "/undo", R"({"apply":true})").status, 200U);
  EXPECT_EQ(plane_.link_control(), 0x40U);
  EXPECT_EQ(Json::parse(get("/api/v1/actions").body)["count"], 0);
}

TEST_F(ApiActionTest, TheStreamTellsThemAndThatAFindingIsAcknowledged) {
  if (!base::has_program("curl")) {
    GTEST_SKIP() << "curl is not installed";
  }
  open(ApiRole::kOperator);
  ASSERT_EQ(send("POST", "/api/v1/actions", kOff).status, 200U);
  ASSERT_EQ(send("POST", "/api/v1/actions/1/undo", R"({"apply":true})").status, 200U);
  ASSERT_EQ(
      send("POST", "/api/v1/findings/fnd-1/acknowledge", R"({"by":"anna","apply":true})").status,
      200U);
  std::FILE* pipe = ::popen(
      ("curl -sN --max-time 20 '" + server_->address() + "/api/v1/stream?last_event_id=e1-0' 2>&1")
          .c_str(),
      "r");
  ASSERT_NE(pipe, nullptr);
  std::array<char, 8192> line{};
  std::string seen;
  while (seen.find("acknowledged") == std::string::npos &&
         std::fgets(line.data(), line.size(), pipe) != nullptr) {
    seen += line.data();
  }
  ::pclose(pipe);
  EXPECT_THAT(seen, HasSubstr("event: action\nid: e1-2\ndata: {\"id\":\"1\""));
  const auto first = seen.find(R"("state":"open")");
  ASSERT_NE(first, std::string::npos) << seen;
  EXPECT_NE(seen.find(R"("state":"undone")", first), std::string::npos) << seen;
  EXPECT_THAT(seen, HasSubstr(R"("acknowledged":{"by":"anna")"));
}

TEST_F(ApiActionTest, ActionsThatCannotBeAreRefused) {
  open(ApiRole::kOperator);
  const auto status = [&](const char* body) {
    return send("POST", "/api/v1/actions", body).status;
  };
  EXPECT_EQ(status(R"({"action":"link melt","target":"0000:01:00.0"})"), 400U);
  EXPECT_EQ(status(R"({"action":"link disable","target":"0000:09:00.0"})"), 404U);
  EXPECT_EQ(status(R"({"action":"link disable"})"), 400U);
  EXPECT_EQ(status(R"({"action":"link set-speed","target":"0000:01:00.0"})"), 400U);
  EXPECT_EQ(status(R"({"action":"link retrain","target":"0000:01:00.0","value":"x"})"), 400U);
  EXPECT_EQ(status(R"({"action":"link retrain","target":"0000:01:00.0","lanes":"1"})"), 400U);
  EXPECT_EQ(status(R"({"action":"device disable-lane","target":"eth0","lanes":"9"})"), 400U);
  EXPECT_EQ(status(R"({"action":"device reset","target":"0000:01:00.0"})"), 400U);
  EXPECT_EQ(send("POST", "/api/v1/actions/7/undo", "{}").status, 404U);
  EXPECT_EQ(get("/api/v1/actions/7").status, 404U);
  plane_.refuse("actions on this machine are switched off");
  EXPECT_EQ(status(kOff), 403U);
  EXPECT_EQ(status(R"({"action":"link disable","target":"0000:01:00.0"})"), 403U)
      << "planning asks the devices too";
  EXPECT_EQ(Json::parse(get("/api/v1/actions").body)["allowed"], false);
  plane_.desk.reset();
  EXPECT_EQ(status(kOff), 409U) << "captures";
  EXPECT_EQ(get("/api/v1/actions").status, 200U);
  EXPECT_EQ(plane_.link_control(), 0U);
}

TEST_F(ApiActionTest, AreForOperators) {
  open(ApiRole::kViewer);
  EXPECT_EQ(send("POST", "/api/v1/actions", kOff).status, 403U);
  EXPECT_EQ(send("POST", "/api/v1/actions/1/undo", "{}").status, 403U);
  EXPECT_EQ(get("/api/v1/actions").status, 200U);
  EXPECT_EQ(plane_.link_control(), 0U);
  EXPECT_THAT(audit_, HasSubstr("not allowed"));
}

}  // namespace
}  // namespace weft::serve
