// SPDX-License-Identifier: Apache-2.0
// The catalogue agrees with its enumerators, and absences keep their reasons.
#include "observe/metric.h"
#include "observe/reading.h"
#include "observe/snapshot.h"

#include <set>

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
    EXPECT_EQ(row.kind == MetricKind::kCounter,
              !row.since.empty() && row.kind != MetricKind::kState)
        << row.key << ": a counter says what it counts from";
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
