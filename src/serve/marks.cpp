// SPDX-License-Identifier: Apache-2.0
#include "serve/marks.h"

#include "serve/import/json_lines.h"
#include "serve/query.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <string_view>
#include <tuple>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft::serve {
namespace marks {

constexpr std::string_view kRecordKind = "mark";
constexpr std::array kKinds =
    std::to_array<std::string_view>({"maintenance", "job", "reboot", "repair"});

telemetry::StoredEvent event_of(const diagnose::Mark& mark) {
  telemetry::StoredEvent out;
  out.event.at = mark.from;
  out.event.kind = "mark_" + mark.kind;
  out.event.address = mark.subject;
  out.event.text =
      mark.until ? fmt::format("until {}", base::iso8601(*mark.until)) : "until it is ended";
  if (!mark.text.empty()) {
    out.event.text = mark.text + " (" + out.event.text + ")";
  }
  return out;
}

}  // namespace marks

std::span<const std::string_view> mark_kinds() {
  return marks::kKinds;
}

base::Result<void> keep_mark(telemetry::Store& store, const diagnose::Mark& mark) {
  const std::string key = mark.kind + " " + base::iso8601(mark.from) + " " + mark.subject;
  const std::string text = mark_json(mark);
  if (auto done = store.put(marks::kRecordKind, key, base::as_bytes(text)); !done) {
    return done;
  }
  std::array<telemetry::StoredEvent, 1> event = {marks::event_of(mark)};
  return store.append(std::span<telemetry::StoredEvent>(event));
}

std::vector<diagnose::Mark> kept_marks(const telemetry::Store& store) {
  std::vector<diagnose::Mark> out;
  store.each(marks::kRecordKind, [&out](std::string_view, base::ByteView value) {
    if (auto mark = parse_mark(base::as_text(value))) {
      out.push_back(*std::move(mark));
    }
  });
  std::ranges::sort(out, {}, [](const diagnose::Mark& mark) {
    return std::tie(mark.from, mark.kind, mark.subject);
  });
  return out;
}

base::Result<diagnose::Mark> asked_mark(std::string_view request, base::WallTime now) {
  auto json = nlohmann::ordered_json::parse(request, nullptr, false);
  if (!json.is_object()) {
    return base::fail(base::Code::kInvalidArgument, "a question is one JSON object");
  }
  if (!json.contains("from")) {
    json["from"] = base::iso8601(now);
  }
  auto mark = parse_mark(json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  if (!mark) {
    return mark;
  }
  if (const auto span = json.find("for_s"); span != json.end() && !mark->until) {
    if (!span->is_number() || !(span->get<double>() >= 0 && span->get<double>() <= kSecondsMost)) {
      return base::fail(base::Code::kInvalidArgument, "for_s is no length of time");
    }
    mark->until = mark->from + base::seconds(span->get<double>());
  }
  return mark;
}

std::string mark_answer(const base::Result<diagnose::Mark>& mark, base::WallTime now,
                        bool is_simulated) {
  nlohmann::ordered_json out = {{"schema", kPlaneSchema}};
  if (is_simulated) {
    out["simulated"] = true;
  }
  out["ok"] = mark.has_value();
  out["ask"] = "mark";
  out["now"] = base::iso8601(now);
  if (mark) {
    out.update(nlohmann::ordered_json::parse(mark_json(*mark)));
  } else {
    out["error"] = {{"code", base::name(mark.error().code)},
                    {"what", mark.error().what},
                    {"where", mark.error().where},
                    {"hint", mark.error().hint}};
  }
  return out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

bool is_same(const diagnose::Mark& one, const diagnose::Mark& other) {
  return one.kind == other.kind && one.subject == other.subject && one.from == other.from;
}

}  // namespace weft::serve
