// SPDX-License-Identifier: Apache-2.0
// From the features of a link to what is believed: every cause of the table, in every direction and
// section where it can be, weighed by how often it occurs and how well it explains what was seen
// and what was not, beside "nothing in the table". Multiplies; never branches on a fault. Parts
// are named only where the plan or a device has told of them, and only where one part holds most of
// the belief: else the belief is folded up to the stretch or the link.
#pragma once

#include "diagnose/cause.h"
#include "diagnose/evidence.h"

#include <vector>

namespace weft::diagnose {

struct Belief {
  std::vector<Hypothesis> hypotheses;  ///< most probable first; what is left is "unknown"
  double unknown = 0;
  bool is_fault = true;  ///< most of the belief lies on something that is wrong with the link
};

[[nodiscard]] Belief belief_of(const Joint& joint, const LinkEvidence& evidence);

/// The same for something that several links share: only causes with Role::kShared. `answers`: its
/// machine still speaks.
[[nodiscard]] Belief belief_of_shared(const FeatureSet& features, const PartRef& part,
                                      bool answers);

/// The thing at a node of the link's path: 0 is the device at end a, then the repeaters, then b's.
[[nodiscard]] std::optional<PartRef> part_at(const Joint& joint, const LinkEvidence& evidence,
                                             std::size_t node);
[[nodiscard]] fabric::Medium medium_of(const LinkEvidence& evidence, std::size_t section);

/// A part is named where these are the odds that it is the one, against all else together; below
/// them it is "unknown", and the finding's tests say what would settle it. Chosen on the tuning
/// scenarios.
inline constexpr double kPartOdds = 2.0;

}  // namespace weft::diagnose
