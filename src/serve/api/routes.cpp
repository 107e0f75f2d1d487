// SPDX-License-Identifier: Apache-2.0
#include "serve/api/routes.h"

#include "base/text.h"
#include "serve/api/openapi.h"
#include "serve/api/views.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft::serve {
namespace route_parts {

using base::Code;
using base::Result;
using Json = nlohmann::ordered_json;

constexpr std::uint64_t kCountMost = 1'000'000'000'000;

constexpr ApiParameter kOffset{.name = "offset",
                               .kind = ApiKind::kCount,
                               .help = "How many to leave out first.",
                               .fallback = "0"};
constexpr ApiParameter kCount{
    .name = "count", .kind = ApiKind::kCount, .help = "How many at most.", .fallback = "1000"};
constexpr ApiParameter kSubject{
    .name = "subject",
    .help = "Only these: id, name, HOST/NAME or planned name; * and ? as in a shell."};
constexpr ApiParameter kMetric{
    .name = "metric", .help = "A metric by its key in docs/METRICS.md.", .example = "temperature"};
constexpr ApiParameter kLabel{.name = "label", .help = "Only series with such a label: a pattern."};
constexpr ApiParameter kSince{.name = "since",
                              .help = "From this time on, as 2026-11-22T19:14:23Z (UTC)."};
constexpr ApiParameter kUntil{.name = "until", .help = "Before this time."};
constexpr ApiParameter kSinceSeconds{
    .name = "since_s", .kind = ApiKind::kSeconds, .help = "From so many seconds ago on."};
constexpr ApiParameter kUntilSeconds{
    .name = "until_s", .kind = ApiKind::kSeconds, .help = "Until so many seconds ago."};
constexpr ApiParameter kAge{.name = "since_s",
                            .kind = ApiKind::kSeconds,
                            .help = "Leave out what is older than so many seconds.",
                            .fallback = "600"};
constexpr ApiParameter kId{.name = "id",
                           .help = "Its id or its name, percent-encoded.",
                           .is_needed = true,
                           .is_of_path = true};

constexpr ApiParameter kDeviceFields[] = {
    {.name = "name", .help = "Only devices with such a name: a pattern."},
    {.name = "kind", .help = "Only of this kind: gpu, nic, switch, retimer and others."},
    kOffset,
    kCount};
constexpr ApiParameter kLinkFields[] = {
    {.name = "name", .help = "Only links with such a name: a pattern."},
    {.name = "protocol", .help = "Only links of this protocol, by its key: a pattern."},
    kOffset,
    kCount};
constexpr ApiParameter kLaneFields[] = {
    {.name = "link", .help = "Only lanes of links with such a name, or of this id."},
    {.name = "metric", .help = "Only values of this metric."},
    kAge,
    kOffset,
    kCount};
constexpr ApiParameter kSeriesFields[] = {kSubject, kMetric, kLabel, kOffset, kCount};
constexpr ApiParameter kLastFields[] = {kSubject, kMetric, kLabel, kAge, kOffset, kCount};
constexpr ApiParameter kSampleFields[] = {
    {.name = "metric",
     .help = "The metric, by its key in docs/METRICS.md.",
     .is_needed = true,
     .example = "temperature"},
    kSubject,
    kLabel,
    kSince,
    kSinceSeconds,
    kUntil,
    kUntilSeconds,
    {.name = "step_s", .kind = ApiKind::kSeconds, .help = "Length of a step; whole minutes."},
    {.name = "function",
     .kind = ApiKind::kChoice,
     .help = "What of each step; raw: every point.",
     .choices = "raw mean min max rate increase"}};
constexpr ApiParameter kEventFields[] = {
    kSubject,
    {.name = "kind", .help = "Only such kinds: a pattern."},
    kSince,
    kSinceSeconds,
    kUntil,
    kUntilSeconds,
    {.name = "after",
     .kind = ApiKind::kCount,
     .help = "Those after this sequence number; without it the newest ones."},
    kCount};
constexpr ApiParameter kFindingFields[] = {
    kSubject,
    {.name = "phase",
     .kind = ApiKind::kChoice,
     .help = "In this phase of life; living: open and quiet.",
     .fallback = "living",
     .choices = "living all open quiet closed"},
    kOffset,
    kCount};
constexpr ApiParameter kWhyFields[] = {
    {.name = "subject", .help = "A finding, link, port, device or part; without it everything."},
    kSinceSeconds};
constexpr ApiParameter kTopFields[] = {
    kAge,
    {.name = "count", .kind = ApiKind::kCount, .help = "How many at most.", .fallback = "20"}};
constexpr ApiParameter kMetricsFields[] = {kAge};
constexpr ApiParameter kIdFields[] = {kId};
constexpr ApiParameter kStreamFields[] = {
    {.name = "last_event_id",
     .help = "Goes on after this event; the header Last-Event-ID says the same."}};

Result<ApiText> index(const ApiState& state, const ApiRoute& route, const ApiCall& call);
Result<ApiText> document(const ApiState& state, const ApiRoute& route, const ApiCall& call);
Result<ApiText> question(const ApiState& state, const ApiRoute& route, const ApiCall& call);
Result<ApiText> finding(const ApiState& state, const ApiRoute& route, const ApiCall& call);
Result<ApiText> why(const ApiState& state, const ApiRoute& route, const ApiCall& call);

constexpr auto kViewer = ApiRole::kViewer;
constexpr std::array kRoutes = std::to_array<ApiRoute>({
    {"/api/v1", "What there is to ask.", kViewer, {}, kJsonMedia, "Index", &index},
    {"/api/v1/openapi.json", "This document.", kViewer, {}, kJsonMedia, "", &document},
    {"/api/v1/fabric",
     "All devices, ports and links, as planned and seen.",
     kViewer,
     {},
     kJsonMedia,
     "Fabric",
     &views::fabric},
    {"/api/v1/devices", "Devices.", kViewer, kDeviceFields, kJsonMedia, "Devices", &views::devices},
    {"/api/v1/devices/{id}", "One device, its links and findings.", kViewer, kIdFields, kJsonMedia,
     "Device", &views::device},
    {"/api/v1/links", "Links.", kViewer, kLinkFields, kJsonMedia, "Links", &views::links},
    {"/api/v1/links/{id}", "One link, its ends and findings.", kViewer, kIdFields, kJsonMedia,
     "Link", &views::link},
    {"/api/v1/lanes", "Each receiver of each lane, with its last values.", kViewer, kLaneFields,
     kJsonMedia, "Lanes", &views::lanes},
    {"/api/v1/series", "Which series there are.", kViewer, kSeriesFields, kJsonMedia, "Series",
     &question, "series"},
    {"/api/v1/last", "The last value of each series.", kViewer, kLastFields, kJsonMedia, "Last",
     &question, "last"},
    {"/api/v1/samples", "History: points, or steps with their bounds.", kViewer, kSampleFields,
     kJsonMedia, "Samples", &question, "history"},
    {"/api/v1/events", "What happened.", kViewer, kEventFields, kJsonMedia, "Events", &question,
     "events"},
    {"/api/v1/findings", "What is wrong, worst first.", kViewer, kFindingFields, kJsonMedia,
     "Findings", &question, "findings"},
    {"/api/v1/findings/{id}", "One finding.", kViewer, kIdFields, kJsonMedia, "Finding", &finding},
    {"/api/v1/why", "The finding in full, as weft why --json says it.", kViewer, kWhyFields,
     kJsonMedia, "Why", &why},
    {"/api/v1/top", "The worst findings, and the counters that move most.", kViewer, kTopFields,
     kJsonMedia, "Top", &question, "top"},
    {"/api/v1/stream", "Changes of findings, as they come (server-sent events).", kViewer,
     kStreamFields, kEventsMedia, "", nullptr},
    {"/metrics", "Last values as Prometheus text.", kViewer, kMetricsFields, kMetricsMedia, "",
     &views::metrics},
});

Result<ApiText> index(const ApiState& state, const ApiRoute& /*route*/, const ApiCall& /*call*/) {
  Json out = {{"schema", "weftline/api/1"}};
  if (state.query.is_simulated) {
    out["simulated"] = true;
  }
  out["now"] = base::iso8601(state.query.now);
  out["version"] = WEFT_VERSION;
  out["fabric"] = state.joint->fabric().name;
  Json& routes = out["routes"] = Json::array();
  for (const ApiRoute& route : kRoutes) {
    routes.push_back({{"path", route.path}, {"summary", route.summary}});
  }
  return ApiText{out.dump(-1, ' ', false, Json::error_handler_t::replace), {}};
}

Result<ApiText> document(const ApiState& /*state*/, const ApiRoute& /*route*/,
                         const ApiCall& /*call*/) {
  return ApiText{openapi_document(), {}};
}

Json request_of(std::string_view ask, const ApiCall& call) {
  Json out = {{"ask", ask}};
  for (const ApiCall::Value& value : call.values) {
    Json& member = out[std::string(value.parameter->name)];
    if (value.parameter->kind == ApiKind::kCount) {
      member = base::parse_unsigned(value.text).value_or(0);
    } else if (value.parameter->kind == ApiKind::kSeconds) {
      member = base::parse_double(value.text).value_or(0);
    } else {
      member = value.text;
    }
  }
  return out;
}

Code code_of(std::string_view name) {
  for (int i = static_cast<int>(Code::kCancelled); i <= static_cast<int>(Code::kUnauthenticated);
       ++i) {
    if (base::name(static_cast<Code>(i)) == name) {
      return static_cast<Code>(i);
    }
  }
  return Code::kUnknown;
}

/// The plane's line, or the mistake that it tells.
Result<std::string> ask(const ApiState& state, const Json& request) {
  constexpr std::size_t kHeadMost = 100;
  std::string line = state.answer(request.dump(-1, ' ', false, Json::error_handler_t::replace));
  if (line.substr(0, kHeadMost).find(R"("ok":false)") == line.npos) {
    return line;
  }
  const Json said = Json::parse(line, nullptr, false);
  const Json error = said.is_object() ? said.value("error", Json::object()) : Json::object();
  const auto text = [&error](const char* name) {
    const auto at = error.find(name);
    return at != error.end() && at->is_string() ? at->get<std::string>() : std::string();
  };
  return tl::unexpected(
      base::Error{code_of(text("code")), text("what"), text("where"), text("hint")});
}

/// Where the next page begins, for answers that have one.
std::optional<std::string> next_of(const ApiRoute& route, const ApiCall& call,
                                   const std::string& line) {
  if (!line.ends_with(R"("is_more":true})")) {
    return std::nullopt;
  }
  if (route.question != "events") {
    return call.target("offset", std::to_string(call.count("offset") + call.count("count")));
  }
  const Json said = Json::parse(line, nullptr, false);
  if (call.text("after").empty() || !said.is_object() || said["events"].empty()) {
    return std::nullopt;  // the newest were asked for
  }
  return call.target("after", said["events"].back()["sequence"].dump());
}

Result<ApiText> question(const ApiState& state, const ApiRoute& route, const ApiCall& call) {
  auto line = ask(state, request_of(route.question, call));
  if (!line) {
    return tl::unexpected(line.error());
  }
  auto next = next_of(route, call, *line);
  return ApiText{*std::move(line), std::move(next)};
}

Result<ApiText> finding(const ApiState& state, const ApiRoute& /*route*/, const ApiCall& call) {
  const auto living =
      std::ranges::find(state.query.findings, call.text("id"), &diagnose::LivingFinding::id);
  if (living == state.query.findings.end()) {
    return base::fail(Code::kNotFound, "there is no such finding",
                      base::printable(call.text("id"), 80),
                      "/api/v1/findings?phase=all lists all.");
  }
  const auto line = ask(state, {{"ask", "findings"}, {"subject", living->id}, {"phase", "all"}});
  if (!line) {
    return tl::unexpected(line.error());
  }
  Json said = Json::parse(*line, nullptr, false);
  said["finding"] = said["findings"].empty() ? Json() : said["findings"][0];
  said.erase("findings");
  said.erase("is_more");
  return ApiText{said.dump(-1, ' ', false, Json::error_handler_t::replace), {}};
}

Result<ApiText> why(const ApiState& state, const ApiRoute& /*route*/, const ApiCall& call) {
  Json request = request_of("why", call);
  request["json"] = true;
  const auto line = ask(state, request);
  if (!line) {
    return tl::unexpected(line.error());
  }
  const Json said = Json::parse(*line, nullptr, false);
  return ApiText{said.value("text", std::string()), {}};
}

bool is_parameter(std::string_view part) {
  return part.starts_with('{');
}

/// Every field of the query is a parameter, and stands there once.
Result<void> check_names(const ApiRoute& route, const net::Target& target) {
  std::vector<std::string_view> seen;
  for (const auto& [name, text] : target.query) {
    const bool is_known = std::ranges::any_of(
        route.parameters, [wanted = std::string_view(name)](const ApiParameter& parameter) {
          return parameter.name == wanted && !parameter.is_of_path;
        });
    if (is_known && std::ranges::find(seen, name) == seen.end()) {
      seen.push_back(name);
      continue;
    }
    std::string all;
    for (const ApiParameter& each : route.parameters) {
      if (!each.is_of_path) {
        all += (all.empty() ? "" : ", ") + std::string(each.name);
      }
    }
    return base::fail(Code::kInvalidArgument,
                      is_known ? "the parameter stands there twice" : "there is no such parameter",
                      base::printable(name, 60),
                      all.empty() ? "There is none." : "There is " + all + ".");
  }
  return {};
}

Result<void> check(const ApiParameter& parameter, const std::string& text) {
  const auto wrong = [&](std::string what, std::string hint) {
    return base::fail(Code::kInvalidArgument, std::move(what), std::string(parameter.name),
                      std::move(hint));
  };
  const auto number = base::parse_unsigned(text);
  const auto real = base::parse_double(text);
  switch (parameter.kind) {
    case ApiKind::kText:
      break;
    case ApiKind::kCount:
      if (!number || *number > kCountMost) {
        return wrong("is no whole number", "Write digits.");
      }
      break;
    case ApiKind::kSeconds:
      if (!real || !(*real >= 0 && *real < static_cast<double>(kCountMost))) {
        return wrong("is no number of seconds", "Write digits, as 600.");
      }
      break;
    case ApiKind::kChoice: {
      const auto choices = base::words(parameter.choices);
      if (std::ranges::find(choices, text) == choices.end()) {
        return wrong("is none of them", fmt::format("There is {}.", parameter.choices));
      }
    }
  }
  return {};
}

}  // namespace route_parts

