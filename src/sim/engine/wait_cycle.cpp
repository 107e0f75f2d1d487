// SPDX-License-Identifier: Apache-2.0
#include "sim/engine/wait_cycle.h"

#include <algorithm>
#include <cstddef>

namespace weft::sim {

namespace {

/// From the cycle's lowest index on.
std::vector<std::uint32_t> cycle_through(std::span<const std::uint32_t> waits_for,
                                         std::uint32_t start) {
  std::vector<std::uint32_t> cycle = {start};
  for (std::uint32_t at = waits_for[start]; at != start; at = waits_for[at]) {
    cycle.push_back(at);
  }
  std::rotate(cycle.begin(), std::min_element(cycle.begin(), cycle.end()), cycle.end());
  return cycle;
}

}  // namespace

Standstill find_standstill(std::span<const std::uint32_t> waits_for) {
  constexpr std::uint32_t kUnseen = 0;
  const std::size_t count = waits_for.size();
  std::vector<std::uint32_t> walk(count, kUnseen);  // number of the walk that came by first
  std::vector<std::uint32_t> depth(count, 0);       // waits from here to the chain's end
  Standstill found;
  std::uint32_t deepest = kWaitsForNothing;
  std::vector<std::uint32_t> path;
  for (std::uint32_t start = 0; start < count; ++start) {
    path.clear();
    std::uint32_t at = start;
    while (at < count && walk[at] == kUnseen && waits_for[at] != kWaitsForNothing) {
      walk[at] = start + 1;
      path.push_back(at);
      at = waits_for[at];
    }
    if (at < count && walk[at] == start + 1) {
      std::vector<std::uint32_t> cycle = cycle_through(waits_for, at);
      if (!found.is_cycle || cycle.front() < found.waits.front()) {
        found = {.is_cycle = true, .waits = std::move(cycle)};
      }
      continue;
    }
    std::uint32_t below = at < count ? depth[at] : 0;
    for (auto step = path.rbegin(); step != path.rend(); ++step) {
      depth[*step] = ++below;
    }
    if (!path.empty() && (deepest == kWaitsForNothing || depth[start] > depth[deepest])) {
      deepest = start;
    }
  }
  if (!found.is_cycle && deepest != kWaitsForNothing) {
    std::uint32_t at = deepest;
    for (; at < count && waits_for[at] != kWaitsForNothing; at = waits_for[at]) {
      found.waits.push_back(at);
    }
    if (at < count) {
      found.waits.push_back(at);
    }
  }
  return found;
}

}  // namespace weft::sim
