// SPDX-License-Identifier: Apache-2.0
// The questions that list: events, findings, series, last values.
#include "base/text.h"
#include "serve/query_parts.h"

#include <algorithm>
#include <iterator>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft::serve::query_parts {

using base::Code;
using base::Result;

Names::Names(const telemetry::Store& store) {
  store.each_subject([this](const telemetry::SubjectRecord& record) {
    const auto [at, is_new] = records_.try_emplace(record.subject, &record);
    const telemetry::SubjectRecord* const known = at->second;
    // The record without an end is the one that still holds.
    if (record.until.ns == 0 || (known->until.ns != 0 && record.since > known->since)) {
      at->second = &record;
    }
  });
}

const telemetry::SubjectRecord* Names::find(std::string_view subject) const {
  const auto at = records_.find(subject);
  return at == records_.end() ? nullptr : at->second;
}

void Names::tell(const std::string& subject, Json& out) const {
  out["subject"] = subject;
  const telemetry::SubjectRecord* record = find(subject);
  if (record == nullptr) {
    return;
  }
  const std::pair<const char*, const std::string*> members[] = {{"of", &record->kind},
                                                                {"host", &record->host},
                                                                {"name", &record->name},
                                                                {"planned", &record->planned},
                                                                {"serial", &record->part.serial}};
  for (const auto& [name, value] : members) {
    if (!value->empty()) {
      out[name] = *value;
    }
  }
}

bool Names::fits(std::string_view pattern, const std::string& subject) const {
  if (base::matches(pattern, subject)) {
    return true;
  }
  const telemetry::SubjectRecord* record = find(subject);
  return record != nullptr &&
         (base::matches(pattern, record->name) ||
          base::matches(pattern, record->host + "/" + record->name) ||
          (!record->planned.empty() && base::matches(pattern, record->planned)));
}

double seconds_of(base::WallTime at) {
  return static_cast<double>(at.ns) / 1e9;
}

Json value_json(const observe::Value& value) {
  return std::visit(
      [](const auto& held) -> Json {
        if constexpr (std::is_same_v<std::decay_t<decltype(held)>, observe::Histogram>) {
          return held.counts;
        } else {
          return held;
        }
      },
      value);
}

Result<const telemetry::Store*> store_of(const QuerySource& source) {
  if (source.store == nullptr) {
    return base::fail(Code::kFailedPrecondition, "nothing is stored here", {},
                      "Start it with a folder for the store.");
  }
  return source.store;
}

Json event_json(const telemetry::StoredEvent& stored, const Names& names) {
  const observe::Event& event = stored.event;
  Json out = {{"sequence", stored.sequence}};
  if (event.at) {
    out["at"] = base::iso8601(*event.at);
  }
  out["kind"] = event.kind;
  out["severity"] = observe::key(event.severity);
  if (!stored.subject.empty()) {
    names.tell(stored.subject, out);
  }
  if (!stored.host.empty()) {
    out["host"] = stored.host;
  }
  if (!event.address.empty()) {
    out["address"] = event.address;
  }
  out["text"] = event.text;
  if (!event.fields.empty()) {
    Json& fields = out["fields"] = Json::object();
    for (const auto& [name, value] : event.fields) {
      fields[name] = value;
    }
  }
  return out;
}

Result<Json> events(const QuerySource& source, const Ask& ask) {
  const auto store = store_of(source);
  if (!store) {
    return tl::unexpected(store.error());
  }
  const std::size_t count = ask.count.value_or(1000);
  if (count > kEventsMost) {
    return base::fail(Code::kInvalidArgument, fmt::format("is more than {}", kEventsMost), "count",
                      "Ask again with after, the sequence number of the last one.");
  }
  const Names names(**store);
  // After a number the next ones, else the newest ones; one more tells whether there are more.
  telemetry::EventPage page{.kind = ask.kind,
                            .from = ask.from,
                            .until = ask.until,
                            .after = ask.after,
                            .takes_newest = ask.after == 0,
                            .most = count + 1};
  if (ask.subject != "*") {
    page.fits = [&](const telemetry::StoredEvent& stored) {
      return names.fits(ask.subject, stored.subject) || base::matches(ask.subject, stored.host) ||
             base::matches(ask.subject, stored.event.address) ||
             base::matches(ask.subject, stored.host + "/" + stored.event.address);
    };
  }
  auto found = (*store)->events(page);
  if (!found) {
    return tl::unexpected(found.error());
  }
  const bool is_more = found->size() > count;
  if (is_more) {
    found->erase(page.takes_newest ? found->begin() : std::prev(found->end()));
  }
  Json list = Json::array();
  for (const telemetry::StoredEvent& stored : *found) {
    list.push_back(event_json(stored, names));
  }
  return Json{{"from", base::iso8601(ask.from)},
              {"until", base::iso8601(ask.until)},
              {"events", std::move(list)},
              {"is_more", is_more}};
}

