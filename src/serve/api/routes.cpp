// SPDX-License-Identifier: Apache-2.0
#include "serve/api/routes.h"

#include "base/text.h"
#include "serve/api/action_routes.h"
#include "serve/api/eye.h"
#include "serve/api/openapi.h"
#include "serve/api/story_routes.h"
#include "serve/api/views.h"
#include "serve/api/write_routes.h"

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
/// Patterns are laid at every name that there is.
constexpr std::size_t kTextMost = 1024;

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
constexpr ApiParameter kLaneTableFields[] = {
    {.name = "link", .help = "Only lanes of links with such a name, or of this id."}, kAge};
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
constexpr ApiParameter kEyeFields[] = {
    kId,
    {.name = "section",
     .kind = ApiKind::kCount,
     .help = "Which stretch between retimers and modules, from end a.",
     .fallback = "0"}};
constexpr ApiParameter kApply{.name = "apply",
                              .kind = ApiKind::kBool,
                              .help = "true does it; without it the answer says what would be.",
                              .fallback = "false"};
constexpr ApiParameter kInjectFields[] = {
    {.name = "fault",
     .help = "A key of the catalogue.",
     .is_needed = true,
     .example = "contaminated-connector"},
    {.name = "target",
     .help = "What it is done to: link:NAME, device:NAME, port:NAME, host:NAME; * is any text.",
     .is_needed = true,
     .example = "link:*"},
    {.name = "amplitude", .help = "How strong, as 6 dB; without it the fault's own."},
    {.name = "shape", .help = "How it goes over time, as ramp 5 min; without it the fault's own."},
    {.name = "for", .help = "Cleared after so much world time, as 10 min; without it never."},
    {.name = "label", .help = "A word of yours, kept with it."},
    kApply};
constexpr ApiParameter kClearFields[] = {
    {.name = "id", .help = "Its number, or all.", .is_needed = true, .is_of_path = true}, kApply};
constexpr ApiParameter kSpeedFields[] = {
    {.name = "speed",
     .kind = ApiKind::kSeconds,
     .help = "World seconds in a second, up to 1000000; 0: as fast as it goes.",
     .is_needed = true,
     .example = "1"},
    kApply};
constexpr ApiParameter kSkipFields[] = {{.name = "for",
                                         .help = "So much world time, up to 10 d, as 30 min.",
                                         .is_needed = true,
                                         .example = "1 min"},
                                        kApply};
constexpr ApiParameter kTimelineFields[] = {
    {.name = "subject",
     .help = "A link or device by name or id, with its ports; or a pattern. Without it events of "
             "everything, and no states."},
    kSince,
    kSinceSeconds,
    kUntil,
    kUntilSeconds};
constexpr ApiParameter kCompareFields[] = {
    {.name = "metric",
     .help = "The metric, by its key in docs/METRICS.md.",
     .is_needed = true,
     .example = "temperature"},
    {.name = "subject", .help = "A link or device by name or id, with its ports; or a pattern."},
    {.name = "at",
     .help = "The moment between both windows, as 2026-11-22T19:14:23Z.",
     .is_needed = true,
     .example = "2026-11-22T19:14:23Z"},
    {.name = "window_s",
     .kind = ApiKind::kSeconds,
     .help = "Length of each window.",
     .fallback = "3600"}};
constexpr ApiParameter kPageFields[] = {kOffset, kCount};
constexpr ApiParameter kMarkFields[] = {
    {.name = "mark",
     .kind = ApiKind::kChoice,
     .help = "What it is.",
     .choices = "maintenance job reboot repair",
     .is_needed = true,
     .example = "maintenance"},
    {.name = "subject", .help = "What it covers: a pattern of names; without it everything."},
    {.name = "from", .help = "When it begins, as 2026-11-22T19:14:23Z; without it now."},
    {.name = "until", .help = "When it ends; without it when it is ended."},
    {.name = "for_s", .kind = ApiKind::kSeconds, .help = "Or how many seconds it lasts."},
    {.name = "text", .help = "A remark."},
    kApply};
constexpr ApiParameter kActFields[] = {
    {.name = "action",
     .help = "Which one, by its name in the list of kinds.",
     .is_needed = true,
     .example = "link disable"},
    {.name = "target",
     .help = "A link or device by name or id, or what the verbs take: 0000:3b:00.0, i2c-9/0x24, "
             "eth0, with MACHINE/ before it where there are several.",
     .is_needed = true,
     .example = "0000:01:00.0"},
    {.name = "value", .help = "Of those that take one: gen4, x8."},
    {.name = "lanes", .help = "Of those that take lanes: 0 to 7 with commas, as 0,2."},
    kApply};
