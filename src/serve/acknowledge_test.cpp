// SPDX-License-Identifier: Apache-2.0
// Acknowledged findings: kept over a restart, shown, ended by what is worse or comes back, and
// asked for over the API by operators only.
#include "serve/acknowledge.h"

#include "serve/api/test_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace weft::serve {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;

class AcknowledgeTest : public ApiWriteTest {};

TEST(Acknowledge, EndsWithWhatNobodyHasSeenYet) {
  diagnose::LivingFinding finding;
  finding.id = "fnd-1";
  finding.finding.level = diagnose::Level::kWarning;
  const base::WallTime now{1'000};
  Acknowledgement one{.finding = "fnd-1",
                      .by = "anna",
                      .text = {},
                      .at = {},
                      .until = base::WallTime{2'000},
                      .level = diagnose::Level::kWarning,
                      .recurrences = 0};
  EXPECT_TRUE(holds(one, finding, now));
  EXPECT_FALSE(holds(one, finding, {2'000})) << "its time is over";
  one.until.reset();
  EXPECT_TRUE(holds(one, finding, {2'000}));
  finding.finding.level = diagnose::Level::kCritical;
  EXPECT_FALSE(holds(one, finding, now)) << "worse than what was seen";
  finding.finding.level = diagnose::Level::kNote;
  EXPECT_TRUE(holds(one, finding, now));
  finding.recurrences = 1;
  EXPECT_FALSE(holds(one, finding, now)) << "it came back";
  finding.recurrences = 0;
  finding.phase = diagnose::Phase::kClosed;
  EXPECT_FALSE(holds(one, finding, now));
}

TEST_F(AcknowledgeTest, IsKeptShownAndTakenBack) {
  open(ApiRole::kOperator);
  const char* path = "/api/v1/findings/fnd-1/acknowledge";
  const auto shown = [&] {
    return Json::parse(get("/api/v1/findings/fnd-1").body)["finding"].value("acknowledged", Json());
  };
  EXPECT_EQ(Json::parse(send("POST", path, R"({"text":"cable is ordered"})").body)["applied"],
            false);
  EXPECT_TRUE(shown().is_null());
  const auto done = send("POST", path, R"({"text":"cable is ordered","for_s":60,"apply":true})");
  ASSERT_EQ(done.status, 200U) << done.body;
  EXPECT_EQ(shown()["by"], "local");
  EXPECT_EQ(shown()["text"], "cable is ordered");
  EXPECT_EQ(Json::parse(get("/api/v1/top").body)["findings"][0]["acknowledged"], shown());
  EXPECT_EQ(send("DELETE", path, "").status, 200U);
  EXPECT_FALSE(shown().is_null()) << "only tried";
  EXPECT_EQ(send("DELETE", std::string(path) + "?apply=true", "").status, 200U);
  EXPECT_TRUE(shown().is_null());
  EXPECT_EQ(send("DELETE", path, "").status, 404U);
  EXPECT_THAT(audit_, HasSubstr(R"("path":"/api/v1/findings/fnd-1/acknowledge")"));
}

TEST_F(AcknowledgeTest, RefusesWhatCannotBe) {
  open(ApiRole::kOperator);
  const char* path = "/api/v1/findings/fnd-1/acknowledge";
  EXPECT_EQ(send("POST", "/api/v1/findings/fnd-9/acknowledge", "{}").status, 404U);
  EXPECT_EQ(send("POST", path, R"({"until":"2001-01-01"})").status, 400U) << "it is over";
  EXPECT_EQ(send("POST", path, R"({"until":"soon"})").status, 400U);
  EXPECT_EQ(send("POST", path, R"({"for_s":-1})").status, 400U);
}

TEST_F(AcknowledgeTest, IsForOperators) {
  open(ApiRole::kViewer);
  EXPECT_EQ(send("POST", "/api/v1/findings/fnd-1/acknowledge", R"({"apply":true})").status, 403U);
  EXPECT_EQ(send("DELETE", "/api/v1/findings/fnd-1/acknowledge", "").status, 403U);
}

}  // namespace
}  // namespace weft::serve
