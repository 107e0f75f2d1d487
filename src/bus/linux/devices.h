// SPDX-License-Identifier: Apache-2.0
// bus::Devices of a Linux machine: what its kernel lets a program ask and tell at run time. Not
// part of open_host(), so that programs that only read have no way to write. One more kind: its own
// source beside config_space.cpp, its names and its opening in devices.cpp.
#pragma once

#include "bus/devices.h"

#include <memory>
#include <string>

namespace weft::bus::linux_host {

/// `root` is "/" or a folder that stands for it (a twin's files through FUSE).
[[nodiscard]] std::unique_ptr<Devices> live_devices(std::string root = "/");

}  // namespace weft::bus::linux_host
