// SPDX-License-Identifier: Apache-2.0
// The engine's keys. The first byte says what; numbers are big-endian and signed ones have their
// sign bit turned, so that keys stand in order of time. Chunks are grouped by stretches of six
// hours: retention drops a stretch at once, and new points never make old ones be written again.
#pragma once

#include "base/time.h"

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace weft::telemetry::store_parts {

inline constexpr std::int64_t kSecondNs = 1'000'000'000;
inline constexpr std::int64_t kStretchNs = 6 * 3600 * kSecondNs;
inline constexpr std::int64_t kDayNs = 86'400 * kSecondNs;

[[nodiscard]] constexpr std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a / b - (a % b < 0 ? 1 : 0);
}
[[nodiscard]] constexpr std::int32_t stretch_of(std::int64_t at) {
  return static_cast<std::int32_t>(floor_div(at, kStretchNs));
}
[[nodiscard]] constexpr std::int32_t day_of(std::int64_t at) {
  return static_cast<std::int32_t>(floor_div(at, kDayNs));
}

/// Where events without a wall time stand: before all that have one.
inline constexpr std::int32_t kTimeless = stretch_of(std::numeric_limits<std::int64_t>::min());

inline void put_big(std::string& key, std::uint64_t value, unsigned bytes) {
  while (bytes-- > 0) {
    key.push_back(static_cast<char>(value >> (8 * bytes)));
  }
}
[[nodiscard]] inline std::uint64_t big_at(std::string_view key, std::size_t at, unsigned bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = at; i < at + bytes && i < key.size(); ++i) {
    value = value << 8 | static_cast<unsigned char>(key[i]);
  }
  return value;
}
[[nodiscard]] constexpr std::uint64_t biased(std::int64_t value) {
  return static_cast<std::uint64_t>(value) ^ 1ULL << 63;
}
[[nodiscard]] constexpr std::uint64_t biased32(std::int32_t value) {
  return static_cast<std::uint32_t>(value) ^ 1U << 31;
}
[[nodiscard]] constexpr std::int32_t unbiased32(std::uint64_t value) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(value) ^ 1U << 31);
}

inline constexpr char kChunkKey = 'c';
inline constexpr char kEventKey = 'e';
inline constexpr char kHourKey = 'h';
inline constexpr char kLogKey = 'l';
inline constexpr char kMinuteKey = 'm';
inline constexpr char kRecordKey = 'r';
inline constexpr char kSeriesKey = 's';
inline constexpr const char* kStateKey = "zstate";
inline constexpr const char* kFormatKey = "zformat";

[[nodiscard]] inline std::string what_key(char what) {
  return {what};
}
[[nodiscard]] inline std::string chunk_key(std::int32_t stretch, std::uint32_t series,
                                           std::int64_t first) {
  std::string key = what_key(kChunkKey);
  put_big(key, biased32(stretch), 4);
  put_big(key, series, 4);
  put_big(key, biased(first), 8);
  return key;
}
/// Chunks of a stretch (or of a series in it) begin with this; roll-ups of a day likewise.
[[nodiscard]] inline std::string part_key(char what, std::int32_t part) {
  std::string key = what_key(what);
  put_big(key, biased32(part), 4);
  return key;
}
[[nodiscard]] inline std::string part_key(char what, std::int32_t part, std::uint32_t series) {
  std::string key = part_key(what, part);
  put_big(key, series, 4);
  return key;
}
[[nodiscard]] inline std::string event_key(std::int32_t stretch, std::uint64_t sequence) {
  std::string key = part_key(kEventKey, stretch);
  put_big(key, sequence, 8);
  return key;
}
[[nodiscard]] inline std::string log_key(std::uint64_t group) {
  std::string key = what_key(kLogKey);
  put_big(key, group, 8);
  return key;
}
[[nodiscard]] inline std::string series_key(std::uint32_t series) {
  std::string key = what_key(kSeriesKey);
  put_big(key, series, 4);
  return key;
}
[[nodiscard]] inline std::string record_key(std::string_view kind, std::string_view key) {
  std::string out = what_key(kRecordKey);
  out += kind;
  out += '\0';
  out += key;
  return out;
}

}  // namespace weft::telemetry::store_parts
