// SPDX-License-Identifier: Apache-2.0
// Actions of the API on the twin of this program: found by the rack's names, done through the
// twin's registers, noted under the names that its doors have, undone.
#include "cli/up_actions.h"

#include "base/temp_folder.h"
#include "fabric/rack.h"
#include "twin/plan/inventory.h"
#include "twin/test_rack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace weft::cli {
namespace {

using testing::HasSubstr;

class TwinActions : public testing::Test {
 protected:
  TwinActions() : folder_("weft-actions") {
    auto loaded = fabric::load_rack_text(std::string(twin::test::kOneLinkRack), "one.yaml", {});
    auto built = twin::build_rack(std::move(loaded.fabric), {.seed = 1});
    if (!built) {
      std::abort();
    }
    rack_ = std::move(*built);
    rack_->world->advance(base::seconds(5));
    plan_ = twin::located(*rack_->plan);
    joint_.emplace(&plan_);
    auto options = twin_actions(*rack_, folder_.at("doors"));
    options.refusal.clear();
    options.folder = folder_.at("state");
    desk_.emplace(std::move(options));
  }
  base::Result<nlohmann::ordered_json> act(const serve::ActionRequest& request,
                                           std::string_view target, bool applies) {
    return desk_->act(*joint_, request, target, applies, {"anna", {}});
  }

  base::TempFolder folder_;
  std::unique_ptr<twin::Rack> rack_;
  fabric::Fabric plan_;
  std::optional<diagnose::Joint> joint_;
  std::optional<serve::ActionDesk> desk_;
};

TEST_F(TwinActions, AreFoundByAnyOfItsNames) {
  const serve::ActionRequest slow{.action = "link set-speed", .value = "gen4"};
  const std::string name = rack_->plan->links.front().name;
  for (const std::string& target :
       {name, plan_.link_named(name)->id.text(), std::string("server0/0000:01:00.0"),
        std::string("0000:01:00.0")}) {
    const auto trial = act(slow, target, false);
    ASSERT_TRUE(trial) << target << ": " << trial.error().text();
    EXPECT_EQ((*trial)["action"]["before"]["rate_gts"], 32.0);
    EXPECT_EQ((*trial)["action"]["disturbs"]["machines"][0], "server0");
    EXPECT_THAT((*trial)["action"]["writes"][0]["device"].get<std::string>(),
                HasSubstr("server0/0000:"));
  }
  const auto none = act(slow, "nobody", false);
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().text(), HasSubstr("The rack has"));
}

TEST_F(TwinActions, LastUntilTheyAreUndone) {
  const serve::ActionRequest slow{.action = "link set-speed", .value = "gen4"};
  const auto done = act(slow, "0000:01:00.0", true);
  ASSERT_TRUE(done) << done.error().text();
  EXPECT_EQ((*done)["action"]["after"]["rate_gts"], 16.0);
  // Without a store nothing remembers who it was; the journal tells what is changed.
  const auto listed = desk_->list();
  ASSERT_TRUE(listed);
  ASSERT_EQ(listed->size(), 1U);
  EXPECT_EQ(listed->front()["state"], "open");
  const auto id = listed->front()["id"].get<std::string>();
  ASSERT_TRUE(desk_->undo(id, true, {"anna", {}}));
  const auto again = act(slow, "0000:01:00.0", false);
  ASSERT_TRUE(again);
  EXPECT_EQ((*again)["action"]["before"]["rate_gts"], 32.0);
  EXPECT_TRUE(desk_->list()->empty());
}

TEST(HostActions, AreRefusedUnlessAllowed) {
  const diagnose::Joint joint;
  auto options = host_actions(false);
  EXPECT_THAT(options.hint, HasSubstr("--allow-actions"));
  options.open = [](std::string_view, const diagnose::Joint*) -> base::Result<serve::ActionPlace> {
    ADD_FAILURE() << "no device may be asked";
    return base::fail(base::Code::kInternal, "asked");
  };
  serve::ActionDesk desk(std::move(options));
  const auto refused =
      desk.act(joint, {.action = "link retrain"}, "0000:00:00.0", false, {"anna", {}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, base::Code::kPermissionDenied);
}

}  // namespace
}  // namespace weft::cli
