// SPDX-License-Identifier: Apache-2.0
#include "serve/api/story_routes.h"

#include "base/stats.h"
#include "base/text.h"
#include "serve/import/json_lines.h"
#include "serve/marks.h"
#include "serve/query_parts.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft::serve::stories {

using base::Code;
using base::Result;
using query_parts::Json;

ApiText text_of(const Json& json) {
  return {json.dump(-1, ' ', false, Json::error_handler_t::replace), {}};
}

Json head_of(const ApiState& state) {
  Json out = {{"schema", "weftline/api/1"}};
  if (state.query.is_simulated) {
    out["simulated"] = true;
  }
  out["now"] = base::iso8601(state.query.now);
  return out;
}

/// What is meant, as patterns of subjects' names: a link's or a device's ports belong to it.
std::vector<std::string> patterns_of(const ApiState& state, std::string_view subject) {
  const auto& all = state.joint->fabric();
  if (subject.empty()) {
    return {"*"};
  }
  for (const auto& link : all.links()) {
    if (link.name == subject || link.id.text() == subject) {
      std::vector<std::string> out = {link.name, link.id.text()};
      for (const auto port : {link.a, link.b}) {
        if (!port.is_null()) {
          out.push_back(all.port_name(port));
          out.push_back(port.text());
        }
      }
      return out;
    }
  }
  for (const auto& device : all.devices()) {
    if (device.name == subject || device.id.text() == subject) {
      return {device.name, device.name + "/*", device.id.text()};
    }
  }
  return {std::string(subject)};
}

bool is_meant(const std::vector<std::string>& patterns, const query_parts::Names& names,
              const std::string& subject) {
  return std::ranges::any_of(patterns, [&](const std::string& pattern) {
    return !subject.empty() && names.fits(pattern, subject);
  });
}

/// Times as every other question takes them.
Result<query_parts::Ask> span_of(const ApiState& state, const ApiCall& call) {
  Json request = {{"ask", "events"}};
  for (const char* name : {"since", "until"}) {
    if (!call.text(name).empty()) {
      request[name] = call.text(name);
    }
  }
  for (const char* name : {"since_s", "until_s"}) {
    if (!call.text(name).empty() &&
        !(std::string_view(name) == "since_s" && !call.text("since").empty())) {
      request[name] = base::parse_double(call.text(name)).value_or(0);
    }
  }
  return query_parts::read_ask(request.dump(-1, ' ', false, Json::error_handler_t::replace),
                               state.query.now);
}

Result<Json> events_of(const ApiState& state, const query_parts::Ask& span,
                       const std::vector<std::string>& patterns) {
  std::map<std::uint64_t, Json> all;
  for (const std::string& pattern : patterns) {
    query_parts::Ask ask = span;
    ask.subject = pattern;
    ask.count = query_parts::kEventsMost;
    auto some = query_parts::events(state.query, ask);
    if (!some) {
      return some;
    }
    for (Json& event : (*some)["events"]) {
      all.emplace(event.value("sequence", std::uint64_t{0}), std::move(event));
    }
  }
  Json out = Json::array();
  for (auto& [sequence, event] : all) {
    out.push_back(std::move(event));
  }
  return out;
}

/// Whether both say the same: the same value, or the same reason for none.
bool is_alike(const telemetry::Point& a, const telemetry::Point& b) {
  return a.value && b.value ? *a.value == *b.value
                            : !a.value && !b.value && a.value.error().why == b.value.error().why;
}

/// Runs of one value; what was not measured is a run too, with its reason.
Json runs_of(const std::vector<telemetry::Point>& points) {
  Json out = Json::array();
  for (std::size_t begin = 0; begin < points.size();) {
    std::size_t end = begin + 1;
    while (end < points.size() && is_alike(points[begin], points[end])) {
      ++end;
    }
    Json run = {{"from", query_parts::seconds_of(points[begin].at)},
                {"until", query_parts::seconds_of(points[end - 1].at)}};
    if (points[begin].value) {
      run["value"] = query_parts::value_json(*points[begin].value);
    } else {
      run["not_measured"] = observe::key(points[begin].value.error().why);
    }
    out.push_back(std::move(run));
    begin = end;
  }
  return out;
}

tl::unexpected<base::Error> too_much(std::string what, std::string hint) {
  return base::fail(Code::kResourceExhausted, std::move(what), {}, std::move(hint));
}

/// The series of a metric that are meant; an error where they are more than one answer holds.
Result<std::vector<telemetry::SeriesKey>> meant_series(const telemetry::Store& store,
                                                       const query_parts::Names& names,
                                                       const std::vector<std::string>& patterns,
                                                       observe::Metric metric, std::size_t most) {
  std::vector<telemetry::SeriesKey> out;
  for (telemetry::SeriesKey& key : store.list({.metric = metric})) {
    if (!is_meant(patterns, names, key.subject)) {
      continue;
    }
    if (out.size() == most) {
      return too_much(fmt::format("more than {} series answer that", most), "Name fewer subjects.");
    }
    out.push_back(std::move(key));
  }
  return out;
}

