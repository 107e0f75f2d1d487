// SPDX-License-Identifier: Apache-2.0
// weft history, events, top and export as a user meets them, over a store's folder; JSON by schema.
#include "cli/test_schema.h"
#include "cli/test_shell.h"
#include "telemetry/store/test_store.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft::cli {
namespace {

using observe::Metric;
using telemetry::kSecond;
using testing::HasSubstr;

class HistoryVerbTest : public testing::Test {
 protected:
  void SetUp() override {
    auto store = telemetry::Store::open(path());
    ASSERT_TRUE(store) << store.error().text();
    const auto hot = *(*store)->series({"prt-1", Metric::kTemperature, "core"});
    const auto errors = *(*store)->series({"prt-1", Metric::kAerCorrectable, "total"});
    const std::int64_t now = base::wall_now().ns;
    std::vector<telemetry::StorePoint> points;
    for (int i = 60; i > 0; --i) {
      const std::int64_t at = now - i * 10 * kSecond;
      points.push_back(telemetry::real(hot, at, 50 + i % 7));
      points.push_back(telemetry::whole(errors, at, 1000 - static_cast<std::uint64_t>(i)));
    }
    ASSERT_TRUE((*store)->append(points));
    telemetry::SubjectRecord record;
    record.subject = "prt-1";
    record.kind = "port";
    record.host = "node7";
    record.name = "eth0";
    ASSERT_TRUE((*store)->put_subject(record));
    std::vector<telemetry::StoredEvent> events(1);
    events[0].event.at = base::WallTime{now - 60 * kSecond};
    events[0].event.kind = "link_down";
    events[0].event.text = "eth0: link is down";
    events[0].subject = "prt-1";
    events[0].host = "node7";
    ASSERT_TRUE((*store)->append(events));
    ASSERT_TRUE((*store)->commit());
  }
  [[nodiscard]] std::string path() const { return folder_.path() + "/s"; }
  [[nodiscard]] base::Run run(const std::string& words) const {
    return shell(weft() + words + " --store " + path());
  }
  telemetry::StoreFolder folder_;
};

TEST_F(HistoryVerbTest, ShowsPointsPlotsAndTables) {
  const base::Run table = run("history node7/eth0 temperature");
  EXPECT_EQ(table.code, 0) << table.out;
  EXPECT_THAT(table.out, HasSubstr("node7 eth0, core"));
  const base::Run rate = run("history 'prt-*' aer_correctable --rate --step 10m");
  EXPECT_THAT(rate.out, HasSubstr("95 %"));
  const base::Run plot = run("history 'prt-*' temperature --plot");
  EXPECT_EQ(plot.code, 0) << plot.out;
  EXPECT_THAT(plot.out, HasSubstr("temperature (Cel)"));
  EXPECT_THAT(run("history '*' temperature --csv").out, HasSubstr("at,subject,place,label,value"));
  EXPECT_EQ(run("history '*' no_such").code, 65);
  EXPECT_EQ(run("history '*' temperature --since yesterday").code, 64);
}

TEST_F(HistoryVerbTest, ShowsEventsAndTheWorst) {
  EXPECT_THAT(run("events --kind 'link_*'").out, HasSubstr("node7 eth0: eth0: link is down"));
  EXPECT_THAT(run("top").out, HasSubstr("aer_correctable total"));
}

TEST_F(HistoryVerbTest, FollowsItsSchemas) {
  const auto save = [&](const std::string& name, const std::string& words) {
    const base::Run json = run(words);
    EXPECT_EQ(json.code, 0) << json.out;
    std::ofstream(folder_.path() + "/" + name) << json.out;
    return folder_.path() + "/" + name;
  };
  expect_follows_schema("plane", {save("h.json", "history '*' temperature --json"),
                                  save("r.json", "history '*' aer_correctable --rate --json"),
                                  save("e.json", "events --json"), save("t.json", "top --json")});
}

TEST_F(HistoryVerbTest, Exports) {
  EXPECT_THAT(run("export").out,
              HasSubstr(R"(weft_temperature_celsius{host="node7",port="eth0",sensor="core")"));
  EXPECT_THAT(run("export --json-lines --metric temperature").out, HasSubstr(R"("unit":"Cel")"));
  EXPECT_THAT(run("export --csv").out, HasSubstr("at,host,of,name"));
  EXPECT_THAT(shell(weft() + "export --rules").out, HasSubstr("WeftPcieCorrectableErrors"));
  EXPECT_THAT(shell(weft() + "export --catalogue").out, HasSubstr("# TYPE weft_link_up gauge"));
  EXPECT_NE(shell(weft() + "export --store /nowhere").code, 0);
}

}  // namespace
}  // namespace weft::cli
