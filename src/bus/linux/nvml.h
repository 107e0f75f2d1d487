// SPDX-License-Identifier: Apache-2.0
// Asks NVIDIA's management library (NVML), where one is installed, for the accelerators' NVLinks.
// The library is loaded at run time; nothing of it is needed to build or to run. Only its Get
// functions are looked up, so nothing can be changed. Source: the public NVML API reference
// (function names, struct layouts, field values). A static build cannot load it and says so.
#pragma once

#include "bus/host.h"

#include <memory>
#include <string>

namespace weft::bus::linux_host {

inline constexpr const char* kNvmlLibrary = "libnvidia-ml.so.1";

/// This machine's accelerators; `library` is the file to load, for tests.
[[nodiscard]] std::unique_ptr<Accelerators> live_accelerators(std::string library = kNvmlLibrary);

}  // namespace weft::bus::linux_host
