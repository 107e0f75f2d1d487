// SPDX-License-Identifier: Apache-2.0
// Where a sample belongs, without making texts of ids, and link states in the words of the
// catalogue. Part of ingest.cpp; nobody else includes it.
#pragma once

#include "observe/snapshot.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace weft::telemetry {

/// Which series of which host.
struct PlaceKey {
  std::uint64_t subject = 0;
  std::uint32_t host = 0;
  std::uint16_t metric = 0;
  std::uint8_t kind = 0;  ///< index of the subject's variant
  std::string label;
  friend bool operator==(const PlaceKey&, const PlaceKey&) = default;
};
struct PlaceHash {
  std::size_t operator()(const PlaceKey& key) const noexcept;
};

/// Adds the snapshot's link states and the host's uptime as samples.
void add_link_samples(const observe::Snapshot& snapshot, std::vector<observe::Sample>& out);

/// Whether the host's restart sets it to 0.
[[nodiscard]] bool restarts_with_host(observe::Metric metric);

}  // namespace weft::telemetry
