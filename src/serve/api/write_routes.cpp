// SPDX-License-Identifier: Apache-2.0
#include "serve/api/write_routes.h"

#include "base/span.h"
#include "base/text.h"
#include "serve/import/json_lines.h"
#include "serve/marks.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft::serve::writes {

using base::Code;
using base::Result;
using Json = nlohmann::ordered_json;

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json api_head(const ApiState& state) {
  Json out = {{"schema", "weftline/api/1"}};
  if (state.query.is_simulated) {
    out["simulated"] = true;
  }
  out["now"] = base::iso8601(state.query.now);
  return out;
}

Result<ApiText> marks(const ApiState& state, const ApiRoute& /*route*/, const ApiCall& call) {
  const auto all =
      state.query.store != nullptr ? kept_marks(*state.query.store) : std::vector<diagnose::Mark>();
  const std::size_t begin = std::min(call.count("offset"), all.size());
  const std::size_t end = begin + std::min(call.count("count"), all.size() - begin);
  Json out = api_head(state);
  out["count"] = all.size();
  Json& list = out["marks"] = Json::array();
  for (std::size_t i = begin; i < end; ++i) {
    list.push_back(Json::parse(mark_json(all[i]), nullptr, false));
  }
  out["is_more"] = end < all.size();
  ApiText text{dump(out), {}};
  if (end < all.size()) {
    text.next = call.target("offset", std::to_string(end));
  }
  return text;
}

Result<ApiText> mark(const ApiState& state, const ApiRoute& /*route*/, const ApiCall& call) {
  Json request = {{"ask", "mark"}};
  for (const ApiCall::Value& value : call.values) {
    if (value.parameter->kind == ApiKind::kSeconds) {
      request[std::string(value.parameter->name)] = base::parse_double(value.text).value_or(0);
    } else if (value.parameter->kind != ApiKind::kBool) {
      request[std::string(value.parameter->name)] = value.text;
    }
  }
  const auto meant = asked_mark(dump(request), state.query.now);
  if (!meant) {
    return tl::unexpected(meant.error());
  }
  if (call.is("apply")) {
    // With its beginning written out, so that what is kept is what is answered.
    Json exact = Json::parse(mark_json(*meant), nullptr, false);
    exact["ask"] = "mark";
    const Json said = Json::parse(state.answer(dump(exact)), nullptr, false);
    if (!said.is_object() || !said.value("ok", false)) {
      return base::fail(Code::kUnavailable, "the mark could not be kept");
    }
  }
  Json out = api_head(state);
  out["applied"] = call.is("apply");
  out["mark"] = Json::parse(mark_json(*meant), nullptr, false);
  return ApiText{dump(out), {}};
}

Code code_named(std::string_view name) {
  for (int i = static_cast<int>(Code::kCancelled); i <= static_cast<int>(Code::kUnauthenticated);
       ++i) {
    if (base::name(static_cast<Code>(i)) == name) {
      return static_cast<Code>(i);
    }
  }
  return Code::kUnknown;
}

/// What the plane says to it, under the API's head.
Result<ApiText> ask_acknowledge(const ApiState& state, const ApiCall& call, Json request) {
  request["ask"] = "acknowledge";
  request["finding"] = call.text("id");
  request["apply"] = call.is("apply");
  const Json said = Json::parse(state.answer(dump(request)), nullptr, false);
  if (!said.is_object() || !said.value("ok", false)) {
    const Json error = said.is_object() ? said.value("error", Json::object()) : Json::object();
    return tl::unexpected(base::Error{code_named(error.value("code", "")), error.value("what", ""),
                                      error.value("where", ""), error.value("hint", "")});
  }
  Json out = api_head(state);
  for (const char* name : {"applied", "finding", "dropped", "acknowledged"}) {
    out[name] = said.value(name, Json());
  }
  return ApiText{dump(out), {}};
}

Result<ApiText> acknowledge(const ApiState& state, const ApiRoute& /*route*/, const ApiCall& call) {
  Json request = {{"by", call.text("by").empty() ? std::string_view(call.who) : call.text("by")},
                  {"text", call.text("text")}};
  if (!call.text("until").empty()) {
    request["until"] = call.text("until");
  } else if (!call.text("for_s").empty()) {
    request["for_s"] = base::parse_double(call.text("for_s")).value_or(0);
  }
  return ask_acknowledge(state, call, std::move(request));
}

Result<ApiText> unacknowledge(const ApiState& state, const ApiRoute& /*route*/,
                              const ApiCall& call) {
  return ask_acknowledge(state, call, {{"drop", true}});
}

Result<WorldControl*> world_of(const ApiState& state) {
  if (state.world == nullptr) {
    return base::fail(Code::kNotFound, "there is no simulated world here", {},
                      "These are real machines.");
  }
  return state.world;
}

/// The world's answer to a command, or the mistake that it tells.
Result<Json> ask_world(WorldControl& world, const Json& request) {
  Json said = Json::parse(world.answer(dump(request)), nullptr, false);
  if (said.is_object() && said.value("ok", false)) {
    return said;
  }
  const Json error = said.is_object() ? said.value("error", Json::object()) : Json::object();
  return tl::unexpected(base::Error{code_named(error.value("code", "")), error.value("what", ""),
                                    error.value("where", ""), error.value("hint", "")});
}

