// SPDX-License-Identifier: Apache-2.0
// What software may do to each bit of a configuration space: masks made from the access attributes
// of wire/pcie's register bank (PCIe Base 7.4), for the capabilities that an image has. A few bits
// depend on the port's type where the bank has one attribute for all; semantics.cpp lists them.
#pragma once

#include "base/bytes.h"

#include <cstdint>

namespace weft::twin::pcie_port {

struct Semantics {
  base::Bytes writable;  ///< RW, RWS
  base::Bytes clears;    ///< RW1C, RW1CS: a written one clears
  base::Bytes sticky;    ///< RWS, RW1CS, ROS: survives every reset but a power cycle
  base::Bytes commands;  ///< written ones act and read zero

  [[nodiscard]] static std::uint32_t at(const base::Bytes& mask, std::uint16_t offset) {
    return static_cast<std::uint32_t>(base::read_le(mask, offset, 4).value_or(0));
  }
};

/// `image` holds a header, both capability lists and every value that never changes (types of base
/// addresses, capabilities registers); masks are as long as it is.
[[nodiscard]] Semantics semantics_of(base::ByteView image);

}  // namespace weft::twin::pcie_port
