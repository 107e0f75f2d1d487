// SPDX-License-Identifier: Apache-2.0
// Words and numbers of the doors' lines: hexadecimal bytes, bounded numbers, errors that name the
// word. Shared by smbus_door.cpp and module_door.cpp.
#pragma once

#include "base/bytes.h"
#include "base/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace weft::twin::door {

/// "0a03ff": an even number of hexadecimal digits, at most `bytes_max` bytes; "-" is no bytes.
[[nodiscard]] base::Result<base::Bytes> hex_bytes(std::string_view word, std::size_t bytes_max);
[[nodiscard]] std::string hex_text(base::ByteView bytes);
/// One byte as one or two hexadecimal digits, at most `max`.
[[nodiscard]] base::Result<std::uint8_t> hex_byte(std::string_view word, std::string_view what,
                                                  std::uint8_t max = 0xFF);
/// Decimal, or hexadecimal behind "0x"; at most `max`.
[[nodiscard]] base::Result<std::uint32_t> bounded_number(std::string_view word,
                                                         std::string_view what, std::uint32_t max);
/// "ok" or "ok HEX", else error_line().
[[nodiscard]] std::string answer_line(const base::Result<base::Bytes>& result);

}  // namespace weft::twin::door
