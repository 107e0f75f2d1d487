// SPDX-License-Identifier: Apache-2.0
// What a scan has gathered, as the two printers take it.
#pragma once

#include "bus/host.h"
#include "diagnose/judge.h"
#include "observe/snapshot.h"

#include <memory>
#include <string>
#include <vector>

namespace weft::cli {

/// One host of the scan: its snapshots in order of time, and where they were read from, so that the
/// JSON printer can decode configuration spaces without holding them all.
struct ScannedHost {
  std::vector<std::unique_ptr<observe::Snapshot>> snapshots;
  bus::Host source;  ///< of the last snapshot
};

struct Scan {
  std::vector<ScannedHost> hosts;
  diagnose::Report report;
};

/// 0 ok or notes, 1 warning, 2 critical, 3 unknown.
[[nodiscard]] int exit_code(const diagnose::Report& report);

}  // namespace weft::cli