Result<Json> states_of(const telemetry::Store& store, const query_parts::Ask& span,
                       const std::vector<std::string>& patterns, const query_parts::Names& names) {
  constexpr std::array kStates = {observe::Metric::kLinkUp, observe::Metric::kLinkTraining,
                                  observe::Metric::kLinkRate, observe::Metric::kLinkWidth};
  // Runs are short, but every look in the span is read for them.
  constexpr std::size_t kLooksMost = 2'000'000;
  constexpr std::size_t kStatesMost = 256;  // of one kind
  std::size_t looks = 0;
  Json out = Json::array();
  for (const observe::Metric metric : kStates) {
    const auto keys = meant_series(store, names, patterns, metric, kStatesMost);
    if (!keys) {
      return tl::unexpected(keys.error());
    }
    for (const telemetry::SeriesKey& key : *keys) {
      const auto points = store.points(
          {.subject = key.subject, .metric = metric, .label = key.label}, span.from, span.until);
      if (!points) {
        return tl::unexpected(points.error());
      }
      for (const telemetry::SeriesPoints& series : *points) {
        looks += series.points.size();
        Json one = Json::object();
        names.tell(series.key.subject, one);
        one["metric"] = observe::row(metric).key;
        one["label"] = series.key.label;
        one["runs"] = runs_of(series.points);
        out.push_back(std::move(one));
      }
      if (looks > kLooksMost) {
        return too_much(fmt::format("more than {} looks would be read for that", kLooksMost),
                        "Ask for a shorter time or fewer subjects.");
      }
    }
  }
  return out;
}

Json marks_of(const telemetry::Store& store, const query_parts::Ask& span,
              const std::vector<std::string>& patterns) {
  Json out = Json::array();
  for (const diagnose::Mark& mark : kept_marks(store)) {
    const bool is_then = mark.from < span.until && (!mark.until || *mark.until >= span.from);
    const bool is_here =
        mark.subject.empty() || std::ranges::any_of(patterns, [&mark](const std::string& pattern) {
          // A machine's name speaks of all that is in it, as for diagnosis.
          return base::matches(pattern, mark.subject) || base::matches(mark.subject, pattern) ||
                 base::matches(mark.subject + "/*", pattern);
        });
    if (is_then && is_here) {
      out.push_back(Json::parse(mark_json(mark), nullptr, false));
    }
  }
  return out;
}

Json finding_row(const diagnose::LivingFinding& living) {
  Json out = {{"id", living.id},
              {"level", diagnose::key(living.finding.level)},
              {"phase", diagnose::key(living.phase)},
              {"sentence", living.finding.sentence},
              {"opened", base::iso8601(living.opened)},
              {"updated", base::iso8601(living.updated)}};
  if (living.finding.since) {
    out["since"] = base::iso8601(*living.finding.since);
  }
  if (living.closed) {
    out["closed"] = base::iso8601(*living.closed);
  }
  return out;
}

Json findings_of(const ApiState& state, const query_parts::Ask& span,
                 const std::vector<std::string>& patterns, const query_parts::Names& names) {
  Json out = Json::array();
  for (const diagnose::LivingFinding& living : state.query.findings) {
    const bool is_then =
        living.opened < span.until && (!living.closed || *living.closed >= span.from);
    const bool is_here = is_meant(patterns, names, observe::text(living.finding.subject)) ||
                         std::ranges::any_of(patterns, [&living](const std::string& pattern) {
                           return base::matches(pattern, living.finding.place) ||
                                  living.finding.place.find(pattern) != std::string::npos;
                         });
    if (is_then && is_here) {
      out.push_back(finding_row(living));
    }
  }
  return out;
}

Result<ApiText> timeline(const ApiState& state, const ApiRoute& /*route*/, const ApiCall& call) {
  const auto store = query_parts::store_of(state.query);
  const auto span = span_of(state, call);
  if (!store || !span) {
    return tl::unexpected(!store ? store.error() : span.error());
  }
  const query_parts::Names names(**store);
  const auto patterns = patterns_of(state, call.text("subject"));
  auto events = events_of(state, *span, patterns);
  // Of everything at once the states are too many to be read.
  auto states = call.text("subject").empty() ? Result<Json>(Json::array())
                                             : states_of(**store, *span, patterns, names);
  if (!events || !states) {
    return tl::unexpected(!events ? events.error() : states.error());
  }
  Json out = head_of(state);
  out["from"] = base::iso8601(span->from);
  out["until"] = base::iso8601(span->until);
  out["events"] = *std::move(events);
  out["states"] = *std::move(states);
  out["marks"] = marks_of(**store, *span, patterns);
  out["findings"] = findings_of(state, *span, patterns, names);
  return text_of(out);
}

