// SPDX-License-Identifier: Apache-2.0
#include "fabric/state.h"

#include "base/text.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace weft::fabric {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kStateBytesMax = std::size_t{16} << 20;
/// A link that loses more carries nothing that anybody could use.
constexpr double kFlitErrorsMost = 0.999;
constexpr std::size_t kStateMistakesMax = 50;

class StateReader {
 public:
  void look(const Json& document) {
    if (!document.is_object()) {
      say("the document is no object");
      return;
    }
    if (document.value("schema", Json()) != Json(kFabricStateSchema)) {
      say(fmt::format("\"schema\" is not \"{}\"", kFabricStateSchema));
    }
    if (const auto rack = document.find("rack"); rack != document.end() && rack->is_string()) {
      state.rack = rack->get<std::string>();
    }
    const auto links = document.find("links");
    if (links == document.end() || !links->is_array()) {
      say("\"links\" is no list");
      return;
    }
    for (std::size_t i = 0; i < links->size(); ++i) {
      look_at_link((*links)[i], fmt::format("links[{}]", i));
    }
  }

  FabricState state;
  std::vector<std::string> mistakes;

 private:
  void say(std::string text) {
    if (mistakes.size() < kStateMistakesMax) {
      mistakes.push_back(std::move(text));
    }
  }

  void ratio(const Json& value, const std::string& where, std::optional<double>& out) {
    if (!value.is_number() || !(value.get<double>() >= 0) || !(value.get<double>() < 1)) {
      say(where + " is no ratio from 0 to below 1");
    } else {
      out = value.get<double>();
    }
  }

  void look_at_link(const Json& entry, const std::string& where) {
    if (!entry.is_object()) {
      say(where + " is no object");
      return;
    }
    LinkState link;
    for (const auto& [name, value] : entry.items()) {
      const std::string place = where + "." + base::printable(name, 40);
      if (name == "link" && value.is_string()) {
        link.link = value.get<std::string>();
      } else if (name == "down" && value.is_boolean()) {
        link.is_down = value.get<bool>();
      } else if (name == "lanes" && value.is_number_unsigned() &&
                 value.get<std::uint64_t>() <= 512) {
        link.lanes = value.get<std::uint32_t>();
      } else if (name == "protocol" && value.is_string()) {
        link.protocol = value.get<std::string>();
      } else if (name == "flit_error_ratio") {
        ratio(value, place, link.flit_error_ratio);
      } else if (name == "bit_error_ratio") {
        ratio(value, place, link.bit_error_ratio);
      } else {
        say(place + " is unknown or of the wrong type");
      }
    }
    if (link.link.empty()) {
      say(where + ".link is missing");
    }
    state.links.push_back(std::move(link));
  }
};

}  // namespace

base::Result<FabricState> read_fabric_state(std::string_view json, std::string_view file) {
  const Json document = Json::parse(json, nullptr, false);
  if (json.size() > kStateBytesMax || document.is_discarded()) {
    return base::fail(base::Code::kInvalidArgument, "no JSON document, or one above 16 MiB",
                      std::string(file));
  }
  StateReader reader;
  reader.look(document);
  if (!reader.mistakes.empty()) {
    return base::fail(base::Code::kInvalidArgument,
                      fmt::format("{}", fmt::join(reader.mistakes, "; ")), std::string(file),
                      "docs/formats/fabric-state.md describes it");
  }
  return std::move(reader.state);
}

base::Result<FabricState> load_fabric_state(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return base::fail(base::Code::kNotFound, "cannot read the state file", path);
  }
  std::ostringstream text;
  text << file.rdbuf();
  return read_fabric_state(text.str(), path);
}

std::string fabric_state_json(const FabricState& state) {
  Json out = {{"schema", kFabricStateSchema}, {"rack", state.rack}, {"links", Json::array()}};
  for (const LinkState& link : state.links) {
    Json entry = {{"link", link.link}};
    if (link.is_down) {
      entry["down"] = true;
    }
    if (link.lanes) {
      entry["lanes"] = *link.lanes;
    }
    if (!link.protocol.empty()) {
      entry["protocol"] = link.protocol;
    }
    if (link.flit_error_ratio) {
      entry["flit_error_ratio"] = *link.flit_error_ratio;
    }
    if (link.bit_error_ratio) {
      entry["bit_error_ratio"] = *link.bit_error_ratio;
    }
    out["links"].push_back(std::move(entry));
  }
  return out.dump(2) + "\n";
}

std::optional<LinkState> deviation(const Link& planned, const LinkNow& now) {
  LinkState out;
  out.link = planned.name;
  if (!now.is_up.value_or(true)) {
    out.is_down = true;
    return out;
  }
  bool differs = false;
  if (now.lanes && now.lanes->value() > 0 && *now.lanes < planned.lanes) {
    out.lanes = now.lanes->value();
    differs = true;
  }
  if (now.protocol && *now.protocol != ProtocolId::kUnknown &&
      protocol(*now.protocol).lane_rate < protocol(planned.protocol).lane_rate) {
    out.protocol = protocol(*now.protocol).key;
    differs = true;
  }
  if (now.flit_error_ratio && *now.flit_error_ratio > kFlitErrorsLeast) {
    out.flit_error_ratio = std::min(*now.flit_error_ratio, kFlitErrorsMost);
    differs = true;
  }
  return differs ? std::optional(std::move(out)) : std::nullopt;
}

}  // namespace weft::fabric
