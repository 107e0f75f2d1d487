// SPDX-License-Identifier: Apache-2.0
// A PCI function's configuration space through Linux: the file `config` of sysfs, read and written
// in place. Without CAP_SYS_ADMIN Linux gives only the first 64 bytes and lets nobody write: the
// errors say so. Works on any tree of that shape (a twin's through FUSE). Nothing is cached.
#pragma once

#include "bus/config_space.h"

#include <memory>
#include <string>
#include <string_view>

namespace weft::bus::linux_host {

/// `root` is "/" or a folder that stands for it. kNotFound, kPermissionDenied; a file that may be
/// read but not written opens, and its write() is refused.
[[nodiscard]] base::Result<std::unique_ptr<ConfigSpace>> open_config_space(
    const std::string& root, std::string_view address);

}  // namespace weft::bus::linux_host
