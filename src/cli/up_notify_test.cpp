// SPDX-License-Identifier: Apache-2.0
// From a fault to a page: a small living rack, its control plane, and a receiver of webhooks. One
// cause is told once, and once more when it is over; a maintenance window and quiet hours hold it
// back. Time is the world's, so a day passes at once.
#include "cli/up_notify.h"

#include "base/temp_folder.h"
#include "base/test_shell.h"
#include "serve/control_plane.h"
#include "serve/test_receiver.h"
#include "serve/webhook.h"
#include "twin/fault/control.h"
#include "twin/machine.h"
#include "twin/plan/inventory.h"
#include "twin/test_rack.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace weft::cli {
namespace {

using testing::HasSubstr;

constexpr base::WallTime kStart{1'700'006'400LL * 1'000'000'000};  // midnight, UTC

class NotifyTest : public testing::Test {
 protected:
  void SetUp() override {
    auto rack = twin::build_rack(twin::test::rack_of(twin::test::kOneLinkRack), {.seed = 7});
    ASSERT_TRUE(rack) << rack.error().text();
    rack_ = *std::move(rack);
    plan_ = twin::located(*rack_->plan);
    control_ = twin::control_service(*rack_);
  }

  void start(serve::NoticeOptions notices = {}) {
    webhook_ = std::make_unique<serve::Webhook>(
        *serve::webhook_to("http://127.0.0.1:" + receiver_.port + "/pages"));
    serve::ControlPlaneOptions how;
    how.plan = &plan_;
    how.poll_every = base::seconds(60);
    how.notices = std::move(notices);
    how.tell = [this](const std::vector<serve::Notice>& told) {
      webhook_->post(serve::notice_json(told, "test"));
      ++posted_;
    };
    plane_ = std::make_unique<serve::ControlPlane>(nullptr, how);
    plane_->add("server0", twin::host_of(*rack_, 0));
  }

  /// Lets so much world time pass, looking `every` so often.
  void live(double seconds, double every) {
    for (const double end = at_s_ + seconds; at_s_ < end;) {
      at_s_ += every;
      rack_->world->advance_to({static_cast<std::int64_t>(at_s_ * 1e9)});
      const auto stepped = plane_->step(kStart + base::seconds(at_s_));
      EXPECT_THAT(stepped.problems, testing::IsEmpty());
    }
  }
  void order(const std::string& line) {
    EXPECT_THAT(control_.answer(line), HasSubstr("\"ok\":true"));
  }
  void break_link() { order(R"({"command":"inject","fault":"unplugged","target":"link:*"})"); }
  /// Kinds of all notices that came, in order.
  std::vector<std::string> kinds() {
    EXPECT_TRUE(serve::test::waits_until([&] { return receiver_.bodies().size() >= posted_; }));
    std::vector<std::string> out;
    for (const std::string& body : receiver_.bodies()) {
      const auto json = nlohmann::json::parse(body);
      for (const auto& notice : json.at("notices")) {
        out.push_back(notice.at("kind"));
      }
    }
    return out;
  }

  std::unique_ptr<twin::Rack> rack_;
  fabric::Fabric plan_;
  twin::door::LineService control_;
  serve::test::Receiver receiver_;
  std::unique_ptr<serve::Webhook> webhook_;
  std::unique_ptr<serve::ControlPlane> plane_;
  std::size_t posted_ = 0;
  double at_s_ = 0;
};

TEST_F(NotifyTest, OneCauseIsOnePageAndOneResolve) {
  start();
  live(600, 60);
  EXPECT_THAT(kinds(), testing::IsEmpty());
  break_link();
  live(1200, 60);
  EXPECT_EQ(kinds(), (std::vector<std::string>{"opened"}));
  order(R"({"command":"clear","id":"all"})");
  live(26 * 3600, 1800);
  EXPECT_EQ(kinds(), (std::vector<std::string>{"opened", "closed"}));
}

TEST_F(NotifyTest, AMaintenanceWindowWakesNobody) {
  start();
  live(600, 60);
  plane_->take(diagnose::Mark{.kind = "maintenance",
                              .subject = "server0",
                              .from = kStart + base::seconds(600),
                              .until = kStart + base::seconds(3600),
                              .text = "cards are exchanged"});
  break_link();
  live(1200, 60);
  order(R"({"command":"clear","id":"all"})");
  live(3600, 60);
  EXPECT_THAT(kinds(), testing::IsEmpty());
}

TEST(NotifyOptionsTest, AreReadWithoutTellingTheToken) {
  const base::TempFolder folder("weft-notify");
  std::ofstream(folder.at("token")) << "  s3cret\nother\n";
  Arguments arguments;
  arguments.add("--notify", "http://127.0.0.1:9/x");
  arguments.add("--notify-token", folder.at("token"));
  arguments.add("--notify-level", "critical");
  arguments.add("--quiet-hours", "22:00-06:00");
  UpPlaneOptions out;
  ASSERT_TRUE(read_notify_options(arguments, out));
  EXPECT_EQ(out.webhook->token, "s3cret");
  EXPECT_EQ(out.notices.least, diagnose::Level::kCritical);
  EXPECT_EQ(out.notices.quiet.size(), 1U);
  struct Case {
    std::string option;
    std::string value;
    std::string says;
  };
  for (const Case& one :
       {Case{"--notify", "ftp://x/", "http"}, Case{"--notify-level", "loud", "level"},
        Case{"--quiet-hours", "noon", "quiet hours"},
        Case{"--notify-token", "/nowhere", "token"}}) {
    Arguments wrong;
    if (one.option != "--notify") {
      wrong.add("--notify", "http://127.0.0.1:9/x");
    }
    wrong.add(one.option, one.value);
    UpPlaneOptions ignored;
    const auto read = read_notify_options(wrong, ignored);
    ASSERT_FALSE(read) << one.option;
    EXPECT_THAT(read.error().text(), HasSubstr(one.says));
  }
  Arguments alone;
  alone.add("--quiet-hours", "22:00-06:00");
  EXPECT_FALSE(read_notify_options(alone, out));
  const base::Run run =
      base::shell(std::string(WEFT_BINARY_DIR) + "/bin/weft up --notify nonsense");
  EXPECT_NE(run.code, 0);
}

}  // namespace
}  // namespace weft::cli
