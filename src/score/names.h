// SPDX-License-Identifier: Apache-2.0
// What the judgement speaks of, in the terms of the world's plan. With a rack file the judgement
// uses the plan's own ids; where it could not tell which planned thing a live one is, it keeps the
// live id, and this finds the planned one the way fabric/match.h does. Used by comparing only: the
// judgement never sees it.
#pragma once

#include "observe/snapshot.h"
#include "twin/plan/plan.h"

#include <optional>
#include <unordered_map>
#include <vector>

namespace weft::score {

class Names {
 public:
  explicit Names(const twin::WorldPlan& plan);

  /// Once for each machine: which live ids are which planned ones.
  void learn(const observe::Snapshot& snapshot);

  [[nodiscard]] const twin::WorldPlan& plan() const { return *plan_; }
  /// Index in WorldPlan::links.
  [[nodiscard]] std::optional<std::size_t> link(fabric::LinkId id) const;
  [[nodiscard]] std::optional<std::size_t> link_at(fabric::PortId id) const;
  /// A device of the plan.
  [[nodiscard]] std::optional<fabric::DeviceId> device(fabric::DeviceId id) const;
  /// The machine that holds a device of the plan.
  [[nodiscard]] std::optional<std::size_t> machine(fabric::DeviceId planned) const;

 private:
  const twin::WorldPlan* plan_;
  std::unordered_map<fabric::LinkId, std::size_t> links_;
  std::unordered_map<fabric::PortId, std::size_t> ports_;
  std::unordered_map<fabric::DeviceId, fabric::DeviceId> devices_;
  std::unordered_map<fabric::DeviceId, std::size_t> machines_;
};

}  // namespace weft::score
