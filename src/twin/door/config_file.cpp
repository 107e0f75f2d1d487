// SPDX-License-Identifier: Apache-2.0
#include "twin/door/config_file.h"

#include "twin/pcie_port/function.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <linux/pci_regs.h>

namespace weft::twin::door {
namespace config_file {

/// The widest aligned access that fits.
std::uint8_t width_at(std::size_t offset, std::size_t left) {
  if (offset % 2 != 0 || left < 2) {
    return 1;
  }
  return offset % 4 != 0 || left < 4 ? 2 : 4;
}

}  // namespace config_file

base::Result<std::string> ConfigFile::read_at(std::size_t offset, std::size_t count) {
  std::string out;
  const std::size_t end = offset >= kBytes ? offset : offset + std::min(count, kBytes - offset);
  out.reserve(end - offset);
  while (offset < end) {
    const auto width = config_file::width_at(offset, end - offset);
    const auto value = config_.read(static_cast<std::uint16_t>(offset), width);
    if (!value) {
      return tl::unexpected(value.error());
    }
    for (unsigned i = 0; i < width; ++i) {
      out += static_cast<char>(*value >> (8 * i) & 0xFF);
    }
    offset += width;
  }
  return out;
}

base::Result<void> ConfigFile::write_at(std::size_t offset, base::ByteView bytes) {
  if (offset > kBytes || bytes.size() > kBytes - offset) {
    return base::fail(base::Code::kOutOfRange, "past the end of configuration space",
                      config_.description());
  }
  std::size_t at = 0;
  while (at < bytes.size()) {
    const auto width = config_file::width_at(offset + at, bytes.size() - at);
    const auto value = static_cast<std::uint32_t>(*base::read_le(bytes, at, width));
    if (auto written = config_.write(static_cast<std::uint16_t>(offset + at), width, value);
        !written) {
      return written;
    }
    at += width;
  }
  return {};
}

std::uint32_t read_config(bus::ConfigSpace& config, std::size_t offset, std::uint8_t width) {
  const std::uint32_t all_ones = width == 4 ? 0xFFFFFFFFU : (1U << (8U * width)) - 1;
  return config.read(static_cast<std::uint16_t>(offset), width).value_or(all_ones);
}

ConfigImage::ConfigImage(bus::ConfigSpace& config) {
  if (const auto* const function = dynamic_cast<const pcie_port::Function*>(&config)) {
    bytes_ = function->parts().enumerated;
    bar0_log2_ = function->layout().make.bar0_log2;
    bar2_log2_ = function->layout().make.bar2_log2;
  } else {
    for (std::size_t at = 0; at < ConfigFile::kBytes; ++at) {
      bytes_.push_back(static_cast<std::uint8_t>(read_config(config, at, 1)));
    }
  }
  bytes_.resize(ConfigFile::kBytes);
}

std::uint32_t ConfigImage::number(std::size_t offset, std::size_t width) const {
  return static_cast<std::uint32_t>(*base::read_le(bytes_, offset, width));
}

bool ConfigImage::is_bridge() const {
  return (number(PCI_HEADER_TYPE, 1) & 0x7F) == PCI_HEADER_TYPE_BRIDGE;
}

std::uint16_t ConfigImage::capability(std::uint8_t id) const {
  constexpr int kEntriesMax = 48;  // as many as fit between 40h and FFh
  auto at = number(PCI_CAPABILITY_LIST, 1) & 0xFCU;
  for (int i = 0; i < kEntriesMax && at >= 0x40; ++i) {
    if (number(at, 1) == id) {
      return static_cast<std::uint16_t>(at);
    }
    at = number(at + PCI_CAP_LIST_NEXT, 1) & 0xFCU;
  }
  return 0;
}

std::uint16_t ConfigImage::extended(std::uint16_t id) const {
  constexpr int kEntriesMax = 480;
  std::uint32_t at = PCI_CFG_SPACE_SIZE;
  for (int i = 0; i < kEntriesMax && at >= PCI_CFG_SPACE_SIZE; ++i) {
    const auto header = number(at, 4);
    if (header == 0 || header == 0xFFFFFFFF) {
      return 0;
    }
    if (PCI_EXT_CAP_ID(header) == id) {
      return static_cast<std::uint16_t>(at);
    }
    at = PCI_EXT_CAP_NEXT(header);
  }
  return 0;
}

std::string ConfigImage::resources() const {
  struct Row {
    std::uint64_t start = 0;
    std::uint8_t size_log2 = 0;
    std::uint64_t flags = 0;  // IORESOURCE_*, and the low bits of the base address
  };
  constexpr std::uint64_t kMemory = 0x40200;
  constexpr std::uint64_t kMemory64Prefetch = 0x14220C;
  const std::uint64_t wide =
      std::uint64_t{number(PCI_BASE_ADDRESS_3, 4)} << 32 | (number(PCI_BASE_ADDRESS_2, 4) & ~0xFU);
  std::array<Row, 7> rows = {};
  rows[0] = {number(PCI_BASE_ADDRESS_0, 4) & ~0xFU, bar0_log2_, kMemory};
  rows[2] = {wide, bar2_log2_, kMemory64Prefetch};
  std::string out;
  for (const auto& row : rows) {
    const bool is_there = row.size_log2 != 0 && row.start != 0;
    const auto end = is_there ? row.start + (std::uint64_t{1} << row.size_log2) - 1 : 0;
    out += fmt::format("0x{:016x} 0x{:016x} 0x{:016x}\n", is_there ? row.start : 0, end,
                       is_there ? row.flags : 0);
  }
  return out;
}

}  // namespace weft::twin::door
