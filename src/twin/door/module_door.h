// SPDX-License-Identifier: Apache-2.0
// The module door: management memory of every plugged module of a rack over one socket, in lines of
// text (docs/formats/module-door.md): by (bank, page, offset, length), and by the linear offsets
// that SONiC's platform code uses, so that its CMIS client needs ten lines to come through here.
// Each line holds the world.
#pragma once

#include "bus/module_memory.h"
#include "twin/door/socket_server.h"
#include "twin/machine.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace weft::twin::door {

inline constexpr int kModuleDoorVersion = 1;
/// What one line may read or write; longer than a half page only by linear offsets.
inline constexpr std::uint32_t kModuleBytesMax = 1024;

/// The rack must outlive it.
[[nodiscard]] LineService module_door(Rack& rack);
/// One line's answer; any thread.
[[nodiscard]] std::string answer_module(Rack& rack, std::string_view line);

/// Where a linear offset lies: below 128 in lower memory, else in half page offset / 128 - 1, whose
/// low 8 bits are the page and whose rest is the bank. @pre offset < kLinearBytes
[[nodiscard]] bus::ModuleAddress linear_address(std::uint32_t offset);
inline constexpr std::uint32_t kLinearBytes = 128 + 256 * 256 * 128;

}  // namespace weft::twin::door
