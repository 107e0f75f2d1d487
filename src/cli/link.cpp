// SPDX-License-Identifier: Apache-2.0
#include "cli/link.h"

#include "base/text.h"
#include "cli/action_report.h"
#include "driver/pcie_plan.h"
#include "wire/pcie/function.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft::cli {
namespace link_parts {

using base::Code;
using base::Result;
using driver::PcieAction;

constexpr PositionalSpec kPositionals[] = {
    {"ACTION", "retrain, equalise, set-speed, set-width, disable, enable or reset."},
    {"TARGET",
     "A PCIe link by either end's address (0000:3b:00.0); of a twin also a link's name or "
     "MACHINE/ADDRESS."},
    {"VALUE",
     "Of set-speed: GT/s or generation, such as 16 or gen4. Of set-width: lanes, such as x8.",
     false},
};
constexpr OptionSpec kOptions[] = {kApplyOption,     kRootOption,      kRackOption,
                                   kSeedOption,      kAdvanceOption,   kUpFolderOption,
                                   kInventoryOption, kActionJsonOption};
constexpr ExampleSpec kExamples[] = {
    {"weft link retrain 0000:3b:00.0", "What retraining this link would write and disturb."},
    {"sudo weft link set-speed 0000:3b:00.0 gen4 --apply",
     "Hold the link to 16 GT/s, until weft undo."},
    {"weft link disable --rack racks/gpu-server-8.yaml server0/0000:01:00.0 --apply",
     "A link of a rack that one does not have."},
};
constexpr ExitSpec kExits[] = {{kOk, "it was done, or would be; the link is as asked"}};

struct Row {
  std::string_view name;
  PcieAction action;
};
constexpr auto kRows = std::to_array<Row>({
    {"retrain", PcieAction::kRetrain},
    {"equalise", PcieAction::kEqualise},
    {"set-speed", PcieAction::kSetSpeed},
    {"set-width", PcieAction::kSetWidth},
    {"disable", PcieAction::kDisable},
    {"enable", PcieAction::kEnable},
    {"reset", PcieAction::kReset},
});

/// "gen4", "16", "16GT/s" -> 4.
Result<std::uint32_t> speed_code(std::string_view text) {
  constexpr std::array<std::string_view, 6> kRates = {"2.5", "5", "8", "16", "32", "64"};
  constexpr std::array<std::string_view, 6> kGenerations = {"gen1", "gen2", "gen3",
                                                            "gen4", "gen5", "gen6"};
  auto number = text;
  for (const std::string_view unit : {"GT/s", "gt/s", " "}) {
    if (number.ends_with(unit)) {
      number.remove_suffix(unit.size());
    }
  }
  for (std::size_t i = 0; i < kRates.size(); ++i) {
    if (number == kRates.at(i) || text == kGenerations.at(i)) {
      return static_cast<std::uint32_t>(i + 1);
    }
  }
  return base::fail(Code::kInvalidArgument,
                    fmt::format("\"{}\" is no PCIe speed", base::printable(text, 40)), {},
                    "Give 2.5, 5, 8, 16, 32 or 64 (GT/s), or gen1 to gen6.");
}

Result<std::uint32_t> lane_count(std::string_view text) {
  if (text.starts_with('x')) {
    text.remove_prefix(1);
  }
  const auto lanes = base::parse_unsigned(text);
  if (!lanes || *lanes == 0 || *lanes > 32) {
    return base::fail(Code::kInvalidArgument,
                      fmt::format("\"{}\" is no width", base::printable(text, 40)), {},
                      "Give the number of lanes, such as x8.");
  }
  return static_cast<std::uint32_t>(*lanes);
}

/// The action's value; 0 where it has none.
Result<std::uint32_t> value_of(const Row& row, const std::optional<std::string>& text) {
  const bool has_value = row.action == PcieAction::kSetSpeed || row.action == PcieAction::kSetWidth;
  if (has_value != text.has_value()) {
    return base::fail(Code::kInvalidArgument,
                      fmt::format("{} {} a value", row.name, has_value ? "needs" : "does not take"),
                      {},
                      has_value ? "Such as gen4, or x8: see weft link --help." : "Leave it out.");
  }
  return !has_value                            ? Result<std::uint32_t>(0)
         : row.action == PcieAction::kSetSpeed ? speed_code(*text)
                                               : lane_count(*text);
}

nlohmann::ordered_json view_json(const driver::PcieLinkView& view) {
  return {{"rate_gts", base::as_giga(view.rate)},
          {"width", view.width.value()},
          {"active", view.is_active},
          {"training", view.is_training}};
}

std::string view_text(const driver::PcieLinkView& view) {
  return fmt::format("{} GT/s x{}", base::as_giga(view.rate), view.width.value());
}

Outline outline(const Place& place, const Row& row, const driver::PcieEnd& upper,
                const driver::PciePlan& plan) {
  Outline out = outline_of(place, fmt::format("link {}", row.name));
  out.disturbs = plan.disturbs;
  out.undo = plan.undo;
  out.goes_down = row.action == PcieAction::kDisable || row.action == PcieAction::kReset;
  for (const driver::PcieWrite& write : plan.writes) {
    const auto hex = [&write](std::uint32_t value) {
      return fmt::format("{:#0{}x}", value, 2 * write.width + 2);
    };
    out.writes.push_back({.device = upper.address(),
                          .place = fmt::format("0x{:03x}", write.offset),
                          .what = write.what,
                          .old = hex(write.old),
                          .value = hex(write.value)});
  }
  if (!plan.before.is_active && upper.reports_active()) {
    out.notes.emplace_back("The link is down now.");
  }
  return out;
}

/// Does it; after a failure everything is put back.
Result<std::optional<driver::PcieLinkView>> apply(Place& place, const Outline& outline,
                                                  const driver::PcieEnd& upper,
                                                  const driver::PciePlan& plan) {
  const auto folder = driver::state_folder();
  if (!folder) {
    return tl::unexpected(folder.error());
  }
  auto journal = lasting_journal(*folder, outline.action, place.source, upper.address());
  if (!journal) {
    return tl::unexpected(journal.error());
  }
  auto view = driver::run_pcie(upper, plan, *journal, place.wait);
  Result<void> settled;
  if (place.rack != nullptr) {
    settled = forget(*journal);
  } else if (view) {
    settled = driver::strike_unchanged(*place.devices, *journal);
  } else {
    settled = journal->undo(driver::restore_link(*place.devices, place.wait));
  }
  if (settled && journal->entries().empty()) {
    settled = journal->close();
  }
  return view && !settled ? tl::unexpected(settled.error()) : view;
}

int run(const Arguments& arguments) {
  const auto name = arguments.value("ACTION").value_or("");
  const auto* const row = std::ranges::find(kRows, name, &Row::name);
  if (row == kRows.end()) {
    return report_usage(fmt::format("there is no action \"{}\"", base::printable(name, 40)),
                        "retrain, equalise, set-speed, set-width, disable, enable or reset.");
  }
  const auto value = value_of(*row, arguments.value("VALUE"));
  if (!value) {
    return report_usage(value.error().what, value.error().hint);
  }
  auto place = open_place(arguments, arguments.value("TARGET").value_or(""));
  if (!place) {
    return report(place.error());
  }
  if (place->target.kind != TargetKind::kLink) {
    return report(base::Error{Code::kInvalidArgument,
                              fmt::format("link is not for a {}", key(place->target.kind)),
                              place->target.name, "Name a PCI address; weft device is for these."});
  }
  const auto pair = driver::open_pair(*place->devices, place->target.name);
  if (!pair) {
    return report(pair.error());
  }
  const auto plan = driver::plan_pcie(pair->upper, row->action, *value);
  if (!plan) {
    return report(plan.error());
  }
  const Outline known = outline(*place, *row, pair->upper, *plan);
  const bool is_json = arguments.has("--json");
  auto json = outline_json(known, arguments.has("--apply"));
  json["before"] = view_json(plan->before);
  if (!arguments.has("--apply")) {
    print_text(is_json ? json.dump(2) + "\n" : dry_run_text(known));
    return kOk;
  }
  const auto after = apply(*place, known, pair->upper, *plan);
  if (!after) {
    return report(after.error());
  }
  if (*after) {
    json["after"] = view_json(**after);
  }
  print_text(is_json ? json.dump(2) + "\n"
                     : outline_text(known) +
                           (*after ? fmt::format("Done: {}, before {}.\n", view_text(**after),
                                                 view_text(plan->before))
                                   : fmt::format("Done: the link is off, before {}.\n",
                                                 view_text(plan->before))));
  return kOk;
}

}  // namespace link_parts

VerbSpec link_verb() {
  return {.name = "link",
          .summary = "Retrain, slow, narrow, switch off or reset a link",
          .description =
              "Acts on a PCIe link through its upper port, by the registers that the PCI Express "
              "specification has for it. Without --apply it prints every write with the old value "
              "and the new one, the links, devices and machines that are disturbed, and how it is "
              "undone. With --apply each old value is in a journal before it changes, every "
              "register is read back, and where something fails all is put back. Changes that are "
              "meant to last (speed, width, disable) stay in the journal until weft undo. PCIe has "
              "no register that switches off one lane; set-width needs L0p, which flit mode has. "
              "On Linux it needs root.",
          .positionals = link_parts::kPositionals,
          .options = link_parts::kOptions,
          .run = link_parts::run,
          .examples = link_parts::kExamples,
          .exits = link_parts::kExits};
}

}  // namespace weft::cli
