// SPDX-License-Identifier: Apache-2.0
#include "telemetry/series_order.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string_view>
#include <unordered_map>

namespace weft::telemetry {
namespace series_order {

struct Row {
  std::uint32_t metric = 0;
  std::uint32_t subject = 0;  ///< number of its text, later the text's rank
  SeriesPlace place;
};

/// Rows with their subjects by number; gives the subjects' texts.
std::vector<std::string_view> number_subjects(const std::vector<SeriesPlace>& places,
                                              std::vector<Row>& rows) {
  std::vector<std::string_view> texts;
  std::unordered_map<std::string_view, std::uint32_t> numbers;
  rows.reserve(places.size());
  for (const SeriesPlace& place : places) {
    const std::string_view subject = place.key->subject;
    // Series of one subject mostly come one after the other.
    std::uint32_t number = rows.empty() ? 0 : rows.back().subject;
    if (rows.empty() || texts[number] != subject) {
      const auto next = static_cast<std::uint32_t>(texts.size());
      const auto [at, is_new] = numbers.try_emplace(subject, next);
      if (is_new) {
        texts.push_back(subject);
      }
      number = at->second;
    }
    rows.push_back({static_cast<std::uint32_t>(place.key->metric), number, place});
  }
  return texts;
}

/// Instead of a subject's number the rank of its text.
void rank_subjects(const std::vector<std::string_view>& texts, std::vector<Row>& rows) {
  std::vector<std::uint32_t> order(texts.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, {}, [&texts](std::uint32_t number) { return texts[number]; });
  std::vector<std::uint32_t> ranks(order.size());
  for (std::uint32_t rank = 0; rank < order.size(); ++rank) {
    ranks[order[rank]] = rank;
  }
  for (Row& row : rows) {
    row.subject = ranks[row.subject];
  }
}

/// By a number below `end`; what is equal stays in order.
void count_into_order(std::vector<Row>& rows, std::uint32_t Row::* number, std::size_t end) {
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

}  // namespace series_order

void put_in_order(std::vector<SeriesPlace>& places) {
  using series_order::Row;
  std::vector<Row> rows;
  const auto subjects = series_order::number_subjects(places, rows);
  series_order::rank_subjects(subjects, rows);
  series_order::count_into_order(rows, &Row::subject, subjects.size());
  series_order::count_into_order(rows, &Row::metric,
                                 static_cast<std::size_t>(observe::Metric::kCount_));
  for (auto begin = rows.begin(); begin != rows.end();) {
    const auto end = std::find_if(begin, rows.end(), [&](const Row& row) {
      return row.subject != begin->subject || row.metric != begin->metric;
    });
    if (end - begin > 1) {
      std::sort(begin, end,
                [](const Row& a, const Row& b) { return a.place.key->label < b.place.key->label; });
    }
    begin = end;
  }
  std::ranges::transform(rows, places.begin(), &Row::place);
}

}  // namespace weft::telemetry
