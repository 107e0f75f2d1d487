// SPDX-License-Identifier: Apache-2.0
// Configuration space of one PCI function, read and written at run time: what actions and lane
// margining need. Inventory does not come through here but through the host's tree.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <string>

namespace weft::bus {

class ConfigSpace {
 public:
  virtual ~ConfigSpace() = default;
  /// `width` is 1, 2 or 4 bytes, `offset` a multiple of it below 4096. A function that fell off the
  /// bus reads all ones, as on a machine. kInvalidArgument, kPermissionDenied, kUnavailable.
  [[nodiscard]] virtual base::Result<std::uint32_t> read(std::uint16_t offset,
                                                         std::uint8_t width) = 0;
  virtual base::Result<void> write(std::uint16_t offset, std::uint8_t width,
                                   std::uint32_t value) = 0;
  [[nodiscard]] virtual std::string description() const = 0;  ///< "0000:3b:00.0"
};

}  // namespace weft::bus
