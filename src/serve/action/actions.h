// SPDX-License-Identifier: Apache-2.0
// What there is to do to links, retimers and modules, planned first and done exactly as planned:
// the code behind `weft link`, `weft device` and the API's actions. An action is told by its name
// ("link set-speed"), and a value or lanes where it takes them. Doing it notes old values in a
// journal (driver/journal.h) before they change; what is meant to last stays there until it is
// undone.
#pragma once

#include "base/result.h"
#include "driver/pcie_actions.h"
#include "serve/action/outline.h"
#include "serve/action/place.h"

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace weft::serve {

struct ActionKind {
  std::string_view name;     ///< "link set-speed"
  std::string_view targets;  ///< kinds of targets: "link", "module", "retimer module"
  std::string_view value;    ///< what its value is; empty: it takes none
  std::string_view lanes;    ///< what its lanes are; empty: it takes none
  bool needs_lanes = false;
  std::string_view disturbs;
  std::string_view undo;
  bool lasts = false;  ///< stays until it is undone
};

/// In the order of the verbs' help.
[[nodiscard]] std::span<const ActionKind> action_kinds();

struct ActionRequest {
  std::string action;  ///< "link set-speed"
  std::optional<std::string> value = {};
  std::vector<unsigned> lanes = {};
};

/// kInvalidArgument: there is no such action, or it needs or does not take a value or lanes. Before
/// any device is asked.
[[nodiscard]] base::Result<void> check_request(const ActionRequest& request);

struct ActionDone {
  std::optional<driver::PcieLinkView> after = {};  ///< of a link that is on afterwards
  std::string text;                                ///< "Done: 16 GT/s x4, before 32 GT/s x4."
  /// The journal that stays, by its name: what it changed can be undone. Empty: nothing is noted.
  std::string journal = {};
};

/// What would be done, said; and what does it. Not to outlive the place.
struct PlannedAction {
  Outline outline;
  std::optional<driver::PcieLinkView> before = {};  ///< of a link
  /// @param folder of journals. After a failure the journal keeps what could not be put back.
  std::function<base::Result<ActionDone>(const std::string& folder)> act = {};
};

/// Asks the devices and writes nothing (a retimer is asked through its mailboxes).
/// kInvalidArgument: the action is not for this kind of target; what check_request() and the
/// drivers refuse.
[[nodiscard]] base::Result<PlannedAction> plan_action(ActionPlace& place,
                                                      const ActionRequest& request);

/// docs/formats/action.md; `done` may be null: nothing was written.
[[nodiscard]] nlohmann::ordered_json action_json(const PlannedAction& planned,
                                                 const ActionDone* done);

}  // namespace weft::serve
