// SPDX-License-Identifier: Apache-2.0
// For tests and benchmarks of the store: a temporary folder, and points in short.
#pragma once

#include "base/temp_folder.h"
#include "telemetry/store.h"

#include <string>

namespace weft::telemetry {

using StoreFolder = base::TempFolder;

inline constexpr std::int64_t kSecond = 1'000'000'000;
inline constexpr std::int64_t kStart = 1'700'006'400 * kSecond;  ///< 2023-11-15T00:00:00Z

inline SeriesKey test_key(int i, observe::Metric metric = observe::Metric::kTemperature) {
  return {"prt-" + std::to_string(i), metric, "t" + std::to_string(i % 3)};
}
inline StorePoint real(SeriesId series, std::int64_t at, double value) {
  return {series, {.at = {at}, .value = observe::Value(value)}};
}
inline StorePoint whole(SeriesId series, std::int64_t at, std::uint64_t value) {
  return {series, {.at = {at}, .value = observe::Value(value)}};
}

}  // namespace weft::telemetry
