// SPDX-License-Identifier: Apache-2.0
// The question "history": points as they were, or steps with mean, least, greatest, rate or
// increase. What was not measured, and where nobody looked, is said as spans with their reasons.
#include "base/stats.h"
#include "serve/query_parts.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft::serve::query_parts {

using base::Code;
using base::Result;
using observe::MetricKind;
using telemetry::Bucket;
using telemetry::Point;
using telemetry::Roll;

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kMinute = 60 * kSecond;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;
constexpr std::uint64_t kBucketsMost = 4'000'000;  // read for one answer
constexpr std::size_t kReasonPointsMost = 50'000;  // read to tell why steps are empty
/// Looks further apart than so many usual intervals, and than ten seconds, leave a gap.
constexpr std::int64_t kGapIntervals = 5;
constexpr std::int64_t kGapLeast = 10 * kSecond;

struct Span {
  base::WallTime from;
  base::WallTime until;
  std::string why;
  std::string detail;
};

Json spans_json(const std::vector<Span>& spans) {
  Json out = Json::array();
  for (const Span& span : spans) {
    Json one = {
        {"from", seconds_of(span.from)}, {"until", seconds_of(span.until)}, {"why", span.why}};
    if (!span.detail.empty()) {
      one["detail"] = span.detail;
    }
    out.push_back(std::move(one));
  }
  return out;
}

/// Lengthens the last span where it says the same, else adds one.
void add_span(std::vector<Span>& spans, Span span) {
  if (!spans.empty() && spans.back().why == span.why && spans.back().detail == span.detail &&
      spans.back().until >= span.from) {
    spans.back().until = std::max(spans.back().until, span.until);
    return;
  }
  spans.push_back(std::move(span));
}

std::int64_t usual_interval(const std::vector<Point>& points) {
  std::vector<std::int64_t> between;
  for (std::size_t i = 1; i < points.size(); ++i) {
    between.push_back((points[i].at - points[i - 1].at).ns);
  }
  if (between.empty()) {
    return 0;
  }
  const auto middle = between.begin() + static_cast<std::ptrdiff_t>(between.size() / 2);
  std::nth_element(between.begin(), middle, between.end());
  return *middle;
}

/// Where nobody looked, and where a look gave a reason instead of a value.
std::vector<Span> spans_of(const std::vector<Point>& points) {
  std::vector<Span> out;
  const std::int64_t gap = std::max(kGapIntervals * usual_interval(points), kGapLeast);
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (i > 0 && (points[i].at - points[i - 1].at).ns > gap) {
      out.push_back({points[i - 1].at, points[i].at, "gap", "nobody looked"});
    }
    if (!points[i].value) {
      const bool goes_on = i + 1 < points.size() && (points[i + 1].at - points[i].at).ns <= gap;
      add_span(out, {points[i].at, goes_on ? points[i + 1].at : points[i].at,
                     std::string(observe::key(points[i].value.error().why)),
                     points[i].value.error().detail});
    }
  }
  return out;
}

tl::unexpected<base::Error> too_many_points() {
  return base::fail(Code::kResourceExhausted,
                    fmt::format("more than {} points answer that", kPointsMost), {},
                    "Ask for steps, a shorter time or fewer series.");
}

/// In slices of time, so that what is too much is known before it is in memory.
Result<std::vector<telemetry::SeriesPoints>> read_points(const telemetry::Store& store,
                                                         const telemetry::Selector& which,
                                                         const Ask& ask) {
  std::map<telemetry::SeriesId, telemetry::SeriesPoints> all;
  std::size_t count = 0;
  constexpr std::int64_t kSliceMost = 400 * kDay;
  std::int64_t slice = 10 * kMinute;
  for (std::int64_t from = ask.from.ns; from < ask.until.ns;) {
    const std::int64_t until = std::min(ask.until.ns, from + slice);
    auto some = store.points(which, {from}, {until});
    if (!some) {
      return tl::unexpected(some.error());
    }
    std::size_t here = 0;
    for (telemetry::SeriesPoints& series : *some) {
      here += series.points.size();
      const auto [at, is_new] = all.try_emplace(series.series, series);
      if (!is_new) {
        auto& points = at->second.points;
        points.insert(points.end(), std::make_move_iterator(series.points.begin()),
                      std::make_move_iterator(series.points.end()));
      }
    }
    count += here;
    if (count > kPointsMost) {
      return too_many_points();
    }
    slice = here < kPointsMost / 16 ? std::min(4 * slice, kSliceMost) : slice;
    from = until;
  }
  std::vector<telemetry::SeriesPoints> out;
  for (auto& [id, series] : all) {
    out.push_back(std::move(series));
  }
  return out;
}

