// SPDX-License-Identifier: Apache-2.0
// Whom an action on a link, retimer or module disturbs, by name: the link, what is behind it, the
// machines of all of these. The names are the joint fabric's (diagnose/joint.h): those of a plan
// where one is given, else the machine's own. Where nothing is known, everything is empty.
#pragma once

#include "cli/place.h"

#include <string>
#include <vector>

namespace weft::cli {

struct Affected {
  std::vector<std::string> links;     ///< "server0/cpu0--nvme0"
  std::vector<std::string> ends;      ///< ports of these, "server0/cpu0/pcie0"
  std::vector<std::string> cut_off;   ///< devices that are not reached while the links are down
  std::vector<std::string> machines;  ///< all of whom these are
};

[[nodiscard]] Affected affected_by(const Place& place);
/// "Link A: PORT and PORT. Cut off while it is down: X, Y. Machines: M." Empty where unknown.
[[nodiscard]] std::string affected_text(const Affected& affected, bool goes_down);

}  // namespace weft::cli
