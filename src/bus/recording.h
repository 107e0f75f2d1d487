// SPDX-License-Identifier: Apache-2.0
// What a capture is made of: a host that remembers every question and its answer, and the tree that
// gives the same answers again. `weft capture` runs the drivers over such a host, so a capture
// holds exactly what a scan reads, and a file that a driver starts to read tomorrow is captured
// tomorrow.
#pragma once

#include "bus/host.h"
#include "bus/memory_tree.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace weft::bus {

/// Questions and answers. For one thread.
struct Recording {
  struct Path {
    std::optional<base::Result<std::string>> content;
    std::optional<base::Result<std::vector<std::string>>> names;
    std::optional<base::Result<std::string>> target;
    bool exists = false;
  };
  std::map<std::string, Path, std::less<>> paths;  ///< as the driver wrote them
  std::map<std::string, base::Result<base::Bytes>, std::less<>>
      replies;  ///< by their path in the capture
  std::optional<base::Result<std::vector<Accelerator>>> accelerators;
};

/// A host that asks `inner` and writes down in `recording`; both must outlive it. A question asked
/// twice keeps its first answer.
[[nodiscard]] Host record(const Host& inner, Recording& recording);

/// Puts what was recorded where replay finds it: content at its place without links, the links on
/// the way beside it, names that were listed and not read, and markers for what could not be read.
/// Folders that nobody listed are marked, so that a part of their names is not taken for all. Fails
/// only over the limits of a tree.
[[nodiscard]] base::Result<void> place_recording(const HostTree& inner, const Recording& recording,
                                                 MemoryTree::Builder& builder);

}  // namespace weft::bus
