// SPDX-License-Identifier: Apache-2.0
// A machine's files written to a folder, for programs where no file system can be mounted:
// `lspci -O sysfs.path=DIR/sys/bus/pci`, `weft scan --from DIR`, node_exporter --path.sysfs. The
// folder is put together beside its place and takes it in one step, so that whoever reads sees the
// old one or the new one. Refuses to replace a folder that is no snapshot.
#pragma once

#include "base/result.h"
#include "twin/door/live_tree.h"

#include <cstddef>
#include <string>
#include <vector>

namespace weft::twin::door {

struct SnapshotReport {
  std::size_t entries = 0;
  std::vector<std::string> left_out;  ///< files that gave an error, as a machine's would
};

/// kAlreadyExists where something else stands at `folder`; kPermissionDenied, kUnavailable (disk).
base::Result<SnapshotReport> write_snapshot(const LiveTree& tree, const std::string& folder);

}  // namespace weft::twin::door
