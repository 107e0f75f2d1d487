// SPDX-License-Identifier: Apache-2.0
// The names in memory: series by number, subjects and what people call them; answers selectors.
// Patterns are matched once against each subject, not against each series.
#pragma once

#include "telemetry/store.h"

#include <map>
#include <string_view>
#include <unordered_map>

namespace weft::telemetry::store_parts {

class Directory {
 public:
  [[nodiscard]] std::optional<SeriesId> find(const SeriesKey& key) const;
  /// @pre not in it
  void add(SeriesId series, const SeriesKey& key);
  [[nodiscard]] const SeriesKey* key_of(SeriesId series) const;
  [[nodiscard]] std::uint32_t end() const { return static_cast<std::uint32_t>(series_.size()); }
  [[nodiscard]] std::uint64_t count() const { return by_key_.size(); }
  /// In order of number.
  [[nodiscard]] std::vector<SeriesId> select(const Selector& which) const;

  void put(const SubjectRecord& subject);
  [[nodiscard]] std::vector<SubjectRecord> subjects(std::string_view pattern) const;
  void each_subject(const std::function<void(const SubjectRecord&)>& see) const;
  /// Whether the pattern names this subject by its text or by any of its names.
  [[nodiscard]] bool names(std::string_view pattern, std::string_view subject) const;

 private:
  static constexpr std::uint32_t kNone = 0xffffffff;
  struct Row {
    SeriesKey key;
    std::uint32_t subject = kNone;  ///< kNone: this number has no series
  };
  std::vector<Row> series_;
  std::unordered_map<SeriesKey, SeriesId> by_key_;
  std::unordered_map<std::string, std::uint32_t> subject_numbers_;
  std::vector<std::string> subject_texts_;
  std::map<std::string, std::map<std::int64_t, SubjectRecord>, std::less<>> records_;
};

}  // namespace weft::telemetry::store_parts
