// SPDX-License-Identifier: Apache-2.0
// For tests only: lays out a configuration space byte by byte from linux/pci_regs.h constants,
// which are the foreign source here: nothing of the register bank is used to build what the bank
// then decodes.
#pragma once

#include "base/bytes.h"

#include <cstdint>

#include <linux/pci_regs.h>

namespace weft::wire::pcie::testing {

class ConfigBuilder {
 public:
  explicit ConfigBuilder(std::size_t bytes = 4096) : bytes_(bytes, 0) {}

  ConfigBuilder& put(std::size_t offset, std::size_t width, std::uint64_t value) {
    base::write_le(bytes_, offset, width, value);
    return *this;
  }
  /// A type 0 or 1 header with a capability list, to be filled by capability().
  ConfigBuilder& header(std::uint8_t type, std::uint16_t vendor, std::uint16_t device,
                        std::uint32_t class_code) {
    put(PCI_VENDOR_ID, 2, vendor).put(PCI_DEVICE_ID, 2, device);
    put(PCI_STATUS, 2, PCI_STATUS_CAP_LIST).put(PCI_HEADER_TYPE, 1, type);
    put(PCI_CLASS_REVISION, 4, std::uint64_t{class_code} << 8);
    last_ = PCI_CAPABILITY_LIST;
    return *this;
  }
  /// Links a capability of the first 256 bytes at `offset` into the list.
  ConfigBuilder& capability(std::size_t offset, std::uint8_t id) {
    put(last_, 1, offset).put(offset, 1, id);
    last_ = offset + PCI_CAP_LIST_NEXT;
    return *this;
  }
  /// Links an extended capability; the first must stand at 100h.
  ConfigBuilder& extended(std::size_t offset, std::uint16_t id, std::uint8_t version = 1) {
    if (last_extended_ != 0) {
      const std::uint64_t before = *base::read_le(bytes_, last_extended_, 4) & 0xFFFFF;
      put(last_extended_, 4, before | std::uint64_t{offset} << 20);
    }
    last_extended_ = offset;
    return put(offset, 4, id | std::uint64_t{version} << 16);
  }
  ConfigBuilder& dvsec(std::size_t offset, std::uint16_t vendor, std::uint16_t id,
                       std::uint8_t revision, std::uint16_t length) {
    extended(offset, 0x23);
    put(offset + PCI_DVSEC_HEADER1, 4,
        vendor | std::uint64_t{revision} << 16 | std::uint64_t{length} << 20);
    return put(offset + PCI_DVSEC_HEADER2, 2, id);
  }
  [[nodiscard]] const base::Bytes& bytes() const { return bytes_; }

 private:
  base::Bytes bytes_;
  std::size_t last_ = PCI_CAPABILITY_LIST;
  std::size_t last_extended_ = 0;
};

}  // namespace weft::wire::pcie::testing