constexpr ApiParameter kAcknowledgeFields[] = {
    kId,
    {.name = "by", .help = "Who has seen it; without it the name of the token."},
    {.name = "text", .help = "A remark: what is done about it."},
    {.name = "until", .help = "Until when nobody is told again, as 2026-11-22T19:14:23Z."},
    {.name = "for_s", .kind = ApiKind::kSeconds, .help = "Or for how many seconds."},
    kApply};
constexpr ApiParameter kUndoFields[] = {kId, kApply};
constexpr ApiParameter kStreamFields[] = {
    {.name = "last_event_id",
     .help = "Goes on after this event; the header Last-Event-ID says the same."}};

Result<ApiText> index(const ApiState& state, const ApiRoute& route, const ApiCall& call);
Result<ApiText> document(const ApiState& state, const ApiRoute& route, const ApiCall& call);
Result<ApiText> question(const ApiState& state, const ApiRoute& route, const ApiCall& call);
Result<ApiText> finding(const ApiState& state, const ApiRoute& route, const ApiCall& call);
Result<ApiText> why(const ApiState& state, const ApiRoute& route, const ApiCall& call);

constexpr auto kViewer = ApiRole::kViewer;
constexpr auto kOperator = ApiRole::kOperator;
constexpr std::array kRoutes = std::to_array<ApiRoute>({
    {"/api/v1",
     "What this is, who asks, and what there is to ask.",
     kViewer,
     {},
     kJsonMedia,
     "Index",
     &index,
     "",
     "GET",
     true},
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
    {"/api/v1/links/{id}/eye", "The eye that a section of the link should have: modelled.", kViewer,
     kEyeFields, kJsonMedia, "Eye", &eye},
    {"/api/v1/lanes", "Each receiver of each lane, with its last values.", kViewer, kLaneFields,
     kJsonMedia, "Lanes", &views::lanes},
    {"/api/v1/lane-table", "Each receiver of each lane as columns of numbers.", kViewer,
     kLaneTableFields, kJsonMedia, "LaneTable", &views::lane_table},
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
    {"/api/v1/findings/{id}/acknowledge", "Says that somebody has seen it: nobody is told again.",
     kOperator, kAcknowledgeFields, kJsonMedia, "Acknowledged", &writes::acknowledge, "", "POST",
     true},
    {"/api/v1/findings/{id}/acknowledge", "Takes that back.", kOperator, kUndoFields, kJsonMedia,
     "Acknowledged", &writes::unacknowledge, "", "DELETE", true},
    {"/api/v1/why", "The finding in full, as weft why --json says it.", kViewer, kWhyFields,
     kJsonMedia, "Why", &why},
    {"/api/v1/top", "The worst findings, and the counters that move most.", kViewer, kTopFields,
     kJsonMedia, "Top", &question, "top"},
    {"/api/v1/stream", "Changes of findings, as they come (server-sent events).", kViewer,
     kStreamFields, kEventsMedia, "", nullptr},
    {"/api/v1/timeline", "Events, states, marks and findings of one thing on one axis.", kViewer,
     kTimelineFields, kJsonMedia, "Timeline", &stories::timeline},
    {"/api/v1/parts", "Parts by their serial numbers.", kViewer, kPageFields, kJsonMedia, "Parts",
     &stories::parts},
    {"/api/v1/parts/{id}", "Where a part was, and what was found about it.", kViewer, kIdFields,
     kJsonMedia, "Part", &stories::part},
    {"/api/v1/compare", "The same series before and after a moment, with bounds.", kViewer,
     kCompareFields, kJsonMedia, "Compare", &stories::compare},
    {"/api/v1/marks", "Maintenance, jobs, repairs, reboots that were told.", kViewer, kPageFields,
     kJsonMedia, "Marks", &writes::marks},
    {"/api/v1/marks", "Tells maintenance, a job, a repair, a reboot.", kOperator, kMarkFields,
     kJsonMedia, "Mark", &writes::mark, "", "POST", true},
    {"/api/v1/actions", "What there is to do to links, retimers and modules, and what was done.",
     kViewer, kPageFields, kJsonMedia, "Actions", &action_routes::actions, "", "GET", true},
    {"/api/v1/actions/{id}", "One that was done: its writes, and what is still changed.", kViewer,
     kIdFields, kJsonMedia, "Action", &action_routes::action, "", "GET", true},
    {"/api/v1/actions", "Says what an action would write and disturb, and does it.", kOperator,
     kActFields, kJsonMedia, "Acted", &action_routes::act, "", "POST", true},
    {"/api/v1/actions/{id}/undo", "Puts back what an action changed.", kOperator, kUndoFields,
     kJsonMedia, "Undone", &action_routes::undo, "", "POST", true},
    {"/api/v1/world",
     "The simulated world: its time, speed, links and faults.",
     kViewer,
     {},
     kJsonMedia,
     "World",
     &writes::world,
     "",
     "GET",
     true},
    {"/api/v1/world/catalogue",
     "The faults that a world can have.",
     kViewer,
     {},
     kJsonMedia,
     "Catalogue",
     &writes::catalogue},
    {"/api/v1/world/faults", "Does a fault to the world.", kOperator, kInjectFields, kJsonMedia,
     "Done", &writes::inject, "", "POST", true},
    {"/api/v1/world/faults/{id}", "Ends a fault, or all.", kOperator, kClearFields, kJsonMedia,
     "Done", &writes::clear, "", "DELETE", true},
    {"/api/v1/world/speed", "Sets how fast its time goes.", kOperator, kSpeedFields, kJsonMedia,
     "Done", &writes::speed, "", "POST", true},
    {"/api/v1/world/skip", "Lets time go as fast as it can for a while.", kOperator, kSkipFields,
     kJsonMedia, "Done", &writes::skip, "", "POST", true},
    {"/metrics", "Last values as Prometheus text.", kViewer, kMetricsFields, kMetricsMedia, "",
     &views::metrics},
});