Json raw_series(const telemetry::SeriesPoints& series) {
  Json points = Json::array();
  for (const Point& point : series.points) {
    Json one = {{"at", seconds_of(point.at)}};
    if (point.value) {
      one["value"] = value_json(*point.value);
    } else {
      one["not_measured"] = observe::key(point.value.error().why);
    }
    points.push_back(std::move(one));
  }
  return {{"points", std::move(points)}, {"spans", spans_json(spans_of(series.points))}};
}

/// Which roll-up the steps are made of.
Roll roll_of(std::int64_t step_ns) {
  return step_ns % kDay == 0 ? Roll::kDay : step_ns % kHour == 0 ? Roll::kHour : Roll::kMinute;
}
std::int64_t length_of(Roll roll) {
  return roll == Roll::kDay ? kDay : roll == Roll::kHour ? kHour : kMinute;
}

/// Buckets into steps, which begin at whole multiples of their length.
std::vector<Bucket> into_steps(const std::vector<Bucket>& buckets, std::int64_t step_ns) {
  std::vector<Bucket> out;
  for (const Bucket& bucket : buckets) {
    const std::int64_t from = bucket.from.ns - bucket.from.ns % step_ns;
    if (out.empty() || out.back().from.ns != from) {
      out.push_back(bucket);
      out.back().from = {from};
      continue;
    }
    Bucket& step = out.back();
    if (bucket.count > 0) {
      step.min = step.count > 0 ? std::min(step.min, bucket.min) : bucket.min;
      step.max = step.count > 0 ? std::max(step.max, bucket.max) : bucket.max;
      step.first = step.count > 0 ? step.first : bucket.first;
      step.last = bucket.last;
    }
    step.count += bucket.count;
    step.sum += bucket.sum;
    step.increase += bucket.increase;
    step.covered.ns += bucket.covered.ns;
    step.not_measured += bucket.not_measured;
  }
  return out;
}

/// One step; null where it has nothing to say.
Json step_json(const Bucket& step, Function function) {
  const double covered = step.covered.seconds();
  Json out = {{"at", seconds_of(step.from)}};
  if (function == Function::kRate || function == Function::kIncrease) {
    if (covered <= 0) {
      return nullptr;
    }
    const base::Interval bounds = base::poisson_bounds(step.increase);
    const double over = function == Function::kRate ? covered : 1;
    if (function == Function::kRate) {
      out["value"] = static_cast<double>(step.increase) / over;
    } else {
      out["value"] = step.increase;
    }
    out["low"] = bounds.low / over;
    out["high"] = bounds.high / over;
    out["events"] = step.increase;
    out["covered_s"] = covered;
    return out;
  }
  if (step.count == 0) {
    return nullptr;
  }
  out["value"] = function == Function::kMin   ? step.min
                 : function == Function::kMax ? step.max
                                              : step.sum / static_cast<double>(step.count);
  out["min"] = step.min;
  out["max"] = step.max;
  out["count"] = step.count;
  return out;
}

