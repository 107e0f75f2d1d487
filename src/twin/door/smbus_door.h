// SPDX-License-Identifier: Apache-2.0
// The SMBus door: every segment of a rack over one socket, in lines of text that a Python client of
// 20 lines speaks (docs/formats/smbus-door.md). Transactions by their SMBus kind and plain I2C
// messages; several joined by ";" run without others between. Each transaction holds the world.
#pragma once

#include "twin/door/socket_server.h"
#include "twin/machine.h"

#include <string>
#include <string_view>

namespace weft::twin::door {

inline constexpr int kSmbusDoorVersion = 1;
/// Transactions or messages in one line, and bytes of one plain I2C message.
inline constexpr std::size_t kSmbusJoinedMax = 64;
inline constexpr std::size_t kI2cBytesMax = 4096;

/// The rack must outlive it.
[[nodiscard]] LineService smbus_door(Rack& rack);
/// One line's answer; any thread.
[[nodiscard]] std::string answer_smbus(Rack& rack, std::string_view line);

}  // namespace weft::twin::door
