// SPDX-License-Identifier: Apache-2.0
// The exposition format, against its page in Prometheus' documentation (the lines below follow its
// rules, not our writer), and against promtool as a judge of what we write.
#include "wire/prometheus/text.h"

#include "base/test_shell.h"

#include <bit>
#include <cmath>
#include <fstream>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace weft::wire::prometheus {
namespace {

TEST(PrometheusTextTest, ReadsWhatExportersWrite) {
  const auto read_back = read(
      "# HELP node_network_carrier_changes_total Carrier changes.\n"
      "# TYPE node_network_carrier_changes_total counter\n"
      "node_network_carrier_changes_total{device=\"eth0\"} 3\n"
      "node_network_carrier_changes_total{device=\"eth1\",} 1e+06 1700000000000\n"
      "\n"
      "  # a comment\n"
      "DCGM_FI_DEV_GPU_TEMP{gpu=\"0\", UUID=\"GPU-1\",pci_bus_id=\"00000000:1B:00.0\"}\t41\n"
      "lat_bucket{le=\"+Inf\"} +Inf\n"
      "odd_value NaN\n"
      "esc{path=\"C:\\\\DIR\\\\F.TXT\",err=\"Cannot \\\"find\\\"\\nfile\"} -2.5e-3\n");
  ASSERT_TRUE(read_back);
  EXPECT_EQ(read_back->bad_lines, 0U);
  ASSERT_EQ(read_back->families.size(), 5U);
  const auto& carrier = read_back->families[0];
  EXPECT_EQ(carrier.type, Type::kCounter);
  EXPECT_EQ(carrier.help, "Carrier changes.");
  ASSERT_EQ(carrier.samples.size(), 2U);
  EXPECT_EQ(carrier.samples[1].value, 1e6);
  EXPECT_EQ(carrier.samples[1].at_ms, 1700000000000);
  EXPECT_EQ(carrier.samples[1].labels, (Labels{{"device", "eth1"}}));
  EXPECT_EQ(read_back->families[1].samples[0].labels.size(), 3U);
  EXPECT_TRUE(std::isinf(read_back->families[2].samples[0].value));
  EXPECT_TRUE(std::isnan(read_back->families[3].samples[0].value));
  EXPECT_EQ(read_back->families[4].samples[0].labels,
            (Labels{{"path", "C:\\DIR\\F.TXT"}, {"err", "Cannot \"find\"\nfile"}}));
  EXPECT_EQ(read_back->families[4].samples[0].value, -2.5e-3);
}

TEST(PrometheusTextTest, PartsOfAHistogramBelongToIt) {
  const auto read_back = read(
      "# TYPE rtt histogram\n"
      "rtt_bucket{le=\"1\"} 2\nrtt_bucket{le=\"+Inf\"} 5\nrtt_sum 7.5\nrtt_count 5\n"
      "rtt_other 1\n");
  ASSERT_TRUE(read_back);
  ASSERT_EQ(read_back->families.size(), 2U);
  EXPECT_EQ(read_back->families[0].samples.size(), 4U);
  EXPECT_EQ(read_back->families[1].name, "rtt_other");
}

TEST(PrometheusTextTest, OpenMetricsTimesAreSecondsAndExemplarsPass) {
  const std::string text =
      "# TYPE hits counter\n# UNIT hits seconds\n"
      "hits_total 17 1520879607.789 # {trace_id=\"KOO5S4vxi0o\"} 0.67 1520879607.7\n# EOF\n";
  const auto read_back = read(text, true);
  ASSERT_TRUE(read_back);
  EXPECT_EQ(read_back->bad_lines, 0U);
  ASSERT_EQ(read_back->families.size(), 1U);
  EXPECT_EQ(read_back->families[0].samples[0].at_ms, 1520879607789);
  EXPECT_EQ(read(text)->bad_lines, 1U) << "0.0.4 has neither fractions nor exemplars";
}

TEST(PrometheusTextTest, NamesEveryBadLineAndReadsTheRest) {
  const auto read_back = read(
      "9lives 1\n"
      "no_value\n"
      "no_value_either{a=\"b\"}\n"
      "bad_label{1=\"x\"} 1\n"
      "open{a=\"b} 1\n"
      "bare{a=b} 1\n"
      "hex 0x10\n"
      "late 1 soon\n"
      "more 1 2 3\n"
      "parted{a=\"b\" c=\"d\"} 1\n"
      "good 1\n");
  ASSERT_TRUE(read_back);
  EXPECT_EQ(read_back->bad_lines, 10U);
  ASSERT_EQ(read_back->families.size(), 1U);
  EXPECT_EQ(read_back->families[0].name, "good");
  EXPECT_THAT(read_back->problems[4],
              testing::AllOf(testing::StartsWith("line 5: "), testing::HasSubstr("quotes")));
}

TEST(PrometheusTextTest, LimitsHold) {
  EXPECT_EQ(read("a 1\nb 2\nc 3\n", false, {.samples_max = 2}).error().code,
            base::Code::kResourceExhausted);
  EXPECT_EQ(read("abcdef 1\n", false, {.bytes_max = 4}).error().code,
            base::Code::kResourceExhausted);
  EXPECT_EQ(read(std::string(100, 'a') + " 1\n", false, {.line_bytes_max = 50})->bad_lines, 1U);
  EXPECT_EQ(read("a{b=\"1\",c=\"2\"} 1\n", false, {.labels_max = 1})->bad_lines, 1U);
  EXPECT_EQ(read("?\n?\n?\n", false, {.problems_max = 2})->problems.size(), 2U);
}

/// Any text in labels and any bits in values come back as they were written.
TEST(PrometheusTextPropertyTest, ReadsWhatItWrote) {
  EXPECT_TRUE(rc::check([] {
    Family family{"weft_x", *rc::gen::arbitrary<std::string>(), Type::kGauge, {}};
    const auto count = *rc::gen::inRange(0, 5);
    for (int i = 0; i < count; ++i) {
      TextSample sample{
          "weft_x", {}, std::bit_cast<double>(*rc::gen::arbitrary<std::uint64_t>()), {}};
      if (std::isnan(sample.value)) {
        sample.value = 1;
      }
      for (int k = *rc::gen::inRange(0, 3); k-- > 0;) {
        auto value = *rc::gen::arbitrary<std::string>();
        std::erase(value, '\r');
        sample.labels.emplace_back("l" + std::to_string(k), value);
      }
      if (*rc::gen::arbitrary<bool>()) {
        sample.at_ms = *rc::gen::arbitrary<std::int64_t>();
      }
      family.samples.push_back(sample);
    }
    std::string text;
    write(family, text);
    const auto again = read(text);
    RC_ASSERT(again.has_value());
    RC_ASSERT(again->bad_lines == 0U);
    RC_ASSERT(again->families.size() == 1U);
    RC_ASSERT(again->families[0].samples == family.samples);
  }));
}

TEST(PrometheusTextJudge, PromtoolTakesWhatIsWritten) {
  if (!base::has_program("promtool")) {
    GTEST_SKIP() << "no promtool (package prometheus)";
  }
  std::string text;
  write({"weft_link_up",
         "Whether the link is up.\nSecond line, with a \\.",
         Type::kGauge,
         {{"weft_link_up", {{"link", "a \"b\" \\ c\nd"}}, 1, {}}}},
        text);
  write({"weft_errors_total",
         "Errors.",
         Type::kCounter,
         {{"weft_errors_total", {{"lane", "0"}}, 1e300, {}},
          {"weft_errors_total", {{"lane", "1"}}, std::numeric_limits<double>::infinity(), {}}}},
        text);
  const std::string file = testing::TempDir() + "/weft_promtool_test.txt";
  std::ofstream(file) << text;
  const auto run = base::shell("promtool check metrics < " + file);
  EXPECT_EQ(run.code, 0) << run.out << text;
}

}  // namespace
}  // namespace weft::wire::prometheus