/// Why steps are empty, as the points there say.
std::vector<Span> reasons(const telemetry::Store& store, const telemetry::SeriesKey& key,
                          const std::vector<Bucket>& steps, std::int64_t step_ns) {
  std::vector<Span> out;
  std::size_t read = 0;
  for (std::size_t i = 0; i < steps.size();) {
    if (steps[i].not_measured == 0) {
      ++i;
      continue;
    }
    const base::WallTime from = steps[i].from;
    base::WallTime end{from.ns + step_ns};
    for (++i; i < steps.size() && steps[i].not_measured > 0 && steps[i].from == end; ++i) {
      end.ns += step_ns;
    }
    if (read > kReasonPointsMost) {
      add_span(out, {from, end, "not_measured", "reasons are in the raw points"});
      continue;
    }
    const auto points =
        store.points({.subject = key.subject, .metric = key.metric, .label = key.label}, from, end);
    bool is_told = false;
    for (const auto& series : points.value_or(std::vector<telemetry::SeriesPoints>{})) {
      if (!(series.key == key)) {
        continue;
      }
      read += series.points.size();
      for (Span& span : spans_of(series.points)) {
        if (span.why != "gap") {
          is_told = true;
          add_span(out, std::move(span));
        }
      }
    }
    if (!is_told) {  // the raw points are gone by now
      add_span(out, {from, end, "not_measured", "reasons are no longer kept"});
    }
  }
  return out;
}

Json stepped_series(const telemetry::Store& store, const telemetry::SeriesBuckets& series,
                    Function function, std::int64_t step_ns) {
  Json points = Json::array();
  const std::vector<Bucket> steps = into_steps(series.buckets, step_ns);
  std::vector<Span> spans = reasons(store, series.key, steps, step_ns);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (i > 0 && steps[i].from.ns - steps[i - 1].from.ns > step_ns) {
      spans.push_back({{steps[i - 1].from.ns + step_ns}, steps[i].from, "gap", "nobody looked"});
    }
    if (Json point = step_json(steps[i], function); !point.is_null()) {
      points.push_back(std::move(point));
    }
  }
  std::ranges::sort(spans, {},
                    [](const Span& span) { return std::pair(span.from.ns, span.until.ns); });
  return {{"points", std::move(points)}, {"spans", spans_json(spans)}};
}

Result<Function> function_of(const Ask& ask, const observe::MetricRow& row) {
  const bool counts = row.kind == MetricKind::kCounter || row.kind == MetricKind::kHistogram;
  if (!ask.function) {
    return ask.step_ns == 0 ? Function::kRaw : counts ? Function::kRate : Function::kMean;
  }
  const bool is_of_counts =
      *ask.function == Function::kRate || *ask.function == Function::kIncrease;
  if (*ask.function != Function::kRaw && is_of_counts != counts) {
    return base::fail(Code::kInvalidArgument,
                      fmt::format("{} is a {}, which has no {}", row.key, observe::key(row.kind),
                                  key(*ask.function)),
                      "function",
                      counts ? "Ask for raw, rate or increase." : "Ask for raw, mean, min or max.");
  }
  return *ask.function;
}

/// About 120 steps, of a length that people count in.
std::int64_t usual_step(const Ask& ask) {
  constexpr std::int64_t kSteps[] = {kMinute, 5 * kMinute, 10 * kMinute, 30 * kMinute,
                                     kHour,   3 * kHour,   6 * kHour,    12 * kHour};
  for (const std::int64_t step : kSteps) {
    if ((ask.until - ask.from).ns / step <= 120) {
      return step;
    }
  }
  return kDay;
}

/// For an empty answer: when these were last seen.
std::string newest(const telemetry::Store& store, const telemetry::Selector& which,
                   base::WallTime now) {
  constexpr std::int64_t kLookBack = 400 * kDay;
  const auto days = store.buckets(which, {now.ns - kLookBack}, {now.ns + 1}, Roll::kDay);
  std::int64_t day = 0;
  for (const auto& series : days.value_or(std::vector<telemetry::SeriesBuckets>{})) {
    for (const Bucket& bucket : series.buckets) {
      day = std::max(day, bucket.from.ns);
    }
  }
  if (day == 0) {
    return "Nothing was measured in the last 400 days.";
  }
  const auto points = store.points(which, {day}, {day + kDay});
  for (const auto& series : points.value_or(std::vector<telemetry::SeriesPoints>{})) {
    for (const Point& point : series.points) {
      day = std::max(day, point.at.ns);
    }
  }
  return "Nothing of that time; the newest is of " + base::iso8601({day}) + ".";
}

