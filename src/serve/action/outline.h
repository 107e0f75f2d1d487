// SPDX-License-Identifier: Apache-2.0
// What every action says before it is done, and all that it says where it is only tried: each
// write, whom it disturbs, how it is undone. For people and as JSON (docs/formats/action.md), the
// same from the verbs and from the API.
#pragma once

#include "serve/action/place.h"

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace weft::serve {

/// Whom an action disturbs, by name: the link, what is behind it, the machines of all of these. The
/// names are the joint fabric's (diagnose/joint.h): those of a plan where one is given, else the
/// machine's own. Where nothing is known, everything is empty.
struct Affected {
  std::vector<std::string> links;     ///< "server0/cpu0--nvme0"
  std::vector<std::string> ends;      ///< ports of these, "server0/cpu0/pcie0"
  std::vector<std::string> cut_off;   ///< devices that are not reached while the links are down
  std::vector<std::string> machines;  ///< all of whom these are
};

[[nodiscard]] Affected affected_by(const ActionPlace& place);
/// "Link A: PORT and PORT. Cut off while it is down: X, Y. Machines: M." Empty where unknown.
[[nodiscard]] std::string affected_text(const Affected& affected, bool goes_down);

struct ActionWrite {
  std::string device;
  std::string place;
  std::string what;
  std::string old;    ///< may be empty: not read beforehand
  std::string value;  ///< may be empty: several, or of a file
};

struct Outline {
  std::string action;  ///< "link set-speed"
  std::string target;
  TargetKind kind = TargetKind::kLink;
  std::string source;
  bool is_simulated = false;
  std::string disturbs;  ///< sentences
  bool goes_down = true;
  Affected affected;
  std::vector<ActionWrite> writes;
  std::string undo;
  std::vector<std::string> notes;
};

/// With what `place` says of its target filled in, and whom an action there disturbs.
[[nodiscard]] Outline outline_of(const ActionPlace& place, std::string action);
[[nodiscard]] std::string outline_text(const Outline& outline);
[[nodiscard]] nlohmann::ordered_json outline_json(const Outline& outline, bool is_applied);

}  // namespace weft::serve
