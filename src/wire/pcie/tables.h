// SPDX-License-Identifier: Apache-2.0
// The list of register tables: each registers_*.cpp gives one span; registers.cpp is their only
// caller. A new group of capabilities is one more function here, one line in registers.cpp and one
// file.
#pragma once

#include "wire/pcie/registers.h"

#include <span>

namespace weft::wire::pcie::tables {

std::span<const Capability> header();    ///< registers_header.cpp: types 0, 1 and 2
std::span<const Capability> standard();  ///< registers_standard.cpp: list at 34h but the next two
std::span<const Capability> legacy();    ///< registers_legacy.cpp: AGP, PCI-X, HyperTransport, …
std::span<const Capability> express();   ///< registers_express.cpp: PCI Express, 10h
std::span<const Capability> errors();    ///< registers_errors.cpp: AER, DPC
std::span<const Capability>
extended();  ///< registers_extended.cpp: routing, isolation, tables, power
std::span<const Capability>
virtualisation();                        ///< registers_virtualisation.cpp: SR-IOV, ATS, PASID, …
std::span<const Capability> topology();  ///< registers_topology.cpp: virtual channels, root complex
std::span<const Capability> physical();  ///< registers_physical.cpp: 8 … 64 GT/s, margining, flit
std::span<const Capability>
security();                         ///< registers_security.cpp: DOE, IDE, Device 3, MMIO blocks
std::span<const Capability> cxl();  ///< registers_cxl.cpp: DVSECs of vendor 1E98h

}  // namespace weft::wire::pcie::tables
