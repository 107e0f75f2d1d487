// SPDX-License-Identifier: Apache-2.0
// Stories that nobody wrote: a fault of the catalogue, where it is, how strong, how it comes and
// stays, under which load and weather, on which rack, all drawn by a seed. They show what rules are
// worth that were tuned on templates. The same seed and number give the same story on any machine.
// `weft score --draw` and tests call it. Odd seeds may be looked at while rules are tuned, even
// ones only judge (scenarios/SPLIT.md).
#pragma once

#include "base/result.h"
#include "twin/fault/scenario.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace weft::score {

inline constexpr std::size_t kDrawnMost = 100'000;

/// `count` stories of this seed on racks of this folder, each a scenario without a choice left:
/// about one in eight without a fault, one in eight with two. Named "drawn " and their first fault,
/// or "drawn quiet". kNotFound and what the rack files are.
[[nodiscard]] base::Result<std::vector<twin::Scenario>> drawn_stories(const std::string& racks,
                                                                      std::size_t count,
                                                                      std::uint64_t seed);

/// The seed of the draw that a story is of; nullopt: somebody wrote it.
[[nodiscard]] std::optional<std::uint64_t> drawn_seed(const twin::Scenario& scenario);

/// Whether stories of this seed only judge.
[[nodiscard]] constexpr bool is_judging_seed(std::uint64_t seed) {
  return seed % 2 == 0;
}

}  // namespace weft::score