std::string_view ApiCall::text(std::string_view name) const {
  for (const Value& value : values) {
    if (value.parameter->name == name) {
      return value.text;
    }
  }
  return {};
}

std::size_t ApiCall::count(std::string_view name) const {
  return base::parse_unsigned(text(name)).value_or(0);
}

std::string ApiCall::target(std::string_view name, std::string_view text) const {
  std::string out = path;
  char before = '?';
  for (const Value& value : values) {
    if (!value.parameter->is_of_path) {
      out += fmt::format("{}{}={}", before, value.parameter->name,
                         net::percent_encoded(
                             value.parameter->name == name ? text : std::string_view(value.text)));
      before = '&';
    }
  }
  return out;
}

std::span<const ApiRoute> api_routes() {
  return route_parts::kRoutes;
}

const ApiRoute* find_route(const net::Target& target) {
  for (const ApiRoute& route : route_parts::kRoutes) {
    const auto parts = base::split(route.path.substr(1), '/');
    if (std::ranges::equal(parts, target.segments, [](std::string_view part, const auto& segment) {
          return route_parts::is_parameter(part) || part == segment;
        })) {
      return &route;
    }
  }
  return nullptr;
}

base::Result<ApiCall> read_call(const ApiRoute& route, const net::Target& target) {
  ApiCall out;
  std::vector<std::pair<std::string_view, std::string_view>> of_path;
  const auto parts = base::split(route.path.substr(1), '/');
  for (std::size_t i = 0; i < parts.size() && i < target.segments.size(); ++i) {
    out.path += "/" + net::percent_encoded(target.segments[i]);
    if (route_parts::is_parameter(parts[i])) {
      of_path.emplace_back(parts[i].substr(1, parts[i].size() - 2), target.segments[i]);
    }
  }
  if (auto known = route_parts::check_names(route, target); !known) {
    return tl::unexpected(known.error());
  }
  for (const ApiParameter& parameter : route.parameters) {
    ApiCall::Value value{&parameter, std::string(parameter.fallback)};
    bool is_given = !parameter.fallback.empty();
    const auto take = [&](const auto& fields) {
      for (const auto& [name, text] : fields) {
        if (name == parameter.name) {
          value.text = text;
          is_given = true;
        }
      }
    };
    parameter.is_of_path ? take(of_path) : take(target.query);
    if (!is_given && parameter.is_needed) {
      return base::fail(base::Code::kInvalidArgument, "is missing", std::string(parameter.name),
                        std::string(parameter.help));
    }
    if (!is_given) {
      continue;
    }
    if (auto fits = route_parts::check(parameter, value.text); !fits) {
      return tl::unexpected(fits.error());
    }
    out.values.push_back(std::move(value));
  }
  return out;
}

