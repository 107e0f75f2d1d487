// SPDX-License-Identifier: Apache-2.0
// The order in which a trace's nodes become operations: that in which they end (sends: begin) in a
// run with closed-form costs, where each unit of a rank does one at a time, the first in the file
// first, a receive ends when its send has, and a collective when all its ranks are there. Every
// node comes after all that it waits for, so streams in this order cannot lock.
#pragma once

#include "sim/schedule/chakra_streams.h"

#include <string>
#include <vector>

namespace weft::sim {

/// Puts all nodes into `streams`. Mistakes: nodes that take too long, ranks that wait for each
/// other. An error is the network's.
[[nodiscard]] base::Result<void> order_chakra(const std::vector<ChakraTrace>& traces,
                                              const ChakraLinks& links, const ChakraCosts& costs,
                                              ChakraStreams& streams,
                                              std::vector<std::string>& mistakes);

}  // namespace weft::sim
