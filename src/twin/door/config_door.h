// SPDX-License-Identifier: Apache-2.0
// The configuration door: registers of every PCI function of a rack over one socket, in lines of
// text (docs/formats/config-door.md), for clients that cannot mount the files or need to write
// where there is only a snapshot. Each line holds the world.
#pragma once

#include "twin/door/socket_server.h"
#include "twin/machine.h"

#include <string>
#include <string_view>

namespace weft::twin::door {

inline constexpr int kConfigDoorVersion = 1;

/// The rack must outlive it.
[[nodiscard]] LineService config_door(Rack& rack);
/// One line's answer; any thread.
[[nodiscard]] std::string answer_config(Rack& rack, std::string_view line);

}  // namespace weft::twin::door
