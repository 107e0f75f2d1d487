// SPDX-License-Identifier: Apache-2.0
// Values are those of a current port: what the capability registers promise is what the twin does
// (no L0s, no phantom functions, no I/O windows). Latencies and sizes are modelled.
#include "twin/pcie_port/layout.h"

#include <array>

namespace weft::twin::pcie_port {
namespace layout_of_make {

constexpr std::size_t kBytes = 0x360;
constexpr std::array<std::uint32_t, 8> kRates = {0, 2500, 5000, 8000, 16000, 32000, 64000, 128000};

class Builder {
 public:
  explicit Builder(base::Bytes& bytes) : bytes_(bytes) {}
  void put(std::size_t offset, std::size_t width, std::uint64_t value) {
    base::write_le(bytes_, offset, width, value);
  }
  std::uint16_t standard(std::uint16_t offset, std::uint8_t id) {
    put(last_, 1, offset);
    put(offset, 1, id);
    last_ = offset + 1U;
    return offset;
  }
  std::uint16_t extended(std::uint16_t offset, std::uint16_t id, std::uint8_t version) {
    if (last_extended_ != 0) {
      const std::uint64_t head = *base::read_le(bytes_, last_extended_, 4) & 0xFFFFF;
      put(last_extended_, 4, head | std::uint64_t{offset} << 20);
    }
    last_extended_ = offset;
    put(offset, 4, id | std::uint64_t{version} << 16);
    return offset;
  }

