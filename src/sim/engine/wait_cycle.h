// SPDX-License-Identifier: Apache-2.0
// Names why a simulation stands still. A model that has work left but no event gives for each thing
// that waits the thing it waits for; this finds the cycle of waits (a deadlock) or, where there is
// none, the thing at the end of the chain that nobody will wake. Called by the models when their
// event queue has run dry; costs nothing before that.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace weft::sim {

inline constexpr std::uint32_t kWaitsForNothing = 0xFFFFFFFF;

struct Standstill {
  bool is_cycle = false;
  /// The cycle in order of waits, from its lowest index; or the chain to the one that never moves.
  std::vector<std::uint32_t> waits;
};

/// `waits_for[i]`: what i waits for, or kWaitsForNothing. Prefers a cycle, the one with the lowest
/// index in it; else the longest chain. Empty when nothing waits. Indices out of range count as
/// things that wait for nothing.
[[nodiscard]] Standstill find_standstill(std::span<const std::uint32_t> waits_for);

}  // namespace weft::sim