/// serial -> where a part with it was, oldest first.
std::map<std::string, std::vector<telemetry::SubjectRecord>> parts_by_serial(
    const telemetry::Store& store) {
  std::map<std::string, std::vector<telemetry::SubjectRecord>> out;
  for (telemetry::SubjectRecord& record : store.subjects("*")) {
    if (!record.part.serial.empty()) {
      out[record.part.serial].push_back(std::move(record));
    }
  }
  for (auto& [serial, records] : out) {
    std::ranges::sort(records, {}, &telemetry::SubjectRecord::since);
  }
  return out;
}

Json part_row(const std::string& serial, const std::vector<telemetry::SubjectRecord>& records) {
  const telemetry::SubjectRecord& newest = records.back();
  return {{"serial", serial},
          {"vendor", newest.part.vendor},
          {"part_number", newest.part.part_number},
          {"of", newest.kind == "port" ? "module" : newest.kind},
          {"place", newest.planned.empty() ? newest.host + "/" + newest.name : newest.planned},
          {"is_there", newest.until.ns == 0}};
}

Result<ApiText> parts(const ApiState& state, const ApiRoute& /*route*/, const ApiCall& call) {
  const auto store = query_parts::store_of(state.query);
  if (!store) {
    return tl::unexpected(store.error());
  }
  Json list = Json::array();
  std::size_t place = 0;
  const std::size_t begin = call.count("offset");
  const auto all = parts_by_serial(**store);
  for (const auto& [serial, records] : all) {
    if (place >= begin && place - begin < call.count("count")) {
      list.push_back(part_row(serial, records));
    }
    ++place;
  }
  const std::size_t end = begin + list.size();
  Json out = head_of(state);
  out["count"] = all.size();
  out["parts"] = std::move(list);
  out["is_more"] = end < all.size();
  ApiText text = text_of(out);
  if (end < all.size()) {
    text.next = call.target("offset", std::to_string(end));
  }
  return text;
}

bool speaks_of(const diagnose::LivingFinding& living, const std::string& serial) {
  return std::ranges::find(living.earlier_serials, serial) != living.earlier_serials.end() ||
         std::ranges::any_of(living.finding.hypotheses, [&serial](const auto& one) {
           return one.part && one.part->identity.serial == serial;
         });
}

Result<ApiText> part(const ApiState& state, const ApiRoute& /*route*/, const ApiCall& call) {
  const auto store = query_parts::store_of(state.query);
  if (!store) {
    return tl::unexpected(store.error());
  }
  const auto all = parts_by_serial(**store);
  const auto found = all.find(std::string(call.text("id")));
  if (found == all.end()) {
    return base::fail(Code::kNotFound, "no part has told such a serial number",
                      base::printable(call.text("id"), 80), "/api/v1/parts lists all.");
  }
  const query_parts::Names names(**store);
  Json places = Json::array();
  Json findings = Json::array();
  for (const telemetry::SubjectRecord& record : found->second) {
    Json one = {{"subject", record.subject}, {"of", record.kind},
                {"host", record.host},       {"name", record.name},
                {"planned", record.planned}, {"since", base::iso8601(record.since)}};
    if (record.until.ns != 0) {
      one["until"] = base::iso8601(record.until);
    }
    places.push_back(std::move(one));
  }
  for (const diagnose::LivingFinding& living : state.query.findings) {
    if (speaks_of(living, found->first)) {
      findings.push_back(finding_row(living));
    }
  }
  Json out = head_of(state);
  out["part"] = part_row(found->first, found->second);
  out["places"] = std::move(places);
  out["findings"] = std::move(findings);
  return text_of(out);
}

/// One series in one window.
struct Seen {
  std::uint64_t count = 0;
  double min = 0;
  double max = 0;
  double sum = 0;
  std::uint64_t increase = 0;
  double covered_s = 0;
  std::uint64_t not_measured = 0;

  void add(const telemetry::Bucket& bucket) {
    min = count == 0 ? bucket.min : std::min(min, bucket.min);
    max = count == 0 ? bucket.max : std::max(max, bucket.max);
    sum += bucket.sum;
    count += bucket.count;
    increase += bucket.increase;
    covered_s += bucket.covered.seconds();
    not_measured += bucket.not_measured;
  }
};