Json finding_json(const diagnose::LivingFinding& living) {
  const diagnose::Finding& finding = living.finding;
  Json out = {{"id", living.id},
              {"phase", diagnose::key(living.phase)},
              {"level", diagnose::key(finding.level)},
              {"code", finding.code},
              {"place", finding.place},
              {"sentence", finding.sentence},
              {"cause", finding.cause},
              {"next_step", finding.next_step},
              {"opened", base::iso8601(living.opened)},
              {"updated", base::iso8601(living.updated)},
              {"recurrences", living.recurrences},
              {"victims", finding.victims}};
  if (const std::string subject = observe::text(finding.subject); !subject.empty()) {
    out["subject"] = subject;
  }
  if (finding.since) {
    out["since"] = base::iso8601(*finding.since);
  }
  if (living.closed) {
    out["closed"] = base::iso8601(*living.closed);
  }
  Json& hypotheses = out["hypotheses"] = Json::array();
  for (const diagnose::Hypothesis& one : finding.hypotheses) {
    Json said = {{"cause", one.cause},
                 {"words", one.words},
                 {"probability", one.probability},
                 {"stretch", diagnose::key(one.stretch)}};
    if (one.part) {
      said["part"] = {{"kind", one.part->kind},
                      {"place", one.part->place},
                      {"serial", one.part->identity.serial},
                      {"part_number", one.part->identity.part_number}};
    }
    hypotheses.push_back(std::move(said));
  }
  Json& evidence = out["evidence"] = Json::array();
  for (const diagnose::Evidence& one : finding.cited) {
    Json said = {{"text", one.text}};
    if (one.at) {
      said["at"] = base::iso8601(*one.at);
    }
    if (one.speaks_against) {
      said["speaks_against"] = true;
    }
    evidence.push_back(std::move(said));
  }
  for (const std::string& one : finding.evidence) {
    evidence.push_back({{"text", one}});
  }
  Json& tests = out["tests"] = Json::array();
  for (const diagnose::SeparatingTest& one : finding.tests) {
    tests.push_back({{"action", one.action}, {"disturbs", one.disturbs}, {"decides", one.decides}});
  }
  return out;
}

Acknowledgements acknowledgements_of(const QuerySource& source) {
  return source.store != nullptr ? kept_acknowledgements(*source.store) : Acknowledgements();
}

Json finding_json(const diagnose::LivingFinding& living, const Acknowledgements& known,
                  base::WallTime now) {
  Json out = finding_json(living);
  const auto at = known.find(living.id);
  if (at != known.end() && holds(at->second, living, now)) {
    out["acknowledged"] = Json::parse(acknowledgement_json(at->second), nullptr, false);
  }
  return out;
}

Result<Json> findings(const QuerySource& source, const Ask& ask) {
  constexpr std::string_view kPhases[] = {"living", "all", "open", "quiet", "closed"};
  if (std::ranges::find(kPhases, ask.phase) == std::end(kPhases)) {
    return base::fail(Code::kInvalidArgument, "is none", "phase",
                      "There is living (open and quiet), all, open, quiet, closed.");
  }
  Json list = Json::array();
  std::size_t of_phase = 0;
  const Acknowledgements known = acknowledgements_of(source);
  for (const diagnose::LivingFinding& living : source.findings) {
    const bool fits_phase = ask.phase == "all" || ask.phase == diagnose::key(living.phase) ||
                            (ask.phase == "living" && living.phase != diagnose::Phase::kClosed);
    const bool fits = base::matches(ask.subject, living.finding.place) ||
                      base::matches(ask.subject, living.id) ||
                      base::matches(ask.subject, observe::text(living.finding.subject));
    if (!fits_phase || !fits) {
      continue;
    }
    ++of_phase;
    if (of_phase > ask.offset && list.size() < std::min(ask.count.value_or(1000), kEventsMost)) {
      list.push_back(finding_json(living, known, source.now));
    }
  }
  const bool is_more = of_phase > ask.offset + list.size();
  return Json{{"findings", std::move(list)}, {"is_more", is_more}};
}

