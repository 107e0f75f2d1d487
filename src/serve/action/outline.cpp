// SPDX-License-Identifier: Apache-2.0
#include "serve/action/outline.h"

#include <array>
#include <cstddef>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft::serve {
namespace action_text {

std::string write_line(const ActionWrite& write) {
  std::string values;
  if (!write.old.empty() && !write.value.empty()) {
    values = fmt::format(" {} -> {}", write.old, write.value);
  } else if (!write.value.empty()) {
    values = fmt::format(" <- {}", write.value);
  }
  return fmt::format("  {} {}{}  {}\n", write.device, write.place, values, write.what);
}

}  // namespace action_text

std::string_view key(TargetKind kind) {
  constexpr std::array<std::string_view, 3> kKeys = {"link", "retimer", "module"};
  return kKeys.at(static_cast<std::size_t>(kind));
}

Outline outline_of(const ActionPlace& place, std::string action) {
  Outline out;
  out.action = std::move(action);
  out.target = place.target.name;
  out.kind = place.target.kind;
  out.source = place.source;
  out.is_simulated = place.is_simulated;
  out.affected = affected_by(place);
  return out;
}

std::string outline_text(const Outline& outline) {
  std::string out =
      fmt::format("{}{} {} on {}{}\n", outline.is_simulated ? "SIMULATED: " : "", outline.action,
                  outline.target, outline.source, outline.writes.empty() ? "" : ". Writes:");
  for (const ActionWrite& write : outline.writes) {
    out += action_text::write_line(write);
  }
  out += fmt::format("Disturbs: {}\n", outline.disturbs);
  if (const auto whom = affected_text(outline.affected, outline.goes_down); !whom.empty()) {
    out += fmt::format("  {}\n", whom);
  }
  if (!outline.undo.empty()) {
    out += fmt::format("Undo: {}\n", outline.undo);
  }
  for (const std::string& note : outline.notes) {
    out += fmt::format("Note: {}\n", note);
  }
  return out;
}

nlohmann::ordered_json outline_json(const Outline& outline, bool is_applied) {
  nlohmann::ordered_json out = {
      {"schema", "weftline/action/1"},
      {"action", outline.action},
      {"source", outline.source},
      {"simulated", outline.is_simulated},
      {"applied", is_applied},
      {"target", {{"kind", key(outline.kind)}, {"name", outline.target}}}};
  auto writes = nlohmann::ordered_json::array();
  for (const ActionWrite& write : outline.writes) {
    nlohmann::ordered_json one = {
        {"device", write.device}, {"place", write.place}, {"what", write.what}};
    if (!write.old.empty()) {
      one["old"] = write.old;
    }
    if (!write.value.empty()) {
      one["value"] = write.value;
    }
    writes.push_back(std::move(one));
  }
  out["writes"] = std::move(writes);
  out["disturbs"] = {{"text", outline.disturbs},
                     {"links", outline.affected.links},
                     {"ports", outline.affected.ends},
                     {"behind", outline.affected.cut_off},
                     {"machines", outline.affected.machines}};
  out["undo"] = outline.undo;
  out["notes"] = outline.notes;
  return out;
}

}  // namespace weft::serve
