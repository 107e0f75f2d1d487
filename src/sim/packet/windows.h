// SPDX-License-Identifier: Apache-2.0
// Runs partitions side by side in windows as long as the smallest latency between them
// (conservative, no roll-back): all events of a window, then the letters, then the next window from
// the earliest event of all. One partition runs in the caller's thread without windows. Called by
// run.cpp.
#pragma once

#include "sim/packet/partition.h"

#include <memory>
#include <vector>

namespace weft::sim::packet {

/// True when no event is left; false when the time limit or the progress sink stopped it.
[[nodiscard]] bool run_windows(const Shared& shared,
                               const std::vector<std::unique_ptr<Partition>>& parts,
                               const Options& options, std::uint64_t& windows);

}  // namespace weft::sim::packet
