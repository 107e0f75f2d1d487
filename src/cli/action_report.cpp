// SPDX-License-Identifier: Apache-2.0
#include "cli/action_report.h"

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft::cli {
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

Outline outline_of(const Place& place, std::string action) {
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

std::string dry_run_text(const Outline& outline) {
  return outline_text(outline) + "Nothing was written. Add --apply to do it.\n";
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

void print_text(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

bool is_lasting(const driver::Journal& journal) {
  return journal.action().starts_with("link ") || journal.action().starts_with("device ");
}

base::Result<driver::Journal> lasting_journal(const std::string& folder, std::string_view action,
                                              const std::string& machine,
                                              const std::string& device) {
  auto found = driver::abandoned(folder);
  if (!found) {
    return tl::unexpected(found.error());
  }
  for (driver::Journal& one : *found) {
    const auto& entries = one.entries();
    const bool is_ours =
        is_lasting(one) && one.machine() == machine && !entries.empty() &&
        std::ranges::all_of(entries, [&](const auto& entry) { return entry.device == device; });
    if (is_ours) {
      return std::move(one);
    }
  }
  return driver::Journal::open(folder, action, machine);
}

base::Result<void> forget(driver::Journal& journal) {
  auto undone = journal.undo([](const driver::JournalEntry&) { return base::Result<void>(); });
  return undone ? journal.close() : undone;
}

}  // namespace weft::cli
