// SPDX-License-Identifier: Apache-2.0
// Which capabilities a function has, where they stand and what they read after power-on. One layout
// serves all functions of the same make; what differs between them (identity, serial number, slot)
// is written over a copy of the image. Capabilities follow from port type and highest rate as PCIe
// Base 6.x 7.1 asks: 8 GT/s Secondary PCI Express; 16 GT/s its own, Data Link Feature and
// margining; 32 and 64 GT/s their own; flit mode Device 3.
#pragma once

#include "base/bytes.h"
#include "twin/pcie_port/semantics.h"
#include "twin/plan/plan.h"

#include <compare>
#include <cstdint>

namespace weft::twin::pcie_port {

struct Make {
  FunctionPlan::Role role = FunctionPlan::Role::kEndpoint;
  std::uint8_t speed = 1;  ///< highest, as Link Capabilities codes it: 1 is 2.5 GT/s, 6 is 64
  std::uint8_t width = 1;  ///< lanes
  bool has_link = true;
  bool has_slot = false;
  std::uint8_t bar0_log2 = 0;  ///< 32-bit memory; 0: none
  std::uint8_t bar2_log2 = 0;  ///< 64-bit prefetchable memory; 0: none
  friend auto operator<=>(const Make&, const Make&) = default;
};

/// Offsets of capabilities; 0 where there is none.
struct Layout {
  Make make;
  std::uint16_t power = 0;
  std::uint16_t msi = 0;
  std::uint16_t msix = 0;
  std::uint16_t express = 0;
  std::uint16_t aer = 0;
  std::uint16_t serial = 0;
  std::uint16_t secondary = 0;
  std::uint16_t acs = 0;
  std::uint16_t dpc = 0;
  std::uint16_t dlf = 0;
  std::uint16_t phy16 = 0;
  std::uint16_t margining = 0;
  std::uint16_t phy32 = 0;
  std::uint16_t phy64 = 0;
  std::uint16_t device3 = 0;
  base::Bytes power_on;    ///< a multiple of 4; what is past it reads 0
  base::Bytes enumerated;  ///< the same after a host's system software set what it usually sets
  Semantics semantics;

  [[nodiscard]] bool is_bridge() const { return make.role != FunctionPlan::Role::kEndpoint; }
  /// Has the link below it: root and downstream ports.
  [[nodiscard]] bool faces_down() const {
    return make.role == FunctionPlan::Role::kRootPort ||
           make.role == FunctionPlan::Role::kDownstream;
  }
  [[nodiscard]] bool is_root() const { return make.role == FunctionPlan::Role::kRootPort; }
};

[[nodiscard]] Layout layout_of(const Make& make);

/// Speed codes of Link Capabilities, Status and Control 2.
[[nodiscard]] std::uint8_t speed_code(base::TransferRate rate);  ///< 0 for what is no PCIe rate
[[nodiscard]] base::TransferRate rate_of_speed(std::uint8_t code);

}  // namespace weft::twin::pcie_port
