// SPDX-License-Identifier: Apache-2.0
// Questions and answers of the plane: what docs/formats/plane.md says, against a small store whose
// contents are known.
#include "serve/query.h"

#include "telemetry/store/test_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace weft::serve {
namespace {

using Json = nlohmann::json;
using observe::Metric;
using telemetry::kSecond;
using telemetry::kStart;

class QueryTest : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = telemetry::Store::open(folder_.path() + "/s");
    ASSERT_TRUE(opened) << opened.error().text();
    store_ = std::move(*opened);
    const auto hot = *store_->series({"prt-1", Metric::kTemperature, "core"});
    const auto errors = *store_->series({"prt-1", Metric::kAerCorrectable, "total"});
    std::vector<telemetry::StorePoint> points;
    for (int i = 0; i < 20; ++i) {  // every 30 s, ten minutes
      const std::int64_t at = kStart + i * 30 * kSecond;
      if (i < 8 || i >= 12) {
        points.push_back(telemetry::real(hot, at, 40 + i));
      } else {
        points.push_back({hot, {{at}, observe::absent(observe::Absence::kNeedsRoot, "hwmon")}});
      }
      points.push_back(telemetry::whole(errors, at, 100 + 2 * static_cast<std::uint64_t>(i)));
    }
    ASSERT_TRUE(store_->append(points));
    telemetry::SubjectRecord record;
    record.subject = "prt-1";
    record.kind = "port";
    record.host = "node7";
    record.name = "eth0";
    ASSERT_TRUE(store_->put_subject(record));
    std::vector<telemetry::StoredEvent> events(2);
    events[0].event.at = base::WallTime{kStart};
    events[0].event.kind = "link_down";
    events[0].event.text = "eth0: down";
    events[0].subject = "prt-1";
    events[0].host = "node7";
    events[1].event.at = base::WallTime{kStart + kSecond};
    events[1].event.kind = "xid";
    events[1].event.text = "Xid 79";
    events[1].host = "node8";
    ASSERT_TRUE(store_->append(events));
    ASSERT_TRUE(store_->commit());
    living_.id = "fnd-1";
    living_.finding.level = diagnose::Level::kWarning;
    living_.finding.place = "node7 eth0";
    living_.finding.sentence = "loses frames";
    living_.opened = {kStart};
  }
  Json ask(const std::string& request) {
    const std::string line =
        answer({.store = store_.get(), .findings = {&living_, 1}, .now = {kStart + 600 * kSecond}},
               request);
    EXPECT_EQ(line.find('\n'), std::string::npos);
    return Json::parse(line);
  }

  telemetry::StoreFolder folder_;
  std::unique_ptr<telemetry::Store> store_;
  diagnose::LivingFinding living_;
};

TEST_F(QueryTest, GivesPointsWithTheirReasons) {
  const Json said =
      ask(R"({"ask":"history","subject":"node7/eth0","metric":"temperature","since_s":3600})");
  ASSERT_TRUE(said["ok"]) << said;
  EXPECT_EQ(said["unit"], "Cel");
  ASSERT_EQ(said["series"].size(), 1U);
  const Json& series = said["series"][0];
  EXPECT_EQ(series["name"], "eth0");
  ASSERT_EQ(series["points"].size(), 20U);
  EXPECT_EQ(series["points"][0]["value"], 40.0);
  EXPECT_EQ(series["points"][8]["not_measured"], "needs_root");
  EXPECT_FALSE(series["points"][8].contains("value"));
  ASSERT_EQ(series["spans"].size(), 1U) << series["spans"];
  EXPECT_EQ(series["spans"][0]["why"], "needs_root");
  EXPECT_EQ(series["spans"][0]["until"], kStart / kSecond + 12 * 30);
}

TEST_F(QueryTest, GivesRatesWithExactBounds) {
  const Json said = ask(
      R"({"ask":"history","subject":"prt-1","metric":"aer_correctable","step_s":600,
          "since":"2023-11-15T00:00:00Z","function":"rate"})");
  ASSERT_TRUE(said["ok"]) << said;
  const Json& points = said["series"][0]["points"];
  ASSERT_EQ(points.size(), 1U) << said;
  // 19 increments of 2 over 570 s; R: poisson.test(38)$conf.int is 26.891 to 52.159.
  EXPECT_EQ(points[0]["events"], 38);
  EXPECT_NEAR(points[0]["covered_s"], 570, 1e-9);
  EXPECT_NEAR(points[0]["low"], 26.891 / 570, 1e-5);
  EXPECT_NEAR(points[0]["high"], 52.159 / 570, 1e-5);
  EXPECT_EQ(said["unit"], "1/s");
}

TEST_F(QueryTest, GivesStepsAndWhatWasNotMeasured) {
  const Json said =
      ask(R"({"ask":"history","subject":"*","metric":"temperature","step_s":60,"function":"max"})");
  ASSERT_TRUE(said["ok"]) << said;
  const Json& series = said["series"][0];
  EXPECT_EQ(series["points"].size(), 8U);  // two of ten minutes have reasons only
  EXPECT_EQ(series["points"][0]["value"], 41.0);
  ASSERT_EQ(series["spans"].size(), 1U) << series["spans"];
  EXPECT_EQ(series["spans"][0]["why"], "needs_root");
}

