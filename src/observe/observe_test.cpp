// SPDX-License-Identifier: Apache-2.0
// The catalogue agrees with its enumerators, and absences keep their reasons.
#include "base/test_shell.h"
#include "observe/catalogue.h"
#include "observe/event_kind.h"
#include "observe/metric.h"
#include "observe/reading.h"
#include "observe/snapshot.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace weft::observe {
namespace {

TEST(Metric, RowsStandInTheOrderOfTheirEnumerators) {
  for (std::size_t i = 0; i < metrics().size(); ++i) {
    EXPECT_EQ(static_cast<std::size_t>(metrics()[i].metric), i) << metrics()[i].key;
  }
}

TEST(Metric, KeysAreUniqueAndEveryRowHasUnitAndHelp) {
  std::set<std::string_view> keys;
  for (const auto& row : metrics()) {
    EXPECT_TRUE(keys.insert(row.key).second) << row.key;
    EXPECT_FALSE(row.unit.empty()) << row.key;
    EXPECT_FALSE(row.help.empty()) << row.key;
    EXPECT_EQ(row.kind == MetricKind::kCounter || row.kind == MetricKind::kHistogram,
              !row.since.empty() && row.kind != MetricKind::kState)
        << row.key << ": a counter says what it counts from";
    EXPECT_EQ(find_metric(row.key), row.metric);
  }
  EXPECT_FALSE(find_metric("no_such_metric"));
}

TEST(Metric, EveryOneIsNamedByASourceAndSourcesAreInOrder) {
  for (const auto& row : metrics()) {
    EXPECT_FALSE(sources_of(row.metric).empty()) << row.key;
    for (const SourceRow& source : sources_of(row.metric)) {
      EXPECT_FALSE(source.name.empty()) << row.key;
      EXPECT_EQ(source.bits > 0, source.overflow != Overflow::kNone) << row.key;
      EXPECT_TRUE(row.kind != MetricKind::kGauge || source.bits == 0) << row.key;
    }
  }
  EXPECT_TRUE(std::ranges::is_sorted(metric_sources(), {}, &SourceRow::metric));
}

// The rules that promtool leaves out: https://prometheus.io/docs/practices/naming
TEST(Metric, PrometheusNamesAreUniqueAndSayTheirUnit) {
  std::set<std::string_view> names;
  const std::map<std::string_view, std::string_view> suffix = {
      {"Cel", "_celsius"}, {"dB", "_decibels"}, {"dB[mW]", "_dbm"}, {"mA", "_amperes"},
      {"V", "_volts"},     {"%", "_ratio"},     {"s", "_seconds"},  {"bit/s", "_bytes_per_second"}};
  for (const auto& row : metrics()) {
    EXPECT_TRUE(names.insert(row.prometheus).second) << row.prometheus;
    EXPECT_TRUE(row.prometheus.starts_with("weft_")) << row.key;
    const bool is_counter = row.kind == MetricKind::kCounter || row.kind == MetricKind::kHistogram;
    EXPECT_EQ(row.prometheus.ends_with("_total"), is_counter) << row.prometheus;
    if (const auto it = suffix.find(row.unit); it != suffix.end()) {
      EXPECT_TRUE(row.prometheus.ends_with(it->second)) << row.prometheus;
    }
  }
}

std::string project_file(const std::string& name) {
  std::ifstream file(std::string(WEFT_SOURCE_DIR) + "/" + name);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Catalogue, PageIsWhatIsGenerated) {
  if (std::getenv("WEFT_REGENERATE") != nullptr) {
    std::ofstream(std::string(WEFT_SOURCE_DIR) + "/docs/METRICS.md") << catalogue_markdown();
  }
  EXPECT_EQ(project_file("docs/METRICS.md"), catalogue_markdown())
      << "write it anew: WEFT_REGENERATE=1 weft_observe_test";
}

TEST(Catalogue, PromtoolAcceptsEveryName) {
  if (!base::has_program("promtool")) {
    GTEST_SKIP() << "promtool is not installed";
  }
  const std::string file = testing::TempDir() + "weft_catalogue.prom";
  std::ofstream(file) << catalogue_exposition();
  const base::Run run = base::shell("promtool check metrics < " + file);
  EXPECT_EQ(run.code, 0);
  EXPECT_EQ(run.out, "");
  // It does judge: a counter without _total is a fault in its eyes.
  std::ofstream(file) << "# HELP weft_x X.\n# TYPE weft_x counter\nweft_x 1\n";
  EXPECT_NE(base::shell("promtool check metrics < " + file).code, 0);
}

TEST(EventKind, KeysAreUnique) {
  std::set<std::string_view> keys;
  for (const EventKindRow& row : event_kinds()) {
    EXPECT_TRUE(keys.insert(row.key).second) << row.key;
    EXPECT_EQ(find_event_kind(row.key), &row);
    EXPECT_FALSE(row.meaning.empty());
  }
}

TEST(Reading, ErrorsBecomeReasons) {
  using base::Code;
  EXPECT_EQ(not_measured({Code::kPermissionDenied, "", "p", ""}).why, Absence::kNeedsRoot);
  EXPECT_EQ(not_measured({Code::kNotFound, "", "p", ""}).why, Absence::kNotProvided);
  EXPECT_EQ(not_measured({Code::kUnimplemented, "", "p", ""}).why, Absence::kNotSupported);
  EXPECT_EQ(not_measured({Code::kDataLoss, "", "p", ""}).why, Absence::kGarbled);
  EXPECT_EQ(not_measured({Code::kUnavailable, "", "p", ""}).why, Absence::kUnreadable);
  EXPECT_EQ(not_measured({Code::kUnavailable, "", "p", ""}).detail, "p");
}

TEST(Reading, EveryReasonHasItsOwnKeyAndWords) {
  std::set<std::string_view> keys;
  for (int i = 0; i <= static_cast<int>(Absence::kAsleep); ++i) {
    EXPECT_TRUE(keys.insert(key(static_cast<Absence>(i))).second);
    EXPECT_FALSE(words(static_cast<Absence>(i)).empty());
  }
}

TEST(Subject, TextTellsItsKind) {
  EXPECT_EQ(text(Subject{}), "");
  EXPECT_TRUE(text(Subject(fabric::LinkId(7))).starts_with("lnk-"));
  EXPECT_TRUE(text(Subject(fabric::DeviceId(7))).starts_with("dev-"));
}

}  // namespace
}  // namespace weft::observe
