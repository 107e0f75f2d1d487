// SPDX-License-Identifier: Apache-2.0
// Finding what looks like an address in text, wherever it stands: runs of two-digit groups (MAC,
// six or more), runs of four-digit groups (GUID: four, GID: eight), UUIDs and bare 32-digit ids.
// For redact.cpp.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace weft::bus::redact_scan {

enum class Pattern { kAddress, kGuid, kGid, kUuid };

struct Match {
  Pattern pattern = Pattern::kAddress;
  std::size_t begin = 0;
  std::size_t bytes = 0;
};

/// All matches, in order, without overlap.
[[nodiscard]] std::vector<Match> find_patterns(std::string_view text);

}  // namespace weft::bus::redact_scan