Result<ApiText> index(const ApiState& state, const ApiRoute& /*route*/, const ApiCall& call) {
  Json out = {{"schema", "weftline/api/1"}};
  if (state.query.is_simulated) {
    out["simulated"] = true;
  }
  out["now"] = base::iso8601(state.query.now);
  out["version"] = WEFT_VERSION;
  out["fabric"] = state.joint->fabric().name;
  out["role"] = key(call.role);
  if (state.world != nullptr) {
    out["world"] = {{"speed", state.world->speed()},
                    {"skipping_s", state.world->skipping().seconds()},
                    {"prepared", state.world->prepared()}};
  }
  Json& routes = out["routes"] = Json::array();
  for (const ApiRoute& route : kRoutes) {
    routes.push_back({{"path", route.path}, {"method", route.method}, {"summary", route.summary}});
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

bool is_at(const ApiRoute& route, const net::Target& target) {
  const auto parts = base::split(route.path.substr(1), '/');
  return std::ranges::equal(parts, target.segments, [](std::string_view part, const auto& segment) {
    return is_parameter(part) || part == segment;
  });
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
      if (text.size() > kTextMost) {
        return wrong(fmt::format("is longer than {} bytes", kTextMost), "Write less.");
      }
      break;
    case ApiKind::kCount:
      if (!number || *number > kCountMost) {
        return wrong("is no whole number", "Write digits.");
      }
      break;
    case ApiKind::kSeconds:
      if (!real || !(*real >= 0 && *real <= kSecondsMost)) {
        return wrong("is no number of seconds up to 1000000000", "Write digits, as 600.");
      }
      break;
    case ApiKind::kChoice: {
      const auto choices = base::words(parameter.choices);
      if (std::ranges::find(choices, text) == choices.end()) {
        return wrong("is none of them", fmt::format("There is {}.", parameter.choices));
      }
      break;
    }
    case ApiKind::kBool:
      if (text != "true" && text != "false") {
        return wrong("is neither true nor false", "Write one of them.");
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

const ApiRoute* find_route(const net::Target& target, std::string_view method) {
  for (const ApiRoute& route : route_parts::kRoutes) {
    if (route.method == method && route_parts::is_at(route, target)) {
      return &route;
    }
  }
  return nullptr;
}

std::string allowed_methods(const net::Target& target) {
  std::string out;
  for (const ApiRoute& route : route_parts::kRoutes) {
    if (route_parts::is_at(route, target)) {
      out += out.empty() ? "" : ", ";
      out += route.method == "GET" ? "GET, HEAD" : route.method;
    }
  }
  return out;
}

base::Result<std::vector<std::pair<std::string, std::string>>> body_fields(std::string_view body) {
  const auto json = route_parts::Json::parse(body, nullptr, false);
  if (!json.is_object()) {
    return base::fail(base::Code::kInvalidArgument, "the body is no JSON object");
  }
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& [name, value] : json.items()) {
    if (value.is_structured() || value.is_null()) {
      return base::fail(base::Code::kInvalidArgument, "is no text, number, true or false",
                        base::printable(name, 60));
    }
    out.emplace_back(name, value.is_string() ? value.get<std::string>() : value.dump());
  }
  return out;
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
