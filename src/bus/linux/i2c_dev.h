// SPDX-License-Identifier: Apache-2.0
// bus::Smbus over Linux's /dev/i2c-N (Documentation/i2c/dev-interface): SMBus transactions by the
// I2C_SMBUS ioctl where the adapter has the kind, else the same bytes by I2C_RDWR, which also works
// beside a bound kernel driver. PEC is the kernel's with I2C_SMBUS and this file's with I2C_RDWR.
// Blocks are 32 bytes at most, as Linux has them. lock() is flock() on the device file, so that
// programs that do the same keep out of each other's way; the kernel's own drivers do not.
#pragma once

#include "bus/smbus.h"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace weft::bus::linux_host {

/// ioctl(2) as this file uses it: -1 with errno on failure. Tests give their own.
using IoControl = std::function<int(int fd, unsigned long request, void* argument)>;

/// `name` is "i2c-9"; `root` "/" or a folder that stands for it. kNotFound, kPermissionDenied;
/// kUnimplemented where the file is no I2C adapter.
[[nodiscard]] base::Result<std::unique_ptr<Smbus>> open_i2c(const std::string& root,
                                                            std::string_view name,
                                                            IoControl control = {});

}  // namespace weft::bus::linux_host
