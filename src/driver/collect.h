// SPDX-License-Identifier: Apache-2.0
// Everything that the drivers can tell of one host, in one call. The drivers run in the order of
// the table in collect.cpp: PCIe first, since the others hang their links and samples on its
// devices. Reads only; whoever captures a host runs the same call over a recording one.
#pragma once

#include "base/time.h"
#include "bus/host.h"
#include "observe/snapshot.h"

#include <optional>
#include <string>
#include <unordered_map>

namespace weft::driver {

/// What the drivers share while they fill one snapshot.
struct Collection {
  const bus::Host& host;
  observe::Snapshot& snapshot;
  /// PCI address ("0000:3b:00.1") -> the device that the function belongs to.
  std::unordered_map<std::string, fabric::DeviceId> device_of_function;

  /// The id of something that hangs on a place of this host: `path` names the place without order
  /// ("net/<pci path>/0"), and the host's identity comes before it.
  template <class Id>
  [[nodiscard]] Id id_of(const std::string& path) const {
    return Id::of(snapshot.host.identity + "/" + path);
  }
  /// Where a PCI function sits, free of bus numbers: "pci0000:00/1c.0/00.0"; empty if unknown.
  std::unordered_map<std::string, std::string> path_of_function;
  /// Only link states and counters are wanted: leave out what is slow and does not change.
  bool links_only = false;
};

struct CollectOptions {
  base::WallTime now;           ///< time of a live host; a capture carries its own
  bool links_only = false;      ///< only link states and counters, for watching
  std::string kernel_log = {};  ///< read this file instead of the host's own log; may be empty
  /// With links_only: also the host's own log, of it what is not older than this since boot.
  std::optional<base::Duration> log_since = std::nullopt;
};

/// A snapshot of the host. Fails only where nothing can be read at all (no sysfs: kUnavailable).
[[nodiscard]] base::Result<observe::Snapshot> collect(const bus::Host& host,
                                                      const CollectOptions& options);

// The drivers. Each adds what it finds; what it cannot read it says in readings and notes.
void collect_pcie(Collection& collection);
void collect_cxl(Collection& collection);
void collect_hwmon(Collection& collection);
void collect_netdev(Collection& collection);
void collect_infiniband(Collection& collection);
void collect_retimers(Collection& collection);
void collect_accelerator(Collection& collection);
/// `since`: of the host's own log, leaves out what is older since boot.
void collect_kernel_log(Collection& collection, const std::string& file, base::Duration since = {});

}  // namespace weft::driver
