// SPDX-License-Identifier: Apache-2.0
#include "telemetry/series_order.h"

#include <algorithm>
#include <tuple>

#include <gtest/gtest.h>

namespace weft::telemetry {
namespace {

TEST(SeriesOrder, IsThatOfMetricThenSubjectThenLabelAsComparingWouldGive) {
  using observe::Metric;
  std::vector<SeriesKey> keys;
  for (const char* subject : {"prt-b", "dev-a", "prt-c", "prt-a"}) {
    for (const Metric metric : {Metric::kTemperature, Metric::kLaneBitErrors}) {
      for (const char* label : {"7", "", "10", "media 2"}) {
        keys.push_back({subject, metric, label});
      }
    }
  }
  std::swap(keys[1], keys[20]);  // subjects that do not come in one piece
  std::vector<SeriesPlace> places;
  for (const SeriesKey& key : keys) {
    places.push_back({&key, nullptr});
  }
  auto compared = places;
  std::ranges::sort(compared, {}, [](const SeriesPlace& place) {
    return std::tie(place.key->metric, place.key->subject, place.key->label);
  });
  put_in_order(places);
  EXPECT_TRUE(std::ranges::equal(places, compared, {}, &SeriesPlace::key, &SeriesPlace::key));
  places.clear();
  put_in_order(places);
  EXPECT_TRUE(places.empty());
}

}  // namespace
}  // namespace weft::telemetry
