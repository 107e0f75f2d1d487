// SPDX-License-Identifier: Apache-2.0
// What others get of us, judged by them: promtool reads the exposition and the alert rules,
// Prometheus and VictoriaMetrics take remote_write.
#include "base/stats.h"
#include "base/test_shell.h"
#include "diagnose/context.h"
#include "serve/export/alert_rules.h"
#include "serve/export/remote_writer.h"
#include "serve/export/values.h"
#include "serve/test_receiver.h"
#include "telemetry/store/test_store.h"

#include <fstream>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft::serve {
namespace {

using testing::HasSubstr;

constexpr const char* kAnswer = R"({"ok":true,"values":[
 {"subject":"prt-1","of":"port","host":"n7","name":"eth \"0\"","metric":"lane_bias","label":"2",
  "at":1700000000.5,"value":7.5},
 {"subject":"prt-1","of":"port","host":"n7","name":"eth \"0\"","metric":"temperature",
  "label":"core","at":1700000000,"not_measured":"needs_root"},
 {"subject":"lnk-2","metric":"fec_codewords","label":"total 0,1-3,4","at":1700000000,
  "value":[900,50,1]},
 {"subject":"prt-1","metric":"no_such_metric","label":"","at":1,"value":1}]})";

std::vector<ExportValue> values() {
  auto out = values_of(kAnswer);
  return out.value_or(std::vector<ExportValue>{});
}

TEST(ExportTest, WritesTheExposition) {
  const std::string text = exposition(values());
  EXPECT_THAT(text, HasSubstr("# TYPE weft_lane_bias_amperes gauge"));
  EXPECT_THAT(text, HasSubstr(R"({host="n7",port="eth \"0\"",lane="2",id="prt-1"} 0.0075)"));
  EXPECT_THAT(text, HasSubstr(R"(weft_fec_codewords_total{link="lnk-2",lane="total",id="lnk-2",)"
                              R"(symbols="1-3"} 50)"));
  EXPECT_THAT(text, HasSubstr(R"(weft_not_measured{metric="temperature",reason="needs_root"} 1)"));
  EXPECT_THAT(text, testing::Not(HasSubstr("weft_temperature_celsius")));
  if (!base::has_program("promtool")) {
    GTEST_SKIP() << "promtool is not installed (Debian: prometheus)";
  }
  const telemetry::StoreFolder folder;
  std::ofstream(folder.path() + "/e.txt") << text;
  const auto judged = base::shell("promtool check metrics < " + folder.path() + "/e.txt");
  EXPECT_EQ(judged.code, 0) << judged.out;
}

