// SPDX-License-Identifier: Apache-2.0
// From what was kept of a link to the features that the table of causes asks for: each series
// against its own past, its peers (what all of a kind do together is the weather, not a fault) and
// the standard's limit; ups and downs without those that a restart or a maintenance explains; what
// parts say of their health. Decides only whether anything here is wrong at all, not what.
#pragma once

#include "diagnose/feature.h"
#include "diagnose/sight.h"

#include <array>
#include <set>
#include <string>
#include <vector>

namespace weft::diagnose {

struct LinkEvidence {
  const LinkSight* sight = nullptr;
  const fabric::Link* link = nullptr;
  std::vector<Repeater> repeaters;
  std::size_t sections = 1;
  /// By direction (as fabric::LaneDirection counts); margins are by section.
  std::array<FeatureSet, 2> of;
  std::vector<std::array<Seen, 2>> margin;
  /// By repeater: what it says of its firmware, its identity, its heat; ends have none.
  std::vector<FeatureSet> repeater;
  std::array<std::set<std::uint32_t>, 2> lanes;
  std::array<bool, 2> is_measured{};  ///< somebody counts errors of this direction
  Level level = Level::kOk;           ///< kOk: nothing is wrong
  std::string code;
  std::string sentence;
  base::WallTime since;
  base::WallTime at;  ///< of the newest evidence

  /// The next node from this one on, upward or downward, that decides bits anew: modules that do
  /// not retime (linear optics, passive copper) pass the wave on. 0 and `sections` are the ends.
  [[nodiscard]] std::size_t decider(std::size_t node, bool is_upward) const;
  /// Of the receiver that decides the bits of this section.
  [[nodiscard]] const Seen& margin_of(fabric::LaneDirection direction, std::size_t section) const;
  /// The features as a cause in this direction and section would have to explain them.
  [[nodiscard]] FeatureSet features(fabric::LaneDirection direction, std::size_t section) const;
};

[[nodiscard]] LinkEvidence evidence_of(const Sight& sight, const LinkSight& link,
                                       base::WallTime now);

/// How a series left its past, with what its peers did meanwhile taken off.
struct JudgedShift {
  Shift shift;
  double common = 0;       ///< what its peers did, in the same unit
  bool is_common = false;  ///< it moved no more than they did
};
[[nodiscard]] JudgedShift judged_shift(const Sight& sight, const Signal& signal);

/// A number with its unit, as evidence prints it.
[[nodiscard]] std::string value_text(const Signal& signal, double scaled);

}  // namespace weft::diagnose