TEST_F(QueryTest, ListsEventsFindingsSeriesAndLastValues) {
  EXPECT_EQ(ask(R"({"ask":"events"})")["events"].size(), 2U);
  const Json events = ask(R"({"ask":"events","subject":"node7*"})");
  ASSERT_EQ(events["events"].size(), 1U) << events;
  EXPECT_EQ(events["events"][0]["kind"], "link_down");
  const auto sequence = events["events"][0]["sequence"].get<std::uint64_t>();
  const Json later = ask(R"({"ask":"events","after":)" + std::to_string(sequence) + "}");
  ASSERT_EQ(later["events"].size(), 1U);
  EXPECT_EQ(later["events"][0]["kind"], "xid");
  const Json findings = ask(R"({"ask":"findings"})");
  ASSERT_EQ(findings["findings"].size(), 1U);
  EXPECT_EQ(findings["findings"][0]["level"], "warning");
  EXPECT_EQ(ask(R"({"ask":"findings","phase":"closed"})")["findings"].size(), 0U);
  EXPECT_EQ(ask(R"({"ask":"series"})")["count"], 2);
  const Json last = ask(R"({"ask":"last","metric":"temperature"})");
  ASSERT_EQ(last["values"].size(), 1U) << last;
  EXPECT_EQ(last["values"][0]["value"], 59.0);
}

TEST_F(QueryTest, PutsTheWorstOnTop) {
  const Json said = ask(R"({"ask":"top"})");
  ASSERT_TRUE(said["ok"]) << said;
  EXPECT_EQ(said["open"], 1);
  EXPECT_EQ(said["findings"][0]["sentence"], "loses frames");
  ASSERT_EQ(said["moving"].size(), 1U);
  EXPECT_EQ(said["moving"][0]["metric"], "aer_correctable");
  EXPECT_EQ(said["moving"][0]["events"], 38);
}

TEST_F(QueryTest, SaysWhenThereWasSomething) {
  const Json said = ask(
      R"({"ask":"history","subject":"*","metric":"temperature","since":"2023-11-15T00:10:30Z",
          "until":"2023-11-15T00:20:00Z"})");
  ASSERT_TRUE(said["ok"]) << said;
  EXPECT_TRUE(said["series"].empty());
  EXPECT_THAT(said["notes"][0].get<std::string>(), testing::HasSubstr("2023-11-15T00:09:30"));
}

TEST_F(QueryTest, RefusesWithAWayOut) {
  struct Case {
    const char* request;
    const char* code;
    const char* hint;
  };
  const Case cases[] = {
      {"", "INVALID_ARGUMENT", "Ask like"},
      {"[1]", "INVALID_ARGUMENT", "Ask like"},
      {R"({"ask":"weather"})", "NOT_FOUND", "history"},
      {R"({"ask":"top","metric":"x"})", "INVALID_ARGUMENT", "count"},
      {R"({"ask":"history","metric":"temperatur"})", "INVALID_ARGUMENT", "temperature_peak"},
      {R"({"ask":"history"})", "INVALID_ARGUMENT", "series"},
      {R"({"ask":"history","metric":"temperature","function":"rate"})", "INVALID_ARGUMENT", "mean"},
      {R"({"ask":"history","metric":"temperature","function":"mean","step_s":7})",
       "INVALID_ARGUMENT", "minutes"},
      {R"({"ask":"history","metric":"temperature","since":"noon"})", "INVALID_ARGUMENT", "2026"},
      {R"({"ask":"history","metric":"link_up"})", "NOT_FOUND", "series"},
      {R"({"ask":"history","metric":"temperature","since_s":-1})", "INVALID_ARGUMENT", ""},
      {R"({"ask":"history","metric":"temperature","since_s":1e12})", "INVALID_ARGUMENT", ""},
      {R"({"ask":"events","count":99999999})", "INVALID_ARGUMENT", "after"},
      {R"({"ask":"findings","phase":"gone"})", "INVALID_ARGUMENT", "quiet"},
      {R"({"ask":"history","metric":"temperature","since_s":900000000,"step_s":60,
           "function":"mean"})",
       "RESOURCE_EXHAUSTED", "steps"},
  };
  for (const Case& one : cases) {
    const Json said = ask(one.request);
    EXPECT_FALSE(said["ok"]) << one.request;
    EXPECT_EQ(said["error"]["code"], one.code) << one.request << said;
    EXPECT_THAT(said["error"]["hint"].get<std::string>(), testing::HasSubstr(one.hint))
        << one.request;
  }
  EXPECT_EQ(ask(std::string(20'000, ' '))["error"]["code"], "RESOURCE_EXHAUSTED");
}

TEST(QueryTimeTest, ReadsTimes) {
  EXPECT_EQ(parse_time("2023-11-15T00:00:00Z")->ns, kStart);
  EXPECT_EQ(parse_time("2023-11-15")->ns, kStart);
  EXPECT_EQ(parse_time("2023-11-15 00:01")->ns, kStart + 60 * kSecond);
  EXPECT_EQ(parse_time("2023-11-15T00:00:00.5Z")->ns, kStart + kSecond / 2);
  for (const char* wrong : {"", "Z", "2023-02-30", "2023-11-15T25:00", "1900-01-01", "2023-11-15T",
                            "2023-11-15T00:00:00.", "9999-01-01"}) {
    EXPECT_FALSE(parse_time(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace weft::serve
