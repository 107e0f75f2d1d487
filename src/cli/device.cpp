// SPDX-License-Identifier: Apache-2.0
#include "cli/device.h"

#include "base/text.h"
#include "cli/device_steps.h"
#include "driver/retimer_actions.h"

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft::cli {
namespace device_parts {

using base::Code;
using base::Result;
using driver::ModuleControl;

constexpr PositionalSpec kPositionals[] = {
    {"ACTION",
     "reset; of a module also restart, low-power, full-power, disable-lane, enable-lane."},
    {"TARGET",
     "A retimer by bus and address (i2c-9/0x24), or a module by its interface (eth0); of a twin "
     "also a device's or link's name, and with MACHINE/ before it."},
};
constexpr OptionSpec kOptions[] = {
    {"--lane", "N",
     "Of restart, disable-lane and enable-lane: these lanes, 0 to 7. Default for restart: those in "
     "use.",
     true},
    kApplyOption,
    kRootOption,
    kRackOption,
    kSeedOption,
    kAdvanceOption,
    kUpFolderOption,
    kInventoryOption,
    kActionJsonOption,
};
constexpr ExampleSpec kExamples[] = {
    {"weft device reset i2c-9/0x24", "What resetting this retimer would write and disturb."},
    {"weft device disable-lane server0/eth0 --lane 2 --folder /tmp/weft-0/pod --apply",
     "Switch one output of a running twin's module off, until weft undo."},
};
constexpr ExitSpec kExits[] = {{kOk, "it was done, or would be"}};

using Act = Result<void> (*)(ModuleControl&, std::uint8_t lanes);
struct Row {
  std::string_view name;
  std::string_view disturbs;  ///< as driver::disturbs() knows it
  Act act;
  bool lasts;
  bool needs_lanes;
  std::string_view undo;
};
constexpr auto kRows = std::to_array<Row>({
    {"reset", "reset", [](ModuleControl& control, std::uint8_t) { return control.reset(); }, false,
     false, "A reset cannot be undone."},
    {"restart", "restart",
     [](ModuleControl& control, std::uint8_t lanes) { return control.restart_data_paths(lanes); },
     false, false, "Every register is put back at the end."},
    {"low-power", "low-power",
     [](ModuleControl& control, std::uint8_t) { return control.set_low_power(true); }, true, false,
     "weft device full-power, or weft undo."},
    {"full-power", "restart",
     [](ModuleControl& control, std::uint8_t) { return control.set_low_power(false); }, true, false,
     "weft device low-power, or weft undo."},
    {"disable-lane", "output",
     [](ModuleControl& control, std::uint8_t lanes) { return control.set_output(lanes, false); },
     true, true, "weft device enable-lane, or weft undo."},
    {"enable-lane", "output",
     [](ModuleControl& control, std::uint8_t lanes) { return control.set_output(lanes, true); },
     true, true, "weft device disable-lane, or weft undo."},
});

Result<std::vector<unsigned>> lanes_of(const Arguments& arguments, const Row& row) {
  std::vector<unsigned> out;
  for (const std::string& text : arguments.values("--lane")) {
    const auto lane = base::parse_unsigned(text);
    if (!lane || *lane > 7) {
      return base::fail(Code::kInvalidArgument, "--lane: give a lane from 0 to 7");
    }
    out.push_back(static_cast<unsigned>(*lane));
  }
  if (out.empty() && row.needs_lanes) {
    return base::fail(Code::kInvalidArgument, "--lane is missing");
  }
  return out;
}

/// What would be done, said; and what does it.
struct Doing {
  Outline outline;
  std::function<Result<void>()> act;
};

Result<Doing> retimer_doing(Place& place, Outline outline, const Row& row) {
  if (row.name != "reset") {
    return base::fail(Code::kInvalidArgument, fmt::format("{} is not for a retimer", row.name),
                      place.target.name,
                      "Its public registers switch no lane off; reset is what there is.");
  }
  auto opened = open_retimer(place);
  if (!opened) {
    return tl::unexpected(opened.error());
  }
  const std::shared_ptr<OpenRetimer> device = std::make_shared<OpenRetimer>(std::move(*opened));
  const auto plan = driver::plan_reset(*device->retimer);
  if (!plan) {
    return tl::unexpected(plan.error());
  }
  add_plan(outline, *plan);
  outline.undo = "A reset cannot be undone: it loads its firmware and its links train again.";
  return Doing{std::move(outline),
               [device, &place] { return driver::reset_retimer(*device->retimer, place.wait); }};
}

/// Entries whose registers hold what they held go: nothing is to be put back there.
Result<void> strike(driver::Journal& journal, bus::ModuleMemory& memory) {
  std::size_t kept = 0;
  auto struck = journal.undo([&](const driver::JournalEntry& entry) -> Result<void> {
    if (driver::is_as_noted(memory, entry)) {
      return {};
    }
    ++kept;
    return base::fail(Code::kFailedPrecondition, "it is changed", entry.device);
  });
  return kept == 0 ? struck : Result<void>();
}

Result<void> act_on_module(Place& place, bus::ModuleMemory& memory, const Row& row,
                           std::uint8_t lanes) {
  const auto folder = driver::state_folder();
  if (!folder) {
    return tl::unexpected(folder.error());
  }
  auto journal = row.lasts ? lasting_journal(*folder, fmt::format("device {}", row.name),
                                             place.source, memory.description())
                           : driver::Journal::open(*folder, row.name, place.source);
  if (!journal) {
    return tl::unexpected(journal.error());
  }
  ModuleControl control(memory, {.apply = true, .wait = place.wait, .journal = &*journal});
  auto done = row.act(control, lanes);
  auto settled = place.rack != nullptr ? forget(*journal) : strike(*journal, memory);
  if (settled && journal->entries().empty()) {
    settled = journal->close();
  }
  return done && !settled ? settled : done;
}

Result<Doing> module_doing(Place& place, Outline outline, const Row& row,
                           const std::vector<unsigned>& wanted) {
  auto opened = place.devices->module_memory(place.target.name);
  if (!opened) {
    return tl::unexpected(opened.error());
  }
  const std::shared_ptr<bus::ModuleMemory> memory = std::move(*opened);
  const auto lanes = lanes_in_use(*memory, wanted);
  if (!lanes) {
    return tl::unexpected(lanes.error());
  }
  ModuleControl plan(*memory, {.apply = false, .wait = {}, .journal = nullptr});
  if (const auto planned = row.act(plan, *lanes); !planned) {
    return tl::unexpected(planned.error());
  }
  add_steps(outline, *memory, plan.steps());
  outline.disturbs = driver::disturbs(row.disturbs);
  outline.undo = row.undo;
  add_module_notes(outline, place);
  return Doing{std::move(outline), [memory, &place, &row, lanes = *lanes] {
                 return act_on_module(place, *memory, row, lanes);
               }};
}

int run(const Arguments& arguments) {
  const auto name = arguments.value("ACTION").value_or("");
  const auto* const row = std::ranges::find(kRows, name, &Row::name);
  if (row == kRows.end()) {
    return report_usage(fmt::format("there is no action \"{}\"", base::printable(name, 40)),
                        kPositionals[0].help);
  }
  const auto lanes = lanes_of(arguments, *row);
  if (!lanes) {
    return report_usage(lanes.error().what);
  }
  auto place = open_place(arguments, arguments.value("TARGET").value_or(""));
  if (!place) {
    return report(place.error());
  }
  if (place->target.kind == TargetKind::kLink) {
    return report(wrong_kind(*place, "device"));
  }
  auto outline = outline_of(*place, fmt::format("device {}", row->name));
  const auto doing = place->target.kind == TargetKind::kRetimer
                         ? retimer_doing(*place, std::move(outline), *row)
                         : module_doing(*place, std::move(outline), *row, *lanes);
  if (!doing) {
    return report(doing.error());
  }
  const bool is_json = arguments.has("--json");
  const bool is_applied = arguments.has("--apply");
  if (is_applied) {
    if (const auto done = doing->act(); !done) {
      return report(done.error());
    }
  }
  print_text(is_json      ? outline_json(doing->outline, is_applied).dump(2) + "\n"
             : is_applied ? outline_text(doing->outline) + "Done.\n"
                          : dry_run_text(doing->outline));
  return kOk;
}

}  // namespace device_parts

VerbSpec device_verb() {
  return {.name = "device",
          .summary = "Reset or switch a retimer or a module",
          .description =
              "Acts on a retimer over its SMBus or on a cable module through its memory. Without "
              "--apply it prints every write with what stands there now, the links, devices and "
              "machines that are disturbed, and how it is undone. With --apply old values are in a "
              "journal before they change; what is meant to last (lanes switched off, low power) "
              "stays there until weft undo. Linux gives no way to write a module's memory by its "
              "network interface; a retimer needs /dev/i2c-N and root.",
          .positionals = device_parts::kPositionals,
          .options = device_parts::kOptions,
          .run = device_parts::run,
          .examples = device_parts::kExamples,
          .exits = device_parts::kExits};
}

}  // namespace weft::cli
