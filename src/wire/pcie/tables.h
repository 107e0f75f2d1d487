// SPDX-License-Identifier: Apache-2.0
// The list of register tables: each registers_*.cpp gives one span; registers.cpp is their only
// caller. A new group of capabilities is one more function here, one line in registers.cpp and one
// file.
#pragma once

#include "wire/pcie/registers.h"

#include <span>

namespace weft::wire::pcie::tables {

/// Header types 0, 1 and 2.
std::span<const Capability> header();
/// The list at 34h, but for the next two.
std::span<const Capability> standard();
/// AGP, PCI-X, HyperTransport and other conventional PCI.
std::span<const Capability> legacy();
/// PCI Express, 10h.
std::span<const Capability> express();
/// AER and DPC.
std::span<const Capability> errors();
/// Serial number, isolation, power, time, readiness, vendor specific.
std::span<const Capability> extended();
/// SR-IOV, ATS, PRI, PASID, multicast, resizable BARs, TPH.
std::span<const Capability> virtualisation();
/// Virtual channels and root complex.
std::span<const Capability> topology();
/// 8 to 64 GT/s, lane margining, data link feature.
std::span<const Capability> physical();
/// Flit logging, measurement and error injection.
std::span<const Capability> flit();
/// DOE, IDE, Device 3, MMIO register blocks.
std::span<const Capability> security();
/// DVSECs of vendor 1E98h.
std::span<const Capability> cxl();

}  // namespace weft::wire::pcie::tables