Result<Json> history_series(const telemetry::Store& store, const telemetry::Selector& which,
                            const Ask& ask, Function function, std::size_t count) {
  const Names names(store);
  Json out = Json::array();
  const auto add = [&](const telemetry::SeriesKey& key, Json said) {
    Json one = Json::object();
    names.tell(key.subject, one);
    one["label"] = key.label;
    one.update(said);
    out.push_back(std::move(one));
  };
  if (function == Function::kRaw) {
    auto points = read_points(store, which, ask);
    if (!points) {
      return tl::unexpected(points.error());
    }
    for (const auto& series : *points) {
      add(series.key, raw_series(series));
    }
    return out;
  }
  const auto span = static_cast<std::uint64_t>((ask.until - ask.from).ns);
  const Roll roll = roll_of(ask.step_ns);
  if (span / static_cast<std::uint64_t>(ask.step_ns) * count > kPointsMost) {
    return too_many_points();
  }
  if (span / static_cast<std::uint64_t>(length_of(roll)) * count > kBucketsMost) {
    return base::fail(Code::kResourceExhausted, "too much would be read for that", "step_s",
                      "Ask for steps of whole hours or days, or for fewer series.");
  }
  const std::int64_t from = ask.from.ns - ask.from.ns % ask.step_ns;
  const auto buckets = store.buckets(which, {from}, ask.until, roll);
  if (!buckets) {
    return tl::unexpected(buckets.error());
  }
  for (const auto& series : *buckets) {
    add(series.key, stepped_series(store, series, function, ask.step_ns));
  }
  return out;
}

Result<Json> history(const QuerySource& source, const Ask& asked) {
  const auto store = store_of(source);
  if (!store) {
    return tl::unexpected(store.error());
  }
  Ask ask = asked;
  if (!ask.metric) {
    return base::fail(Code::kInvalidArgument, "is missing", "metric",
                      R"(The question "series" lists what is there.)");
  }
  const observe::MetricRow& row = observe::row(*ask.metric);
  const auto function = function_of(ask, row);
  if (!function) {
    return tl::unexpected(function.error());
  }
  if (*function != Function::kRaw && ask.step_ns == 0) {
    ask.step_ns = usual_step(ask);
  }
  if (*function != Function::kRaw && (ask.step_ns < kMinute || ask.step_ns % kMinute != 0)) {
    return base::fail(Code::kInvalidArgument, "is not a whole number of minutes", "step_s",
                      "Steps are made of minutes; the function raw gives every point.");
  }
  const telemetry::Selector which{.subject = ask.subject, .metric = ask.metric, .label = ask.label};
  const auto keys = (*store)->list(which);
  if (keys.empty()) {
    return base::fail(Code::kNotFound, fmt::format("nothing that is called so has {}", row.key),
                      ask.subject,
                      R"(Patterns take * and ?; the question "series" lists what is there.)");
  }
  if (keys.size() > kSeriesMost) {
    return base::fail(Code::kResourceExhausted,
                      fmt::format("{} series fit, more than {}", keys.size(), kSeriesMost),
                      ask.subject, "Ask for fewer subjects or for one label.");
  }
  auto series = history_series(**store, which, ask, *function, keys.size());
  if (!series) {
    return tl::unexpected(series.error());
  }
  Json out = {{"metric", row.key},
              {"unit", row.unit},
              {"kind", observe::key(row.kind)},
              {"function", key(*function)},
              {"from", base::iso8601(ask.from)},
              {"until", base::iso8601(ask.until)}};
  if (*function == Function::kRate) {
    out["unit"] = row.unit == "1" ? "1/s" : std::string(row.unit) + "/s";
  }
  if (*function != Function::kRaw) {
    out["step_s"] = static_cast<double>(ask.step_ns) / static_cast<double>(kSecond);
  }
  Json notes = Json::array();
  if (series->empty()) {
    notes.push_back(newest(**store, which, source.now));
  }
  out["series"] = std::move(*series);
  out["notes"] = std::move(notes);
  return out;
}

}  // namespace weft::serve::query_parts
