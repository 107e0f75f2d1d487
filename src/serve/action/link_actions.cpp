// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"
#include "driver/lasting.h"
#include "serve/action/kinds.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <utility>

#include <fmt/format.h>

namespace weft::serve::action_rows {

using base::Code;
using base::Result;
using driver::PcieAction;

constexpr auto kLinkRows = std::to_array<LinkRow>({
    {"link retrain", PcieAction::kRetrain},
    {"link equalise", PcieAction::kEqualise},
    {"link set-speed", PcieAction::kSetSpeed},
    {"link set-width", PcieAction::kSetWidth},
    {"link disable", PcieAction::kDisable},
    {"link enable", PcieAction::kEnable},
    {"link reset", PcieAction::kReset},
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

std::string view_text(const driver::PcieLinkView& view) {
  return fmt::format("{} GT/s x{}", base::as_giga(view.rate), view.width.value());
}

/// What is planned, and the port that it goes through.
struct PlannedLink {
  driver::PciePair pair;
  driver::PciePlan plan;
};

Outline link_outline(const ActionPlace& place, const LinkRow& row, const PlannedLink& link) {
  const driver::PcieEnd& upper = link.pair.upper;
  Outline out = outline_of(place, std::string(row.name));
  out.disturbs = link.plan.disturbs;
  out.undo = link.plan.undo;
  out.goes_down = row.action == PcieAction::kDisable || row.action == PcieAction::kReset;
  for (const driver::PcieWrite& write : link.plan.writes) {
    const auto hex = [&write](std::uint32_t value) {
      return fmt::format("{:#0{}x}", value, 2 * write.width + 2);
    };
    out.writes.push_back({.device = upper.address(),
                          .place = fmt::format("0x{:03x}", write.offset),
                          .what = write.what,
                          .old = hex(write.old),
                          .value = hex(write.value)});
  }
  if (!link.plan.before.is_active && upper.reports_active()) {
    out.notes.emplace_back("The link is down now.");
  }
  return out;
}

/// Does it; after a failure everything is put back.
Result<ActionDone> act_on_link(ActionPlace& place, std::string_view action, const PlannedLink& link,
                               const std::string& folder) {
  const driver::PcieEnd& upper = link.pair.upper;
  auto journal = driver::lasting_journal(folder, action, place.source, upper.address());
  if (!journal) {
    return tl::unexpected(journal.error());
  }
  const auto view = driver::run_pcie(upper, link.plan, *journal, place.wait);
  Result<void> settled;
  if (place.is_passing) {
    settled = driver::forget(*journal);
  } else if (view) {
    settled = driver::strike_unchanged(*place.devices, *journal);
  } else {
    settled = journal->undo(driver::restore_link(*place.devices, place.wait));
  }
  const bool is_empty = journal->entries().empty();
  if (settled && is_empty) {
    settled = journal->close();
  }
  if (!view || !settled) {
    return tl::unexpected(view ? settled.error() : view.error());
  }
  ActionDone out;
  out.after = *view;
  out.text = fmt::format("Done: {}, before {}.", *view ? view_text(**view) : "the link is off",
                         view_text(link.plan.before));
  out.journal = is_empty ? "" : driver::journal_name(*journal);
  return out;
}

std::span<const LinkRow> link_rows() {
  return kLinkRows;
}

Result<std::uint32_t> link_value(const ActionRequest& request) {
  const auto* const row = std::ranges::find(kLinkRows, request.action, &LinkRow::name);
  if (row == kLinkRows.end() || !request.value) {
    return 0U;
  }
  return row->action == PcieAction::kSetSpeed ? speed_code(*request.value)
                                              : lane_count(*request.value);
}

Result<PlannedAction> plan_link(ActionPlace& place, const ActionRequest& request) {
  const auto* const row = std::ranges::find(kLinkRows, request.action, &LinkRow::name);
  const auto value = link_value(request);
  if (row == kLinkRows.end() || !value) {
    return value ? base::fail(Code::kInvalidArgument, "there is no such action", request.action)
                 : tl::unexpected(value.error());
  }
  auto pair = driver::open_pair(*place.devices, place.target.name);
  if (!pair) {
    return tl::unexpected(pair.error());
  }
  auto plan = driver::plan_pcie(pair->upper, row->action, *value);
  if (!plan) {
    return tl::unexpected(plan.error());
  }
  const auto link = std::make_shared<PlannedLink>(PlannedLink{*std::move(pair), *std::move(plan)});
  PlannedAction out;
  out.outline = link_outline(place, *row, *link);
  out.before = link->plan.before;
  out.act = [&place, action = std::string(row->name), link](const std::string& folder) {
    return act_on_link(place, action, *link, folder);
  };
  return out;
}

}  // namespace weft::serve::action_rows
