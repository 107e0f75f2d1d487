// SPDX-License-Identifier: Apache-2.0
#include "driver/lasting.h"
#include "driver/retimer_actions.h"
#include "serve/action/kinds.h"
#include "serve/action/steps.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include <fmt/format.h>

namespace weft::serve::action_rows {

using base::Result;
using driver::ModuleControl;

constexpr auto kModuleRows = std::to_array<ModuleRow>({
    {"device reset", "reset", [](ModuleControl& control, std::uint8_t) { return control.reset(); },
     true, false, false, false, "A reset cannot be undone."},
    {"device restart", "restart",
     [](ModuleControl& control, std::uint8_t lanes) { return control.restart_data_paths(lanes); },
     false, false, true, false, "Every register is put back at the end."},
    {"device low-power", "low-power",
     [](ModuleControl& control, std::uint8_t) { return control.set_low_power(true); }, false, true,
     false, false, "weft device full-power, or weft undo."},
    {"device full-power", "restart",
     [](ModuleControl& control, std::uint8_t) { return control.set_low_power(false); }, false, true,
     false, false, "weft device low-power, or weft undo."},
    {"device disable-lane", "output",
     [](ModuleControl& control, std::uint8_t lanes) { return control.set_output(lanes, false); },
     false, true, true, true, "weft device enable-lane, or weft undo."},
    {"device enable-lane", "output",
     [](ModuleControl& control, std::uint8_t lanes) { return control.set_output(lanes, true); },
     false, true, true, true, "weft device disable-lane, or weft undo."},
});

std::span<const ModuleRow> module_rows() {
  return kModuleRows;
}

Result<PlannedAction> plan_retimer(ActionPlace& place, const ModuleRow& row) {
  if (!row.is_of_retimers) {
    return base::fail(base::Code::kInvalidArgument,
                      fmt::format("{} is not for a retimer", row.name), place.target.name,
                      "Its public registers switch no lane off; reset is what there is.");
  }
  auto opened = open_retimer(place);
  if (!opened) {
    return tl::unexpected(opened.error());
  }
  const auto device = std::make_shared<OpenRetimer>(*std::move(opened));
  const auto plan = driver::plan_reset(*device->retimer);
  if (!plan) {
    return tl::unexpected(plan.error());
  }
  PlannedAction out;
  out.outline = outline_of(place, std::string(row.name));
  add_plan(out.outline, *plan);
  out.outline.undo = "A reset cannot be undone: it loads its firmware and its links train again.";
  out.act = [device, &place](const std::string&) -> Result<ActionDone> {
    if (auto done = driver::reset_retimer(*device->retimer, place.wait); !done) {
      return tl::unexpected(done.error());
    }
    return ActionDone{.text = "Done."};
  };
  return out;
}

Result<ActionDone> act_on_module(ActionPlace& place, bus::ModuleMemory& memory,
                                 const ModuleRow& row, std::uint8_t lanes,
                                 const std::string& folder) {
  auto journal =
      row.lasts
          ? driver::lasting_journal(folder, row.name, place.source, memory.description())
          : driver::Journal::open(folder, row.name.substr(row.name.find(' ') + 1), place.source);
  if (!journal) {
    return tl::unexpected(journal.error());
  }
  ModuleControl control(memory, {.apply = true, .wait = place.wait, .journal = &*journal});
  auto done = row.act(control, lanes);
  auto settled =
      place.is_passing ? driver::forget(*journal) : driver::strike_unchanged(memory, *journal);
  const bool is_empty = journal->entries().empty();
  if (settled && is_empty) {
    settled = journal->close();
  }
  if (!done || !settled) {
    return tl::unexpected(done ? settled.error() : done.error());
  }
  ActionDone out{.text = "Done."};
  out.journal = is_empty ? "" : driver::journal_name(*journal);
  return out;
}

Result<PlannedAction> plan_module(ActionPlace& place, const ModuleRow& row,
                                  const std::vector<unsigned>& wanted) {
  auto opened = place.devices->module_memory(place.target.name);
  if (!opened) {
    return tl::unexpected(opened.error());
  }
  const std::shared_ptr<bus::ModuleMemory> memory = *std::move(opened);
  const auto lanes = lanes_in_use(*memory, wanted);
  if (!lanes) {
    return tl::unexpected(lanes.error());
  }
  ModuleControl trial(*memory, {.apply = false, .wait = {}, .journal = nullptr});
  if (const auto planned = row.act(trial, *lanes); !planned) {
    return tl::unexpected(planned.error());
  }
  PlannedAction out;
  out.outline = outline_of(place, std::string(row.name));
  add_steps(out.outline, *memory, trial.steps());
  out.outline.disturbs = driver::disturbs(row.disturbs);
  out.outline.undo = row.undo;
  add_module_notes(out.outline, place);
  out.act = [memory, &place, &row, lanes = *lanes](const std::string& folder) {
    return act_on_module(place, *memory, row, lanes, folder);
  };
  return out;
}

Result<PlannedAction> plan_device(ActionPlace& place, const ActionRequest& request) {
  const auto* const row = std::ranges::find(kModuleRows, request.action, &ModuleRow::name);
  if (row == kModuleRows.end()) {
    return base::fail(base::Code::kInvalidArgument, "there is no such action", request.action);
  }
  return place.target.kind == TargetKind::kRetimer ? plan_retimer(place, *row)
                                                   : plan_module(place, *row, request.lanes);
}

}  // namespace weft::serve::action_rows
