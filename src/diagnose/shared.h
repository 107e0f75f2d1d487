// SPDX-License-Identifier: Apache-2.0
// Several links in trouble at one time: one cause that they share, or as many faults as links. For
// each thing that links have in common (a device, what holds it, a machine, a part number with one
// firmware) the likelihood that it is the reason is weighed against independent faults; the simpler
// explanation wins by its prior. What is left over keeps its own findings.
#pragma once

#include "diagnose/belief.h"
#include "diagnose/sight.h"

#include <set>
#include <string>
#include <vector>

namespace weft::diagnose {

struct SharedCause {
  std::string key;  ///< stays the same: "device dev-…", "machine server3"
  PartRef part;
  observe::Subject subject;
  std::vector<std::size_t> members;  ///< indices into the evidences
  FeatureSet features;               ///< what most of the members show
  base::WallTime since;
};

/// Explanations that stand on three links or more, best first; no link is in two of them.
[[nodiscard]] std::vector<SharedCause> shared_causes(const Sight& sight,
                                                     const std::vector<LinkEvidence>& evidences);

/// What began together on one machine is not accused link by link before so much time has passed,
/// or three looks of that machine where those are rarer: if it has one reason, that shows on more
/// of its links by then. A house choice.
inline constexpr base::Duration kSpreads{60LL * 1'000'000'000};
inline constexpr std::int64_t kSpreadLooks = 3;

/// Members of a trouble that may still spread, as indices into the evidences: with two links or
/// more on one thing that began within that time of each other, and of now.
[[nodiscard]] std::set<std::size_t> spreading(const Sight& sight,
                                              const std::vector<LinkEvidence>& evidences,
                                              base::WallTime now);

}  // namespace weft::diagnose
