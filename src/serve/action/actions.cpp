// SPDX-License-Identifier: Apache-2.0
#include "serve/action/actions.h"

#include "base/text.h"
#include "serve/action/kinds.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft::serve {
namespace action_kinds_table {

using base::Code;

constexpr std::string_view kSpeed = "GT/s or generation, such as 16 or gen4";
constexpr std::string_view kWidth = "lanes, such as x8";
constexpr std::string_view kLanesInUse = "0 to 7; without any those in use";
constexpr std::string_view kLanes = "0 to 7";

std::vector<ActionKind> make() {
  std::vector<ActionKind> out;
  for (const action_rows::LinkRow& row : action_rows::link_rows()) {
    const auto facts = driver::facts_of(row.action);
    out.push_back({.name = row.name,
                   .targets = "link",
                   .value = row.action == driver::PcieAction::kSetSpeed   ? kSpeed
                            : row.action == driver::PcieAction::kSetWidth ? kWidth
                                                                          : "",
                   .lanes = "",
                   .needs_lanes = false,
                   .disturbs = facts.disturbs,
                   .undo = facts.undo,
                   .lasts = facts.lasts});
  }
  for (const action_rows::ModuleRow& row : action_rows::module_rows()) {
    out.push_back({.name = row.name,
                   .targets = row.is_of_retimers ? "retimer module" : "module",
                   .value = "",
                   .lanes = row.needs_lanes   ? kLanes
                            : row.takes_lanes ? kLanesInUse
                                              : "",
                   .needs_lanes = row.needs_lanes,
                   .disturbs = driver::disturbs(row.disturbs),
                   .undo = row.undo,
                   .lasts = row.lasts});
  }
  return out;
}

nlohmann::ordered_json view_json(const driver::PcieLinkView& view) {
  return {{"rate_gts", base::as_giga(view.rate)},
          {"width", view.width.value()},
          {"active", view.is_active},
          {"training", view.is_training}};
}

base::Result<void> check_lanes(const ActionKind& kind, const std::vector<unsigned>& lanes) {
  constexpr unsigned kLanesMost = 8;
  if (kind.needs_lanes && lanes.empty()) {
    return base::fail(Code::kInvalidArgument, fmt::format("{} needs lanes", kind.name), {},
                      "Name them, 0 to 7.");
  }
  if (kind.lanes.empty() && !lanes.empty()) {
    return base::fail(Code::kInvalidArgument, fmt::format("{} does not take lanes", kind.name), {},
                      "Leave them out.");
  }
  if (std::ranges::any_of(lanes, [](unsigned lane) { return lane >= kLanesMost; })) {
    return base::fail(Code::kInvalidArgument, "a module's lanes are 0 to 7", {},
                      "Name those of bank 0.");
  }
  return {};
}

}  // namespace action_kinds_table

std::span<const ActionKind> action_kinds() {
  static const std::vector<ActionKind> kKinds = action_kinds_table::make();
  return kKinds;
}

base::Result<void> check_request(const ActionRequest& request) {
  using base::Code;
  const auto kinds = action_kinds();
  const auto kind = std::ranges::find(kinds, request.action, &ActionKind::name);
  if (kind == kinds.end()) {
    std::string all;
    for (const ActionKind& one : kinds) {
      all += fmt::format("{}{}", all.empty() ? "" : ", ", one.name);
    }
    return base::fail(Code::kInvalidArgument,
                      fmt::format("there is no action \"{}\"", base::printable(request.action, 40)),
                      {}, "There is " + all + ".");
  }
  const bool has_value = request.value.has_value();
  if (kind->value.empty() == has_value) {
    return base::fail(
        Code::kInvalidArgument,
        fmt::format("{} {} a value", kind->name, has_value ? "does not take" : "needs"), {},
        has_value ? "Leave it out." : fmt::format("Give {}.", kind->value));
  }
  if (auto lanes = action_kinds_table::check_lanes(*kind, request.lanes); !lanes) {
    return lanes;
  }
  const auto value = action_rows::link_value(request);
  return value ? base::Result<void>() : tl::unexpected(value.error());
}

base::Result<PlannedAction> plan_action(ActionPlace& place, const ActionRequest& request) {
  if (auto fits = check_request(request); !fits) {
    return tl::unexpected(fits.error());
  }
  const bool is_link = request.action.starts_with("link ");
  if (is_link != (place.target.kind == TargetKind::kLink)) {
    return base::fail(
        base::Code::kInvalidArgument,
        fmt::format("{} is not for a {}", request.action, key(place.target.kind)),
        place.target.name,
        is_link ? "Name a PCI address or a link; device actions are for these."
                : "Name a retimer (i2c-9/0x24) or a module's interface (eth0); link actions are "
                  "for links.");
  }
  return is_link ? action_rows::plan_link(place, request)
                 : action_rows::plan_device(place, request);
}

nlohmann::ordered_json action_json(const PlannedAction& planned, const ActionDone* done) {
  auto out = outline_json(planned.outline, done != nullptr);
  if (planned.before) {
    out["before"] = action_kinds_table::view_json(*planned.before);
  }
  if (done != nullptr && done->after) {
    out["after"] = action_kinds_table::view_json(*done->after);
  }
  return out;
}

}  // namespace weft::serve
