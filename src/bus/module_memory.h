// SPDX-License-Identifier: Apache-2.0
// Management memory of one plugged cable module or optics, read and written at run time: CMIS 5
// lower memory (offset 0-127, the same on every page) and pages (128-255) of banks.
#pragma once

#include "base/bytes.h"
#include "base/result.h"

#include <cstdint>
#include <string>

namespace weft::bus {

struct ModuleAddress {
  std::uint8_t bank = 0;
  std::uint8_t page = 0;
  std::uint8_t offset = 0;
};

class ModuleMemory {
 public:
  virtual ~ModuleMemory() = default;
  /// 1 to 128 bytes that stay in one half (lower memory or page). kUnavailable: no module answers,
  /// or it is busy (CMIS 5.2: it may stretch or NACK); kInvalidArgument.
  [[nodiscard]] virtual base::Result<base::Bytes> read(ModuleAddress from, std::uint8_t length) = 0;
  virtual base::Result<void> write(ModuleAddress to, base::ByteView bytes) = 0;
  [[nodiscard]] virtual std::string description() const = 0;  ///< interface or cage: "eth0"
};

}  // namespace weft::bus
