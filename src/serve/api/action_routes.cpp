// SPDX-License-Identifier: Apache-2.0
#include "serve/api/action_routes.h"

#include "base/text.h"
#include "serve/action/desk.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

namespace weft::serve::action_routes {

using base::Code;
using base::Result;
using Json = nlohmann::ordered_json;

constexpr std::string_view kNone = "there is no device here that could be acted on";

Json head_of_actions(const ApiState& state) {
  Json out = {{"schema", "weftline/api/1"}};
  if (state.query.is_simulated) {
    out["simulated"] = true;
  }
  out["now"] = base::iso8601(state.query.now);
  return out;
}

ApiText answer_of_actions(const Json& json) {
  return {json.dump(-1, ' ', false, Json::error_handler_t::replace), {}};
}

Json kind_json(const ActionKind& kind) {
  Json out = {{"action", kind.name}, {"targets", Json::array()}};
  for (const auto target : base::words(kind.targets)) {
    out["targets"].push_back(target);
  }
  if (!kind.value.empty()) {
    out["value"] = kind.value;
  }
  if (!kind.lanes.empty()) {
    out["lanes"] = kind.lanes;
  }
  out["disturbs"] = kind.disturbs;
  out["undo"] = kind.undo;
  out["lasting"] = kind.lasts;
  return out;
}

Result<ApiText> actions(const ApiState& state, const ApiRoute& /*route*/, const ApiCall& call) {
  Json out = head_of_actions(state);
  const bool may = state.actions != nullptr && state.actions->options().refusal.empty();
  out["allowed"] = may;
  if (!may) {
    out["refusal"] = state.actions == nullptr ? kNone : state.actions->options().refusal;
  }
  Json& kinds = out["kinds"] = Json::array();
  for (const ActionKind& kind : action_kinds()) {
    kinds.push_back(kind_json(kind));
  }
  std::vector<Json> all;
  if (state.actions != nullptr) {
    auto listed = state.actions->list();
    if (!listed) {
      return tl::unexpected(listed.error());
    }
    all = *std::move(listed);
  }
  const std::size_t begin = std::min(call.count("offset"), all.size());
  const std::size_t end = begin + std::min(call.count("count"), all.size() - begin);
  out["count"] = all.size();
  Json& list = out["actions"] = Json::array();
  for (std::size_t i = begin; i < end; ++i) {
    list.push_back(std::move(all[i]));
  }
  out["is_more"] = end < all.size();
  ApiText text = answer_of_actions(out);
  if (end < all.size()) {
    text.next = call.target("offset", std::to_string(end));
  }
  return text;
}

Result<ActionDesk*> desk_of(const ApiState& state) {
  if (state.actions == nullptr) {
    return base::fail(Code::kFailedPrecondition, std::string(kNone), {},
                      "These are captures, or what others have told.");
  }
  return state.actions;
}

Result<ApiText> action(const ApiState& state, const ApiRoute& /*route*/, const ApiCall& call) {
  if (state.actions == nullptr) {
    return base::fail(Code::kNotFound, "there is no such action",
                      base::printable(call.text("id"), 80));
  }
  auto one = state.actions->one(call.text("id"));
  if (!one) {
    return tl::unexpected(one.error());
  }
  Json out = head_of_actions(state);
  out["action"] = *std::move(one);
  return answer_of_actions(out);
}

/// "0,2" -> 0 and 2.
Result<std::vector<unsigned>> lanes_of(std::string_view text) {
  std::vector<unsigned> out;
  if (text.empty()) {
    return out;
  }
  for (const std::string_view part : base::split(text, ',')) {
    const auto lane = base::parse_unsigned(base::trim(part));
    if (!lane || *lane > 7) {
      return base::fail(Code::kInvalidArgument, "are no lanes", "lanes",
                        "Write numbers from 0 to 7 with commas between, as 0,2.");
    }
    out.push_back(static_cast<unsigned>(*lane));
  }
  return out;
}

Result<ApiText> with_head(const ApiState& state, const ApiCall& call, Result<Json> said) {
  if (!said) {
    return tl::unexpected(said.error());
  }
  Json out = head_of_actions(state);
  out["applied"] = call.is("apply");
  out.update(*said);
  return answer_of_actions(out);
}

Result<ApiText> act(const ApiState& state, const ApiRoute& /*route*/, const ApiCall& call) {
  const auto desk = desk_of(state);
  if (!desk) {
    return tl::unexpected(desk.error());
  }
  auto lanes = lanes_of(call.text("lanes"));
  if (!lanes) {
    return tl::unexpected(lanes.error());
  }
  ActionRequest request{.action = std::string(call.text("action")), .lanes = *std::move(lanes)};
  if (!call.text("value").empty()) {
    request.value = std::string(call.text("value"));
  }
  return with_head(state, call,
                   (*desk)->act(*state.joint, request, call.text("target"), call.is("apply"),
                                {call.who, state.query.now}));
}

Result<ApiText> undo(const ApiState& state, const ApiRoute& /*route*/, const ApiCall& call) {
  const auto desk = desk_of(state);
  if (!desk) {
    return tl::unexpected(desk.error());
  }
  return with_head(state, call,
                   (*desk)->undo(call.text("id"), call.is("apply"), {call.who, state.query.now}));
}

}  // namespace weft::serve::action_routes