unsigned status_of(base::Code code) {
  using base::Code;
  switch (code) {
    case Code::kInvalidArgument:
    case Code::kOutOfRange:
    case Code::kResourceExhausted:  // more would be told than one answer holds: ask for less
      return 400;
    case Code::kUnauthenticated:
      return 401;
    case Code::kPermissionDenied:
      return 403;
    case Code::kNotFound:
      return 404;
    case Code::kFailedPrecondition:
    case Code::kAlreadyExists:
    case Code::kAborted:
      return 409;
    case Code::kUnimplemented:
      return 501;
    case Code::kUnavailable:
      return 503;
    case Code::kDeadlineExceeded:
      return 504;
    case Code::kCancelled:
    case Code::kUnknown:
    case Code::kInternal:
    case Code::kDataLoss:
      return 500;
  }
  return 500;
}

std::string problem_json(unsigned status, std::string_view title, const base::Error& error) {
  route_parts::Json out = {{"type", "about:blank"},
                           {"title", title},
                           {"status", status},
                           {"detail", error.text()},
                           {"code", base::name(error.code)}};
  for (const auto& [name, text] :
       {std::pair("where", &error.where), std::pair("hint", &error.hint)}) {
    if (!text->empty()) {
      out[name] = *text;
    }
  }
  return out.dump(-1, ' ', false, route_parts::Json::error_handler_t::replace);
}

}  // namespace weft::serve
