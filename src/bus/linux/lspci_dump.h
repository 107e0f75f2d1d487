// SPDX-License-Identifier: Apache-2.0
// A text that `lspci -x`, `-xxx` or `-xxxx` printed, as the tree that sysfs would show of it:
// sys/bus/pci/devices/<address>/ with config, vendor, device, class, revision and subsystem_*, and
// weft/source with "lspci-dump" in it. wire/pcie/dump.h parses the text.
#pragma once

#include "bus/archive.h"

#include <cstdint>
#include <string>

namespace weft::bus::linux_host {

/// A dump of ten thousand functions with 4 KiB each takes 140 MB of text.
inline constexpr std::uint64_t kDumpBytesMax = std::uint64_t{512} << 20;

/// kInvalidArgument where no function is in it, kResourceExhausted past kDumpBytesMax. Garbled
/// lines are problems, with their line.
[[nodiscard]] base::Result<LoadedTree> read_lspci_dump(ByteStream& text, const std::string& source);

/// The error for a dump over the limit.
[[nodiscard]] tl::unexpected<base::Error> dump_too_large(const std::string& source);

}  // namespace weft::bus::linux_host
