// SPDX-License-Identifier: Apache-2.0
// What `weft up` decides before anything lives: which rack and story, what of an earlier run goes
// on, how much history is made first. Without a word of the user that is the front door: the
// reference pod and the story that is part of the program (twin/embedded.h).
#pragma once

#include "base/result.h"
#include "cli/up_state.h"
#include "cli/verb.h"
#include "fabric/model.h"
#include "twin/fault/scenario.h"
#include "twin/machine.h"

#include <memory>
#include <optional>
#include <string>

namespace weft::cli {

struct UpOptions {
  std::string rack = "reference-pod";
  twin::WorldOptions world;
  double speed = 1;  ///< 0: max
  std::optional<base::Duration> span;
  bool json = false;
};

struct UpStart {
  UpOptions options;
  std::optional<twin::Scenario> scenario;
  std::unique_ptr<UpState> state;  ///< null: nothing outlives it
  std::optional<UpState::Saved> saved;
  base::Duration history{};  ///< that is made before its time goes on by itself

  /// The scenario that is named, or the front door's.
  base::Result<void> read(const Arguments& arguments);
  /// What is kept, and what the last run has left. Where the folder was not named and cannot be
  /// had, that is told and nothing is kept.
  base::Result<void> open_state(const Arguments& arguments, const fabric::Fabric& rack);
  /// The rack, alive: as it was left, as a checkpoint has it, or new with its story.
  base::Result<std::unique_ptr<twin::Rack>> build(const Arguments& arguments, fabric::Fabric rack);
  /// After everything that polls or paces has ended.
  void keep(twin::Rack& rack, base::WallTime world_at) const;
};

}  // namespace weft::cli
