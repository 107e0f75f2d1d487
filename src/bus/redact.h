// SPDX-License-Identifier: Apache-2.0
// A captured tree without what names its owner: MAC addresses, GUIDs, UUIDs, serial numbers (of
// files, of the Device Serial Number capability, of modules), the host's name and its machine id
// become pseudonyms that are the same wherever the same value stood. Product data (VPD) is left
// out, and the kernel log keeps only what the kernel itself wrote. What else a driver may print is
// not known here: the report counts what was replaced, and docs/formats/capture.md says what is not
// looked for.
#pragma once

#include "bus/keyed_hash.h"
#include "bus/memory_tree.h"

#include <cstddef>
#include <string>
#include <vector>

namespace weft::bus {

/// Distinct values replaced, by kind.
struct RedactionReport {
  std::size_t addresses = 0;       ///< MAC and InfiniBand hardware addresses
  std::size_t guids = 0;           ///< GUIDs and the host part of GIDs
  std::size_t uuids = 0;           ///< UUIDs and machine ids
  std::size_t serials = 0;         ///< of files, modules and accelerators
  std::size_t device_serials = 0;  ///< Device Serial Number capabilities
  std::size_t host_names = 0;
  std::size_t files_left_out = 0;  ///< product data (VPD)
  std::size_t log_records_left_out = 0;

  /// "12 MAC addresses, 3 serial numbers, …" ; "nothing" where nothing was found.
  [[nodiscard]] std::string text() const;
};

[[nodiscard]] base::Result<MemoryTree> redact(const MemoryTree& tree, const HashKey& key,
                                              RedactionReport& report);

}  // namespace weft::bus
