// SPDX-License-Identifier: Apache-2.0
// What a function says that it is: vendor, device, class and sizes of its memory, by kind of device
// and the rack file's part. Vendor numbers are the assigned ones; device numbers, classes' details
// and sizes are modelled on a known part of that maker, so that name tables have a row for them.
#pragma once

#include "fabric/model.h"
#include "twin/plan/plan.h"

#include <cstdint>

namespace weft::twin::pcie_port {

struct Identity {
  std::uint16_t vendor = 0;
  std::uint16_t device = 0;
  std::uint32_t class_code = 0;  ///< base, sub, interface
  std::uint8_t revision = 0;
  std::uint8_t bar0_log2 = 0;  ///< 32-bit memory
  std::uint8_t bar2_log2 = 0;  ///< 64-bit prefetchable memory; 0: none
};

[[nodiscard]] Identity identity_of(const fabric::Device& device, FunctionPlan::Role role);

}  // namespace weft::twin::pcie_port
