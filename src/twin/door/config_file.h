// SPDX-License-Identifier: Apache-2.0
// A function's `config` file: 4096 bytes over a live configuration space. Reads and writes are cut
// as the kernel cuts them (drivers/pci/pci-sysfs.c's documented behaviour: a byte, a word, then
// double words, by alignment), so that a write of one register is one write.
#pragma once

#include "bus/config_space.h"
#include "twin/door/live_tree.h"

namespace weft::twin::door {

class ConfigFile final : public RawFile {
 public:
  explicit ConfigFile(bus::ConfigSpace& config) : config_(config) {}
  static constexpr std::size_t kBytes = 4096;

  [[nodiscard]] std::size_t size() const override { return kBytes; }
  [[nodiscard]] base::Result<std::string> read_at(std::size_t offset, std::size_t count) override;
  base::Result<void> write_at(std::size_t offset, base::ByteView bytes) override;

 private:
  bus::ConfigSpace& config_;
};

/// A register as a number; all ones where it cannot be read, as on a bus.
[[nodiscard]] std::uint32_t read_config(bus::ConfigSpace& config, std::size_t offset,
                                        std::uint8_t width);

/// What the host's software saw when it enumerated the function, which may be silent by now.
class ConfigImage {
 public:
  explicit ConfigImage(bus::ConfigSpace& config);

  /// @pre offset + width <= 4096
  [[nodiscard]] std::uint32_t number(std::size_t offset, std::size_t width) const;
  /// Offset of the first capability with this id in the list from 34h, or of the extended one from
  /// 100h; 0 where there is none. Lists that loop end.
  [[nodiscard]] std::uint16_t capability(std::uint8_t id) const;
  [[nodiscard]] std::uint16_t extended(std::uint16_t id) const;
  [[nodiscard]] bool is_bridge() const;
  /// The kernel's `resource` file: start, end and flags of six base addresses and the ROM.
  [[nodiscard]] std::string resources() const;

 private:
  base::Bytes bytes_;
  std::uint8_t bar0_log2_ = 0;
  std::uint8_t bar2_log2_ = 0;
};

}  // namespace weft::twin::door