 private:
  base::Bytes& bytes_;
  std::size_t last_ = 0x34;
  std::size_t last_extended_ = 0;
};

std::uint32_t port_type(FunctionPlan::Role role) {
  switch (role) {
    case FunctionPlan::Role::kRootPort:
      return 0x4;
    case FunctionPlan::Role::kUpstream:
      return 0x5;
    case FunctionPlan::Role::kDownstream:
      return 0x6;
    case FunctionPlan::Role::kEndpoint:
      break;
  }
  return 0x0;
}

void header(Builder& to, const Layout& out) {
  to.put(0x06, 2, 0x0010);  // capability list
  to.put(0x0E, 1, out.is_bridge() ? 1 : 0);
  if (out.is_bridge()) {
    to.put(0x24, 2, 1);  // prefetchable window: 64 bit
    to.put(0x26, 2, 1);
  } else {
    if (out.make.bar2_log2 != 0) {
      to.put(0x18, 4, 0x0C);  // 64 bit, prefetchable
    }
    to.put(0x3D, 1, 1);  // INTA
  }
}

void power_and_interrupts(Builder& to, Layout& out) {
  out.power = to.standard(0x40, 0x01);
  to.put(out.power + 2U, 2, 0x4803);  // version 3; PME from D0 and D3hot
  to.put(out.power + 4U, 2, 0x0008);  // No_Soft_Reset
  if (out.is_bridge()) {
    out.msi = to.standard(0x50, 0x05);
    to.put(out.msi + 2U, 2, 0x0080);  // 64 bit, one message
  } else {
    out.msix = to.standard(0x50, 0x11);
    to.put(out.msix + 2U, 2, 31);      // 32 vectors
    to.put(out.msix + 8U, 4, 0x8000);  // pending bits behind the table, both in BAR 0
  }
}

void express(Builder& to, Layout& out) {
  const Make& make = out.make;
  const bool is_flit = make.speed >= 6;
  out.express = to.standard(0x60, 0x10);
  const std::size_t at = out.express;
  to.put(at + 2, 2,
         2 | port_type(make.role) << 4 | (make.has_slot ? 0x100U : 0U) | (is_flit ? 0x8000U : 0U));
  // 512 bytes, extended tags, role-based errors; endpoints: function level reset.
  to.put(at + 4, 4, 0x8022 | (out.is_bridge() ? 0U : 0x10000000U | 6U << 9));
  to.put(at + 8, 2, 0x2810);  // relaxed ordering, no snoop, 512-byte reads
  if (!make.has_link) {
    to.put(at + 0x0C, 4, 0);
  } else {
    std::uint32_t cap = make.speed | std::uint32_t{make.width} << 4 | 2U << 10 | 6U << 15 |
                        1U << 22;  // ASPM L1, optionality
    if (out.faces_down()) {
      cap |= 1U << 19 | 1U << 20 | 1U << 21;  // surprise down, link active, notification
    }
    to.put(at + 0x0C, 4, cap);
    to.put(at + 0x12, 2, 0x1000);  // Slot Clock Configuration
    const std::uint32_t speeds = (1U << make.speed) - 1;
    std::uint32_t cap2 = speeds << 1;
    if (make.speed >= 4) {
      cap2 |= 1U << 23 | 1U << 24;  // retimer presence, both
    }
    to.put(at + 0x2C, 4, cap2);
    to.put(at + 0x30, 2, make.speed);  // target: the highest
  }
  if (make.has_slot) {
    // Power controller, indicators, surprise, hot plug, 75 W; command completed is signalled.
    to.put(at + 0x14, 4, 0x2 | 0x8 | 0x10 | 0x20 | 0x40 | 75U << 7);
    to.put(at + 0x18, 2, 0x01C0);  // indicators: attention off, power on
    to.put(at + 0x34, 4, 1);
  }
  if (out.is_root()) {
    to.put(at + 0x1E, 2, 1);
  }
  // Timeout ranges ABCD, timeout disable, extended format; 10-bit tags from 16 GT/s on.
  to.put(at + 0x24, 4,
         0x1F | 1U << 20 | (make.speed >= 4 ? 3U << 16 : 0U) | (out.faces_down() ? 1U << 5 : 0U) |
             1U << 11);
}

void errors(Builder& to, Layout& out) {
  out.aer = to.extended(0x100, 0x01, 2);
  to.put(out.aer + 0x08U, 4, 0x00400000);  // internal errors are masked at reset
  to.put(out.aer + 0x0CU, 4, 0x00462030);  // severities at reset, 7.8.4.4
  to.put(out.aer + 0x14U, 4, 0x0000E000);  // advisory, internal, overflow: masked at reset
  to.put(out.aer + 0x18U, 4, 0x000000A0);  // ECRC generation and check capable
  out.serial = to.extended(0x150, 0x03, 1);
  if (out.faces_down()) {
    out.acs = to.extended(0x1B0, 0x0D, 1);
    to.put(out.acs + 4U, 2, 0x1F);
    out.dpc = to.extended(0x1C0, 0x1D, 1);
    // Root ports: extensions with a log of 4 dwords. Both: software trigger.
    to.put(out.dpc + 4U, 2, out.is_root() ? 0x00A0 | 4U << 8 : 0x0080U);
    if (out.is_root()) {
      to.put(out.dpc + 0x10U, 4, 0x00070707);  // masked at reset
    }
  }
}

void physical(Builder& to, Layout& out) {
  const Make& make = out.make;
  const std::uint32_t lanes = make.width;
  if (!make.has_link) {
    return;
  }
  if (make.speed >= 3) {
    out.secondary = to.extended(0x160, 0x19, 1);
    for (std::uint32_t i = 0; i < lanes; ++i) {
      to.put(out.secondary + 0x0CU + 2 * i, 2, 0x2424);  // presets P4, hints -8 dB
    }
  }
  if (make.speed >= 4) {
    out.dlf = to.extended(0x200, 0x25, 1);
    to.put(out.dlf + 4U, 4, 0x80000001);  // scaled flow control, exchange
    out.phy16 = to.extended(0x210, 0x26, 1);
    out.margining = to.extended(0x250, 0x27, 1);
  }
  if (make.speed >= 5) {
    out.phy32 = to.extended(0x2E0, 0x2A, 1);
    to.put(out.phy32 + 4U, 4, 0x00000101);  // bypass to the highest rate
  }
  if (make.speed >= 6) {
    out.phy64 = to.extended(0x320, 0x31, 1);
    out.device3 = to.extended(0x350, 0x2F, 1);
    to.put(out.device3 + 4U, 4, 0x0000000E);  // 14-bit tags, L0p
  }
  for (std::uint32_t i = 0; i < lanes; ++i) {
    for (const std::uint16_t at : {out.phy16, out.phy32}) {
      if (at != 0) {
        to.put(at + 0x20U + i, 1, 0x44);
      }
    }
    if (out.phy64 != 0) {
      to.put(out.phy64 + 0x10U + i, 1, 0x44);
    }
    if (out.margining != 0) {
      to.put(out.margining + 8U + 4 * i, 2, 0x9C38);  // No Command
    }
  }
}

/// Base addresses decode as many bits as their size leaves; there are no expansion ROMs.
void base_addresses(Layout& out) {
  base::Bytes& writable = out.semantics.writable;
  const auto mask = [](std::uint8_t log2) {
    return log2 == 0 ? std::uint64_t{0} : ~((std::uint64_t{1} << log2) - 1);
  };
  if (out.is_bridge()) {
    base::write_le(writable, 0x10, 8, 0);
    base::write_le(writable, 0x38, 4, 0);
    base::write_le(writable, 0x30, 4, 0);  // upper I/O: 16 bit only
    return;
  }
  base::write_le(writable, 0x10, 4, mask(out.make.bar0_log2) & 0xFFFFFFFF);
  base::write_le(writable, 0x14, 4, 0);
  base::write_le(writable, 0x18, 8, mask(out.make.bar2_log2));
  base::write_le(writable, 0x20, 8, 0);
  base::write_le(writable, 0x30, 4, 0);
  const std::uint64_t command = *base::read_le(writable, 0x04, 2);
  base::write_le(writable, 0x04, 2, command & ~std::uint64_t{1});  // no I/O space
}

/// What firmware and an operating system write before anything else looks: modelled on Linux 6.x
/// with native hot plug, AER and DPC. Addresses and bus numbers are each function's own.
void enumerate(Layout& out) {
  Builder to(out.enumerated);
  to.put(0x04, 2, 0x0546);  // memory, bus master, parity, SERR, no INTx
  to.put(0x0C, 1, 0x10);
  const std::size_t at = out.express;
  to.put(at + 8, 2, 0x2810 | 0x000F | 0x0120);  // all reporting, 256 bytes, extended tags
  if (out.make.has_link) {
    to.put(at + 0x10, 2, 0x0040);  // common clock, ASPM off
  }
  if (out.is_bridge()) {
    to.put(0x1C, 1, 0xF0);  // no I/O window
    to.put(0x3E, 2, 0x0002);
    to.put(out.msi + 2U, 2, 0x0081);
    to.put(out.msi + 4U, 4, 0xFEE00000);
  } else {
    to.put(out.msix + 2U, 2, 0x8000 | 31);
  }
  if (out.make.has_slot) {
    to.put(at + 0x18, 2, 0x11FA);  // events on, indicators as they were
  }
  if (out.is_root()) {
    to.put(at + 0x1C, 2, 0x0010);
    to.put(out.aer + 0x2CU, 4, 0x7);
  }
  if (out.dpc != 0) {
    to.put(out.dpc + 6U, 2, 0x0009);  // trigger on ERR_FATAL, interrupt
  }
}

}  // namespace layout_of_make

Layout layout_of(const Make& make) {
  using layout_of_make::Builder;
  Layout out;
  out.make = make;
  out.power_on.assign(layout_of_make::kBytes, 0);
  Builder to(out.power_on);
  layout_of_make::header(to, out);
  layout_of_make::power_and_interrupts(to, out);
  layout_of_make::express(to, out);
  layout_of_make::errors(to, out);
  layout_of_make::physical(to, out);
  // The walk takes a vendor for an answer; identity itself is each function's own.
  base::Bytes image = out.power_on;
  base::write_le(image, 0, 4, 0x00010001);
  out.semantics = semantics_of(image);
  layout_of_make::base_addresses(out);
  out.enumerated = out.power_on;
  layout_of_make::enumerate(out);
  return out;
}

std::uint8_t speed_code(base::TransferRate rate) {
  for (std::uint8_t i = 1; i < layout_of_make::kRates.size(); ++i) {
    if (rate.value() == layout_of_make::kRates[i]) {
      return i;
    }
  }
  return 0;
}

base::TransferRate rate_of_speed(std::uint8_t code) {
  return base::TransferRate(code < layout_of_make::kRates.size() ? layout_of_make::kRates[code]
                                                                 : 0);
}

}  // namespace weft::twin::pcie_port