Result<Json> series(const QuerySource& source, const Ask& ask) {
  const auto store = store_of(source);
  if (!store) {
    return tl::unexpected(store.error());
  }
  const auto keys =
      (*store)->list({.subject = ask.subject, .metric = ask.metric, .label = ask.label});
  const Names names(**store);
  Json list = Json::array();
  const std::size_t end = ask.offset + std::min(ask.count.value_or(kListMost), kListMost);
  for (std::size_t i = ask.offset; i < std::min(keys.size(), end); ++i) {
    const observe::MetricRow& row = observe::row(keys[i].metric);
    Json one = Json::object();
    names.tell(keys[i].subject, one);
    one["metric"] = row.key;
    one["label"] = keys[i].label;
    one["unit"] = row.unit;
    one["kind"] = observe::key(row.kind);
    list.push_back(std::move(one));
  }
  return Json{{"count", keys.size()}, {"series", std::move(list)}, {"is_more", keys.size() > end}};
}

/// Adds the newest point of each series that is not there yet; newest slices of time first, so that
/// what is too much is known before it is in memory. Raw points are not kept for longer than this
/// looks back.
Result<void> read_last(const telemetry::Store& store, const Ask& ask, base::WallTime until,
                       std::map<telemetry::SeriesKey, telemetry::Point>& out) {
  constexpr std::size_t kReadMost = 4'000'000;
  constexpr std::size_t kSparse = 1000;
  constexpr std::int64_t kHourNs = 3'600'000'000'000;
  constexpr std::int64_t kSliceMost = 6 * kHourNs;
  constexpr std::int64_t kBackMost = 60 * 24 * kHourNs;
  const base::WallTime first{std::max(ask.from.ns, until.ns - kBackMost)};
  std::size_t read = 0;
  for (std::int64_t slice = kHourNs / 6; until > first;) {
    const base::WallTime from{std::max(first.ns, until.ns - slice)};
    const std::size_t before = read;
    const auto found = store.points(
        {.subject = ask.subject, .metric = ask.metric, .label = ask.label}, from, until);
    if (!found) {
      return tl::unexpected(found.error());
    }
    for (const telemetry::SeriesPoints& each : *found) {
      read += each.points.size();
      out.emplace(each.key, each.points.back());
    }
    if (read > kReadMost && from > first) {
      return base::fail(Code::kResourceExhausted, "too much would be read for that", "since_s",
                        "Ask for a shorter time, or for fewer series.");
    }
    slice = read - before < kSparse ? std::min(4 * slice, kSliceMost) : slice;
    until = from;
  }
  return {};
}

Result<std::map<telemetry::SeriesKey, telemetry::Point>> last_points(const QuerySource& source,
                                                                     const telemetry::Store& store,
                                                                     const Ask& ask,
                                                                     const Names& names) {
  std::map<telemetry::SeriesKey, telemetry::Point> out;
  const auto take = [&](const telemetry::SeriesKey& key, const telemetry::Point& point) {
    if (point.at >= ask.from && (!ask.metric || key.metric == *ask.metric) &&
        (ask.label.empty() || base::matches(ask.label, key.label)) &&
        (ask.subject == "*" || names.fits(ask.subject, key.subject))) {
      out.emplace(key, point);
    }
  };
  if (source.each_track) {
    source.each_track([&](const telemetry::SeriesKey& key, const telemetry::Track& track) {
      if (const auto point = track.last()) {
        take(key, *point);
      }
    });
    return out;
  }
  if (source.each_last && source.last_from <= ask.from) {
    source.each_last(take);
    return out;
  }
  // What came in since the start is known; before it, the store is read backwards.
  if (source.each_last) {
    source.each_last(take);
  }
  const base::WallTime until = source.each_last ? std::min(ask.until, source.last_from) : ask.until;
  if (auto read = read_last(store, ask, until, out); !read) {
    return tl::unexpected(read.error());
  }
  return out;
}

Result<Json> last(const QuerySource& source, const Ask& ask) {
  const auto store = store_of(source);
  if (!store) {
    return tl::unexpected(store.error());
  }
  const Names names(**store);
  const auto points = last_points(source, **store, ask, names);
  if (!points) {
    return tl::unexpected(points.error());
  }
  Json list = Json::array();
  const std::size_t end = ask.offset + std::min(ask.count.value_or(kListMost), kListMost);
  std::size_t place = 0;
  for (const auto& [key, point] : *points) {
    if (place >= ask.offset && place < end) {
      Json one = Json::object();
      names.tell(key.subject, one);
      one["metric"] = observe::row(key.metric).key;
      one["label"] = key.label;
      one["at"] = seconds_of(point.at);
      if (point.value) {
        one["value"] = value_json(*point.value);
      } else {
        one["not_measured"] = observe::key(point.value.error().why);
      }
      list.push_back(std::move(one));
    }
    ++place;
  }
  return Json{{"count", place}, {"values", std::move(list)}, {"is_more", place > end}};
}

}  // namespace weft::serve::query_parts
