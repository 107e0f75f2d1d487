// SPDX-License-Identifier: Apache-2.0
// /metrics: the last value of each series as Prometheus text. A scrape of a large fabric is some
// hundred thousand lines after each look at the machines, so nothing is ordered, named or kept
// twice on the way: the plane shows its series in order, what a subject is called becomes label
// text once, and all goes into one buffer.
#include "base/text.h"
#include "serve/api/views.h"
#include "serve/export/metrics_text.h"
#include "serve/query_parts.h"
#include "telemetry/series_order.h"

#include <atomic>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace weft::serve::views {
namespace metrics_view {

using telemetry::Point;
using telemetry::SeriesKey;

class Page {
 public:
  Page(const query_parts::Names& names, std::size_t bytes) : names_(names), out_(bytes) {}

  /// @pre in order of metrics
  void add(const SeriesKey& key, const Point& point) {
    // Series of one subject come one after the other.
    if (labels_ == nullptr || key.subject != subject_) {
      subject_ = key.subject;
      const auto [at, is_new] = known_.try_emplace(subject_);
      if (is_new) {
        const auto* record = names_.find(subject_);
        at->second = record == nullptr
                         ? subject_labels({}, {}, {}, subject_)
                         : subject_labels(record->kind, record->host, record->name, subject_);
      }
      labels_ = &at->second;
    }
    out_.add(key.metric, *labels_, key.label, point.value);
  }
  [[nodiscard]] std::string take() { return out_.take(); }

 private:
  const query_parts::Names& names_;
  MetricsText out_;
  std::unordered_map<std::string_view, SubjectLabels> known_;
  std::string_view subject_;
  const SubjectLabels* labels_ = nullptr;
};

/// What the store has, where not all of it is in memory.
base::Result<void> add_stored(const QuerySource& source, const telemetry::Store& store,
                              const query_parts::Ask& ask, const query_parts::Names& names,
                              Page& page) {
  const auto points = query_parts::last_points(source, store, ask, names);
  if (!points) {
    return tl::unexpected(points.error());
  }
  std::vector<std::optional<Point>> last;
  last.reserve(points->size());
  std::vector<telemetry::SeriesPlace> places;
  for (const auto& [key, point] : *points) {
    last.emplace_back(point);
    places.push_back({&key, &last.back()});
  }
  telemetry::put_in_order(places);
  for (const telemetry::SeriesPlace& place : places) {
    page.add(*place.key, **place.last);
  }
  return {};
}

}  // namespace metrics_view

base::Result<ApiText> metrics(const ApiState& state, const ApiRoute& /*route*/,
                              const ApiCall& call) {
  const auto store = query_parts::store_of(state.query);
  if (!store) {
    return tl::unexpected(store.error());
  }
  const QuerySource& source = state.query;
  query_parts::Ask ask;
  ask.from = {source.now.ns -
              base::seconds(base::parse_double(call.text("since_s")).value_or(0)).ns};
  ask.until = {source.now.ns + 1};
  const query_parts::Names names(**store);
  static std::atomic<std::size_t> usual{0};  // the next one is about as long as the last
  metrics_view::Page page(names, usual + usual / 16);
  if (source.each_last && source.last_from <= ask.from) {
    source.each_last([&](const telemetry::SeriesKey& key, const telemetry::Point& point) {
      if (point.at >= ask.from) {
        page.add(key, point);
      }
    });
  } else if (auto added = metrics_view::add_stored(source, **store, ask, names, page); !added) {
    return tl::unexpected(added.error());
  }
  std::string text = page.take();
  usual = text.size();
  return ApiText{std::move(text), {}};
}

}  // namespace weft::serve::views