TEST(ExportTest, WritesLinesAndTables) {
  EXPECT_THAT(json_lines(values()),
              HasSubstr(R"("metric":"temperature","label":"core","unit":"Cel","not_measured")"));
  EXPECT_THAT(csv(values()), HasSubstr(R"("n7","port","eth ""0""","prt-1",lane_bias,"2",mA,7.5,)"));
  EXPECT_FALSE(values_of(R"({"ok":true})"));
  EXPECT_FALSE(values_of("x"));
}

TEST(AlertRulesTest, AlertsAtTheSmallestCountThatIsProven) {
  for (const diagnose::RateLimit& limit : diagnose::kRateLimits) {
    const AlertThreshold threshold = threshold_of(limit);
    const auto proven = [&](std::uint64_t events) {
      diagnose::CounterRate rate;
      rate.events = events;
      rate.over = {static_cast<std::int64_t>(threshold.hours) * 3'600'000'000'000};
      rate.bound();
      return rate.is_proven_above(limit.per_hour);
    };
    EXPECT_TRUE(proven(threshold.count)) << limit.alert;
    EXPECT_FALSE(proven(threshold.count - 1)) << limit.alert;
  }
}

TEST(AlertRulesTest, PromtoolTakesAndTestsThem) {
  if (!base::has_program("promtool")) {
    GTEST_SKIP() << "promtool is not installed (Debian: prometheus)";
  }
  const telemetry::StoreFolder folder;
  std::ofstream(folder.path() + "/rules.yml") << alert_rules();
  const auto checked = base::shell("promtool check rules " + folder.path() + "/rules.yml");
  EXPECT_EQ(checked.code, 0) << checked.out;
  // Far above the limit and below it; a link that was up and one that never was.
  std::ofstream(folder.path() + "/test.yml") << R"(rule_files: [rules.yml]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - series: weft_aer_correctable_errors_total{host="a",port="p",type="RxErr"}
        values: 0+1x90
      - series: weft_aer_correctable_errors_total{host="b",port="p",type="RxErr"}
        values: 0x40 1x50
      - series: weft_aer_correctable_errors_total{host="c",port="p",type="UnsupReq"}
        values: 0+1x90
      - {series: 'weft_link_up{host="a",link="l"}', values: '1x80 0x10'}
      - {series: 'weft_link_up{host="a",link="m"}', values: '0x90'}
    alert_rule_test:
      - eval_time: 85m
        alertname: WeftLinkDown
        exp_alerts:
          - exp_labels: {severity: critical, host: a, link: l}
            exp_annotations:
              summary: 'a l: was up within a day and is down'
              next_step: 'Ask weft why, which tells cause from victim.'
    promql_expr_test:
      - expr: count(ALERTS{alertname="WeftPcieCorrectableErrors",host="a"})
        eval_time: 85m
        exp_samples: [{labels: '{}', value: 1}]
      - expr: count(ALERTS{alertname="WeftPcieCorrectableErrors"})
        eval_time: 85m
        exp_samples: [{labels: '{}', value: 1}]
)";
  const auto tested = base::shell("cd " + folder.path() + " && promtool test rules test.yml");
  EXPECT_EQ(tested.code, 0) << tested.out;
}

TEST(RemoteWriterTest, KeepsWhatNobodyTakesUpToItsBound) {
  EXPECT_FALSE(RemoteWriter::make({.url = "ftp://x"}));
  auto writer = RemoteWriter::make({.url = "http://127.0.0.1:1/", .batch_most = 2, .kept_most = 3});
  ASSERT_TRUE(writer) << writer.error().text();
  ASSERT_TRUE(writer->push(remote_series(values())));  // 4 samples in 2 batches
  EXPECT_EQ(writer->status().samples_dropped, 2U);
  EXPECT_EQ(writer->status().waiting, 2U);
  EXPECT_FALSE(writer->send({0}));
  EXPECT_EQ(writer->status().failed, 1U);
  EXPECT_EQ(writer->status().waiting, 2U);
  EXPECT_FALSE(writer->status().last_problem.empty());
}

TEST(RemoteWriterTest, SendsAgainWhatWasRefusedForTheSendersSake) {
  test::Receiver receiver({401, 404, 503, 200, 400});
  auto writer = RemoteWriter::make({.url = "http://127.0.0.1:" + receiver.port + "/write",
                                    .token = "s3cret",
                                    .first_retry = base::Duration{1'000'000},
                                    .batch_most = 2});
  ASSERT_TRUE(writer) << writer.error().text();
  ASSERT_TRUE(writer->push(remote_series(values())));  // 4 samples in 2 batches
  EXPECT_TRUE(writer->send(base::seconds(5)));
  EXPECT_EQ(writer->status().failed, 3U);
  EXPECT_EQ(writer->status().samples_sent, 2U);
  EXPECT_EQ(writer->status().samples_refused, 2U) << "400 speaks of the samples";
  const auto requests = receiver.requests();
  ASSERT_EQ(requests.size(), 5U);
  const auto body = [&](std::size_t i) { return requests[i].substr(requests[i].find("\r\n\r\n")); };
  EXPECT_EQ(body(0), body(3));
  EXPECT_NE(body(3), body(4));
  EXPECT_NE(requests[0].find("Authorization: Bearer s3cret\r\n"), std::string::npos);
}

/// Runs remote_write_server.py around what `use` does with the address; its output.
struct RemoteWriterJudge : testing::TestWithParam<const char*> {};

TEST_P(RemoteWriterJudge, HasWhatWasSent) {
  if (!base::has_program(GetParam())) {
    GTEST_SKIP() << GetParam() << " is not installed";
  }
  const std::string python = base::python_with();
  if (python.empty()) {
    GTEST_SKIP() << base::no_python_with();
  }
  const telemetry::StoreFolder folder;
  const std::string script = python + " " + WEFT_SOURCE_DIR + "/src/serve/export/remote_server.py ";
  const std::string go = script + "start " + GetParam() + " " + folder.path();
  const auto started = base::shell(go);
  ASSERT_EQ(started.code, 0) << started.out;
  const std::string address = started.out.substr(0, started.out.find('\n'));
  auto all = values();
  const std::int64_t now = base::wall_now().ns / 1'000'000'000 * 1'000'000'000;
  for (ExportValue& value : all) {
    value.at = {now};
  }
  auto writer = RemoteWriter::make({.url = address + "/api/v1/write", .batch_most = 3});
  ASSERT_TRUE(writer);
  EXPECT_TRUE(writer->push(remote_series(all)));
  EXPECT_TRUE(writer->send({5'000'000'000})) << writer->status().last_problem;
  EXPECT_EQ(writer->status().samples_sent, 4U) << writer->status().last_problem;
  EXPECT_EQ(writer->status().sent_until_ms, now / 1'000'000);
  const auto found = base::shell(script + "stop " + GetParam() + " " + folder.path());
  EXPECT_EQ(found.code, 0) << found.out;
  EXPECT_THAT(found.out,
              HasSubstr(fmt::format("weft_lane_bias_amperes {} 0.0075", now / 1'000'000)));
  EXPECT_THAT(found.out,
              HasSubstr(fmt::format("weft_fec_codewords_total {} 900", now / 1'000'000)));
}
INSTANTIATE_TEST_SUITE_P(Servers, RemoteWriterJudge,
                         testing::Values("prometheus", "victoria-metrics"), [](const auto& info) {
                           return std::string(info.param).substr(0, 8) == "victoria" ? "victoria"
                                                                                     : "prometheus";
                         });

}  // namespace
}  // namespace weft::serve
