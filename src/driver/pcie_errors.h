// SPDX-License-Identifier: Apache-2.0
// PCIe error counters and status registers of one port as samples: the kernel's AER totals since
// boot, and what the AER and Lane Error Status registers hold. Called by the PCIe driver.
#pragma once

#include "driver/pcie_functions.h"
#include "observe/snapshot.h"

namespace weft::driver {

/// Types with a count of zero are left out; the total is always there, or why it is not.
void add_pcie_errors(const bus::HostTree& tree, const PciFunction& function, fabric::PortId port,
                     observe::Snapshot& snapshot);

}  // namespace weft::driver
