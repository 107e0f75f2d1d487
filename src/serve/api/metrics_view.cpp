// SPDX-License-Identifier: Apache-2.0
// /metrics: the last value of each series as Prometheus text. A scrape of a large fabric is some
// hundred thousand lines after each look at the machines, so nothing is made twice or kept as text
// on the way: rows point at what the plane holds, are ordered by counting, and go into one buffer.
#include "base/text.h"
#include "serve/api/views.h"
#include "serve/export/metrics_text.h"
#include "serve/query_parts.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace weft::serve::views {
namespace metrics_view {

using telemetry::Point;
using telemetry::SeriesKey;

struct Row {
  std::uint32_t metric = 0;
  std::uint32_t subject = 0;
  const SeriesKey* key = nullptr;
  const Point* point = nullptr;
};

/// Rows, and the subjects that they name by number.
struct Sheet {
  std::vector<Row> rows;
  std::vector<std::string_view> subjects;
  std::unordered_map<std::string_view, std::uint32_t> numbers;

  void add(const SeriesKey& key, const Point& point) {
    // Series of one subject mostly come one after the other.
    if (rows.empty() || subjects[rows.back().subject] != key.subject) {
      const auto next = static_cast<std::uint32_t>(subjects.size());
      const auto [place, is_new] = numbers.try_emplace(key.subject, next);
      if (is_new) {
        subjects.emplace_back(key.subject);
      }
      last_ = place->second;
    }
    rows.push_back({static_cast<std::uint32_t>(key.metric), last_, &key, &point});
  }

  /// Subjects in order of their texts, and the rows' numbers with them.
  void order_subjects() {
    std::vector<std::uint32_t> order(subjects.size());
    std::iota(order.begin(), order.end(), 0U);
    std::ranges::sort(order, {}, [this](std::uint32_t number) { return subjects[number]; });
    std::vector<std::uint32_t> ranks(order.size());
    std::vector<std::string_view> texts(order.size());
    for (std::uint32_t rank = 0; rank < order.size(); ++rank) {
      ranks[order[rank]] = rank;
      texts[rank] = subjects[order[rank]];
    }
    subjects.swap(texts);
    for (Row& row : rows) {
      row.subject = ranks[row.subject];
    }
  }

  /// By a number below `end`; what is equal stays in order.
  void order_by(std::uint32_t Row::* number, std::size_t end) {
    std::vector<std::size_t> begin(end + 1);
    for (const Row& row : rows) {
      ++begin[row.*number + 1];
    }
    std::partial_sum(begin.begin(), begin.end(), begin.begin());
    std::vector<Row> out(rows.size());
    for (const Row& row : rows) {
      out[begin[row.*number]++] = row;
    }
    rows.swap(out);
  }

  /// By metric, subject, label.
  void order() {
    order_subjects();
    order_by(&Row::subject, subjects.size());
    order_by(&Row::metric, static_cast<std::size_t>(observe::Metric::kCount_));
    for (auto begin = rows.begin(); begin != rows.end();) {
      const auto end = std::find_if(begin, rows.end(), [&](const Row& row) {
        return row.subject != begin->subject || row.metric != begin->metric;
      });
      if (end - begin > 1) {
        std::sort(begin, end,
                  [](const Row& a, const Row& b) { return a.key->label < b.key->label; });
      }
      begin = end;
    }
  }

 private:
  std::uint32_t last_ = 0;
};

std::string text_of(Sheet& sheet, const query_parts::Names& names) {
  sheet.order();
  std::vector<SubjectLabels> labels;
  labels.reserve(sheet.subjects.size());
  for (const std::string_view subject : sheet.subjects) {
    const auto* record = names.find(std::string(subject));
    labels.push_back(record == nullptr
                         ? subject_labels({}, {}, {}, subject)
                         : subject_labels(record->kind, record->host, record->name, subject));
  }
  MetricsText out(sheet.rows.size());
  constexpr std::size_t kAhead = 8;
  for (std::size_t i = 0; i < sheet.rows.size(); ++i) {
    if (i + kAhead < sheet.rows.size()) {  // rows lie elsewhere than in this order
      __builtin_prefetch(sheet.rows[i + kAhead].key);
      __builtin_prefetch(sheet.rows[i + kAhead].point);
    }
    const Row& row = sheet.rows[i];
    out.add(row.key->metric, labels[row.subject], row.key->label, row.point->value);
  }
  return out.take();
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
  metrics_view::Sheet sheet;
  std::map<telemetry::SeriesKey, telemetry::Point> read;  // where they are not in memory
  if (source.each_last && source.last_from <= ask.from) {
    source.each_last([&](const telemetry::SeriesKey& key, const telemetry::Point& point) {
      if (point.at >= ask.from) {
        sheet.add(key, point);
      }
    });
  } else {
    auto points = query_parts::last_points(source, **store, ask, names);
    if (!points) {
      return tl::unexpected(points.error());
    }
    read = *std::move(points);
    for (const auto& [key, point] : read) {
      sheet.add(key, point);
    }
  }
  return ApiText{metrics_view::text_of(sheet, names), {}};
}

}  // namespace weft::serve::views
