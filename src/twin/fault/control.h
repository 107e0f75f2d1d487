// SPDX-License-Identifier: Apache-2.0
// The control service of a living rack: what is injected, inject, clear, checkpoint, as one JSON
// object a line each way (docs/formats/world-control.md). A line service for `weft up`'s control
// socket; `weft world` is its client. What comes in is hostile: unknown commands and fields, wrong
// types and whatever the fault engine refuses are answered with an error, never obeyed in part.
#pragma once

#include "twin/door/socket_server.h"
#include "twin/machine.h"

#include <string_view>

namespace weft::twin {

inline constexpr std::string_view kControlSchema = "weftline/world-control/1";

/// The rack must outlive it. Each answer holds the world for as long as it takes; a checkpoint is
/// written after the world goes on.
[[nodiscard]] door::LineService control_service(Rack& rack);

}  // namespace weft::twin