/// What a window says, and the least and most that it leaves possible.
Json seen_json(const Seen& seen, bool is_counter, std::optional<base::Interval>& bounds) {
  Json out = {{"count", seen.count}, {"not_measured", seen.not_measured}};
  if (is_counter && seen.covered_s > 0) {
    const base::Interval events = base::poisson_bounds(seen.increase);
    bounds = base::Interval{events.low / seen.covered_s, events.high / seen.covered_s};
    out["events"] = seen.increase;
    out["covered_s"] = seen.covered_s;
    out["per_s"] = static_cast<double>(seen.increase) / seen.covered_s;
  } else if (!is_counter && seen.count > 0) {
    bounds = base::Interval{seen.min, seen.max};
    out["mean"] = seen.sum / static_cast<double>(seen.count);
  }
  if (bounds) {
    out["low"] = bounds->low;
    out["high"] = bounds->high;
  }
  return out;
}

std::string_view told(const std::optional<base::Interval>& before,
                      const std::optional<base::Interval>& after) {
  if (!before || !after) {
    return "not_measured";
  }
  return after->high < before->low ? "less" : after->low > before->high ? "more" : "not_told_apart";
}

/// The finest roll-up of which a bounded number is read.
telemetry::Roll roll_of(base::Duration window, std::size_t series) {
  constexpr double kBucketsMost = 2'000'000;
  const double each = kBucketsMost / static_cast<double>(std::max<std::size_t>(series, 1));
  return window.seconds() / 60 <= each     ? telemetry::Roll::kMinute
         : window.seconds() / 3600 <= each ? telemetry::Roll::kHour
                                           : telemetry::Roll::kDay;
}

using Window = std::map<telemetry::SeriesKey, Seen>;

/// Of `keys`, which the patterns mean, and no others.
Result<Window> window_of(const telemetry::Store& store, const std::vector<std::string>& patterns,
                         const std::vector<telemetry::SeriesKey>& keys, base::WallTime from,
                         base::WallTime until) {
  Window out;
  if (keys.empty()) {
    return out;
  }
  const telemetry::Roll roll = roll_of({until.ns - from.ns}, keys.size());
  std::set<telemetry::SeriesKey> wanted(keys.begin(), keys.end());
  for (const std::string& pattern : patterns) {
    const auto some =
        store.buckets({.subject = pattern, .metric = keys[0].metric}, from, until, roll);
    if (!some) {
      return tl::unexpected(some.error());
    }
    for (const telemetry::SeriesBuckets& series : *some) {
      if (wanted.erase(series.key) == 0) {
        continue;  // another pattern had it
      }
      for (const telemetry::Bucket& bucket : series.buckets) {
        out[series.key].add(bucket);
      }
    }
  }
  return out;
}

Result<ApiText> compare(const ApiState& state, const ApiRoute& /*route*/, const ApiCall& call) {
  const auto store = query_parts::store_of(state.query);
  const auto at = parse_time(call.text("at"));
  const auto metric = observe::find_metric(call.text("metric"));
  if (!store || !at) {
    return tl::unexpected(!store ? store.error() : at.error());
  }
  if (!metric) {
    return base::fail(Code::kInvalidArgument, "there is no such metric", "metric",
                      "docs/METRICS.md lists them.");
  }
  const auto window = base::seconds(base::parse_double(call.text("window_s")).value_or(0));
  const observe::MetricRow& row = observe::row(*metric);
  const query_parts::Names names(**store);
  const auto patterns = patterns_of(state, call.text("subject"));
  const auto keys = meant_series(**store, names, patterns, *metric, query_parts::kSeriesMost);
  if (!keys) {
    return tl::unexpected(keys.error());
  }
  const auto before = window_of(**store, patterns, *keys, {at->ns - window.ns}, *at);
  const auto after = window_of(**store, patterns, *keys, *at, {at->ns + window.ns});
  if (!before || !after) {
    return tl::unexpected(!before ? before.error() : after.error());
  }
  std::map<telemetry::SeriesKey, std::array<Seen, 2>> both;
  for (const auto& [key, seen] : *before) {
    both[key][0] = seen;
  }
  for (const auto& [key, seen] : *after) {
    both[key][1] = seen;
  }
  const bool is_counter = row.kind == observe::MetricKind::kCounter;
  Json list = Json::array();
  for (const auto& [key, seen] : both) {
    std::array<std::optional<base::Interval>, 2> bounds;
    Json one = Json::object();
    names.tell(key.subject, one);
    one["label"] = key.label;
    one["before"] = seen_json(seen[0], is_counter, bounds[0]);
    one["after"] = seen_json(seen[1], is_counter, bounds[1]);
    one["told"] = told(bounds[0], bounds[1]);
    list.push_back(std::move(one));
  }
  Json out = head_of(state);
  out["metric"] = row.key;
  out["unit"] = is_counter ? std::string(row.unit) + "/s" : std::string(row.unit);
  out["bounds"] = is_counter ? "rate, 95 %" : "least and greatest value";
  out["at"] = base::iso8601(*at);
  out["window_s"] = window.seconds();
  out["series"] = std::move(list);
  return text_of(out);
}

}  // namespace weft::serve::stories
