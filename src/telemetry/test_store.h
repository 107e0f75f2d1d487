// SPDX-License-Identifier: Apache-2.0
// A store in memory for tests of what writes to one: keeps everything as it came, refuses nothing.
#pragma once

#include "telemetry/store.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace weft::telemetry {

class TestStore final : public Store {
 public:
  base::Result<SeriesId> series(const SeriesKey& key) override {
    const auto [it, is_new] = ids_.try_emplace(key, static_cast<SeriesId>(keys_.size()));
    if (is_new) {
      keys_.push_back(key);
    }
    return it->second;
  }
  [[nodiscard]] std::optional<SeriesKey> key_of(SeriesId series) const override {
    return series < keys_.size() ? std::optional(keys_[series]) : std::nullopt;
  }
  base::Result<void> append(std::span<const StorePoint> points) override {
    for (const StorePoint& point : points) {
      points_[keys_.at(point.series)].push_back(point.point);
    }
    return {};
  }
  base::Result<void> append(std::span<StoredEvent> events) override {
    for (StoredEvent& event : events) {
      event.sequence = events_.size() + 1;
      events_.push_back(event);
    }
    return {};
  }
  base::Result<void> put(std::string_view, std::string_view, base::ByteView) override { return {}; }
  base::Result<void> commit() override { return {}; }
  [[nodiscard]] std::vector<SeriesKey> list(const Selector&) const override { return keys_; }
  [[nodiscard]] base::Result<std::vector<SeriesPoints>> points(const Selector&, base::WallTime,
                                                               base::WallTime) const override {
    return std::vector<SeriesPoints>{};
  }
  [[nodiscard]] base::Result<std::vector<SeriesBuckets>> buckets(const Selector&, base::WallTime,
                                                                 base::WallTime,
                                                                 Roll) const override {
    return std::vector<SeriesBuckets>{};
  }
  [[nodiscard]] base::Result<std::vector<StoredEvent>> events(std::string_view, std::string_view,
                                                              base::WallTime from,
                                                              base::WallTime until) const override {
    std::vector<StoredEvent> out;
    for (const StoredEvent& event : events_) {
      if (event.event.at && *event.event.at >= from && *event.event.at < until) {
        out.push_back(event);
      }
    }
    return out;
  }
  [[nodiscard]] base::Result<std::vector<StoredEvent>> events(const EventPage&) const override {
    return events_;
  }
  [[nodiscard]] base::Result<base::Bytes> get(std::string_view, std::string_view) const override {
    return base::fail(base::Code::kNotFound, "no record");
  }
  void each(std::string_view,
            const std::function<void(std::string_view, base::ByteView)>&) const override {}
  base::Result<void> put_subject(const SubjectRecord& subject) override {
    subjects_.push_back(subject);
    return {};
  }
  [[nodiscard]] std::vector<SubjectRecord> subjects(std::string_view) const override {
    return subjects_;
  }
  void each_subject(const std::function<void(const SubjectRecord&)>& see) const override {
    for (const SubjectRecord& one : subjects_) {
      see(one);
    }
  }
  base::Result<void> maintain(base::WallTime) override { return {}; }
  base::Result<void> snapshot(const std::string&) override { return {}; }
  void check() override {}
  [[nodiscard]] std::vector<std::string> damage() const override { return {}; }
  [[nodiscard]] StoreCounts counts() const override { return {}; }

  [[nodiscard]] const std::vector<Point>& points_of(const SeriesKey& key) { return points_[key]; }
  [[nodiscard]] const std::vector<StoredEvent>& all_events() const { return events_; }

 private:
  std::map<SeriesKey, SeriesId> ids_;
  std::vector<SeriesKey> keys_;
  std::map<SeriesKey, std::vector<Point>> points_;
  std::vector<StoredEvent> events_;
  std::vector<SubjectRecord> subjects_;
};

}  // namespace weft::telemetry