/// What the world's answer says beside its own head.
void add_members(const Json& said, Json& out) {
  for (const auto& [name, value] : said.items()) {
    if (name != "schema" && name != "simulated" && name != "ok" && name != "dry_run") {
      out[name] = value;
    }
  }
}

Result<ApiText> world(const ApiState& state, const ApiRoute& /*route*/, const ApiCall& /*call*/) {
  const auto there = world_of(state);
  if (!there) {
    return tl::unexpected(there.error());
  }
  const auto status = ask_world(**there, {{"command", "status"}});
  const auto faults = ask_world(**there, {{"command", "faults"}});
  if (!status || !faults) {
    return tl::unexpected(!status ? status.error() : faults.error());
  }
  Json out = api_head(state);
  out["speed"] = (*there)->speed();
  out["skipping_s"] = (*there)->skipping().seconds();
  add_members(*status, out);
  out["faults"] = faults->value("faults", Json::array());
  return ApiText{dump(out), {}};
}

Result<ApiText> catalogue(const ApiState& state, const ApiRoute& /*route*/,
                          const ApiCall& /*call*/) {
  const auto there = world_of(state);
  if (!there) {
    return tl::unexpected(there.error());
  }
  return ApiText{(*there)->catalogue(), {}};
}

Result<ApiText> inject(const ApiState& state, const ApiRoute& /*route*/, const ApiCall& call) {
  const auto there = world_of(state);
  if (!there) {
    return tl::unexpected(there.error());
  }
  Json request = {{"command", "inject"}, {"dry_run", !call.is("apply")}};
  for (const ApiCall::Value& value : call.values) {
    if (value.parameter->kind != ApiKind::kBool) {
      request[std::string(value.parameter->name)] = value.text;
    }
  }
  const auto said = ask_world(**there, request);
  if (!said) {
    return tl::unexpected(said.error());
  }
  Json out = api_head(state);
  out["applied"] = call.is("apply");
  add_members(*said, out);
  return ApiText{dump(out), {}};
}

Result<ApiText> clear(const ApiState& state, const ApiRoute& /*route*/, const ApiCall& call) {
  const auto there = world_of(state);
  if (!there) {
    return tl::unexpected(there.error());
  }
  const auto id = base::parse_unsigned(call.text("id"));
  if (!id && call.text("id") != "all") {
    return base::fail(Code::kNotFound, "there is no such fault",
                      base::printable(call.text("id"), 40), "Name its number, or all.");
  }
  const auto faults = ask_world(**there, {{"command", "faults"}});
  if (!faults) {
    return tl::unexpected(faults.error());
  }
  std::size_t meant = 0;
  for (const Json& fault : faults->value("faults", Json::array())) {
    meant += !id || fault.value("id", std::uint64_t{0}) == *id ? 1 : 0;
  }
  if (id && meant == 0) {
    return base::fail(Code::kNotFound, "there is no such fault, or it is over",
                      base::printable(call.text("id"), 40), "/api/v1/world lists those there are.");
  }
  Json out = api_head(state);
  out["applied"] = call.is("apply");
  out["cleared"] = meant;
  if (call.is("apply")) {
    Json request = {{"command", "clear"}, {"id", "all"}};
    if (id) {
      request["id"] = *id;
    }
    const auto said = ask_world(**there, request);
    if (!said) {
      return tl::unexpected(said.error());
    }
    add_members(*said, out);
  }
  return ApiText{dump(out), {}};
}

Result<ApiText> speed(const ApiState& state, const ApiRoute& /*route*/, const ApiCall& call) {
  constexpr double kMost = 1e6;
  const auto there = world_of(state);
  if (!there) {
    return tl::unexpected(there.error());
  }
  const double wanted = base::parse_double(call.text("speed")).value_or(1);
  if (wanted > kMost) {
    return base::fail(Code::kInvalidArgument, "is faster than 1000000", "speed",
                      "0 is as fast as it goes.");
  }
  if (call.is("apply")) {
    if (auto done = (*there)->set_speed(wanted); !done) {
      return tl::unexpected(done.error());
    }
  }
  Json out = api_head(state);
  out["applied"] = call.is("apply");
  out["speed"] = wanted;
  return ApiText{dump(out), {}};
}

Result<ApiText> skip(const ApiState& state, const ApiRoute& /*route*/, const ApiCall& call) {
  constexpr base::Duration kMost = base::seconds(10 * 86400.0);
  const auto there = world_of(state);
  if (!there) {
    return tl::unexpected(there.error());
  }
  const auto span = base::parse_span(call.text("for"));
  if (!span || span->ns <= 0 || *span > kMost) {
    return base::fail(Code::kInvalidArgument, "is no time up to 10 d", "for",
                      std::string(base::kSpanHint));
  }
  if (call.is("apply")) {
    if (auto done = (*there)->skip(*span); !done) {
      return tl::unexpected(done.error());
    }
  }
  Json out = api_head(state);
  out["applied"] = call.is("apply");
  out["skipping_s"] = span->seconds();
  return ApiText{dump(out), {}};
}

}  // namespace weft::serve::writes
