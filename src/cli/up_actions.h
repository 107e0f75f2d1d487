// SPDX-License-Identifier: Apache-2.0
// Where the API's actions (serve/action/desk.h) find their targets: on the twin of `weft up`,
// through its devices in this program, under the names that its doors have, so that the verbs can
// go on with the same journals; and on this machine, for `weft serve --allow-actions`.
#pragma once

#include "serve/action/desk.h"
#include "twin/machine.h"

#include <string>

namespace weft::cli {

/// @param folder of its doors and sockets, for `weft undo`. The rack must outlive it.
[[nodiscard]] serve::ActionDeskOptions twin_actions(twin::Rack& rack, const std::string& folder);

/// @param allows false: everything is refused, also to try.
[[nodiscard]] serve::ActionDeskOptions host_actions(bool allows);

}  // namespace weft::cli
