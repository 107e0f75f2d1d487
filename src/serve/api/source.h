// SPDX-License-Identifier: Apache-2.0
// Where the API gets what it tells. Whoever owns a control plane fills this in (cli/up_plane.cpp);
// the API itself has no clock.
#pragma once

#include "diagnose/joint.h"
#include "serve/action/desk.h"
#include "serve/api/world_control.h"
#include "serve/query.h"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace weft::serve {

/// The control plane, held still for the length of a call.
struct ApiState {
  QuerySource query;
  const diagnose::Joint* joint = nullptr;  ///< never null
  /// What the plane's socket answers to a line (docs/formats/plane.md), without waiting for itself.
  std::function<std::string(std::string_view)> answer;
  WorldControl* world = nullptr;  ///< null on a real host
  ActionDesk* actions = nullptr;  ///< null where nothing could be acted on: captures
};

struct ApiSource {
  /// Another number after every change; never waits. Answers hold as long as it stays.
  std::function<std::uint64_t()> revision;
  /// Calls back once. May wait until what one machine said is remembered, or judged, never until
  /// all were asked.
  std::function<void(const std::function<void(const ApiState&)>&)> look;
};

}  // namespace weft::serve
