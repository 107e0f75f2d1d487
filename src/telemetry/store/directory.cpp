// SPDX-License-Identifier: Apache-2.0
#include "telemetry/store/directory.h"

#include "base/text.h"

#include <algorithm>

namespace weft::telemetry::store_parts {

namespace {

bool record_matches(std::string_view pattern, const SubjectRecord& record) {
  for (const std::string* name :
       {&record.subject, &record.name, &record.planned, &record.part.serial}) {
    if (!name->empty() && base::matches(pattern, *name)) {
      return true;
    }
  }
  return !record.host.empty() && !record.name.empty() &&
         base::matches(pattern, record.host + "/" + record.name);
}

}  // namespace

std::optional<SeriesId> Directory::find(const SeriesKey& key) const {
  const auto found = by_key_.find(key);
  return found == by_key_.end() ? std::nullopt : std::optional<SeriesId>(found->second);
}

void Directory::add(SeriesId series, const SeriesKey& key) {
  if (series >= series_.size()) {
    series_.resize(std::size_t{series} + 1);
  }
  const auto next = static_cast<std::uint32_t>(subject_texts_.size());
  const auto [place, is_new] = subject_numbers_.try_emplace(key.subject, next);
  if (is_new) {
    subject_texts_.push_back(key.subject);
  }
  series_[series] = {key, place->second};
  by_key_.emplace(key, series);
}

const SeriesKey* Directory::key_of(SeriesId series) const {
  return series < series_.size() && series_[series].subject != kNone ? &series_[series].key
                                                                     : nullptr;
}

bool Directory::names(std::string_view pattern, std::string_view subject) const {
  if (pattern.empty() || pattern == "*" || base::matches(pattern, subject)) {
    return true;
  }
  const auto found = records_.find(subject);
  return found != records_.end() &&
         std::any_of(found->second.begin(), found->second.end(),
                     [&](const auto& entry) { return record_matches(pattern, entry.second); });
}

std::vector<SeriesId> Directory::select(const Selector& which) const {
  std::vector<bool> wanted(subject_texts_.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    wanted[i] = names(which.subject, subject_texts_[i]);
  }
  std::vector<SeriesId> out;
  for (std::uint32_t i = 0; i < series_.size(); ++i) {
    const Row& row = series_[i];
    if (row.subject != kNone && wanted[row.subject] &&
        (!which.metric || *which.metric == row.key.metric) &&
        (which.label.empty() || base::matches(which.label, row.key.label))) {
      out.push_back(i);
    }
  }
  return out;
}

void Directory::put(const SubjectRecord& subject) {
  records_[subject.subject][subject.since.ns] = subject;
}

void Directory::each_subject(const std::function<void(const SubjectRecord&)>& see) const {
  for (const auto& [subject, records] : records_) {
    for (const auto& [since, record] : records) {
      see(record);
    }
  }
}

std::vector<SubjectRecord> Directory::subjects(std::string_view pattern) const {
  std::vector<SubjectRecord> out;
  for (const auto& [subject, records] : records_) {
    for (const auto& [since, record] : records) {
      if (pattern.empty() || record_matches(pattern, record)) {
        out.push_back(record);
      }
    }
  }
  return out;
}

}  // namespace weft::telemetry::store_parts
