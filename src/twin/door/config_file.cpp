// SPDX-License-Identifier: Apache-2.0
#include "twin/door/config_file.h"

#include <algorithm>

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

std::uint16_t find_capability(bus::ConfigSpace& config, std::uint8_t id) {
  constexpr int kEntriesMax = 48;  // as many as fit between 40h and FFh
  auto at = read_config(config, PCI_CAPABILITY_LIST, 1) & 0xFCU;
  for (int i = 0; i < kEntriesMax && at >= 0x40; ++i) {
    if (read_config(config, at, 1) == id) {
      return static_cast<std::uint16_t>(at);
    }
    at = read_config(config, at + PCI_CAP_LIST_NEXT, 1) & 0xFCU;
  }
  return 0;
}

std::uint16_t find_extended(bus::ConfigSpace& config, std::uint16_t id) {
  constexpr int kEntriesMax = 480;
  std::uint32_t at = PCI_CFG_SPACE_SIZE;
  for (int i = 0; i < kEntriesMax && at >= PCI_CFG_SPACE_SIZE; ++i) {
    const auto header = read_config(config, at, 4);
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

}  // namespace weft::twin::door
